"""`meibod demo` as a process: on a bare machine, the same story twice, and everything it promises in its folder."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
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
    ended = [(folder, process.communicate(timeout=240)[0], process.returncode) for folder, process in begun]
    first, second = (Played(folder, code, said.decode()) for folder, said, code in ended)
    return first, second


def test_everything_is_settled_and_every_law_holds(played):
    assert played[0].code == 0, played[0].said
    assert "✗" not in played[0].said
    assert {t["state"] for t in played[0].status["trainings"]} == {"complete"}


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


def test_every_trainee_ends_verified_with_dates_and_evidence_or_excluded(played):
    for training in played[0].status["trainings"]:
        rows = [e for p in training["prefectures"] for r in p["rosters"] for e in r["trainees"]]
        assert {e["state"] for e in rows} <= {"verified", "excluded"}
        assert all(d["evidence"] for e in rows for d in e["dates"].values())
        assert all(not e["owes"] for e in rows)


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
    attached = {}
    for path in (folder / "mails" / "sent").glob("*-dispatch-*.eml"):
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
