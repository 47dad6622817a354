"""Giving memory back to the system after a burst of work: the allocator keeps it otherwise, for ever."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Collect garbage, then return free pages (glibc only; a few milliseconds)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
