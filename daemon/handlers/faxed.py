"""What must be asked about a fax as a whole: no readable page, or fewer pages than its sender fed in.

Who faxed has the sending report in hand and believes to have answered. A fax may come as several mails, in any order:
they are put together by the sender's number and the page numbers the machines printed. Rows that are missing on a fax
are no question, they are still owed.
"""

from __future__ import annotations

import datetime as dt

from daemon.domain.fax import Count, Slip, counted, numbers_in, slip_of
from daemon.domain.model import LedgerMail, ReceivedPage, Review, ReviewState
from daemon.handlers import questions
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.replied import answered, unread_files
from daemon.ports import Transaction
from parsers.findings import Evidence, MessageKind, PageKind, Problem

KIND = "pages"
"""Kind of a question about pages that did not arrive."""
_SAYS_NOTHING = frozenset({PageKind.BLANK, PageKind.COVER})
_ONE_FAX = dt.timedelta(hours=2)
"""Mails of one fax come within this time."""


def faxed(desk: Desk, applied: Applied) -> Applied:
    """Ask about pages that cannot be read, placed or found; one question for each kind of doubt."""
    if all(p.kind in _SAYS_NOTHING for p in desk.document.pages):
        return Applied(questions=_nothing_to_read(desk))
    asked = unread_files(desk) + _missing_pages(desk)
    if applied.new_rows or applied.again_rows or applied.asked:
        answered(desk)
    return Applied(questions=asked)


def _nothing_to_read(desk: Desk) -> int:
    detail = ", ".join([*(n.code for n in desk.document.problems), *(p.kind for p in desk.document.pages)])
    return int(questions.about_mail(desk, Problem.FAX_WITHOUT_PAGES, detail=detail))


# -- pages that did not arrive -----------------------------------------------------------------------------------


def _missing_pages(desk: Desk) -> int:
    """Ask for what is missing of this fax, or close the question an earlier mail of it raised."""
    tx, mail = desk.tx, desk.mail
    count = _count(desk, mail)
    waiting = [r for r in tx.reviews() if r.kind == KIND]
    if count is None or (_is_whole(tx, mail, count) and not waiting):
        return 0
    fax = _one_fax(desk, mail, count.total)
    arrived = sum(len(_pictures(tx, m)) for m in fax)
    known = {m.ledger_id for m in fax}
    if arrived < count.total:
        return 0 if any(r.ledger_id in known for r in waiting) else int(_ask(desk, f"{arrived}/{count.total}"))
    for review in waiting:
        if review.ledger_id in known or _is_sent_again(desk, review.ledger_id, count.total):
            because = f"answered by mail {mail.ledger_id}"
            questions.settle(tx, desk.kit, review, ReviewState.REJECTED, "meibod", because)
    return 0


def _is_sent_again(desk: Desk, ledger_id: int | None, total: int) -> bool:
    """Whether this fax is another attempt at that one: same sender, same length, pages of the same roster."""
    if ledger_id is None:
        return False
    asked = desk.tx.get_mail(ledger_id)
    count = _count(desk, asked)
    same = count is not None and count.total == total and _same_sender(desk, asked)
    return same and bool(_rosters(desk.tx, desk.mail) & _rosters(desk.tx, asked))


def _same_sender(desk: Desk, other: LedgerMail) -> bool:
    """The same machine by its number; where no number is known, pages of the same roster."""
    if other.ledger_id == desk.mail.ledger_id:
        return True
    number = _number(desk, desk.mail)
    if number:
        return number == _number(desk, other)
    return bool(_rosters(desk.tx, desk.mail) & _rosters(desk.tx, other))


def _rosters(tx: Transaction, mail: LedgerMail) -> set[str]:
    return {p.roster for p in tx.pages(ledger_id=mail.ledger_id)} - {""}


def _ask(desk: Desk, detail: str) -> bool:
    mail, rosters = desk.mail, {p.roster for p in desk.document.pages if p.roster}
    review = Review(
        0, f"{mail.ledger_id}:{KIND}", KIND, desk.kit.clock.now(), (Problem.PAGES_MISSING,),
        prefecture=desk.origin.prefecture, training_id=desk.training_id,
        roster=rosters.pop() if len(rosters) == 1 else "", ledger_id=mail.ledger_id, detail=detail,
        evidence=Evidence(),
    )  # fmt: skip
    return desk.tx.add_review(review) is not None


def _count(desk: Desk, mail: LedgerMail) -> Count | None:
    """How many pages the fax had, as the gateway or the header lines say; None when neither does."""
    gateway = desk.kit.directory.gateway_of(mail.sender)
    pages = _pictures(desk.tx, mail)
    printed = counted([p.header for p in pages])
    files = [p.part.rpartition("/")[2] for p in pages]
    slip = slip_of(gateway, mail.subject, files) if gateway else None
    if slip is None or slip.pages is None:
        return printed
    return Count(slip.pages, printed.seen if printed and printed.total == slip.pages else ())


def _pictures(tx: Transaction, mail: LedgerMail) -> list[ReceivedPage]:
    """One row for each sheet that went through the machine, in order; two forms in one picture are one sheet."""
    found = {(p.part, p.page): p for p in reversed(tx.pages(ledger_id=mail.ledger_id))}
    return [found[place] for place in sorted(found)]


def _is_whole(tx: Transaction, mail: LedgerMail, count: Count) -> bool:
    return len(_pictures(tx, mail)) >= count.total


def _one_fax(desk: Desk, mail: LedgerMail, total: int) -> list[LedgerMail]:
    """The mails that bring the same fax: same gateway, number and page count, near in time, and no page twice."""
    found, seen = [mail], set(_seen(desk, mail))
    for other in desk.tx.mails(since=mail.stored_at - 3 * _ONE_FAX):
        if other.ledger_id == mail.ledger_id or other.kind is not MessageKind.FAX or other.sender != mail.sender:
            continue
        count = _count(desk, other)
        near = abs(other.received_at - mail.received_at) <= _ONE_FAX
        if not near or count is None or count.total != total or not _same_sender(desk, other):
            continue
        if seen & set(count.seen):
            continue  # the same pages again: another attempt, not the rest
        seen |= set(count.seen)
        found.append(other)
    return found


def _seen(desk: Desk, mail: LedgerMail) -> tuple[int, ...]:
    count = _count(desk, mail)
    return count.seen if count else ()


def _number(desk: Desk, mail: LedgerMail) -> str:
    """What the sending machine calls itself: to the gateway, else in its header lines; "" = nothing."""
    gateway, pages = desk.kit.directory.gateway_of(mail.sender), _pictures(desk.tx, mail)
    files = [p.part.rpartition("/")[2] for p in pages]
    slip = slip_of(gateway, mail.subject, files) if gateway else Slip()
    return slip.csid or next((n for p in pages for n in numbers_in(p.header)), "")
