"""The mailbox replies come to, over IMAP (port `Mailbox`).

Reading only: EXAMINE, SEARCH, BODY.PEEK. One `ImapMailbox` belongs to one thread. After any fault the connection is
thrown away, never mended: a parser that lost its place would pair answers with the wrong questions.
"""

from __future__ import annotations

from daemon.adapters.imap.backoff import Backoff
from daemon.adapters.imap.mailbox import ImapMailbox
from daemon.adapters.imap.session import ImapSettings

__all__ = ["Backoff", "ImapMailbox", "ImapSettings"]
