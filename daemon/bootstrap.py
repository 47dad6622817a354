"""Settings and parts into a working whole: the only file that knows handlers and adapters.

The daemon, the commands and the demo are put together here; they differ by what is passed in, not by other code.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.adapters.blobs import FileBlobs
from daemon.adapters.clock import SystemClock
from daemon.adapters.imap import Backoff, ImapMailbox, ImapSettings
from daemon.adapters.masters import MasterProblem, load_directory
from daemon.adapters.memory import give_back
from daemon.adapters.oauth import OAuthSettings, RefreshingTokens
from daemon.adapters.pacing import PacedSubmission
from daemon.adapters.reader_pool import SandboxedReader
from daemon.adapters.resources import data_path
from daemon.adapters.smtp import SmtpSettings, SmtpSubmission
from daemon.adapters.store import SqlStore, open_store, verify_chain
from daemon.adapters.templates import JinjaTemplates
from daemon.adapters.transport import Secret, Security
from daemon.clockwork import Chore, Clockwork
from daemon.domain.letters import Alarm, AlarmCode
from daemon.errors import MeibodError
from daemon.handlers import deliver as delivery
from daemon.handlers import retention
from daemon.handlers.acknowledge_fax import acknowledge_faxes
from daemon.handlers.alarm import raise_alarms
from daemon.handlers.digest import send_digest
from daemon.handlers.handover import make_due
from daemon.handlers.ingest import work_through
from daemon.handlers.intake import SyncReport, sync
from daemon.handlers.remind import remind
from daemon.handlers.verify import Proof, verify
from daemon.ports import Clock, Documents, Handler, Kit, Mailbox, ReaderPool, Submission, Work
from daemon.settings import OAuth, Server, Settings, credentials_directory, password_of, read_secret
from daemon.watcher import Watcher

_KEY_BYTES = 32


class BadInstallation(MeibodError):
    """Something the program needs to start is missing or unusable; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What may be replaced: the demo brings its own clock, the tests their own mail."""

    clock: Clock
    submission: Submission
    reader: ReaderPool
    documents: Documents


@dataclass(frozen=True, slots=True)
class App:
    """The program without its tasks: what every command uses."""

    kit: Kit
    store: SqlStore
    master_problems: Sequence[MasterProblem]

    def close(self) -> None:
        """End helper processes and database connections."""
        self.kit.reader.close()
        self.store.close()


def open_app(settings: Settings, parts: Parts | None = None) -> App:
    """Open database and masters; raises MeibodError with one sentence per thing that is wrong."""
    state = state_directory(settings)
    key = installation_key(settings)
    directory, problems = load_directory(settings.masters.folder)
    store = open_store(database_url(settings))
    parts = parts or real_parts(settings, key)
    templates = JinjaTemplates(data_path("mail_templates"), settings.service.templates_directory)
    kit = Kit(
        clock=parts.clock,
        store=store,
        blobs=FileBlobs(state / "blobs"),
        documents=parts.documents,
        templates=templates,
        reader=parts.reader,
        submission=parts.submission,
        directory=directory,
        policy=settings.as_policy(),
        letterhead=settings.as_letterhead(),
        key=key,
    )
    return App(kit, store, problems)


def real_parts(settings: Settings, key: bytes) -> Parts:
    """The machine's clock, the configured relay, the sandbox, the printer of rosters."""
    from daemon.adapters.documents import TypstDocuments

    submission = PacedSubmission(SmtpSubmission(smtp_settings(settings)), settings.policy.pace_s)
    documents = TypstDocuments(key, data_path("mail_templates") / "forms")
    return Parts(SystemClock(), submission, SandboxedReader(), documents)


# -- places and secrets ----------------------------------------------------------------------------------------


def state_directory(settings: Settings) -> Path:
    """The folder of database, blobs and key; made when it is not there, closed to others."""
    state = settings.service.state_directory
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadInstallation(f"service.state_directory: {state} を作れません ({error.strerror})") from error
    return state


