"""HQ's own steps: set a training up, import its list of trainees, approve the mailing; later the results."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl

from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.domain.model import Course
from daemon.errors import MeibodError
from daemon.handlers.dispatch import Planned, approve
from daemon.handlers.prepare import ImportReport, NewTraining, add_training, import_list
from daemon.handlers.results import approve_results, import_results, template
from daemon.ports import Kit
from daemon.simulation.admin import NAME
from daemon.simulation.people import Person
from daemon.simulation.reply import Letter
from parsers.forms import COMPLETED, KEY_HEADER, NOT_COMPLETED, RESULTS, parse_results_key


class ListRefused(MeibodError):
    """The simulated list has problems: a bug in the play or in the reader of lists."""


@dataclass(frozen=True, slots=True)
class Trainee:
    """One line of HQ's list."""

    prefecture: str
    centre: str
    person: Person
    terminal_id: str = ""
    e_learning_on: dt.date | None = None
    visit_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of a course."""

    course: Course
    name: str
    starts_on: dt.date
    ends_on: dt.date
    trainees: tuple[Trainee, ...]
    training_id: str = ""


_MEMBERS = {
    "都道府県": "prefecture",
    "所属センター": "centre",
    "ＩＤ": "terminal_id",
    "ｅラーニング修了日": "e_learning_on",
    "来所予定日": "visit_on",
}


def filled_list(kit: Kit, plan: Plan, trainees: Sequence[Trainee], on: dt.date) -> bytes:
    """The template with one line for each trainee, as somebody at HQ fills it in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(kit.documents.list_template(plan.course.value)))
    page: Any = book.worksheets[0]
    head = next(n for n, row in enumerate(page.iter_rows(values_only=True), 1) if "所属センター" in row)
    columns = {page.cell(head, c).value: c for c in range(1, page.max_column + 1)}
    for row, trainee in enumerate(trainees, start=head + 2):
        values = {title: getattr(trainee, member) for title, member in _MEMBERS.items()}
        values |= {"氏名": trainee.person.name, "フリガナ": trainee.person.kana}
        for title, value in values.items():
            if title in columns and value:
                page.cell(row, columns[title]).value = value
    return workbook_bytes(book, on)


def prepare(kit: Kit, plan: Plan) -> ImportReport:
    """`training add` and `roster import`. Raises ListRefused when the list has problems."""
    training = add_training(
        kit, NewTraining(plan.course, plan.name, plan.starts_on, plan.ends_on, plan.training_id), NAME
    )
    data = filled_list(kit, plan, plan.trainees, kit.clock.today())
    report = import_list(kit, training.training_id, "受講者一覧.xlsx", data, NAME, apply=True)
    if report.problems:
        raise ListRefused("; ".join(f"{p.cell} {p.problem} {p.detail}" for p in report.problems))
    return report


def dispatch(kit: Kit, training_id: str) -> list[Planned]:
    """`training approve`."""
    return approve(kit, training_id, NAME)


def add_to_list(kit: Kit, plan: Plan, training_id: str, newcomer: tuple[str, str, Person]) -> ImportReport:
    """The list again with one line more: prefecture, centre, person. Raises ListRefused when it has problems."""
    like = next(t for t in plan.trainees if t.prefecture == newcomer[0])
    terminal_id = f"B{like.terminal_id[1:]}" if like.terminal_id else ""
    added = Trainee(*newcomer, terminal_id, like.e_learning_on, like.visit_on)
    data = filled_list(kit, plan, (*plan.trainees, added), kit.clock.today())
    report = import_list(kit, training_id, "受講者一覧（追加）.xlsx", data, NAME, apply=True)
    if report.problems:
        raise ListRefused("; ".join(f"{p.cell} {p.problem}" for p in report.problems))
    return report


def filled_results(kit: Kit, training_id: str, failed: frozenset[str]) -> bytes:
    """The register of results with 修了 or 未修了 for everybody."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(template(kit, training_id)))
    page: Any = book.worksheets[0]
    head = next(n for n, row in enumerate(page.iter_rows(values_only=True), 1) if KEY_HEADER in row)
    columns = {page.cell(head, c).value: c for c in range(1, page.max_column + 1)}
    for row in range(head + 1, page.max_row + 1):
        key = parse_results_key(str(page.cell(row, columns[KEY_HEADER]).value or ""))
        if key is not None:
            result = RESULTS[NOT_COMPLETED if key[1] in failed else COMPLETED]
            page.cell(row, columns["修了の有無"]).value = result
    return workbook_bytes(book, kit.clock.today())


def send_results(kit: Kit, training_id: str, failed: frozenset[str]) -> int:
    """`results import` and `results approve`; returns how many have a result."""
    data = filled_results(kit, training_id, failed)
    report = import_results(kit, training_id, "修了結果.xlsx", data, NAME, apply=True)
    if report.problems:
        raise ListRefused("; ".join(f"{p.cell} {p.problem}" for p in report.problems))
    approve_results(kit, training_id, NAME)
    return report.completed + report.not_completed


_COURSES = {
    Course.WM_SKILL_UP: "ＷＭ操作スキルアップ研修",
    Course.INSTRUCTOR: "講師養成研修",
    Course.BEGINNER: "初心者",
}


def order_for(kit: Kit, plan: Plan) -> Letter:
    """The same by mail: what the admin writes to set up the training, with the list."""
    text = (
        f"次の研修の名簿を送付してください。\n\n研修登録\n種類：{_COURSES[plan.course]}\n研修名：{plan.name}\n"
        f"初日：{plan.starts_on.isoformat()}\n最終日：{plan.ends_on.isoformat()}\n"
    )
    return Letter(text, (("受講者一覧.xlsx", filled_list(kit, plan, plan.trainees, kit.clock.today())),))
