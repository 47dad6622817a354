"""The work queue: in-line for simulation and tests, DBOS for the daemon (imported only there: it costs 1.5 s)."""

from daemon.adapters.work.inline import InlineWork

__all__ = ["InlineWork"]
