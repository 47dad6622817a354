"""How long to stay away from a server that failed."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_HINT_S = 3600.0
"""A server may ask for more; an hour of deafness is the most we grant."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling pauses with jitter, so that clients of a restarted server do not all come back in the same second."""

    first_s: float = 5.0
    most_s: float = 600.0
    spread: float = 0.25
    """Up to this share of the pause is added at random."""

    def pause_s(self, failures: int, chance: float, hint_s: float | None = None) -> float:
        """Seconds to wait after `failures` (>= 1) failures in a row.

        `chance` is a random number in [0, 1), the caller's, so that the schedule stays a function. `hint_s` is what the
        server asked for (`MailboxError.retry_after_s`): never come back earlier.
        """
        doubled = self.first_s * 2.0 ** min(failures - 1, 30)
        pause = min(doubled, self.most_s) * (1 + self.spread * chance)
        return max(pause, min(hint_s or 0.0, _LONGEST_HINT_S))
