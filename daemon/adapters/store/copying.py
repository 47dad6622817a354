"""A consistent copy of a SQLite file that is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from daemon.errors import MeibodError

_ALL_PAGES = -1
"""In one step: a copy in several begins again whenever somebody writes in between."""


class CopyDamaged(MeibodError):
    """The copy of a database does not pass its own check: the original is probably damaged. Restore a backup."""


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy through SQLite's backup API, check the copy, make it durable, then give it its name (mode 0600).

    Writers go on meanwhile. A crash leaves a `.partial` file and no half copy under the final name. Raises CopyDamaged.
    """
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
        old.execute("PRAGMA busy_timeout=30000")
        old.backup(new, pages=_ALL_PAGES)
        # The copy inherits WAL mode; a single file without companions is what one can carry away.
        new.execute("PRAGMA journal_mode=DELETE")
        said = [row[0] for row in new.execute("PRAGMA quick_check")]
    if said != ["ok"]:
        raise CopyDamaged(f"{target.name}: {said[0]}")
    sync(partial)
    partial.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Make a file or folder survive a power loss."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
