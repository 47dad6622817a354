"""A backup is a folder that holds everything: `database.sqlite` (or `database.dump`), `blobs/`, `manifest.json`.

It is taken while the daemon runs. The database is copied first and the blobs after it: a blob is always stored before
the row that names it and never deleted, so every row in the copy finds its blob. Blobs are hard links where the file
system allows, to the store or to the backup before; the folder gets its final name when it is complete and durable.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from daemon.adapters.blobs import FileBlobs
from daemon.adapters.store import SqlStore, verify_chain
from daemon.adapters.store.copying import copy_sqlite, sync
from daemon.adapters.store.engine import database_url, private_file, sqlite_file, writing_engine
from daemon.errors import MeibodError, Refused

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK_BYTES = 1 << 20


class BackupDamaged(MeibodError):
    """A backup does not hold what its manifest says; nothing was restored. Take the backup before it."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was saved or restored."""

    folder: Path
    taken_at: dt.datetime
    database: str
    """Name of the file in the folder."""
    database_sha256: str
    database_bytes: int
    blobs: int
    blob_bytes: int
    format: int = FORMAT


def backup(url: str, blobs_root: Path, target_dir: Path, at: dt.datetime) -> BackupReport:
    """Save everything into a new folder of `target_dir` named after `at` (UTC).

    Raises Refused when the folder is there or pg_dump is missing, CopyDamaged when the database is broken.
    """
    folder = target_dir / at.astimezone(dt.UTC).strftime("meibod-%Y%m%dT%H%M%SZ")
    if folder.exists():
        raise Refused(f"{folder.name} exists; wait a second and try again")
    before = _newest(target_dir)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    database = _save_database(url, partial)
    count, size = _save_blobs(FileBlobs(blobs_root), partial / "blobs", before)
    report = BackupReport(folder, at, database.name, _sha256(database), database.stat().st_size, count, size)
    _write_manifest(partial, report)
    _sync_tree(partial)
    # A crash before this line leaves a .partial, which the next backup of that second removes and nobody restores.
    partial.rename(folder)
    sync(target_dir)
    return report


def restore(source_dir: Path, url: str, blobs_root: Path) -> BackupReport:
    """Put a backup into an empty place, then prove database, history and blobs.

    Raises Refused when something is there already, BackupDamaged when the backup is not whole.
    """
    report = _read_manifest(source_dir)
    database = source_dir / report.database
    if _sha256(database) != report.database_sha256:
        raise BackupDamaged(f"{report.database} is not the file that was saved")
    _must_be_empty(url, blobs_root)
    try:
        count = sum(1 for _ in _restore_blobs(FileBlobs(source_dir / "blobs"), FileBlobs(blobs_root)))
        if count != report.blobs:
            raise BackupDamaged(f"{count} blobs instead of {report.blobs}")
        _restore_database(database, url)
        _prove(url)
    except BaseException:
        _take_back(url, blobs_root)
        raise
    return report


def backups(target_dir: Path) -> list[Path]:
    """Complete backups in the folder, oldest first."""
    return sorted(p.parent for p in target_dir.glob(f"meibod-*Z/{_MANIFEST}"))


def _newest(target_dir: Path) -> FileBlobs | None:
    known = backups(target_dir) if target_dir.exists() else []
    return FileBlobs(known[-1] / "blobs") if known else None


# -- the database ----------------------------------------------------------------------------------------------


def _save_database(url: str, folder: Path) -> Path:
    file = sqlite_file(url)
    if file is None:
        return _dump(url, folder / "database.dump")
    target = folder / "database.sqlite"
    copy_sqlite(file, target)
    return target


def _dump(url: str, target: Path) -> Path:
    private_file(target)
    _postgres_tool("pg_dump", url, "--format=custom", "--no-owner", f"--file={target}")
    return target


def _restore_database(saved: Path, url: str) -> None:
    file = sqlite_file(url)
    if (file is None) != (saved.suffix == ".dump"):
        raise Refused(f"{saved.name} cannot become a database of another kind; give the URL of the kind it was")
    if file is None:
        _postgres_tool("pg_restore", url, "--no-owner", "--single-transaction", "--exit-on-error", str(saved))
        return
    private_file(file)
    file.unlink()
    copy_sqlite(saved, file)


