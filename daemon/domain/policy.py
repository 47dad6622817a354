"""What HQ may choose: acceptance, reminders, caps, hours. One frozen value, decoded from the settings once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain.deadlines import DeadlineRule
from daemon.domain.model import Course
from daemon.domain.retention import RetentionRule


class FaxAcceptance(StrEnum):
    """When a date read from a fax counts as verified."""

    PERSON = "person"
    AGREEMENT = "agreement"


class HandoverWay(StrEnum):
    """How the checked roster reaches 中央年金事務所 (PRE6; the procedure names no medium)."""

    MAIL = "mail"
    PRINT = "print"
    """HQ prints and hands it in; `submission mark` records it."""


@dataclass(frozen=True, slots=True)
class HandoverRule:
    """What becomes of the checked roster (the chart's ⑦, without a step in the text: domain.md §1.4, 1)."""

    courses: frozenset[Course] = frozenset(Course)
    """Courses it is made for."""
    way: HandoverWay = HandoverWay.PRINT
    to: tuple[str, ...] = ()
    """Addresses of 中央年金事務所; nobody else ever gets such a mail (I3)."""
    title: str = "中央年金事務所"
    """As addressed, without 御中."""
    needs_approval: bool = True
    """The mail waits for a person."""


@dataclass(frozen=True, slots=True)
class AdminMailRule:
    """When a mail from an admin acts."""

    authserv_id: str = ""
    """Name under which the receiving server writes Authentication-Results; "" = it writes none we can trust."""
    require_authentication: bool = True
    """A mail the server does not vouch for is asked about first. False: a token of ours alone is proof enough."""
    token_days: int = 14
    """How long a mail of ours can be answered with commands."""
    challenge_hours: int = 48
    """How long a challenge waits for its answer."""
    challenges_per_day: int = 10
    """Most challenges to one admin in 24 hours; what comes on top only stands in the digest."""
    answers_per_day: int = 60
    """Most answers to one admin in 24 hours."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Every rule that is a matter of taste or agreement, with its default."""

    deadline: DeadlineRule = DeadlineRule()
    auto_verify_typed: bool = True
    """Typed sources that pass every guard are verified at once (design §2, step 4)."""
    fax_acceptance: FaxAcceptance = FaxAcceptance.PERSON
    send_from: dt.time = dt.time(9, 0)
    """Reminders leave only between these hours of an open day, Asia/Tokyo."""
    send_until: dt.time = dt.time(17, 0)
    digest_at: dt.time = dt.time(8, 30)
    digest_with_names: bool = False
    """The digest names rows by number; True prints names as well (it stays inside HQ)."""
    sync_fresh_s: int = 1800
    """A mailbox sync older than this holds every reminder (I5)."""
    office_daily_cap: int = 3
    """Most mails to one office on one day, receipts excluded; more are held (I3)."""
    office_daily_receipts: int = 10
    hourly_cap: int = 120
    """Most mails in one hour, all together."""
    pace_s: float = 2.0
    """Pause between two submissions."""
    unknown_wait_s: int = 1800
    """How long evidence is awaited before an unknown is sent again."""
    overdue_needs_approval: bool = True
    """The T+1 reminder waits for a person (domain.md §3.7, stage 4)."""
    mail_max_attempts: int = 12
    quarantine_after: int = 3
    names_in_reminders: bool = False
    """Reminders name rows by number (default) or by name."""
    follow_up_after_days: int = 20
    """Business days after POST1 until an office is first asked for what is missing."""
    follow_up_every_days: int = 5
    """Business days between two such mails."""
    handover: HandoverRule = HandoverRule()
    retention: RetentionRule = RetentionRule()
    admin_mail: AdminMailRule = AdminMailRule()
