"""Content-addressed files on a real file system."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.blobs import BlobDamaged, BlobNotStored, FileBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs")


@given(data=st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_was_put_is_got_under_its_hash(blobs: FileBlobs, data: bytes) -> None:
    name = blobs.put(data)
    assert name == hashlib.sha256(data).hexdigest()
    assert blobs.get(name) == data
    assert blobs.has(name)


def test_the_same_bytes_are_one_blob(blobs: FileBlobs) -> None:
    assert blobs.put_many([b"a", b"b", b"a"]) == [blobs.put(b"a"), blobs.put(b"b"), blobs.put(b"a")]
    assert sorted(blobs.all()) == sorted({hashlib.sha256(x).hexdigest() for x in (b"a", b"b")})


def test_what_is_not_there_is_a_key_error(blobs: FileBlobs) -> None:
    with pytest.raises(KeyError):
        blobs.get("0" * 64)
    assert not blobs.has("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "0" * 64 + "/x"])
def test_a_name_that_is_no_hash_leads_nowhere(blobs: FileBlobs, name: str) -> None:
    assert not blobs.has(name)
    with pytest.raises(KeyError):
        blobs.get(name)


def test_a_changed_file_is_noticed(blobs: FileBlobs) -> None:
    name = blobs.put(b"raw mail")
    blobs.path(name).write_bytes(b"raw mall")
    with pytest.raises(BlobDamaged) as caught:
        blobs.get(name)
    assert caught.value.sha256 == name


def test_only_the_owner_may_read(blobs: FileBlobs) -> None:
    path = blobs.path(blobs.put(b"x"))
    assert [oct(p.stat().st_mode & 0o777) for p in (path, path.parent, blobs.root)] == ["0o600", "0o700", "0o700"]


def test_what_a_crash_left_half_written_is_no_blob(blobs: FileBlobs) -> None:
    name = blobs.put(b"x")
    (blobs.path(name).parent / ".abc.partial").write_bytes(b"half")
    assert list(blobs.all()) == [name]


def test_a_failed_write_leaves_nothing(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("daemon.adapters.blobs.os.fsync", full)
    with pytest.raises(BlobNotStored, match="space"):
        blobs.put(b"x")
    assert [p for p in blobs.root.rglob("*") if p.is_file()] == []
