"""What several letters share: who writes, which training, which rows (see `daemon.domain.letters`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from parsers.findings import Field, Problem


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes and where answers go; the signature of every mail to an office."""

    organisation: str
    """e.g. "全国社会保険労務士会連合会 運営本部"."""
    contact: str
    """部署, 担当, 電話; may hold line breaks."""
    reply_mail: str
    """Address answers go to; "" = the template says "reply to this mail"."""
    reply_fax: str
    """Fax number with hyphens; "" = no fax is offered."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Which training and which mailing a letter is about."""

    training_name: str
    """研修名・回; "" only where a letter allows an unknown training."""
    course: str
    """`Course.label`."""
    roster_title: str
    """名簿の名称 as printed: `FormEdition.title`."""
    new_id: bool
    """True for 年金相談実務者研修（初心者）: 新規登録, 指認証 in person and 兼務登録 are asked for."""
    starts_on: dt.date
    ends_on: dt.date
    deadline_on: dt.date
    dispatch_code: str
    """整理番号, ten symbols; stands in subject and body of every mail of the thread."""
    after: bool = False
    """After the training: placement and deletion are asked for, and nothing is due on a day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a roster, as named to people: by number."""

    no: int
    """As printed on the roster, 1-based."""
    name: str = ""
    """Name of the trainee, only when the policy prints names."""
    owes: tuple[Field, ...] = ()
    """Dates still missing, when only some of those required are; () = all of them."""
    problems: tuple[Problem, ...] = ()
    """Why the row is under check; worded by `problems.toml`, column "office" or "admin"."""


@dataclass(frozen=True, slots=True)
class RosterRows:
    """Some rows of one roster."""

    centre_title: str
    """`Centre.title`."""
    roster_code: str
    """回付番号."""
    rows: tuple[Row, ...]
    """In order of number."""
    pension_office_title: str = ""
    """e.g. "横浜中年金事務所"; "" = not said."""


def count_rows(rosters: Iterable[RosterRows]) -> int:
    """How many rows stand in all these rosters together."""
    return sum(len(r.rows) for r in rosters)
