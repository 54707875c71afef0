"""Promises of payers: kept, broken, replaced, taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.builders import NPI, TIN, Inbox, claims_file, paid, remittance_file, sent
from tests.integration.desk import AT, CALL, TODAY, Desk, acting_as, make_desk
from tests.integration.pages import make_client

from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.followup.actions import withdraw
from sanderling.followup.models import Promise, PromiseOutcome
from sanderling.followup.notes import record_note
from sanderling.followup.promises import check_promises
from sanderling.news.actions import register_reader, take_events
from sanderling.news.models import Notice
from sanderling.postgres.locks import Lock
from sanderling.worklists.models import WorkItem

PROMISED = date(2026, 3, 12)
OVER = PROMISED + timedelta(days=8)  # commercial: seven days of grace


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def promise(desk: Desk, *, by: str = "3/12", amount: str = "", at: Any = AT) -> Promise:
    answers = {**CALL, "promised_date": by, "promised_cents": amount}
    with acting_as(desk.specialist):
        note = record_note(
            claim=desk.claim, scenario="approved", answers=answers, user=desk.specialist, at=at
        )
    return Promise.objects.get(activity=note.activity)


def check(day: date) -> list[tuple[bool, int]]:
    at = AT + (day - TODAY)
    return [(one.is_kept, one.paid_cents) for one in check_promises(today=day, at=at)]


def outcome() -> tuple[str, int, date]:
    found = PromiseOutcome.objects.get()
    return found.state, found.paid_cents, found.decided_date


def test_a_promise_is_broken_when_its_days_of_grace_are_over(desk: Desk) -> None:
    register_reader("test", ["promise.broken", "promise.kept"])
    promise(desk, amount="80")
    assert check(OVER - timedelta(days=1)) == []
    assert not PromiseOutcome.objects.exists()
    assert check(OVER) == [(False, 0)]
    assert outcome() == ("broken", 0, OVER)
    assert (desk.item().promise_state, desk.item().promise_date) == ("broken", PROMISED)
    (event,) = take_events("test")
    assert (event.kind, event.party, event.payer_id) == ("promise.broken", 11, desk.payer.pk)
    assert event.detail == {
        "promised_date": "2026-03-12",
        "amount_cents": 8_000,
        "paid_cents": 0,
    }
    notice = Notice.objects.get()
    assert notice.user == desk.specialist  # nobody owns the item: who took the promise
    assert notice.text == "MINE A1: the payment promised by 2026-03-12 did not come"


def test_the_owner_of_the_item_is_told(desk: Desk) -> None:
    promise(desk)
    WorkItem.objects.filter(claim_id=desk.claim.pk).update(assignee=desk.lead)
    check(OVER)
    assert [notice.user for notice in Notice.objects.all()] == [desk.lead]


def test_it_is_decided_once(desk: Desk) -> None:
    promise(desk)
    assert check(OVER) == [(False, 0)]
    assert check(OVER) == []
    assert (PromiseOutcome.objects.count(), Notice.objects.count()) == (1, 1)


def test_one_check_runs_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(lock: Lock) -> bool:
        assert lock is Lock.PROMISES
        return False

    promise(desk)
    monkeypatch.setattr("sanderling.followup.promises.try_lock", taken)
    assert check(OVER) == []


def test_days_of_grace_are_those_of_the_type(desk: Desk, settings: Any) -> None:
    settings.PROMISE_GRACE_DAYS = {"commercial": 0, "*": 30}
    promise(desk)
    assert check(PROMISED) == []
    assert check(PROMISED + timedelta(days=1)) == [(False, 0)]


def test_a_promise_that_was_taken_back_is_none(desk: Desk) -> None:
    made = promise(desk)
    withdraw(made.activity, user=desk.specialist, at=AT, reason="wrong claim")
    assert (desk.item().promise_state, desk.item().promise_date) == ("", None)
    assert check(OVER) == []


def test_another_promise_takes_the_place_of_one_not_yet_due(desk: Desk) -> None:
    promise(desk)
    promise(desk, by="2026-04-01", at=AT + timedelta(days=2))
    assert desk.item().promise_date == date(2026, 4, 1)
    assert check(TODAY + timedelta(days=3)) == []
    assert outcome()[0] == "replaced"
    assert desk.item().promise_state == "open"
    assert check(date(2026, 4, 9)) == [(False, 0)]


def test_one_made_after_the_day_does_not_save_the_broken_one(desk: Desk) -> None:
    promise(desk)
    promise(desk, by="2026-04-01", at=AT + (OVER - TODAY))
    assert check(OVER) == [(False, 0)]
    assert desk.item().promise_state == "open"  # the latest counts


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("", [(True, 8_000)]), ("80", [(True, 8_000)]), ("80.01", [])],
)
def test_a_payment_posted_since_keeps_it(
    inbox: Inbox, amount: str, expected: list[tuple[bool, int]]
) -> None:
    make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(claims_file(sent("A1", 150)), received_date=date(2026, 1, 5))
    refresh_stale(TODAY)
    claim = Claim.objects.get()
    answers = {**CALL, "promised_date": "3/12", "promised_cents": amount}
    record_note(claim=claim, scenario="approved", answers=answers, user=None, at=AT)
    assert check(TODAY) == []
    inbox.take(
        remittance_file(paid("A1", 150, 80, "CO*45*70"), made="20260310", payment_date="20260310"),
        received_date=date(2026, 3, 10),
    )
    assert check(date(2026, 3, 9)) == []  # not known on that day yet
    assert check(date(2026, 3, 10)) == expected
    if expected:
        assert outcome() == ("kept", 8_000, date(2026, 3, 10))


def test_what_was_paid_before_the_promise_keeps_nothing(inbox: Inbox) -> None:
    make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(
        claims_file(sent("A1", 150)),
        remittance_file(paid("A1", 150, 80, "CO*45*70")),
        received_date=date(2026, 1, 20),
    )
    record_note(
        claim=Claim.objects.get(),
        party=11,
        scenario="approved",
        answers={**CALL, "promised_date": "3/12"},
        user=None,
        at=AT,
    )
    assert check(OVER) == [(False, 0)]
