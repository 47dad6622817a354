"""A pause between two submissions, so that a round of 47 mails does not look like an attack to the relay."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from daemon.ports import Submission, SubmissionOutcome


class PacedSubmission:
    """`ports.Submission` that lets one attempt begin at a time, `pace_s` seconds after the one before ended."""

    def __init__(self, inner: Submission, pace_s: float) -> None:
        self._inner = inner
        self._pace_s = pace_s
        self._turn = asyncio.Lock()
        self._free_at_s = 0.0

    async def submit(self, sender: str, recipients: Sequence[str], raw: bytes) -> SubmissionOutcome:
        """Wait for the turn, then submit."""
        async with self._turn:
            await asyncio.sleep(max(0.0, self._free_at_s - time.monotonic()))
            try:
                return await self._inner.submit(sender, recipients, raw)
            finally:
                self._free_at_s = time.monotonic() + self._pace_s
