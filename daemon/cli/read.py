"""`meibod read`: what the readers find in a file; changes nothing, needs no configuration."""

from __future__ import annotations

from pathlib import Path

import typer

from daemon.cli import words
from daemon.cli.session import load, print_json
from parsers.findings import Decision, Document, to_json
from parsers.reading import ReadingContext


def read_files(files: list[Path], config: Path | None, *, as_json: bool) -> int:
    """Read each file in the sandbox; 1 when one of them could not be read at all."""
    from daemon.adapters.reader_pool import SandboxedReader

    reader = SandboxedReader()
    try:
        documents = [reader.read(f.name, f.read_bytes(), _context(config)) for f in files]
    finally:
        reader.close()
    if as_json:
        shown = [to_json(d) for d in documents]
        print_json(shown[0] if len(shown) == 1 else shown)
    else:
        for document in documents:
            _show(document)
    return int(any(not d.findings and d.problems and d.message is None for d in documents))


def _context(config: Path | None) -> ReadingContext:
    if config is None:
        return ReadingContext()
    from daemon.adapters.masters import load_directory

    settings = load(config)
    directory, _problems = load_directory(settings.masters.folder)
    gateways = tuple(g.address.lower() for g in directory.gateways)
    return ReadingContext(fax_senders=gateways, own_addresses=(settings.as_letterhead().address.lower(),))


def _show(document: Document) -> None:
    typer.echo(f"{document.source.name}  {document.source.media}")
    if document.message is not None:
        typer.echo(f"  {document.message.kind}  {document.message.sender}  {document.message.subject}")
    for finding in document.findings:
        if finding.decision is Decision.EMPTY and not finding.problems:
            continue
        who = f"{finding.roster or '?'} No.{finding.row or '?'} {finding.name}"
        why = words.problems(finding.problems)
        value = finding.value or "—"
        typer.echo(
            f"  {who}  {words.field(finding.field)}「{finding.text}」→ {value}  {finding.decision}  {why}".rstrip()
        )
    empty = sum(f.decision is Decision.EMPTY for f in document.findings)
    typer.echo(f"  {len(document.findings)} 項目（うち未記入 {empty}）")
    for note in document.problems:
        typer.echo(f"  {words.problem(note.code)} {note.part} {note.detail}".rstrip())
