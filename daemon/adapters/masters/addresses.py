"""The address book of the prefectural offices, the fax gateways and the admins."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from daemon.adapters.masters.files import Line, Problems, Table, nearest, plain
from daemon.adapters.masters.prefectures import NOTE_HEADERS, PREFECTURE_HEADERS, PREFECTURES, prefecture_of, short_name
from daemon.domain.directory import Admin, Directory, FaxGateway, PrefecturalOffice

OFFICES = Table(
    "offices.csv",
    {
        "prefecture": PREFECTURE_HEADERS,
        "title": ("宛名", "名称", "運営部名", "会名"),
        "to": ("宛先", "メール", "メールアドレス", "アドレス", "email", "mail"),
        "cc": ("CC", "写し", "同報"),
        "fax": ("ＦＡＸ", "FAX番号", "ファックス"),
        "note": NOTE_HEADERS,
    },
    ("prefecture", "title", "to"),
)
ADMINS = "admins.toml"
GATEWAYS = "gateways.toml"

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
"""Local parts are taken loosely: Japanese mobile carriers long allowed dots at the end (RFC 5321 does not)."""
_PLACEHOLDER = re.compile(r"(^|[@.])(example\.(jp|com|net|org)|[^@.]+\.(example|invalid|test))$")
_GROUPS = {"csid", "received", "pages"}


def read_offices(lines: list[Line], problems: Problems) -> dict[str, PrefecturalOffice]:
    """The offices that can be written to, by prefecture."""
    offices: dict[str, PrefecturalOffice] = {}
    for line in lines:
        prefecture = prefecture_of(line, problems)
        if prefecture is None:
            continue
        if prefecture in offices:
            problems.error(line, "duplicate", f"{prefecture}の行が二つあります", "一行だけ残してください")
            continue
        office = _office(line, prefecture, problems)
        if office is not None:
            offices[prefecture] = office
    _shared_addresses(lines, offices, problems)
    for absent in (p for p in PREFECTURES if lines and p not in offices):
        message = f"{absent}の運営部を使えません（行がないか、行に誤りがあります）"
        problems.warn(Line(OFFICES.file), "no-office", message, "宛先を登録するまで、その県の名簿は送れません")
    return offices


def _office(line: Line, prefecture: str, problems: Problems) -> PrefecturalOffice | None:
    to, cc = _addresses(line, "to", problems), _addresses(line, "cc", problems)
    if to is None or cc is None:
        return None
    if not to:
        problems.error(line, "no-address", f"{prefecture}の宛先が空です", "メールアドレスを書いてください")
        return None
    if not line["title"]:
        problems.error(
            line, "no-title", f"{prefecture}の宛名が空です", "「○○県社会保険労務士会 運営部」の形で書いてください"
        )
        return None
    title = line["title"].removesuffix("御中").rstrip()
    return PrefecturalOffice(
        prefecture, title, to, tuple(a for a in cc if a not in to), _fax(line, problems), line["note"]
    )


def _addresses(line: Line, column: str, problems: Problems) -> tuple[str, ...] | None:
    """The addresses of a cell, lower case; None when one of them is malformed."""
    written = [a for a in re.split(r"[;,、；\s]+", plain(line[column])) if a]
    bad = [a for a in written if not _ADDRESS.fullmatch(a)]
    for address in bad:
        remedy = "name@example.jp の形で、複数は「;」で区切って書いてください"
        problems.error(line, "bad-address", f"メールアドレス「{address}」の形が正しくありません", remedy)
    return None if bad else tuple(dict.fromkeys(a.lower() for a in written))


def _fax(line: Line, problems: Problems) -> str:
    number = re.sub(r"[‐‑‒–—―−ー]", "-", plain(line["fax"]))
    if number and not re.fullmatch(r"\+?[0-9()-]{9,16}", number):
        problems.warn(
            line, "bad-fax", f"ＦＡＸ番号「{number}」の形が正しくありません", "045-000-0000 の形で書いてください"
        )
    return number


def _shared_addresses(lines: list[Line], offices: dict[str, PrefecturalOffice], problems: Problems) -> None:
    """A recipient of two offices would read another prefecture's rows (I3), and answers could not be placed."""
    owners: dict[str, list[str]] = defaultdict(list)
    for office in offices.values():
        for address in office.recipients:
            owners[address].append(office.prefecture)
    by_prefecture = {short_name(line["prefecture"]): line for line in reversed(lines)}
    for address, prefectures in owners.items():
        if len(prefectures) < 2:
            continue
        line = by_prefecture.get(prefectures[-1], Line(OFFICES.file))
        message = f"「{address}」が{'、'.join(prefectures)}の両方にあります"
        if any(address in offices[p].to for p in prefectures):
            problems.error(
                line, "shared-address", message, "書き写しの誤りを直してください。宛先は一つの県だけに書けます"
            )
        else:
            problems.warn(
                line, "shared-address", message, "ＣＣの方に複数の県の名簿が届きます。意図したものか確かめてください"
            )


