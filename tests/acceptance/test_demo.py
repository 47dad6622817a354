"""`meibod demo` as a process: on a bare machine, the same story twice, and everything it promises in its folder."""

from __future__ import annotations

import email
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from email.policy import default
from pathlib import Path

import pytest

_DIFFERENT = {"meibod.toml"}
"""Names the ports the servers happened to get."""


@dataclass(frozen=True)
class Played:
    """One finished demo."""

    folder: Path
    code: int
    said: str

    @property
    def status(self):
        return json.loads((self.folder / "status.json").read_text("utf-8"))

    @property
    def truth(self):
        return json.loads((self.folder / "truth.json").read_text("utf-8"))

    @property
    def rows(self):
        """Every trainee of the register."""
        return [
            e for t in self.status["trainings"] for p in t["prefectures"] for r in p["rosters"] for e in r["trainees"]
        ]

    def events(self) -> set[str]:
        """Kinds of lines in the history."""
        path = f"file:{self.folder / 'meibod.sqlite'}?mode=ro&immutable=1"  # leaves no files beside it
        with closing(sqlite3.connect(path, uri=True)) as database:
            return {kind for (kind,) in database.execute("SELECT DISTINCT kind FROM events")}

    def files(self) -> dict[str, bytes]:
        found = (p for p in self.folder.rglob("*") if p.is_file() and p.name not in _DIFFERENT)
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in found}


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Played, Played]:
    """The same seed twice, side by side, in surroundings that must not matter."""
    begun = []
    for hashes, zone in (("1", "UTC"), ("2", "America/New_York")):
        folder = tmp_path_factory.mktemp("demo")
        surroundings = {**os.environ, "PYTHONHASHSEED": hashes, "TZ": zone, "COLUMNS": "130", "LC_ALL": "C.UTF-8"}
        command = [sys.executable, "-m", "daemon", "demo", "--out", str(folder), "--seed", "1"]
        begun.append(
            (folder, subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        )
    ended = [(folder, process.communicate(timeout=400)[0], process.returncode) for folder, process in begun]
    first, second = (Played(folder, code, said.decode()) for folder, said, code in ended)
    return first, second


def test_everything_is_settled_and_every_law_holds(played):
    assert played[0].code == 0, played[0].said
    assert "✗" not in played[0].said
    states = {t["training"]: t["state"] for t in played[0].status["trainings"]}
    assert sorted(states.values()) == ["cancelled", "closed", "closed", "closed"]


def test_no_value_in_the_register_differs_from_the_truth(played):
    """Counted by hand: the register of the folder against what the simulated offices really did."""
    truth = played[0].truth["values"]
    told = [
        (e["enrollment"], field, d["value"])
        for e in played[0].rows
        for field, d in (e["dates"] | e["placement"]).items()
    ]
    assert len(told) > 150
    assert [one for one in told if truth[one[0]].get(one[1]) != one[2]] == []


def test_every_case_the_document_forgets_has_happened_and_left_its_line_in_the_history(played):
    happened, events = set(played[0].truth["happened"]), played[0].events()
    assert happened >= {
        "withdrawn-before", "withdrawn-after", "renamed", "submitted", "supplement", "answered-by-mail",
        "ordered-by-mail", "page-named",
        "case:deadline", "case:postpone", "case:cancel", "case:add", "case:substitute", "case:transfer",
        "case:report", "case:cleaned", "case:results",
        "slip:already", "slip:before-dispatch", "slip:wrong-day",
        "muddle:other-deletion", "muddle:both-deletions", "muddle:no-deletion", "muddle:no-placement",
        "muddle:too-early",
    }  # fmt: skip
    assert events >= {
        "deadline-moved", "training-postponed", "training-cancelled", "trainee-substituted", "trainee-transferred",
        "trainee-renamed", "trainee-excluded", "trainee-listed-twice", "phone-report", "cleanup-done", "result-set",
        "closing-accepted", "handover-made", "handover-submitted", "training-closed",
    }  # fmt: skip


def test_faxes_of_every_kind_came_through_the_gateway(played):
    happened = set(played[0].truth["happened"])
    assert happened >= {
        "fax:clean", "fax:upside-down", "fax:coarse", "fax:several-rosters", "fax:cover", "fax:page-missing",
        "fax:page-later", "fax:struck", "fax:ditto", "fax:same-day", "fax:codes-lost", "fax:wrong-day", "fax:pdf",
    }  # fmt: skip
    mails = list((played[0].folder / "mails" / "received").glob("*-fax-*.eml"))
    assert len(mails) >= 12
    sources = {d["source"] for e in played[0].rows for d in e["dates"].values()}
    assert sources >= {"xlsx", "pdf", "fax", "person"}


def test_what_the_admins_had_to_decide_is_printed_by_kind(played):
    said = played[0].said
    assert "担当者が決めたこと" in said
    for asked in ("研修の延期", "研修の中止", "受講者の交代", "受講者の異動", "電話での登録の報告", "研修の修了結果"):
        assert asked in said


def test_the_same_seed_gives_the_same_register_and_the_same_mails_byte_for_byte(played):
    first, second = (p.files() for p in played)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert any(name.startswith("mails/") for name in first)
    assert "meibod.sqlite" in first


def test_each_course_runs_over_enough_prefectures_and_trainees(played):
    trainings = played[0].status["trainings"]
    prefectures = {p["prefecture"] for t in trainings for p in t["prefectures"]}
    names = [e["name"] for t in trainings for p in t["prefectures"] for r in p["rosters"] for e in r["trainees"]]
    assert {t["course"] for t in trainings} == {"wm-skill-up", "instructor", "beginner"}
    assert len(prefectures) >= 6
    assert len(names) >= 60
    assert {c for c in "髙﨑邉齋𠮷" if any(c in n for n in names)}


def test_every_trainee_ends_closed_with_values_and_evidence_or_excluded(played):
    assert {e["state"] for e in played[0].rows} == {"closed", "excluded"}
    assert all(d["evidence"] for e in played[0].rows for d in e["dates"].values())
    assert all(not e["owes"] for e in played[0].rows)


def test_the_mail_counts_agree_and_nothing_waits(played):
    status = played[0].status
    assert status["mail"]["on_server"] == status["mail"]["accounted"] > 60
    assert status["mail"]["review"] == status["mail"]["quarantine"] == 0
    assert status["outbox"]["held"] == status["outbox"]["unknown"] == status["outbox"]["ready"] == 0


def test_every_mail_is_left_as_a_file_that_opens(played):
    mails = sorted((played[0].folder / "mails").rglob("*.eml"))
    subjects = [str(email.message_from_bytes(p.read_bytes(), policy=default)["Subject"]) for p in mails]
    assert len(mails) > 150
    assert any("【受領】" in s for s in subjects)
    assert any("期限経過" in s for s in subjects)
    assert any("bounce" in p.name for p in mails)
    assert any("auto-reply" in p.name for p in mails)


def test_each_office_got_only_its_own_rosters(played):
    folder = played[0].folder
    owners = {
        r["roster"]: p["prefecture"]
        for t in played[0].status["trainings"]
        for p in t["prefectures"]
        for r in p["rosters"]
    }
    owners |= {
        e["post_roster"]: p["prefecture"]
        for t in played[0].status["trainings"]
        for p in t["prefectures"]
        for r in p["rosters"]
        for e in r["trainees"]
        if e["post_roster"]
    }
    attached = {}
    sent = folder / "mails" / "sent"
    for path in (*sent.glob("*-dispatch-*.eml"), *sent.glob("*-results-*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        codes = {part.get_filename().split("_")[1].partition(".")[0] for part in message.iter_attachments()}
        assert {owners[code] for code in codes} == {path.name.split("-")[3]}
        attached |= dict.fromkeys(codes)
    assert attached.keys() == owners.keys()


def test_the_folder_holds_documents_digests_and_one_page_that_tells_it_all(played):
    folder = played[0].folder
    documents = [p.name for p in (folder / "documents").iterdir() if p.is_file()]
    rosters = {n.split("_")[2].partition(".")[0] for n in documents}
    assert all(sum(code in n for n in documents) == 3 for code in rosters)
    assert len(list((folder / "digests").glob("*.html"))) > 15
    page = (folder / "index.html").read_text("utf-8")
    links = {part.partition('"')[0] for part in page.split('href="')[1:]}
    assert [link for link in links if not (folder / link).exists()] == []
    assert "http" not in page.replace("http-equiv", "")


def test_the_folder_works_with_the_other_commands(played):
    folder = played[0].folder
    command = [sys.executable, "-m", "daemon", "status", "--json", "--config", str(folder / "meibod.toml")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["trainings"] == played[0].status["trainings"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    command = [sys.executable, "-m", "daemon", "demo", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode != 0
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]
