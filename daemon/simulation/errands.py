"""What HQ does because somebody telephoned or a day has come: the cases the document forgets (domain.md §1.4).

Each is the use case an admin would run as `meibod training …`, `trainee …` or `results …`; the truth is told what
has become of the trainee.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain.model import Enrollment
from daemon.handlers import cases, said, schedule
from daemon.handlers.dispatch import approve
from daemon.ports import Kit
from daemon.simulation.admin import NAME
from daemon.simulation.headquarters import Plan, add_to_list, filled_results, send_results
from daemon.simulation.offices.truth import Truth
from daemon.simulation.people import Person
from daemon.simulation.reply import Letter
from parsers.findings import Field


class Case(StrEnum):
    """What there is to do."""

    DEADLINE = "deadline"
    POSTPONE = "postpone"
    CANCEL = "cancel"
    ADD = "add"
    SUBSTITUTE = "substitute"
    TRANSFER = "transfer"
    REPORT = "report"
    CLEANED = "cleaned"
    RESULTS = "results"


@dataclass(frozen=True, slots=True)
class Errand:
    """One of them, on one day."""

    case: Case
    on: dt.date
    prefecture: str = ""
    centre: str = ""
    """Where to, for a transfer; of the newcomer, for an addition."""
    to: tuple[dt.date, ...] = ()
    """The new deadline; the new first and last day."""
    unfinished: int = 0
    """Results: how many are 未修了."""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an errand is run with."""

    kit: Kit
    truth: Truth
    plan: Plan
    training_id: str
    newcomer: Person


def run(occasion: Occasion, errand: Errand) -> int:
    """Do it; returns how many trainees it is about. Raises Refused when the daemon does not let it happen."""
    done = _RUN[errand.case](occasion, errand)
    occasion.truth.seen.add(f"case:{errand.case}")
    return done


def _deadline(occasion: Occasion, errand: Errand) -> int:
    schedule.move_deadline(occasion.kit, occasion.training_id, errand.to[0], NAME, errand.because)
    return len(_rows(occasion))


def _postpone(occasion: Occasion, errand: Errand) -> int:
    schedule.postpone(occasion.kit, occasion.training_id, errand.to[0], errand.to[1], NAME, errand.because)
    return len(_rows(occasion))


def _cancel(occasion: Occasion, errand: Errand) -> int:
    schedule.cancel_training(occasion.kit, occasion.training_id, NAME, errand.because)
    rows = _rows(occasion)
    for row in rows:
        occasion.truth.withdraw(row.enrollment_id, "研修中止")
    return len(rows)


def _add(occasion: Occasion, errand: Errand) -> int:
    add_to_list(
        occasion.kit, occasion.plan, occasion.training_id, (errand.prefecture, errand.centre, occasion.newcomer)
    )
    approve(occasion.kit, occasion.training_id, NAME)
    return 1


def _substitute(occasion: Occasion, errand: Errand) -> int:
    kit, row, one = occasion.kit, _open(occasion, errand)[-1], occasion.newcomer
    person = cases.Person(one.name, one.kana, row.terminal_id, row.e_learning_on, row.visit_on)
    cases.substitute(kit, row.enrollment_id, person, NAME, errand.because)
    occasion.truth.withdraw(row.enrollment_id, "交代")
    approve(kit, occasion.training_id, NAME)
    return 1


def _transfer(occasion: Occasion, errand: Errand) -> int:
    kit, row = occasion.kit, _open(occasion, errand)[-1]
    cases.transfer(kit, row.enrollment_id, cases.Place(errand.prefecture, errand.centre), NAME, errand.because)
    occasion.truth.withdraw(row.enrollment_id, "異動")
    approve(kit, occasion.training_id, NAME)
    return 1


def _report(occasion: Occasion, errand: Errand) -> int:
    """A pension office telephones: it is done. 口頭 until the sheet arrives."""
    kit, truth, today = occasion.kit, occasion.truth, occasion.kit.clock.today()
    for row in _open(occasion, errand):
        field = next(f for f in _training_fields(occasion, row) if f not in row.values)
        on = truth.registered(row.enrollment_id, field, today)
        if on is not None:
            truth.wrote(row.enrollment_id, field, [on.isoformat()])
            said.report(kit, row.enrollment_id, said.Said(field, on, NAME, errand.because, "年金事務所の担当者"))
            return 1
    return 0


def _cleaned(occasion: Occasion, errand: Errand) -> int:
    """Whoever was registered for a training that never was: the office says the registration is deleted."""
    kit, today = occasion.kit, occasion.kit.clock.today()
    owed = [r for r in _rows(occasion) if r.cleanup_owed]
    for row in owed:
        occasion.truth.will_register(row.enrollment_id, Field.CONCURRENT_DELETED_ON, today)
        told = said.Said(Field.CONCURRENT_DELETED_ON, today, NAME, errand.because, "センターの担当者")
        said.cleaned(kit, row.enrollment_id, told)
    return len(owed)


def _results(occasion: Occasion, errand: Errand) -> int:
    return send_results(occasion.kit, occasion.training_id, _failed(occasion, errand))


def _failed(occasion: Occasion, errand: Errand) -> frozenset[str]:
    rows = [r for r in _rows(occasion) if r.prefecture == errand.prefecture and not r.excluded_because]
    return frozenset(r.enrollment_id for r in rows[: errand.unfinished])


def results_letter(occasion: Occasion, errand: Errand) -> Letter:
    """The results by mail: the filled-in register, which says by itself what it is."""
    occasion.truth.seen.add(f"case:{errand.case}")
    data = filled_results(occasion.kit, occasion.training_id, _failed(occasion, errand))
    return Letter("", (("修了結果.xlsx", data),))


_RUN: Mapping[Case, Callable[[Occasion, Errand], int]] = {
    Case.DEADLINE: _deadline,
    Case.POSTPONE: _postpone,
    Case.CANCEL: _cancel,
    Case.ADD: _add,
    Case.SUBSTITUTE: _substitute,
    Case.TRANSFER: _transfer,
    Case.REPORT: _report,
    Case.CLEANED: _cleaned,
    Case.RESULTS: _results,
}


def _rows(occasion: Occasion) -> Sequence[Enrollment]:
    with occasion.kit.store.snapshot() as tx:
        return tx.enrollments(training_id=occasion.training_id)


def _open(occasion: Occasion, errand: Errand) -> list[Enrollment]:
    """Rows of the office that have not been registered for all that is known at HQ."""
    return [r for r in _rows(occasion) if r.prefecture == errand.prefecture and not r.values and not r.excluded_because]


def _training_fields(occasion: Occasion, row: Enrollment) -> Sequence[Field]:
    with occasion.kit.store.snapshot() as tx:
        return tx.get_training(row.training_id).course.required
