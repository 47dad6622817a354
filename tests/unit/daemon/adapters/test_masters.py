from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.masters import PREFECTURES, MasterProblem, Severity, load_directory
from daemon.adapters.masters.files import to_date
from daemon.domain.directory import Directory

SEED = Path(__file__).parents[4] / "config" / "masters"
Load = Callable[..., tuple[Directory, list[MasterProblem]]]
OFFICES = "prefecture,title,to,cc,fax,note\n"
SMALL = {
    "offices.csv": OFFICES + "神奈川,神奈川県社会保険労務士会 運営部,k@wm.co.jp,,,\n東京,東京会 運営部,t@wm.co.jp,,,\n",
    "centres.csv": "prefecture,name,kind\n神奈川,横浜,センター\n神奈川,新横浜,オフィス\n東京,新宿,センター\n",
    "pension_offices.csv": (
        "prefecture,name,kind\n神奈川,横浜中,年金事務所\n神奈川,港北,年金事務所\n東京,新宿,年金事務所\n"
    ),
    "assignments.csv": (
        "prefecture,centre,pension_office,valid_from,note\n神奈川,横浜,横浜中,2020-04-01,\n"
        "神奈川,新横浜,港北,2020-04-01,\n東京,新宿,新宿,2020-04-01,\n"
    ),
    "closed_days.csv": "date,kind,reason\n",
    "gateways.toml": "",
    "admins.toml": '[[admin]]\nname = "担当"\naddress = "admin@hq.co.jp"\n',
}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a small sound set of masters with some files replaced, or cut by None; file names use _ for the dot."""

    def loaded(**files: str | bytes | None) -> tuple[Directory, list[MasterProblem]]:
        given = {name.replace("_csv", ".csv").replace("_toml", ".toml"): content for name, content in files.items()}
        for name, content in (SMALL | given).items():
            if content is not None:
                data = content.encode() if isinstance(content, str) else content
                (tmp_path / name).write_bytes(data)
        return load_directory(tmp_path)

    return loaded


def codes(problems: list[MasterProblem]) -> list[tuple[str, int, str]]:
    """File, line and code of each problem but those about the 45 prefectures the small set lacks."""
    return [(p.file, p.line, p.code) for p in problems if p.code != "no-office"]


# -- the seed --------------------------------------------------------------------------------------------------


def test_the_seed_holds_everything_and_has_no_error() -> None:
    directory, problems = load_directory(SEED)
    assert [p for p in problems if p.severity is Severity.ERROR] == []
    assert set(directory.offices) == set(PREFECTURES)
    assert (len(directory.centres), len(directory.pension_offices)) == (80, 320)
    assert Counter(c.kind for c in directory.centres.values()) == {"センター": 51, "オフィス": 29}
    assert Counter(o.kind for o in directory.pension_offices.values())["年金事務所"] == 312


def test_every_address_of_the_seed_is_a_placeholder() -> None:
    directory, problems = load_directory(SEED)
    addresses = {a for o in directory.offices.values() for a in o.recipients} | {a.address for a in directory.admins}
    assert {a.rpartition("@")[2] for a in addresses} == {"example.jp"}
    assert {p.file for p in problems if p.code == "placeholder-address"} == {"offices.csv", "admins.toml"}


def test_check_names_the_nine_undecided_centres_with_their_candidates() -> None:
    directory, problems = load_directory(SEED)
    undecided = [p for p in problems if p.code == "no-assignment"]
    assert len(undecided) == 9
    assert any("水戸" in p.message and "水戸北/水戸南" in p.message for p in undecided)
    assert directory.pension_office_of("茨城", "水戸", dt.date(2026, 4, 1)) is None
    assert directory.pension_office_of("神奈川", "横浜", dt.date(2026, 4, 1)) == "横浜中"


def test_the_masters_survive_being_saved_by_excel(tmp_path: Path) -> None:
    """Excel of an office writes CP932 and CRLF; 2020-04-01 becomes 2020/4/1."""
    for file in SEED.iterdir():
        shutil.copy(file, tmp_path / file.name)
    for file in tmp_path.glob("*.csv"):
        text = file.read_text("utf-8-sig").replace("2020-04-01", "2020/4/1").replace("\n", "\r\n")
        file.write_bytes(text.encode("cp932"))
    assert load_directory(tmp_path) == load_directory(SEED)


# -- sound input -----------------------------------------------------------------------------------------------


def test_a_sound_set_has_no_problem(load: Load) -> None:
    directory, problems = load()
    assert codes(problems) == []
    assert directory.offices["神奈川"].title == "神奈川県社会保険労務士会 運営部"


def test_headers_prefectures_blanks_and_addresses_are_taken_as_people_write_them(load: Load) -> None:
    written = (
        "\ufeff都道府県名\t宛 名\tメールアドレス\tＣＣ\tＦＡＸ番号\tメモ\r\n"
        "# 見直し 4/1\t\t\t\t\t\r\n"
        "　神奈川県\t　神奈川県会　御中\tＫ@wm.co.jp； k2@wm.co.jp\tk@wm.co.jp;c@wm.co.jp\t"
        "０４５ー０００ー０００１\t　\r\n"
        "\t\t\t\t\t\r\n"
    )
    directory, problems = load(offices_csv=written)
    assert codes(problems) == []
    office = directory.offices["神奈川"]
    assert (office.title, office.to, office.cc) == ("神奈川県会", ("k@wm.co.jp", "k2@wm.co.jp"), ("c@wm.co.jp",))
    assert office.fax == "045-000-0001"


def test_official_names_of_centres_and_offices_are_cut_to_the_short_ones(load: Load) -> None:
    rows = "都道府県,センター名,年金事務所名,適用開始日\n"
    rows += "神奈川,街角の年金相談センター新横浜（オフィス）,港北年金事務所,令和8年4月1日\n"
    directory, problems = load(assignments_csv=rows)
    assert ("assignments.csv", 2) not in [(p.file, p.line) for p in problems]
    assert directory.pension_office_of("神奈川", "新横浜", dt.date(2026, 4, 1)) == "港北"
    assert directory.pension_office_of("神奈川", "新横浜", dt.date(2026, 3, 31)) is None


def test_a_later_assignment_takes_over_on_its_day(load: Load) -> None:
    more = SMALL["assignments.csv"] + "神奈川,横浜,港北,2026-10-01,\n"
    directory, problems = load(assignments_csv=more)
    assert codes(problems) == []
    assert directory.pension_office_of("神奈川", "横浜", dt.date(2026, 9, 30)) == "横浜中"
    assert directory.pension_office_of("神奈川", "横浜", dt.date(2026, 10, 1)) == "港北"


def test_closed_days_gateways_and_admins_are_read(load: Load) -> None:
    directory, problems = load(
        closed_days_csv="日付,区分,理由\n2026-08-13,休業,夏季休業\n2026/8/15,開所,\n",
        gateways_toml='[[gateway]]\nname = "複合機"\naddress = "FAX@hq.co.jp"\nsubject_pattern = "^(?P<csid>.+)$"\n',
    )
    assert codes(problems) == []
    assert directory.closed_days.closed == {dt.date(2026, 8, 13): "夏季休業"}
    assert directory.closed_days.opened == {dt.date(2026, 8, 15)}
    gateway = directory.gateway_of("fax@hq.co.jp")
    assert gateway is not None
    assert gateway.subject_pattern == "^(?P<csid>.+)$"


def test_gateways_and_closed_days_may_be_absent(load: Load) -> None:
    _directory, problems = load(closed_days_csv=None, gateways_toml=None)
    assert codes(problems) == []


# -- what is wrong ---------------------------------------------------------------------------------------------

OFFICE = "会 運営部"


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("offices_csv", OFFICES + f"神奈河,{OFFICE},k@wm.co.jp,,,\n", [(2, "unknown-prefecture")]),
        ("offices_csv", OFFICES + f",{OFFICE},k@wm.co.jp,,,\n", [(2, "unknown-prefecture")]),
        ("offices_csv", SMALL["offices.csv"] + f"東京都,{OFFICE},x@wm.co.jp,,,\n", [(4, "duplicate")]),
        ("offices_csv", OFFICES + f"神奈川,{OFFICE},k@wm,,,\n", [(2, "bad-address")]),
        ("offices_csv", OFFICES + f"神奈川,{OFFICE},運営部 <k@wm.co.jp>,,,\n", [(2, "bad-address")] * 2),
        ("offices_csv", OFFICES + f"神奈川,{OFFICE},,c@wm.co.jp,,\n", [(2, "no-address")]),
        ("offices_csv", OFFICES + "神奈川,,k@wm.co.jp,,,\n", [(2, "no-title")]),
        ("offices_csv", OFFICES + f"神奈川,{OFFICE},k@wm.co.jp,,45,\n", [(2, "bad-fax")]),
        ("offices_csv", SMALL["offices.csv"] + f"京都,{OFFICE},K@wm.co.jp,,,\n", [(4, "shared-address")]),
        ("offices_csv", OFFICES + f'神奈川,"会\n運営部",k@wm.co.jp,,,\n埼玉,{OFFICE},bad,,,\n', [(4, "bad-address")]),
        ("offices_csv", OFFICES + f"神奈川,{OFFICE},k@wm.co.jp,,,a,b\n", [(2, "too-many-cells")]),
        ("offices_csv", "prefecture,title\n", [(1, "bad-header")]),
        ("offices_csv", "prefecture,title,to,宛先,色\n", [(1, "unknown-column"), (1, "bad-header")]),
        ("offices_csv", OFFICES + f"神奈川,{OFFICE},k@wm.co.jp,,,\n東京,{'あ' * 140_000}", [(3, "bad-csv")]),
        ("offices_csv", "", [(0, "empty-file")]),
        ("offices_csv", b"PK\x03\x04rest", [(0, "not-csv")]),
        ("offices_csv", b"\x82", [(0, "bad-encoding")]),
        ("offices_csv", None, [(0, "missing-file")]),
        ("centres_csv", SMALL["centres.csv"] + "東京,新宿,センター\n", [(5, "duplicate")]),
        ("centres_csv", SMALL["centres.csv"] + "東京,,センター\n", [(5, "no-name")]),
        ("centres_csv", SMALL["centres.csv"] + "東京,町田,支店\n", [(5, "bad-kind")]),
        ("pension_offices_csv", SMALL["pension_offices.csv"] + "東京,新宿年金事務所,\n", [(5, "duplicate")]),
        ("assignments_csv", SMALL["assignments.csv"] + "東京,新宿,大田,2020-04-01\n", [(5, "unknown-pension-office")]),
        ("assignments_csv", SMALL["assignments.csv"] + "東京,新宿,新宿,2020-04-01\n", [(5, "duplicate")]),
        ("assignments_csv", SMALL["assignments.csv"] + "東京,新宿,新宿,2020-02-30\n", [(5, "bad-date")]),
        ("assignments_csv", SMALL["assignments.csv"] + "東京,横浜,新宿,2020-04-01\n", [(5, "unknown-centre")]),
        ("closed_days_csv", "date,kind\n8月13日,休業\n", [(2, "bad-date")]),
        ("closed_days_csv", "date,kind\n2026-08-13,たぶん\n", [(2, "bad-kind")]),
        ("closed_days_csv", "date,kind\n2026-08-13,休業\n2026-08-13,開所\n", [(3, "duplicate")]),
        ("admins_toml", "", [(0, "no-admin")]),
        ("admins_toml", None, [(0, "missing-file"), (0, "no-admin")]),
        ("admins_toml", "[[admin]\n", [(0, "not-toml"), (0, "no-admin")]),
        ("admins_toml", SMALL["admins.toml"] + "\n" + SMALL["admins.toml"], [(5, "duplicate")]),
        ("admins_toml", SMALL["admins.toml"] + 'mail = "x"\n', [(1, "unknown-key")]),
        ("admins_toml", '[[admin]]\nname = "担当"\naddress = "t@wm.co.jp"\n', [(0, "shared-address")]),
        ("gateways_toml", '[[gateway]]\naddress = "t@wm.co.jp"\n', [(0, "shared-address")]),
        ("gateways_toml", '[[gateway]]\naddress = "f@x.jp"\nfile_pattern = "("\n', [(1, "bad-pattern")]),
        ("gateways_toml", '[[gateway]]\naddress = "f@x.jp"\nfile_pattern = "(?P<who>.)"\n', [(1, "bad-pattern")]),
        ("gateways_toml", '[[gateway]]\nname = "x"\n', [(1, "bad-address")]),
        ("gateways_toml", 'name = "x"\n', [(0, "unknown-key")]),
        ("gateways_toml", "gateway = 1\n", [(0, "not-toml")]),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_every_problem_names_file_line_and_remedy(
    load: Load, file: str, content: str | bytes | None, expected: list[tuple[int, str]]
) -> None:
    _directory, problems = load(**{file: content})
    name = file.replace("_csv", ".csv").replace("_toml", ".toml")
    assert [(line, code) for at, line, code in codes(problems) if at == name] == expected
    for problem in problems:
        assert problem.message
        assert problem.remedy
        assert str(problem).startswith(name) or problem.file != name


def test_a_problem_is_one_line_with_file_line_and_remedy(load: Load) -> None:
    _directory, problems = load(offices_csv=OFFICES + f"神奈河,{OFFICE},k@wm.co.jp,,,\n")
    line = str(next(p for p in problems if p.code == "unknown-prefecture"))
    assert line == (
        "offices.csv:2 [エラー] 都道府県「神奈河」がありません（神奈川 のことですか）"
        " → 47都道府県のいずれかを書いてください (unknown-prefecture)"
    )


def test_one_address_for_two_prefectures_is_an_error_in_to_and_a_warning_in_cc(load: Load) -> None:
    """The one would send A's rows to B (I3); the other may be a supervisor who reads along."""
    in_to = SMALL["offices.csv"].replace("t@wm.co.jp,", "t@wm.co.jp;k@wm.co.jp,")
    in_cc = SMALL["offices.csv"].replace("@wm.co.jp,,", "@wm.co.jp,boss@wm.co.jp,")
    for written, severity in ((in_to, Severity.ERROR), (in_cc, Severity.WARNING)):
        _directory, problems = load(offices_csv=written)
        assert [p.severity for p in problems if p.code == "shared-address"] == [severity]


