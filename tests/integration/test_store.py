"""The contract of `daemon.ports.Store`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.adapters.store import SqlStore, verify_chain
from daemon.domain.model import MailState, OutboxState, ReceivedPage, ReviewState, State, Status
from daemon.ports import HighWater, Job
from parsers.findings import Field, PageKind, Problem
from tests.fakes.samples import (
    AT,
    DAY,
    a_dispatch,
    a_mail,
    a_reading,
    a_review,
    a_roster,
    a_training,
    a_value,
    an_enrollment,
    an_outbox_mail,
)
from tests.fakes.stores import memory_store

SECOND = dt.timedelta(seconds=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    if request.param == "sqlite":
        opened = memory_store(tmp_path)
    else:
        opened = SqlStore(request.getfixturevalue("postgres").database())
    yield opened
    opened.close()


@pytest.fixture
def prepared(store: SqlStore) -> SqlStore:
    """With one training, its roster and three rows."""
    with store.transaction() as tx:
        tx.save_training(a_training())
        tx.save_roster(a_roster())
        for row in (3, 1, 2):
            tx.save_enrollment(an_enrollment(enrollment_id=f"E-{row}", row=row))
    return store


def test_values_come_back_as_they_went_in(prepared: SqlStore) -> None:
    with prepared.transaction() as tx:
        tx.save_dispatch(a_dispatch())
        mail = tx.add_mail(a_mail())
        reading = tx.add_reading(a_reading(ledger_id=mail))
        outbox = tx.add_outbox(an_outbox_mail())
        review = tx.add_review(a_review(ledger_id=mail, reading_id=reading, outbox_id=outbox))
    assert mail is not None
    assert review is not None
    assert outbox is not None
    with prepared.snapshot() as tx:
        assert tx.get_training("T-2026-04") == a_training()
        assert tx.trainings() == [a_training()]
        assert tx.get_roster("0000000000") == tx.find_roster("0000000000") == a_roster()
        assert tx.get_enrollment("E-1") == tx.find_enrollment("E-1") == an_enrollment()
        assert tx.find_dispatch("1111111111") == a_dispatch()
        assert tx.get_mail(mail) == a_mail(ledger_id=mail)
        assert tx.get_reading(reading) == a_reading(reading_id=reading, ledger_id=mail)
        assert tx.get_review(review) == a_review(review_id=review, ledger_id=mail, reading_id=reading, outbox_id=outbox)
        assert tx.get_outbox(outbox) == an_outbox_mail(outbox_id=outbox)


def test_an_unknown_id_is_a_key_error_and_finding_says_none(store: SqlStore) -> None:
    with store.snapshot() as tx:
        for get in (tx.get_training, tx.get_roster, tx.get_enrollment):
            with pytest.raises(KeyError):
                get("nobody")
        for number in (tx.get_mail, tx.get_reading, tx.get_review, tx.get_outbox):
            with pytest.raises(KeyError):
                number(7)
        assert tx.find_roster("x") is tx.find_enrollment("x") is tx.find_dispatch("x") is None
        assert tx.find_outbox(message_id="x") is tx.find_outbox() is tx.high_water("INBOX") is None


def test_saving_an_enrollment_replaces_its_values(prepared: SqlStore) -> None:
    verified = {Field.CONCURRENT_REGISTERED_ON: a_value(status=Status.VERIFIED, value="2026-03-05")}
    with prepared.transaction() as tx:
        tx.save_enrollment(an_enrollment(state=State.VERIFIED, values=verified))
    with prepared.snapshot() as tx:
        assert tx.get_enrollment("E-1") == an_enrollment(state=State.VERIFIED, values=verified)
        assert tx.get_enrollment("E-2").values == an_enrollment().values


def test_many_enrollments_are_saved_like_one(prepared: SqlStore) -> None:
    many = [an_enrollment(enrollment_id=f"M-{n:04}", row=n + 10, state=State.SENT) for n in range(1000)]
    with prepared.transaction() as tx:
        tx.save_enrollments(many)
        tx.save_enrollments(many[:3])
    with prepared.snapshot() as tx:
        assert tx.enrollments(training_id="T-2026-04")[3:] == many


def test_enrollments_come_in_the_order_of_roster_and_row(prepared: SqlStore) -> None:
    with prepared.transaction() as tx:
        tx.save_roster(a_roster(code="1000000000", prefecture="東京"))
        tx.save_enrollment(an_enrollment(enrollment_id="A", roster="1000000000", row=1, prefecture="東京"))
    with prepared.snapshot() as tx:
        assert [e.enrollment_id for e in tx.enrollments(training_id="T-2026-04")] == ["E-1", "E-2", "E-3", "A"]
        assert [e.enrollment_id for e in tx.enrollments(prefecture="東京")] == ["A"]
        assert [e.enrollment_id for e in tx.enrollments(roster="0000000000")] == ["E-1", "E-2", "E-3"]
        assert tx.count_by_state("T-2026-04") == {State.PARTIAL: 4}
        assert tx.count_by_state("T-2026-04", "東京") == {State.PARTIAL: 1}
        assert [r.code for r in tx.rosters("T-2026-04", "東京")] == ["1000000000"]
        assert len(tx.rosters("T-2026-04")) == 2


def test_only_dispatches_with_a_reminder_due_are_due(prepared: SqlStore) -> None:
    days = {"a": DAY, "b": DAY + dt.timedelta(1), "c": None, "d": DAY - dt.timedelta(400)}
    with prepared.transaction() as tx:
        for name, day in days.items():
            tx.save_dispatch(a_dispatch(dispatch_id=name, next_reminder_on=day))
    with prepared.snapshot() as tx:
        assert [d.dispatch_id for d in tx.dispatches_due(DAY)] == ["a", "d"]
        assert len(tx.dispatches("T-2026-04", "神奈川")) == 4
        assert tx.dispatches("other") == []


def test_a_message_enters_the_ledger_once_per_uid_and_epoch(store: SqlStore) -> None:
    with store.transaction() as tx:
        first = tx.add_mail(a_mail())
        assert tx.add_mail(a_mail(sha256="c" * 64)) is None
        other = tx.add_mail(a_mail(uidvalidity=5))
        assert None not in {first, other}
    with store.snapshot() as tx:
        assert [m.ledger_id for m in tx.mails()] == [first, other]
        assert tx.uids("INBOX", 5) == {1}
        assert tx.uids("INBOX", 5, from_uid=2) == set()


def test_mails_are_filtered_and_counted(store: SqlStore) -> None:
    with store.transaction() as tx:
        for uid, state in enumerate((MailState.RECEIVED, MailState.REVIEW, MailState.REVIEW), 1):
            tx.add_mail(
                a_mail(uid=uid, state=state, stored_at=AT + uid * SECOND, prefecture="" if uid == 3 else "東京")
            )
    with store.snapshot() as tx:
        assert tx.count_mails() == {MailState.RECEIVED: 1, MailState.REVIEW: 2}
        assert [m.uid for m in tx.mails(state=MailState.REVIEW)] == [2, 3]
        assert [m.uid for m in tx.mails(prefecture="")] == [3]
        assert [m.uid for m in tx.mails(training_id="T-2026-04", limit=2)] == [1, 2]
        assert [m.uid for m in tx.mails(since=AT + 2 * SECOND)] == [2, 3]


def test_mails_alike_share_bytes_or_message_id_and_nothing_is_like_nothing(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.add_mail(a_mail(uid=1, message_id=""))
        tx.add_mail(a_mail(uid=2, sha256="c" * 64))
        tx.add_mail(a_mail(uid=3, sha256="d" * 64, message_id=""))
    with store.snapshot() as tx:
        assert [m.uid for m in tx.mails_like("a" * 64, "<1@office.example>")] == [1, 2]
        assert [m.uid for m in tx.mails_like("c" * 64, "")] == [2]
        assert tx.mails_like("", "") == []


def test_saving_changes_a_row_and_leaves_the_others(store: SqlStore) -> None:
    with store.transaction() as tx:
        first, second = tx.add_mail(a_mail(uid=1)), tx.add_mail(a_mail(uid=2))
        assert first is not None
        assert second is not None
        applied = replace(tx.get_mail(first), state=MailState.APPLIED, attempts=1, duplicate_of=second)
        tx.save_mail(applied)
        assert tx.get_mail(first) == applied
        assert tx.get_mail(second).state is MailState.RECEIVED


def test_a_row_saved_under_its_own_number_does_not_collide_with_the_next_one(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_outbox(an_outbox_mail(outbox_id=5))
        assert tx.add_outbox(an_outbox_mail(dedupe_key="next")) == 6


def test_the_newest_epoch_of_a_mailbox_is_the_one_saved_last(store: SqlStore) -> None:
    old, new = HighWater("INBOX", 900, 10, AT), HighWater("INBOX", 7, 2, None)
    with store.transaction() as tx:
        tx.save_high_water(old)
        tx.save_high_water(new)
        tx.save_high_water(HighWater("Other", 1, 1, None))
        assert tx.high_water("INBOX") == new
        tx.save_high_water(replace(old, uid=11))
        assert tx.high_water("INBOX") == replace(old, uid=11)


def test_a_question_is_asked_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        asked = tx.add_review(a_review())
        assert asked is not None
        assert tx.add_review(a_review(text="other")) is None
        tx.save_review(replace(tx.get_review(asked), state=ReviewState.SET, settled_at=AT, settled_by="管理者"))
        assert tx.add_review(a_review()) is None
        assert tx.reviews() == []
        assert [r.review_id for r in tx.reviews(state=None, enrollment_id="E-1", prefecture="神奈川")] == [asked]


def test_readings_are_found_by_mail_and_by_enrollment(store: SqlStore) -> None:
    with store.transaction() as tx:
        mail = tx.add_mail(a_mail())
        ids = [tx.add_reading(a_reading(ledger_id=mail)), tx.add_reading(a_reading(enrollment_id=None, value=None))]
    with store.snapshot() as tx:
        assert [r.reading_id for r in tx.readings(ledger_id=mail)] == ids[:1]
        assert [r.reading_id for r in tx.readings(enrollment_id="E-1")] == ids[:1]
        assert [r.reading_id for r in tx.readings()] == ids


def test_readings_added_in_one_block_can_be_asked_for_in_it_and_numbers_are_never_reused(store: SqlStore) -> None:
    with store.transaction() as tx:
        first, second = tx.add_reading(a_reading()), tx.add_reading(a_reading())
        assert second == first + 1
        assert tx.get_reading(second).reading_id == second
    with suppress(ZeroDivisionError), store.transaction() as tx:
        tx.add_reading(a_reading())
        raise ZeroDivisionError
    with store.transaction() as tx:
        assert tx.add_reading(a_reading()) == second + 1
    with store.snapshot() as tx:
        assert len(tx.readings()) == 3


def test_the_pages_of_a_mail_replace_what_was_known_of_them(store: SqlStore) -> None:
    def page(ledger_id: int, sheet: int, roster: str = "0000000000") -> ReceivedPage:
        return ReceivedPage(
            0, ledger_id, "2/fax.tif", sheet, PageKind.FORM, roster, sheet, 2, True, "P.1/2", "a" * 64, ""
        )

    with store.transaction() as tx:
        first, second = tx.add_mail(a_mail(uid=1)), tx.add_mail(a_mail(uid=2))
        assert first is not None
        assert second is not None
        tx.save_pages(first, [page(first, 1), page(first, 2)])
        tx.save_pages(second, [page(second, 1, "1111111111")])
    with store.transaction() as tx:
        tx.save_pages(first, [page(first, 2)])
    with store.snapshot() as tx:
        (kept,) = tx.pages(ledger_id=first)
        assert kept == replace(page(first, 2), page_id=kept.page_id)
        assert [p.ledger_id for p in tx.pages()] == [second, first]
        assert [p.ledger_id for p in tx.pages(roster="1111111111")] == [second]


def test_problems_of_many_rows_are_told_at_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.add_reading(a_reading(enrollment_id="E-1", problems=(Problem.DITTO,)))
        tx.add_reading(a_reading(enrollment_id="E-1", problems=(Problem.PLANNED_ONLY, Problem.DITTO)))
        tx.add_reading(a_reading(enrollment_id="E-2", problems=()))
        tx.add_reading(a_reading(enrollment_id="E-3", problems=(Problem.STRUCK_OUT,)))
        assert tx.problems_read(["E-1", "E-2"]) == {"E-1": {Problem.DITTO, Problem.PLANNED_ONLY}}
        assert tx.problems_read([]) == {}


def test_open_questions_are_found_for_many_rows_and_counted_by_place(store: SqlStore) -> None:
    with store.transaction() as tx:
        about = {"E-1": "神奈川", "E-2": "東京", "E-3": ""}
        for row, prefecture in about.items():
            tx.add_review(a_review(dedupe_key=row, enrollment_id=row, prefecture=prefecture, kind="value"))
        tx.add_review(a_review(dedupe_key="glance", enrollment_id="E-1", prefecture="神奈川", kind="verify"))
        tx.add_review(a_review(dedupe_key="old", enrollment_id="E-1", prefecture="神奈川", state=ReviewState.SET))
        assert [q.dedupe_key for q in tx.open_questions(["E-1", "E-3"])] == ["E-1", "E-3", "glance"]
        assert tx.count_questions(("", "神奈川")) == {"value": 2, "verify": 1}


def test_unread_mail_is_counted_by_who_may_have_sent_it(store: SqlStore) -> None:
    with store.transaction() as tx:
        states = (MailState.RECEIVED, MailState.QUARANTINE, MailState.REVIEW, MailState.APPLIED)
        for uid, state in enumerate(states, 1):
            tx.add_mail(a_mail(uid=uid, state=state, prefecture="神奈川"))
            tx.add_mail(a_mail(uid=uid + 10, state=state, prefecture=""))
        assert tx.count_unread(("", "神奈川")) == 4
        assert tx.count_unread(("", "東京")) == 2


def test_the_first_mailing_is_the_earliest(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_training(a_training())
        assert tx.first_dispatched_at() is None
        for n, at in enumerate((None, AT + SECOND, AT)):
            tx.save_dispatch(a_dispatch(dispatch_id=f"D{n}", dispatched_at=at))
        assert tx.first_dispatched_at() == AT


def test_the_same_intent_makes_one_mail(store: SqlStore) -> None:
    with store.transaction() as tx:
        first = tx.add_outbox(an_outbox_mail())
        assert tx.add_outbox(an_outbox_mail(message_id="<other>")) is None
        found = tx.find_outbox(dedupe_key=an_outbox_mail().dedupe_key)
        assert found is not None
        assert found.outbox_id == first
        assert found == tx.find_outbox(message_id="<m1@hq.example>")


def test_outbox_is_filtered_by_state_time_and_place(store: SqlStore) -> None:
    with store.transaction() as tx:
        for n, state in enumerate((OutboxState.READY, OutboxState.HELD, OutboxState.READY)):
            later = AT + n * SECOND
            tx.add_outbox(an_outbox_mail(dedupe_key=str(n), state=state, not_before_at=later, created_at=later))
    ready = [OutboxState.READY]
    with store.snapshot() as tx:
        assert [m.dedupe_key for m in tx.outbox(states=ready, due_at=AT + SECOND)] == ["0"]
        assert [m.dedupe_key for m in tx.outbox(since=AT + SECOND)] == ["1", "2"]
        assert tx.outbox(states=ready, prefecture="東京") == tx.outbox(training_id="x") == []
        assert tx.count_outbox() == {OutboxState.READY: 2, OutboxState.HELD: 1}


def test_what_may_have_left_is_counted_and_nothing_else(store: SqlStore) -> None:
    with store.transaction() as tx:
        for state in OutboxState:
            tx.add_outbox(an_outbox_mail(dedupe_key=state.value, state=state, started_at=AT))
        tx.add_outbox(an_outbox_mail(dedupe_key="early", state=OutboxState.SENT, started_at=AT - SECOND))
    with store.snapshot() as tx:
        assert tx.count_sent(AT) == tx.count_sent(AT, "神奈川", "dispatch") == 4
        assert tx.count_sent(AT, "東京") == tx.count_sent(AT, purpose="digest") == 0


def test_facts_are_replaced(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.get_fact("kill-switch") is None
        tx.set_fact("kill-switch", "on")
        tx.set_fact("kill-switch", "off")
        assert tx.get_fact("kill-switch") == "off"


def test_an_exception_takes_everything_back(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:  # noqa: PT012 - the block is the subject
        tx.add_mail(a_mail())
        tx.append_event(AT, "meibod", "x")
        raise ZeroDivisionError
    with store.snapshot() as tx:
        assert tx.mails() == []
        assert tx.last_event() is None


def test_a_row_that_refers_to_nothing_is_refused_at_the_commit(store: SqlStore) -> None:
    with pytest.raises(sa.exc.IntegrityError), store.transaction() as tx:
        tx.save_roster(a_roster(training_id="nobody"))


def test_rows_of_one_transaction_may_come_in_any_order(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_enrollment(an_enrollment())
        tx.save_roster(a_roster())
        tx.save_training(a_training())
    with store.snapshot() as tx:
        assert tx.get_enrollment("E-1") == an_enrollment()


def test_a_time_without_zone_is_refused(store: SqlStore) -> None:
    with pytest.raises(sa.exc.StatementError, match="zone"), store.transaction() as tx:
        tx.add_mail(a_mail(stored_at=AT.replace(tzinfo=None)))


def test_a_snapshot_cannot_write_and_does_not_see_later_commits(store: SqlStore) -> None:
    with store.snapshot() as old:
        assert old.mails() == []
        with store.transaction() as tx:
            tx.add_mail(a_mail())
        assert old.mails() == []
        with pytest.raises(TypeError):
            old.enqueue(Job("deliver", "k", {}))
        with pytest.raises(sa.exc.DBAPIError):
            old.set_fact("a", "b")
    with store.snapshot() as new:
        assert len(new.mails()) == 1


def test_a_transaction_inside_a_transaction_is_a_mistake_that_shows_at_once(store: SqlStore) -> None:
    with pytest.raises(RuntimeError), store.transaction(), store.transaction():
        pass
    with store.transaction() as tx:
        tx.set_fact("still", "works")


def test_eight_writers_that_read_decide_and_write_lose_nothing(store: SqlStore) -> None:
    def count_up() -> None:
        for _ in range(5):
            with store.transaction() as tx:
                tx.set_fact("n", str(int(tx.get_fact("n") or 0) + 1))
                tx.append_event(AT, "meibod", "counted")

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.snapshot() as tx:
        assert tx.get_fact("n") == "40"
    assert verify_chain(store) == []


def test_history_comes_back_in_order_and_in_pages(store: SqlStore) -> None:
    with store.transaction() as tx:
        for n in range(5):
            tx.append_event(
                AT, "meibod", f"k{n}", subject=f"mail:{n % 2}", training_id="T", payload={"on": DAY, "n": n}
            )
    with store.transaction() as tx:
        last = tx.append_event(AT, "管理者", "k5")
    with store.snapshot() as tx:
        assert [e.seq for e in tx.events()] == [1, 2, 3, 4, 5, 6]
        assert [e.kind for e in tx.events(subject="mail:1")] == ["k1", "k3"]
        assert [e.seq for e in tx.events(training_id="T", since_seq=2, limit=2)] == [3, 4]
        assert tx.last_event() == last
        assert tx.events()[1].payload == '{"n":1,"on":"2026-03-02"}'
    assert verify_chain(store) == []


def test_the_database_itself_refuses_to_rewrite_history(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.append_event(AT, "meibod", "x")
    for statement in ("UPDATE events SET kind = 'y'", "DELETE FROM events"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.transaction() as tx:
            tx._connection.exec_driver_sql(statement)


def test_a_sound_database_has_nothing_to_report(prepared: SqlStore) -> None:
    assert prepared.check() == []


def test_work_without_a_queue_is_dropped(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.enqueue(Job("deliver", "k", {"id": 1}))
    assert store.check() == []
