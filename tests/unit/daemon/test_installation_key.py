from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.bootstrap import installation_key
from daemon.settings import Imap, LetterheadSection, Service, Settings, Smtp


def settings(folder: Path) -> Settings:
    return Settings(
        service=Service(state_directory=folder, key_file=folder / "key"),
        imap=Imap(host="imap.example.jp"),
        smtp=Smtp(host="smtp.example.jp"),
        letterhead=LetterheadSection(organisation="連合会", contact="研修課", address="meibo@hq.example.jp"),
    )


def test_the_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    key = installation_key(settings(tmp_path))
    assert len(key) == 32
    assert installation_key(settings(tmp_path)) == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["key"]


def test_a_first_start_cut_off_while_the_key_is_written_leaves_no_file_that_stops_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_handle: int) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", cut_off)
        with pytest.raises(SystemExit):
            installation_key(settings(tmp_path))
    assert not (tmp_path / "key").exists()
    assert len(installation_key(settings(tmp_path))) == 32


def test_of_two_first_starts_the_second_takes_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def overtaken(draft: str, file: Path) -> None:
        file.write_text("ab" * 32)
        file.chmod(0o600)
        link(draft, file)

    monkeypatch.setattr(os, "link", overtaken)
    assert installation_key(settings(tmp_path)) == bytes.fromhex("ab" * 32)
