"""A private Postfix: its own configuration, queue and data folders, several submission ports with different manners.

Mail for `example.test` goes to a Dovecot's LMTP (or nowhere, when none is given), so "accepted" can be proven by
looking into the mailbox. Manners are bound to addresses and ports, fixed for the life of the server:

    gone@example.test       550 5.1.1 at RCPT
    later@example.test      450 4.2.0 at RCPT (greylisting)
    …@example.net           taken, then returned to the sender with a delivery status notification

    plain     anybody may submit, no TLS
    starttls  anybody may submit, STARTTLS offered with a throw-away certificate
    sasl      STARTTLS offered, AUTH required (users and password of the Dovecot)
    tls       TLS from the first byte
    closed    554 to everybody at connect

The master process of Postfix insists on being root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.processes import (
    ServerMissing,
    free_port,
    greets,
    guard,
    make_certificate,
    program,
    wait_until,
)

SIZE_LIMIT_BYTES = 2_000_000
PORTS = ("plain", "starttls", "sasl", "tls", "closed")

_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {home}
maillog_file = {home}/mail.log
myhostname = mail.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
alias_maps =
alias_database =
local_recipient_maps =
biff = no
message_size_limit = {size_limit}
mailbox_size_limit = 0
virtual_mailbox_domains = example.test
virtual_mailbox_maps =
virtual_transport = {delivery}
default_transport = discard:
relay_domains = example.net
relay_transport = returns:
smtpd_recipient_restrictions =
  check_recipient_access inline:{{{{gone@example.test = 550 5.1.1 No such person}}}}
  check_recipient_access inline:{{{{later@example.test = 450 4.2.0 Greylisted, try again in 300 seconds}}}}
  permit_mynetworks reject
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = none
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl_port}
smtpd_sasl_security_options = noanonymous
"""

_MASTER = """
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{starttls} inet n - n - - smtpd
  -o smtpd_tls_security_level=may
127.0.0.1:{sasl} inet n - n - - smtpd
  -o smtpd_tls_security_level=may
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o {{ smtpd_recipient_restrictions = permit_sasl_authenticated, reject }}
127.0.0.1:{tls} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:{closed} inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o smtpd_client_restrictions=reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
returns unix - n n - - pipe
  user=nobody argv=/bin/false
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One running server; use as a context manager. `ports` maps a manner to its port."""

    def __init__(self, dovecot: Dovecot | None = None) -> None:
        """Deliver to `dovecot` by LMTP and ask it about passwords; None = accept and discard."""
        if os.geteuid() != 0:
            raise ServerMissing("Postfix's master runs as root only: run the integration tests as root")
        self.home = Path(tempfile.mkdtemp(prefix="mb-postfix-"))
        self.home.chmod(0o755)
        self.ports = {name: free_port() for name in PORTS}
        self.certificate, key = make_certificate(self.home)
        settings = {
            "home": self.home, "size_limit": SIZE_LIMIT_BYTES, "certificate": self.certificate, "key": key,
            "delivery": f"lmtp:inet:127.0.0.1:{dovecot.lmtp}" if dovecot else "discard:",
            "sasl_port": dovecot.sasl if dovecot else 1,
        }  # fmt: skip
        self.config = self.home / "config"
        self.config.mkdir()
        (self.config / "main.cf").write_text(_MAIN.format(**settings))
        (self.config / "master.cf").write_text(_MASTER.format(**self.ports))
        self._prepare_folders()
        self._master: subprocess.Popen[bytes] | None = None

    def _prepare_folders(self) -> None:
        (self.home / "queue").mkdir(mode=0o755)
        (self.home / "data").mkdir(mode=0o700)
        os.chown(self.home / "data", pwd.getpwnam("postfix").pw_uid, -1)

    def __enter__(self) -> Postfix:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> None:
        """Start the master and wait until it takes connections."""
        check = [program("postfix", "postfix"), "-c", str(self.config), "check"]  # makes the folders of the queue
        subprocess.run(check, capture_output=True, check=False)
        command = [program("master", "postfix"), "-c", str(self.config), "-s"]
        self._master = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._guard = guard([program("postfix", "postfix"), "-c", str(self.config), "stop"])
        master = self._master
        wait_until("postfix", lambda: master.poll() is not None or greets(self.ports["plain"]))
        if master.poll() is not None:
            raise AssertionError(f"postfix did not start: {self.log()}")

    def stop(self) -> None:
        """Stop it and everything it started."""
        if self._master is None:
            return
        self._guard.communicate()  # runs `postfix stop`
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._master.wait(20)
        if self._master.poll() is None:
            self._master.kill()
            self._master.wait(20)
        self._master = None

    def log(self) -> str:
        """What the server wrote so far."""
        path = self.home / "mail.log"
        return path.read_text() if path.exists() else "(no log)"
