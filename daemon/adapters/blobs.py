"""Content-addressed files: `root/ab/cdef…`, named by the SHA-256 of what they hold, never changed.

One is removed only under a tombstone (`daemon.handlers.tombstones`).

A blob is complete under its name or not there at all: written to a temporary file, synced, renamed, folder synced.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from daemon.errors import MeibodError, Unavailable

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_FOLDER = re.compile(r"[0-9a-f]{2}\Z")


class BlobDamaged(MeibodError):
    """A stored file no longer has the content it is named after: the disk failed. Restore it from a backup."""

    def __init__(self, sha256: str, /) -> None:
        super().__init__(f"blob {sha256} is damaged")
        self.sha256 = sha256


class BlobNotStored(Unavailable):
    """The disk does not take the bytes: full, read-only or broken. Make room; what was to be stored is tried again."""

    def __init__(self, reason: str, /) -> None:
        super().__init__(f"the disk does not take a blob: {reason}")


class FileBlobs:
    """`daemon.ports.Blobs` in a folder."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        """`root` is made when missing (mode 0700); `durable=False` skips the syncs: for tests and demos only."""
        self.root = root
        self._durable = durable
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, data: bytes) -> str:
        """Store; returns the SHA-256 in hex. Durable on return, idempotent. Raises BlobNotStored."""
        return self.put_many((data,))[0]

    def put_many(self, many: Iterable[bytes]) -> list[str]:
        """`put` for each, in order; folders are synced once."""
        try:
            return self._put_many(many)
        except OSError as error:
            raise BlobNotStored(error.strerror or type(error).__name__) from error

    def _put_many(self, many: Iterable[bytes]) -> list[str]:
        names, touched = [], set()
        for data in many:
            name = hashlib.sha256(data).hexdigest()
            names.append(name)
            path = self.path(name)
            if not path.exists():
                self._write(path, data)
            # Even for a file that was there: its writer may have died between rename and sync of the folder.
            touched.add(path.parent)
        if self._durable:
            for folder in touched:
                _sync_folder(folder)
        return names

    def get(self, sha256: str) -> bytes:
        """The bytes; raises KeyError when there are none, BlobDamaged when the hash no longer fits."""
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise KeyError(sha256) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BlobDamaged(sha256)
        return data

    def has(self, sha256: str) -> bool:
        """Whether the blob is there (not whether it is whole)."""
        return bool(_SHA256.match(sha256)) and self.path(sha256).exists()

    def all(self) -> Iterator[str]:
        """Every stored hash, in order; what a crash left half-written is passed over."""
        for folder in sorted(p for p in self.root.iterdir() if _FOLDER.match(p.name)):
            names = (folder.name + p.name for p in sorted(folder.iterdir()))
            yield from (name for name in names if _SHA256.match(name))

    def remove(self, sha256: str) -> None:
        """Take the blob away for good; harmless when there is none."""
        path = self.path(sha256)
        path.unlink(missing_ok=True)
        if self._durable and path.parent.exists():
            _sync_folder(path.parent)

    def path(self, sha256: str) -> Path:
        """Where the blob lies; raises KeyError for what is no SHA-256, so that no name can lead out of the folder."""
        if not _SHA256.match(sha256):
            raise KeyError(sha256)
        return self.root / sha256[:2] / sha256[2:]

    def _write(self, path: Path, data: bytes) -> None:
        if not path.parent.exists():
            path.parent.mkdir(exist_ok=True, mode=0o700)
            if self._durable:
                _sync_folder(self.root)
        handle, partial = tempfile.mkstemp(prefix=".", suffix=".partial", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                if self._durable:
                    os.fsync(handle)
            # A crash before this line leaves a .partial nobody looks at; after it, the whole blob.
            Path(partial).rename(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise


def _sync_folder(folder: Path) -> None:
    """Make renames in the folder survive a power loss."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