def database_url(settings: Settings) -> str:
    """The configured URL, or SQLite in the state directory."""
    return settings.service.database_url or f"sqlite:///{state_directory(settings) / 'meibod.sqlite'}"


def installation_key(settings: Settings) -> bytes:
    """The secret behind codes and tokens; made on first start. Losing it makes old codes unverifiable."""
    service = settings.service
    if service.key_credential:
        return _hex("service.key", read_secret("service.key", None, service.key_credential, credentials_directory()))
    if not service.key_file.exists():
        state_directory(settings)
        _make_key(service.key_file)
    return _hex("service.key", read_secret("service.key", service.key_file, "", None))


def _make_key(file: Path) -> None:
    """Write and sync under another name first: a crash leaves no key or a whole one, never a file that stops the start.

    Of two processes that start at once, the second takes the key of the first.
    """
    handle, draft = tempfile.mkstemp(prefix=".key-", dir=file.parent)
    try:
        with os.fdopen(handle, "w") as written:
            written.write(secrets.token_hex(_KEY_BYTES))
            written.flush()
            os.fsync(handle)
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        Path(draft).unlink()
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _hex(key: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BadInstallation(f"{key}_file: 16 進数の鍵ではありません（新しい鍵は自動で作られます）") from error


def _password(section: str, server: Server) -> Secret | None:
    """Read at each connect, so that a rotated file counts from the next connection on."""
    if not server.user or server.oauth.enabled:
        return None
    return lambda: password_of(section, server, credentials_directory())


def _account(oauth: OAuth) -> str:
    """IMAP and SMTP on one account share one token: a provider may allow each refresh token only once."""
    identity = f"{oauth.token_url} {oauth.client_id} {oauth.refresh_token_file}"
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _tokens(settings: Settings, section: str, server: Server) -> RefreshingTokens | None:
    oauth = server.oauth
    if not oauth.enabled or oauth.refresh_token_file is None:
        return None
    named = oauth.client_secret_file is not None or bool(oauth.client_secret_credential)

    def secret() -> str:
        key = f"{section}.oauth.client_secret"
        return read_secret(key, oauth.client_secret_file, oauth.client_secret_credential, credentials_directory())

    return RefreshingTokens(
        OAuthSettings(
            token_url=oauth.token_url,
            client_id=oauth.client_id,
            refresh_token_file=oauth.refresh_token_file,
            state_file=state_directory(settings) / f"oauth-{_account(oauth)}",
            ca_file=server.ca_file,
            client_secret=secret if named else None,
            scope=oauth.scope,
        )
    )


def _security(server: Server) -> Security:
    return Security.PLAIN if server.security == "none" else Security(server.security)


def imap_settings(settings: Settings) -> ImapSettings:
    """What the IMAP adapter needs."""
    imap = settings.imap
    return ImapSettings(
        host=imap.host,
        port=imap.port,
        security=_security(imap),
        user=imap.user,
        password=_password("imap", imap),
        oauth=_tokens(settings, "imap", imap),
        ca_file=imap.ca_file,
        mailbox=imap.mailbox,
        connect_timeout_s=imap.timeout_s,
        read_timeout_s=max(imap.timeout_s, 60.0),
        idle_s=imap.idle_s,
        max_age_s=imap.max_connection_s,
    )


def smtp_settings(settings: Settings) -> SmtpSettings:
    """What the submission adapter needs."""
    smtp = settings.smtp
    return SmtpSettings(
        host=smtp.host,
        port=smtp.port,
        security=_security(smtp),
        user=smtp.user,
        password=_password("smtp", smtp),
        oauth=_tokens(settings, "smtp", smtp),
        ca_file=smtp.ca_file,
        connect_timeout_s=smtp.timeout_s,
        data_timeout_s=smtp.data_timeout_s,
    )


# -- the tasks of the daemon -----------------------------------------------------------------------------------


def watcher(settings: Settings, app: App, mailbox: Mailbox | None = None) -> Watcher:
    """The thread that looks into the mailbox."""

    def look(box: Mailbox, full: bool) -> SyncReport:
        return sync(app.kit, box, full=full)

    return Watcher(
        mailbox or ImapMailbox(imap_settings(settings), app.kit.clock), look, Backoff().pause_s,
        idle_s=settings.imap.idle_s, reconcile_s=settings.imap.reconcile_s,
    )  # fmt: skip


@dataclass(slots=True)
class Alarms:
    """What is wrong now, told with the digest; kept in memory, found again by the next check."""

    found: tuple[Alarm, ...] = ()

    def take(self, proofs: Sequence[Proof], now: dt.datetime) -> None:
        """Turn failed proofs into alarms."""
        codes = {
            "ledger": AlarmCode.LEDGER_GAP, "audit": AlarmCode.AUDIT_BROKEN, "blobs": AlarmCode.BLOB_DAMAGED,
            "database": AlarmCode.DATABASE_DAMAGED, "register": AlarmCode.DATABASE_DAMAGED,
        }  # fmt: skip
        self.found = tuple(
            Alarm(codes[p.what], now, detail=f"{len(p.problems)}: {p.problems[0]}") for p in proofs if p.problems
        )


def clockwork(app: App, work: Work | None, alarms: Alarms) -> Clockwork:
    """Everything that happens by itself. `work=None`: jobs are run by whoever drives the clock (the demo)."""
    return Clockwork(app.kit.clock, app.store, chores(app, work, alarms))


def chores(app: App, work: Work | None, alarms: Alarms) -> list[Chore]:
    """The chores in the order they are attended to: what came in first, what goes out last."""
    kit = app.kit

    def prove() -> None:
        alarms.take(verify(kit, verify_chain), kit.clock.now())

    jobs = [
        Chore("ingest", lambda: work_through(kit), every_s=60),
        Chore("handover", lambda: make_due(kit), every_s=60),
        Chore("receipts", lambda: acknowledge_faxes(kit), every_s=60),
        Chore("remind", lambda: remind(kit), every_s=60),
        Chore("digest", lambda: send_digest(kit, alarms.found), every_s=60),
        Chore("alarm", lambda: raise_alarms(kit, alarms.found), every_s=300),
        Chore("settle", lambda: delivery.settle(kit), every_s=15),
        Chore("verify", prove, at=dt.time(3, 10)),
        Chore("retention", lambda: retention.run(kit), at=dt.time(3, 40)),
    ]
    if isinstance(kit.reader, SandboxedReader):
        jobs.append(Chore("rest", lambda: rest(kit), every_s=60))
    if work is not None:
        jobs.append(Chore("reap", work.reap, every_s=60))
        jobs.append(Chore("prune", lambda: work.prune(kit.clock.now() - dt.timedelta(days=14)), at=dt.time(3, 30)))
    return jobs


def rest(kit: Kit) -> None:
    """After a busy time: end the reading process, give back what a thousand mails or a hundred rosters piled up."""
    if isinstance(kit.reader, SandboxedReader) and kit.reader.rest():
        release = getattr(kit.documents, "release", None)
        if release is not None:
            release()
        give_back()


def job_handlers(app: App) -> dict[str, Handler]:
    """What the work queue runs, by `Job.name`."""
    kit = app.kit
    # One mail at a time from claim to record: what merely waits for its turn is not in flight, so a crash leaves one
    # attempt in doubt instead of four, and a slow relay cannot make a waiting one look abandoned.
    turn = asyncio.Lock()

    async def deliver(args: Mapping[str, Any]) -> None:
        async with turn:
            await delivery.deliver(kit, args)

    async def ingest(_args: Mapping[str, Any]) -> None:
        await asyncio.to_thread(work_through, kit)

    return {"deliver": deliver, "ingest": ingest}
