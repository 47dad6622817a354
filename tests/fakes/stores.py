"""The real store, fast: SQLite in a temporary folder, copied from a template that was migrated once per process."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
import weakref
from pathlib import Path

from daemon.adapters.blobs import FileBlobs
from daemon.adapters.store import SqlStore, migrate


def memory_store(folder: Path | None = None) -> SqlStore:
    """An empty store nobody needs to migrate or sync; its file goes with it unless `folder` says where it lies."""
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="meibod-store-", dir=_fast_folder()))
    file = folder / "meibod.sqlite"
    shutil.copyfile(_template(), file)
    store = SqlStore(f"sqlite:///{file}", durable=False)
    if folder.name.startswith("meibod-store-"):
        weakref.finalize(store, shutil.rmtree, folder, ignore_errors=True)
    return store


def memory_blobs() -> FileBlobs:
    """Blobs in a temporary folder that goes with them."""
    folder = Path(tempfile.mkdtemp(prefix="meibod-blobs-", dir=_fast_folder()))
    blobs = FileBlobs(folder, durable=False)
    weakref.finalize(blobs, shutil.rmtree, folder, ignore_errors=True)
    return blobs


@functools.cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="meibod-template-", dir=_fast_folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "template.sqlite"
    migrate(f"sqlite:///{file}")
    return file


def _fast_folder() -> str | None:
    """Memory where the system offers it."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
