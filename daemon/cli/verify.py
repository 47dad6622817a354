"""`meibod verify`, `backup`, `restore`."""

from __future__ import annotations

from pathlib import Path

import typer

from daemon.cli.session import load, opened, print_json

_WHAT = {
    "database": "データベース",
    "ledger": "受信台帳",
    "register": "登録値と根拠",
    "audit": "履歴の連鎖",
    "blobs": "原本",
}


def show_proofs(config: Path | None, *, as_json: bool, quick: bool, max_age_s: float) -> int:
    """Run the checks; 1 on any gap."""
    from daemon.adapters.store import verify_chain
    from daemon.handlers.intake import mailbox_line
    from daemon.handlers.verify import Proof, verify

    with opened(config) as program:
        proofs = verify(program.kit, verify_chain, quick=quick)
        with program.store.snapshot() as tx:
            last = mailbox_line(tx).last_success_at
        if max_age_s:
            age = (program.kit.clock.now() - last).total_seconds() if last else None
            stale = age is None or age > max_age_s
            problem = "受信箱をまだ一度も照合していません" if age is None else f"最後の照合から {age:.0f} 秒"
            proofs.append(Proof("freshness", 1, (problem,) if stale else ()))
    if as_json:
        print_json([{"what": p.what, "checked": p.checked, "problems": list(p.problems)} for p in proofs])
    else:
        for proof in proofs:
            what = _WHAT.get(proof.what, "照合の新しさ")
            typer.echo(f"{'×' if proof.problems else '○'} {what}: {proof.checked} 件を検査、異常 {len(proof.problems)}")
            for problem in proof.problems[:20]:
                typer.echo(f"    {problem}")
    return int(any(p.problems for p in proofs))


def make_backup(to: Path, config: Path | None) -> None:
    """A consistent copy in a new folder named by the instant."""
    from daemon.adapters.backup import backup
    from daemon.adapters.clock import SystemClock
    from daemon.bootstrap import database_url, state_directory

    settings = load(config)
    report = backup(database_url(settings), state_directory(settings) / "blobs", to, SystemClock().now())
    typer.echo(
        f"控えを取りました: {report.folder}（データベース {report.database_bytes} バイト、原本 {report.blobs} 件）"
    )


def restore_backup(source: Path, config: Path | None) -> None:
    """Restore into an empty place."""
    from daemon.adapters.backup import restore
    from daemon.bootstrap import database_url, state_directory

    settings = load(config)
    restore(source, database_url(settings), state_directory(settings) / "blobs")
    typer.echo(f"戻しました: {state_directory(settings)}（meibod verify で確認してください）")
