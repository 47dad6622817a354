"""A private Dovecot 2.3: IMAP (plain, STARTTLS, TLS), LMTP and SASL on loopback ports, Maildir, one password for all.

Any user name is accepted with `PASSWORD`; each has a Maildir of its own. Started as root the processes drop to the
accounts Debian's package made; started by anybody else everything runs as that person.
"""

from __future__ import annotations

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from tests.integration.servers.processes import (
    children,
    end_with_parent,
    free_port,
    greets,
    kill_orphans,
    make_certificate,
    program,
    wait_until,
)

PASSWORD = "right-password"

_CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {internal_group}
first_valid_uid = 1
mail_location = maildir:{home}/mail/%n
maildir_very_dirty_syncs = no
auth_mechanisms = plain login
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
imap_capability = {capability}
imap_idle_notify_interval = 2 mins
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={home}/home/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener {{
    port = {sasl}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_failure_delay = 0
service stats {{
  chroot =
}}
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
"""


@dataclass(frozen=True)
class _Accounts:
    login: str
    internal: str
    internal_group: str
    mail_uid: int
    mail_gid: int


def _accounts() -> _Accounts:
    """Which accounts the processes run as: Debian's when root started us, our own else."""
    if os.geteuid() == 0:
        mail = pwd.getpwnam("mail")
        return _Accounts("dovenull", "dovecot", "dovecot", mail.pw_uid, mail.pw_gid)
    me = pwd.getpwuid(os.geteuid())
    return _Accounts(me.pw_name, me.pw_name, grp.getgrgid(os.getegid()).gr_name, me.pw_uid, os.getegid())


class Dovecot:
    """One running server; use as a context manager."""

    def __init__(self, capability: str = "") -> None:
        """`capability` replaces what the server says it can ("" = the truth)."""
        self.home = Path(tempfile.mkdtemp(prefix="mb-dovecot-"))  # short: socket paths end at 108 bytes
        self.imap, self.imaps, self.lmtp, self.sasl = (free_port() for _ in range(4))
        self.certificate, key = make_certificate(self.home)
        self._accounts = _accounts()
        self._prepare_folders()
        settings = {
            **asdict(self._accounts), "home": self.home, "certificate": self.certificate, "key": key,
            "password": PASSWORD, "imap": self.imap, "imaps": self.imaps, "lmtp": self.lmtp, "sasl": self.sasl,
            "capability": capability,
        }  # fmt: skip
        self.config = self.home / "dovecot.conf"
        self.config.write_text(_CONFIG.format(**settings))
        self._master: subprocess.Popen[bytes] | None = None

    def _prepare_folders(self) -> None:
        self.home.chmod(0o755)
        for name in ("run", "state", "mail", "home"):
            (self.home / name).mkdir(mode=0o755)
        self._own(self.home / "mail")
        self._own(self.home / "home")

    def _own(self, path: Path) -> None:
        os.chown(path, self._accounts.mail_uid, self._accounts.mail_gid)

    def __enter__(self) -> Dovecot:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    # -- the server --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the master and wait until IMAP and LMTP greet."""
        command = [program("dovecot", "dovecot-imapd dovecot-lmtpd"), "-F", "-c", str(self.config)]
        self._master = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one call into the C library, no locks
        )
        try:
            wait_until("dovecot", lambda: self._died() or (greets(self.imap) and greets(self.lmtp)))
        finally:
            if self._died():
                raise AssertionError(self._why_it_died())

    def _died(self) -> bool:
        return self._master is None or self._master.poll() is not None

    def _why_it_died(self) -> str:
        log = self.home / "dovecot.log"
        said = self._master.stderr.read().decode() if self._master and self._master.stderr else ""
        return f"dovecot did not start: {said} {log.read_text() if log.exists() else ''}"

    def stop(self) -> None:
        """Stop it and everything it started."""
        if self._master is None:
            return
        self.resume()
        family = children(self._master.pid)
        self._master.terminate()
        try:
            self._master.wait(20)
        except subprocess.TimeoutExpired:
            self._master.kill()
            self._master.wait(20)
        kill_orphans(family)  # sessions outlive the master by seconds
        if self._master.stderr:
            self._master.stderr.close()
        self._master = None

    def restart(self) -> None:
        """Stop and start; sessions break."""
        self.stop()
        self.start()

    def sessions(self) -> list[int]:
        """Process ids of running IMAP sessions."""
        assert self._master is not None
        return [pid for pid, name in children(self._master.pid).items() if name == "imap"]

    def kill_sessions(self) -> None:
        """Kill every IMAP session without a word to the client."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGKILL)

    def freeze(self) -> None:
        """Stop every session in its tracks: connections stay open and nothing answers."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let frozen sessions go on."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGCONT)

    def doveadm(self, *words: str, given: bytes = b"") -> str:
        """Run doveadm against this server with `given` on its standard input; returns what it printed."""
        command = [program("doveadm", "dovecot-core"), "-c", str(self.config), *words]
        return subprocess.run(command, check=True, capture_output=True, input=given).stdout.decode()

    # -- its mail ----------------------------------------------------------------------------------------------

    def deliver(self, raw: bytes, user: str = "roster", sender: str = "someone@example.test") -> None:
        """Deliver one message by LMTP, as a mail server would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, local_hostname="localhost") as client:
            client.sendmail(sender, [f"{user}@example.test"], raw)

    def seed(self, messages: Iterable[bytes], user: str = "roster", first: int = 0) -> None:
        """Put many messages straight into the Maildir, in order: a thousand a second instead of a hundred.

        `first` is how many were put there before: names must not repeat.
        """
        maildir = self.home / "mail" / user
        for folder in (maildir, maildir / "cur", maildir / "new", maildir / "tmp"):
            folder.mkdir(exist_ok=True)
            self._own(folder)
        for number, raw in enumerate(messages, first):
            path = maildir / "new" / f"{1_700_000_000 + number}.S{number}.seed"
            path.write_bytes(raw)
            self._own(path)

    @contextlib.contextmanager
    def session(self, user: str = "roster", mailbox: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """A second client with the mailbox open for writing, as staff with a mail program would have."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=30) as client:
            client.login(user, PASSWORD)
            client.select(f'"{mailbox}"')
            yield client

    def expunge(self, uid: int, user: str = "roster") -> None:
        """Remove one message for good."""
        with self.session(user) as client:
            client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
            client.expunge()

    def flags(self, uid: int, user: str = "roster") -> bytes:
        """The flags of one message as the server prints them."""
        with self.session(user) as client:
            _, answer = client.uid("FETCH", str(uid), "(FLAGS)")
        return bytes(answer[0])

    def recreate(self, user: str = "roster") -> None:
        """Empty the mailbox and give it a new UIDVALIDITY, as after a restore or a move to another server."""
        before = self.uidvalidity(user)
        self.kill_sessions()
        wait_until("sessions gone", lambda: not self.sessions())
        shutil.rmtree(self.home / "mail" / user, ignore_errors=True)
        shutil.rmtree(self.home / "home" / user, ignore_errors=True)
        self.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(before + 1), "INBOX")

    def uidvalidity(self, user: str = "roster") -> int:
        """The UIDVALIDITY of INBOX."""
        printed = self.doveadm("mailbox", "status", "-u", user, "uidvalidity", "INBOX")
        return int(printed.rpartition("=")[2])