# -- gateways and admins-----------------------------------------------------------------------------------------


def read_gateways(lines: list[Line], problems: Problems) -> tuple[FaxGateway, ...]:
    """The gateways, in order of the file."""
    found: dict[str, FaxGateway] = {}
    for line in lines:
        _unknown_keys(line, ("name", "address", "subject_pattern", "file_pattern"), problems)
        address = _one_address(line, found, problems)
        patterns = [_pattern(line, key, problems) for key in ("subject_pattern", "file_pattern")]
        if address and None not in patterns:
            found[address] = FaxGateway(line["name"] or address, address, *(p or "" for p in patterns))
    return tuple(found.values())


def read_admins(lines: list[Line], problems: Problems) -> tuple[Admin, ...]:
    """The admins, in order of the file; none at all is an error."""
    found: dict[str, Admin] = {}
    for line in lines:
        _unknown_keys(line, ("name", "address"), problems)
        address = _one_address(line, found, problems)
        if address:
            found[address] = Admin(line["name"] or address, address)
    if not found:
        problems.error(
            Line(ADMINS), "no-admin", "担当者が一人もいません", "[[admin]] に name と address を書いてください"
        )
    return tuple(found.values())


def _one_address(line: Line, taken: Iterable[str], problems: Problems) -> str:
    addresses = _addresses(line, "address", problems)
    if addresses is None:
        return ""
    if len(addresses) != 1:
        problems.error(
            line, "bad-address", "address に一つのアドレスがありません", "メールアドレスを一つだけ書いてください"
        )
        return ""
    if addresses[0] in taken:
        problems.error(line, "duplicate", f"「{addresses[0]}」が二つあります", "一つだけ残してください")
        return ""
    return addresses[0]


def _pattern(line: Line, key: str, problems: Problems) -> str | None:
    try:
        groups = re.compile(line[key]).groupindex.keys()
    except re.error as error:
        problems.error(line, "bad-pattern", f"{key} が正規表現ではありません（{error}）", "書式を直してください")
        return None
    if groups - _GROUPS:
        odd = "、".join(sorted(groups - _GROUPS))
        problems.error(
            line,
            "bad-pattern",
            f"{key} の名前付きグループ {odd} は使えません",
            "csid, received, pages だけを使ってください",
        )
        return None
    return line[key]


def _unknown_keys(line: Line, known: tuple[str, ...], problems: Problems) -> None:
    for key in sorted(line.cells.keys() - set(known)):
        hint = nearest(key, known)
        problems.error(line, "unknown-key", f"知らない項目「{key}」です{hint}", f"使える項目は {'、'.join(known)} です")


# -- all together ----------------------------------------------------------------------------------------------


def check_together(directory: Directory, problems: Problems) -> None:
    """What only shows when all address books are read: addresses with two roles, placeholders left in."""
    offices = {a: o.prefecture for o in directory.offices.values() for a in o.recipients}
    for gateway in directory.gateways:
        if gateway.address in offices:
            message = f"「{gateway.address}」は{offices[gateway.address]}の宛先でもあります"
            remedy = "ＦＡＸの機器と運営部のアドレスを分けてください（返信とＦＡＸを見分けられません）"
            problems.error(Line(GATEWAYS), "shared-address", message, remedy)
    for admin in directory.admins:
        if admin.address in offices:
            message = f"「{admin.address}」は{offices[admin.address]}の宛先でもあります"
            problems.warn(Line(ADMINS), "shared-address", message, "書き写しの誤りでないか確かめてください")
    _placeholders(OFFICES.file, offices, problems)
    _placeholders(ADMINS, (a.address for a in directory.admins), problems)


def _placeholders(file: str, addresses: Iterable[str], problems: Problems) -> None:
    count = sum(bool(_PLACEHOLDER.search(a)) for a in addresses)
    if count:
        message = f"見本のアドレス（example.jp など）が{count}件あります"
        problems.warn(Line(file), "placeholder-address", message, "実際のアドレスに書き換えてください")
