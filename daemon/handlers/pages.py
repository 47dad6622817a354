"""Pages of faxes and scans: kept for what they tell about each other, and put before a person when nobody knows them.

A page whose code is lost waits with its picture; whoever knows it names roster and page, and the mail is read again.
What a person named passes the same guards, and its values wait for a glance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from daemon.domain.model import MailPurpose, MailState, ReceivedPage, Review, ReviewState, Roster
from daemon.errors import Refused
from daemon.handlers.correlate import office_by_number
from daemon.handlers.desk import Desk
from daemon.handlers.questions import settle
from daemon.handlers.tombstones import is_removed
from daemon.handlers.vouching import name_page, named_pages
from daemon.points import reach
from daemon.ports import Job, Kit, Transaction
from parsers.codes import BadCode, PageCode, parse_code
from parsers.findings import Evidence, Page, PageKind, Problem
from parsers.forms import EDITIONS

KIND = "page"
"""Kind of a question about one page."""
_ASKED_MOST = 12
"""Pages of one mail asked about one by one; a book of foreign pages is one question more."""
_QUIET = frozenset({PageKind.BLANK, PageKind.COVER})
_REASONS = frozenset({Problem.BAD_ROSTER_CODE, Problem.UNKNOWN_FORM_EDITION, Problem.SEVERAL_ROSTER_CODES})
ABOUT_A_PAGE = _REASONS | {Problem.IMAGE_NOT_READ}
"""Notes of a reader that say no more than the question about the page itself."""


def record_pages(desk: Desk) -> None:
    """Write down every page picture of the mail, in place of what an earlier reading of it found."""
    rows = [
        ReceivedPage(
            0, desk.mail.ledger_id, page.part, page.page, page.kind, page.roster or "", page.sheet or 0,
            page.sheets or 0, desk.pages.is_sealed(page), page.header, page.header_sha256, page.picture_sha256,
        )
        for page in desk.document.pages
        if desk.is_fax or _is_picture(page)
    ]  # fmt: skip
    if rows or desk.tx.pages(ledger_id=desk.mail.ledger_id):
        desk.tx.save_pages(desk.mail.ledger_id, rows)


def _is_picture(page: Page) -> bool:
    shown = page.code or page.header_sha256 or page.picture_sha256
    return bool(shown) or page.fit_error_mm is not None or Problem.IMAGE_NOT_READ in page.problems


# -- pages nobody could place ------------------------------------------------------------------------------------


def unplaced(desk: Desk) -> list[Page]:
    """Page pictures that belong to no roster as far as the reader can tell; blank ones and cover sheets left out."""
    return [p for p in desk.document.pages if p.roster is None and p.kind not in _QUIET and _is_picture(p)]


def ask_about_pages(desk: Desk) -> int:
    """One question for each page nobody could place, with what is printed on it as a guess; how many are new."""
    return sum(_ask(desk, page) for page in unplaced(desk)[:_ASKED_MOST])


def _ask(desk: Desk, page: Page) -> bool:
    guesses = _guesses(desk, page)
    only = guesses[0] if len(guesses) == 1 else None
    said = _said_of(desk, page)
    key = f"{desk.mail.ledger_id}:{page.part}:{page.page}:{KIND}"
    places = {r.prefecture for r in guesses} or {office_by_number(desk.kit, desk.document) or desk.origin.prefecture}
    suggestion = f"{only.code}/1" if only and not said and len(printed_sheets(desk.tx, only)) == 1 else ""
    review = Review(
        0, f"{key}:{said}" if said else key, KIND, desk.kit.clock.now(), _problems(page, bool(said)),
        prefecture=places.pop() if len(places) == 1 else "",
        training_id=only.training_id if only else desk.training_id,
        roster=only.code if only else "",
        ledger_id=desk.mail.ledger_id, text=page.header, suggestion=suggestion,
        candidates=tuple(r.code for r in guesses), detail=said,
        evidence=Evidence(page.part, page.page, crop_sha256=page.picture_sha256),
    )  # fmt: skip
    return desk.tx.add_review(review) is not None


def _said_of(desk: Desk, page: Page) -> str:
    """Roster and page a person has named it to be; "" = nobody has."""
    named = named_pages(desk.tx, desk.mail.ledger_id)
    return next((f"{n.roster}/{n.sheet}" for n in named if (n.part, n.page) == (page.part, page.page)), "")


def _guesses(desk: Desk, page: Page) -> list[Roster]:
    found = [desk.roll.roster(code) for code in dict.fromkeys(page.guesses)]
    return [r for r in found if r is not None]


def _problems(page: Page, named: bool) -> tuple[Problem, ...]:
    first = Problem.NAMED_PAGE_DIFFERS if named else Problem.PAGE_UNPLACED
    return (first, *(p for p in page.problems if p in _REASONS))


# -- a person names a page ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a roster as it was printed and mailed."""

    number: int
    """k of "page k of n"."""
    sheets: int
    first_row: int


