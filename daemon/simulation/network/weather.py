"""What goes wrong with the mail servers, and when: set by the world, looked at by both servers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class SmtpFault(StrEnum):
    """What may befall one submission."""

    HANG_UP = "hang-up"
    """The connection is closed before the greeting."""
    GREYLIST = "greylist"
    """450 to RCPT."""
    BUSY = "busy"
    """451 to MAIL."""
    NO_STORAGE = "no-storage"
    """452 after the final dot: nothing was taken."""
    LOST_BEFORE = "lost-before"
    """The connection breaks after the final dot, nothing was taken; the client cannot know."""
    LOST_AFTER = "lost-after"
    """The mail was taken, then the connection breaks; the client cannot know."""
    REFUSE = "refuse"
    """554 after the final dot."""


@dataclass(slots=True)
class Weather:
    """The state of the servers now."""

    smtp_down: bool = False
    imap_down: bool = False
    smtp_faults: deque[SmtpFault] = field(default_factory=deque)
    """One for each coming submission, in order."""

    def at(self, *stage: SmtpFault) -> SmtpFault | None:
        """The next fault if it belongs to this stage of the dialogue; then it is used up."""
        if self.smtp_faults and self.smtp_faults[0] in stage:
            return self.smtp_faults.popleft()
        return None
