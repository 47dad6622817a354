"""Backup while the daemon runs, restore into an empty place, on both databases."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.adapters.backup import BackupDamaged, backup, backups, restore
from daemon.adapters.blobs import BlobDamaged, FileBlobs
from daemon.adapters.store import SqlStore, open_store
from daemon.errors import Refused
from tests.fakes.samples import AT, a_mail

LATER = AT + dt.timedelta(hours=1)


class House:
    """A store with blobs, and how to make URLs of empty databases beside it."""

    def __init__(self, folder: Path, new_url: Callable[[], str]) -> None:
        self.new_url = new_url
        self.store = open_store(new_url())
        self.blobs = FileBlobs(folder / "blobs")
        self.saved = folder / "backups"

    def receive(self, uid: int) -> str:
        sha256 = self.blobs.put(b"raw mail %d" % uid)
        with self.store.transaction() as tx:
            tx.add_mail(a_mail(uid=uid, sha256=sha256))
            tx.append_event(AT, "meibod", "mail-received", subject=f"mail:{uid}")
        return sha256


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    numbers = iter(range(100))

    def new_url() -> str:
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path}/db{next(numbers)}/m.sqlite"
        url: str = request.getfixturevalue("postgres").database(migrated=False)
        return url

    house = House(tmp_path, new_url)
    yield house
    house.store.close()


def test_what_was_saved_can_be_restored_and_proven(house: House, tmp_path: Path) -> None:
    names = [house.receive(uid) for uid in range(1, 6)]
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    assert (report.blobs, report.taken_at) == (5, AT)
    url = house.new_url()
    assert restore(report.folder, url, tmp_path / "restored") == report
    restored, blobs = SqlStore(url), FileBlobs(tmp_path / "restored")
    with restored.snapshot() as tx, house.store.snapshot() as old:
        assert [m.sha256 for m in tx.mails()] == names
        assert tx.last_event() == old.last_event()
    assert [blobs.get(n) for n in names] == [house.blobs.get(n) for n in names]
    restored.close()


def test_a_backup_taken_while_mail_comes_in_is_whole(house: House, tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        uid = 0
        while not stop.is_set():
            uid += 1
            house.receive(uid)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        reports = [
            backup(house.store.url, house.blobs.root, house.saved, AT + dt.timedelta(seconds=n)) for n in range(3)
        ]
    finally:
        stop.set()
        worker.join()
    url = house.new_url()
    restore(reports[-1].folder, url, tmp_path / "restored")
    restored, blobs = SqlStore(url), FileBlobs(tmp_path / "restored")
    with restored.snapshot() as tx:
        mails = tx.mails()
    assert all(blobs.has(m.sha256) for m in mails)
    restored.close()


def test_a_place_that_is_not_empty_is_refused_and_left_alone(house: House, tmp_path: Path) -> None:
    house.receive(1)
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    with pytest.raises(Refused, match="already"):
        restore(report.folder, house.store.url, tmp_path / "restored")
    with pytest.raises(Refused, match="blobs"):
        restore(report.folder, house.new_url(), house.blobs.root)
    assert not (tmp_path / "restored").exists()


def test_a_changed_database_is_not_restored(house: House, tmp_path: Path) -> None:
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    with (report.folder / report.database).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackupDamaged, match="not the file"):
        restore(report.folder, house.new_url(), tmp_path / "restored")


def test_a_changed_blob_is_not_restored(house: House, tmp_path: Path) -> None:
    name = house.receive(1)
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    path = FileBlobs(report.folder / "blobs").path(name)
    path.unlink()
    path.write_bytes(b"something else")
    with pytest.raises(BlobDamaged):
        restore(report.folder, house.new_url(), tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_a_missing_blob_is_noticed(house: House, tmp_path: Path) -> None:
    name = house.receive(1)
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    FileBlobs(report.folder / "blobs").path(name).unlink()
    with pytest.raises(BackupDamaged, match="0 blobs instead of 1"):
        restore(report.folder, house.new_url(), tmp_path / "restored")


def test_an_unfinished_backup_is_none(house: House, tmp_path: Path) -> None:
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    unfinished = house.saved / "meibod-20260302T000001Z"
    unfinished.mkdir()
    assert backups(house.saved) == [report.folder]
    with pytest.raises(BackupDamaged, match="manifest"):
        restore(unfinished, house.new_url(), tmp_path / "restored")


def test_only_the_owner_may_read_a_backup(house: House) -> None:
    house.receive(1)
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    modes = {oct(p.stat().st_mode & 0o777) for p in report.folder.rglob("*") if p.is_file()}
    assert modes == {"0o600"}
    assert oct(report.folder.stat().st_mode & 0o777) == "0o700"


def test_the_same_second_is_refused(house: House) -> None:
    backup(house.store.url, house.blobs.root, house.saved, AT)
    with pytest.raises(Refused, match="exists"):
        backup(house.store.url, house.blobs.root, house.saved, AT)


def test_blobs_take_no_space_twice(house: House) -> None:
    name = house.receive(1)
    first = backup(house.store.url, house.blobs.root, house.saved, AT)
    second = backup(house.store.url, house.blobs.root, house.saved, LATER)
    inodes = {FileBlobs(r.folder / "blobs").path(name).stat().st_ino for r in (first, second)}
    assert inodes == {house.blobs.path(name).stat().st_ino}
    assert backups(house.saved) == [first.folder, second.folder]


def test_a_backup_of_a_later_format_is_refused(house: House, tmp_path: Path) -> None:
    report = backup(house.store.url, house.blobs.root, house.saved, AT)
    manifest = report.folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2}))
    with pytest.raises(Refused, match="format 2"):
        restore(report.folder, house.new_url(), tmp_path / "restored")


def test_a_missing_pg_dump_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="postgresql-client"):
        backup("postgresql://nobody@127.0.0.1:1/x", tmp_path / "blobs", tmp_path / "backups", AT)