def printed_sheets(tx: Transaction, roster: Roster) -> tuple[Sheet, ...]:
    """Every page of the roster that ever left the house: a supplement repeats the pages before it."""
    edition = EDITIONS[roster.edition]
    found: dict[Sheet, None] = {}
    for mail in tx.outbox(training_id=roster.training_id, prefecture=roster.prefecture):
        if mail.purpose not in {MailPurpose.DISPATCH, MailPurpose.RESULTS}:
            continue
        rows = [tx.get_enrollment(ident) for ident in mail.enrollments]
        numbers = [r.number_on(roster.code) for r in rows if roster.code in {r.roster, r.post_roster}]
        pages = edition.sheets(numbers) if numbers else ()
        found |= dict.fromkeys(Sheet(k, len(pages), page.start) for k, page in enumerate(pages, start=1))
    return tuple(found)


def place_page(kit: Kit, review_id: int, where: str, by: str, because: str = "") -> int:
    """A person says which page of which roster it is ("回付番号/ページ"); the ledger id of the mail to read again."""
    with kit.store.transaction() as tx:
        ledger_id = place_in(tx, kit, _open_page(tx, review_id), where, by, because)
        reach("review.before-commit")
    reach("review.after-commit")
    return ledger_id


def place_in(tx: Transaction, kit: Kit, review: Review, where: str, by: str, because: str = "") -> int:
    """`place_page` within the caller's transaction.

    The mail goes back to unread in the transaction that closes the question: killed here, it is read at the next start.
    """
    roster, number = _meant(tx, where or review.suggestion)
    sheet = _printed(tx, roster, number)
    assert review.ledger_id is not None
    if is_removed(tx, tx.get_mail(review.ledger_id).sha256):
        raise Refused("原本は保存期間を過ぎたため削除されています。読み直せません")
    code = PageCode(EDITIONS[roster.edition].number, roster.code, sheet.number, sheet.sheets, sheet.first_row)
    named, page = f"{roster.code}/{number}", review.evidence.page or 0
    name_page(tx, review.ledger_id, (review.evidence.part, page), code, by)
    placed = replace(review, roster=roster.code, prefecture=roster.prefecture, training_id=roster.training_id)
    settle(tx, kit, replace(placed, suggestion=named), ReviewState.SET, by, because or named)
    mail = tx.get_mail(review.ledger_id)
    tx.save_mail(replace(mail, state=MailState.RECEIVED, attempts=0, failure=""))
    tx.append_event(
        kit.clock.now(), by, "page-named", subject=f"mail:{mail.ledger_id}", training_id=roster.training_id,
        prefecture=roster.prefecture, payload={"page": page, "after": named},
    )  # fmt: skip
    tx.enqueue(Job("ingest", f"ingest:page:{review.review_id}", {}))
    return mail.ledger_id


def _open_page(tx: Transaction, review_id: int) -> Review:
    try:
        review = tx.get_review(review_id)
    except KeyError:
        raise Refused(f"#{review_id} という確認事項はありません") from None
    if review.state is not ReviewState.OPEN:
        raise Refused(f"#{review_id} は {review.settled_by} により処理済みです（{review.settled_because}）")
    if review.kind != KIND:
        raise Refused(f"#{review_id} はページの確認事項ではありません")
    return review


def _meant(tx: Transaction, where: str) -> tuple[Roster, int]:
    code, _, number = where.strip().partition("/")
    try:
        roster = tx.find_roster(parse_code(code))
    except BadCode:
        raise Refused(f"「{code}」は回付番号ではありません（回付番号/ページ の形で指定してください）") from None
    if roster is None:
        raise Refused(f"回付番号 {code} の名簿はありません")
    if not number.strip().isdecimal():
        raise Refused("ページは 回付番号/ページ の形で、数字で指定してください")
    return roster, int(number)


def _printed(tx: Transaction, roster: Roster, number: int) -> Sheet:
    sheets = printed_sheets(tx, roster)
    found = [s for s in sheets if s.number == number]
    if not found:
        most = max((s.number for s in sheets), default=0)
        raise Refused(f"名簿 {roster.code} は {most} ページまで送付しています" if most else "未送付の名簿です")
    if len({s.first_row for s in found}) > 1:
        raise Refused("このページは送付のたびに行の番号が変わっています。値は meibod trainee で登録してください")
    return found[-1]