def test_a_bad_line_costs_only_itself(load: Load) -> None:
    directory, _problems = load(offices_csv=SMALL["offices.csv"] + f"埼玉,{OFFICE},bad,,,\n")
    assert set(directory.offices) == {"神奈川", "東京"}


def test_a_prefecture_without_an_office_is_named(load: Load) -> None:
    _directory, problems = load()
    named = [p for p in problems if p.code == "no-office"]
    assert len(named) == 45
    assert all(p.severity is Severity.WARNING for p in named)


def test_an_empty_folder_is_problems_not_an_exception(tmp_path: Path) -> None:
    directory, problems = load_directory(tmp_path / "none")
    assert {p.code for p in problems} == {"missing-file", "no-admin"}
    assert directory.offices == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SMALL)), st.binary(max_size=200), st.integers(0, 60))
def test_no_bytes_in_a_master_raise(tmp_path: Path, file: str, noise: bytes, where: int) -> None:
    for name, content in SMALL.items():
        (tmp_path / name).write_text(content, "utf-8")
    data = SMALL[file].encode()
    (tmp_path / file).write_bytes(data[:where] + noise + data[where:])
    _directory, problems = load_directory(tmp_path)
    assert all("\n" not in str(p) for p in problems)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-04-01", dt.date(2026, 4, 1)),
        ("2026/4/1", dt.date(2026, 4, 1)),
        ("２０２６年４月１日", dt.date(2026, 4, 1)),
        ("令和8年4月1日", dt.date(2026, 4, 1)),
        ("R8.4.1", dt.date(2026, 4, 1)),
        ("令和元年5月1日", dt.date(2019, 5, 1)),
        ("4/1", None),
        ("2026-02-29", None),
        ("8.4.1", None),
        ("", None),
    ],
)
def test_dates_of_masters_are_read_or_refused(text: str, day: dt.date | None) -> None:
    assert to_date(text) == day
