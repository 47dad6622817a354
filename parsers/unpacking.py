"""A zip as the files in it, for a reader that reads each by itself. Nothing is written anywhere.

Names are shown, never followed: one that leads outside the archive is refused all the same, for no office makes such a
file. Offices pack with CP932 names, Macs with unmarked UTF-8. Without a password nothing is tried on what needs one.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field

from parsers.archives import checked_zip, is_encrypted, read_entry
from parsers.errors import ParserError
from parsers.findings import Note, Problem
from parsers.mail.parameters import display_name

_FILES_MOST = 200
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_LITTER = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._[^/]*$)", re.IGNORECASE)
"""What operating systems leave in archives."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file."""

    path: str
    """Number of the entry and its name, "3/名簿.xlsx": unique inside the archive."""
    name: str
    data: bytes


@dataclass(slots=True)
class Unpacked:
    """The files, and what of the archive could not be had."""

    members: list[Member] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    """`Note.part` is the path inside the archive, "" = the archive."""


def unpack(name: str, data: bytes) -> Unpacked:
    """Every file of the archive called `name`, in its order.

    Raises:
        ParserError: The archive is damaged, empty, encrypted throughout, or would unpack to something absurd.
    """
    archive = checked_zip(data)
    entries = [(n, e) for n, e in enumerate(archive.infolist(), start=1) if not e.is_dir()]
    if not entries:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "nothing in the archive")
    found = Unpacked()
    if is_encrypted(archive):
        found.notes.append(Note(Problem.ENCRYPTED_ATTACHMENT, name))
    for number, entry in entries:
        shown = _name(entry)
        if entry.flag_bits & _ENCRYPTED_FLAG or _LITTER.search(shown):
            continue
        if len(found.members) >= _FILES_MOST:
            found.notes.append(Note(Problem.TOO_LARGE, f"{len(entries)} files"))
            break
        _take(found, archive, entry, f"{number}/{_last(shown)}")
    return found


def _take(found: Unpacked, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str) -> None:
    if ".." in re.split(r"[/\\]", entry.filename):
        found.notes.append(Note(Problem.UNREADABLE_ATTACHMENT, "its name leads outside the archive", path))
        return
    data = read_entry(archive, entry, entry.file_size)
    if data is None or len(data) != entry.file_size:
        found.notes.append(Note(Problem.UNREADABLE_ATTACHMENT, "zip entry", path))
        return
    found.members.append(Member(path, path.partition("/")[2], data))


def _last(name: str) -> str:
    """The name without its folders, fit to be shown and to stand in a part path."""
    shown = display_name(re.split(r"[/\\]", name)[-1])
    return "_" if shown in ("", ".", "..") else shown


def _name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry; unmarked names that are UTF-8 throughout are UTF-8 (macOS)."""
    if entry.flag_bits & _UTF8_FLAG or entry.filename.isascii():
        return entry.filename
    for encoding in ("cp932", "cp437"):  # as `open_zip` decoded it
        try:
            return entry.filename.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return entry.filename