def _postgres_tool(name: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; the password travels in the environment, not on the command line."""
    program = shutil.which(name)
    if program is None:
        raise Refused(f"{name} is not installed: apt-get install postgresql-client")
    parsed = database_url(url)
    target = parsed.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    done = subprocess.run(  # noqa: S603 - our own program name and arguments, no shell
        [program, f"--dbname={target}", "--no-password", *arguments], env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise MeibodError(f"{name} failed: {done.stderr.decode(errors='replace').strip()[:500]}")


def _must_be_empty(url: str, blobs_root: Path) -> None:
    file = sqlite_file(url)
    if file is not None and file.exists():
        raise Refused("there is a database already; restore into an empty place and move it there yourself")
    if blobs_root.exists() and any(blobs_root.iterdir()):
        raise Refused("there are blobs already; restore into an empty place")
    if file is None:
        engine = writing_engine(url)
        try:
            with engine.connect() as connection:
                if sa.inspect(connection).get_table_names():
                    raise Refused("the database has tables already; restore into an empty database")
        finally:
            engine.dispose()


def _take_back(url: str, blobs_root: Path) -> None:
    """Half a restore must not be taken for a whole one; pg_restore takes itself back."""
    shutil.rmtree(blobs_root, ignore_errors=True)
    file = sqlite_file(url)
    if file is not None:
        for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
            file.with_name(name).unlink(missing_ok=True)


def _prove(url: str) -> None:
    """The restored database passes the checks `meibod verify` makes; raises BackupDamaged."""
    store = SqlStore(url)
    try:
        problems = store.check() + verify_chain(store)
    finally:
        store.close()
    if problems:
        raise BackupDamaged(f"restored, but {problems[0]}")


# -- blobs -----------------------------------------------------------------------------------------------------


def _save_blobs(live: FileBlobs, target: Path, before: FileBlobs | None) -> tuple[int, int]:
    saved = FileBlobs(target)
    count = size = 0
    for name in live.all():
        path = saved.path(name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        sources = [live.path(name)] + ([before.path(name)] if before and before.has(name) else [])
        _link_or_copy(sources, path)
        count += 1
        size += path.stat().st_size
    return count, size


def _link_or_copy(sources: list[Path], target: Path) -> None:
    """The first source that lies on the same file system is linked, else the first is copied."""
    for source in sources:
        try:
            target.hardlink_to(source)
        except OSError:
            continue
        return
    shutil.copyfile(sources[0], target)
    target.chmod(0o600)
    sync(target)


def _restore_blobs(saved: FileBlobs, target: FileBlobs) -> Iterator[str]:
    """Copies, never links: what is restored must not share its fate with the backup. `get` checks each hash."""
    for name in saved.all():
        target.put(saved.get(name))
        yield name


# -- the folder ------------------------------------------------------------------------------------------------


def _write_manifest(folder: Path, report: BackupReport) -> None:
    values = asdict(report) | {"folder": report.folder.name, "taken_at": report.taken_at.isoformat()}
    path = folder / _MANIFEST
    private_file(path)
    path.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")


def _read_manifest(folder: Path) -> BackupReport:
    try:
        values: Mapping[str, Any] = json.loads((folder / _MANIFEST).read_text())
        report = BackupReport(**{**values, "folder": folder, "taken_at": dt.datetime.fromisoformat(values["taken_at"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{folder.name} has no usable {_MANIFEST}") from error
    if report.format != FORMAT:
        raise Refused(f"{folder.name} is a backup of format {report.format}; this program reads {FORMAT}")
    return report


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise BackupDamaged(f"{path.name} cannot be read") from error
    return digest.hexdigest()


def _sync_tree(folder: Path) -> None:
    for path in folder.iterdir():
        sync(path)
    for path in (folder / "blobs").iterdir():
        sync(path)
    sync(folder)
