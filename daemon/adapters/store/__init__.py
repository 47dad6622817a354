"""The database: SQLAlchemy Core on SQLite or PostgreSQL. `open_store(url)` is the way in."""

from daemon.adapters.store.audit import verify_chain
from daemon.adapters.store.outage import StoreUnavailable
from daemon.adapters.store.store import Queue, SqlStore, open_store
from daemon.adapters.store.upgrade import DatabaseNewer, MigrationLostRows, migrate

__all__ = [
    "DatabaseNewer",
    "MigrationLostRows",
    "Queue",
    "SqlStore",
    "StoreUnavailable",
    "migrate",
    "open_store",
    "verify_chain",
]
