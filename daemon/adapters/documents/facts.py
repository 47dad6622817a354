"""A `RosterSheet` as the words that stand on it: what the printed sheet and the workbook both show.

Dates are written here once (era, weekday), IDs are masked here once; nothing else formats them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daemon.domain.calendar import in_era
from daemon.domain.model import Enrollment, Training
from daemon.ports import RosterSheet
from parsers.forms import COMPLETED, EDITIONS, NOT_COMPLETED, RESULTS, WITHDRAWN, FormEdition, row_check

_SHOWN_OF_ID = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """The heading of a roster, ready to be printed."""

    form: FormEdition
    roster: str
    document_no: str
    issued: str
    training: str
    period: str
    deadline_label: str
    deadline: str
    prefecture: str
    centre: str
    office: str
    count: str
    reply_fax: str
    reply_mail: str
    contact: str

    def texts(self) -> tuple[str, ...]:
        """Everything in the heading that somebody typed."""
        typed = (self.document_no, self.training, self.prefecture, self.centre, self.office)
        return (*typed, self.reply_fax, self.reply_mail, self.contact)


def facts_of(sheet: RosterSheet, words: Mapping[str, Any]) -> Facts:
    """The heading of `sheet` in words."""
    training, form, labels = sheet.training, EDITIONS[sheet.roster.edition], words["labels"]
    return Facts(
        form=form,
        roster=sheet.roster.code,
        document_no=sheet.document_no,
        issued=in_era(sheet.issued_on, weekday=False),
        training=training.name,
        period=period_of(training),
        deadline_label=labels["return_when" if form.after_training else "deadline"],
        # The procedure names no day after the training: nothing on that sheet may look like a deadline.
        deadline=labels["return_when_value"] if form.after_training else in_era(training.deadline_on),
        prefecture=sheet.office_title,
        centre=sheet.centre_title,
        office=_pension_office(sheet.roster.pension_office),
        count=f"{len(sheet.rows)}{labels['persons']}",
        reply_fax=sheet.reply_fax,
        reply_mail=sheet.reply_mail,
        contact=sheet.contact,
    )


def masked_id(terminal_id: str) -> str:
    """All but the last three characters hidden, "" for none; an ID too short to hide anything is hidden whole."""
    if not terminal_id:
        return ""
    return "***" + (terminal_id[-_SHOWN_OF_ID:] if len(terminal_id) > _SHOWN_OF_ID else "")


def short_era(day: dt.date) -> str:
    """「R8.3.10」, for places without room."""
    return f"R{day.year - 2018}.{day.month}.{day.day}"


def row_tag(sheet: RosterSheet, row: int) -> str:
    """Row No. and its check letter, as printed beside the boxes."""
    return f"{row}{row_check(sheet.roster.code, row)}"


def row_number(sheet: RosterSheet, person: Enrollment) -> int:
    """No. of the trainee on this roster, 1-based: that before and that after the training are two."""
    return person.post_row if EDITIONS[sheet.roster.edition].after_training else person.row


def result_of(person: Enrollment) -> str:
    """修了の有無 as printed; "" while there is none."""
    if person.excluded_because:
        return RESULTS[WITHDRAWN]
    return "" if person.completed is None else RESULTS[COMPLETED if person.completed else NOT_COMPLETED]


def period_of(training: Training) -> str:
    """研修期間 with weekdays; one day when it begins and ends on it."""
    first, last = in_era(training.starts_on), in_era(training.ends_on)
    return first if first == last else f"{first}～{last}"


def _pension_office(name: str) -> str:
    """Branches carry their own kind (サテライト, 分室); everything else is a 年金事務所."""
    return name if name.endswith(("年金事務所", "サテライト", "分室")) else f"{name}年金事務所"
