"""Work items in step with barriers and work: what comes, stays, gives way, leaves; who hears."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests.builders import Inbox, paid, remittance_file, rows
from tests.integration.work_items import AT, TODAY, Workers, fill_items, item, work_of

from sanderling.accounts.models import User
from sanderling.barriers.actions import rebuild, refresh_stale
from sanderling.claims.models import Claim
from sanderling.config.checks import Fault, _work_items
from sanderling.followup.actions import record
from sanderling.news.actions import register_reader, take_events
from sanderling.news.models import Notice
from sanderling.worklists.acting import act
from sanderling.worklists.keeping import refresh_work
from sanderling.worklists.models import Departure, ItemLock, StatusInquiry, WorkItem


@pytest.fixture
def workers(inbox: Inbox) -> Workers:
    return fill_items(inbox)


def assign(workers: Workers, *numbers: str) -> None:
    WorkItem.objects.filter(claim_number__in=numbers).update(assignee=workers.sam, assigned_at=AT)
    # As if they had come before the money, by the clock of the tests' files.
    WorkItem.objects.update(arrived_at=AT - timedelta(days=30))


def lock(number: str, user: User) -> None:
    found = item(number)
    now = timezone.now()
    ItemLock.objects.create(
        item=found, client_id=found.client_id, user=user, taken_at=now,
        until_at=now + timedelta(minutes=15),
    )  # fmt: skip


def pay(inbox: Inbox, *claims: tuple[str, int, int]) -> None:
    """Pay claims: number, paid, written down as contractual."""
    inbox.take(
        remittance_file(
            *(paid(number, 150, amount, f"CO*45*{down}") for number, amount, down in claims)
        )
    )
    refresh_stale(TODAY)


def test_what_is_paid_leaves_and_its_owner_hears_how_much(inbox: Inbox, workers: Workers) -> None:
    assign(workers, "A1")
    register_reader("rules", ["item.left"])
    pay(inbox, ("A1", 90, 60))
    assert not WorkItem.objects.filter(claim_number="A1").exists()
    left = Departure.objects.get()
    assert (left.cause, left.paid_cents, left.balance_cents, left.assignee_id) == (
        "remittance", 9000, 15000, workers.sam.pk,
    )  # fmt: skip
    notice = Notice.objects.get()
    assert (notice.user_id, notice.text, notice.amount_cents, notice.is_urgent) == (
        workers.sam.pk, "MINE A1 left your list: paid $90.00", 9000, False,
    )  # fmt: skip
    assert [event.detail["paid_cents"] for event in take_events("rules")] == [9000]
    assert "each of 4 barriers" in _work_items()


def test_who_works_on_it_at_this_moment_hears_at_once_and_the_lock_goes(
    inbox: Inbox, workers: Workers
) -> None:
    assign(workers, "A1", "A2")
    lock("A1", workers.kim)
    lock("A2", workers.lead)
    inbox.take(remittance_file(paid("A1", 150, 90, "CO*45*60"), paid("A2", 150, 0, "CO*197*150")))
    refresh_stale(TODAY)
    assert set(Notice.objects.values_list("user_id", "text", "is_urgent")) == {
        (workers.kim.pk, "MINE A1 left your list: paid $90.00", True),
        (workers.sam.pk, "MINE A1 left your list: paid $90.00", False),
        (workers.lead.pk, "MINE A2 is now: Denied, $150.00 open", True),
        (workers.sam.pk, "MINE A2 is now: Denied, $150.00 open", False),
    }
    assert list(ItemLock.objects.values_list("item__claim_number", flat=True)) == ["A2"]


def test_what_opens_again_gets_its_owner_back_while_he_sees_the_client(
    inbox: Inbox, workers: Workers
) -> None:
    assign(workers, "A1", "A2")
    pay(inbox, ("A1", 90, 60), ("A2", 90, 60))
    Departure.objects.filter(claim_id=Claim.objects.get(number="A2").pk).update(
        assignee_id=workers.far.pk
    )
    inbox.take(
        remittance_file(
            paid("A1", -150, -90, "CO*45*-60", status="22"),
            paid("A2", -150, -90, "CO*45*-60", status="22"),
            trace="EFT2", control=602, made="20260201", payment_date="20260202",
        )
    )  # fmt: skip
    refresh_stale(TODAY)
    assert (item("A1").assignee, item("A2").assignee) == (workers.sam, None)


def test_a_day_that_a_person_set_gives_way_when_the_payer_says_more(
    inbox: Inbox, workers: Workers
) -> None:
    act(
        "pend", [item("A1").pk, item("A2").pk], {"business_days": 5},
        user=workers.sam, actor="user:1", at=AT,
    )  # fmt: skip
    inbox.take(remittance_file(paid("A1", 150, 0, "CO*197*150")))
    refresh_stale(TODAY)
    assert [row[2:4] for row in work_of("A1", "A2")] == [(None, False), (date(2026, 3, 12), True)]
    assert [row[0] for row in work_of("A1", "A2")] == [workers.sam.pk, workers.sam.pk]


def say(workers: Workers, number: str, day: date, next_date: date | None) -> None:
    record(
        claim=Claim.objects.get(number=number), activity_date=day, channel="call",
        action="call_payer", outcome="other", at=AT, user=workers.sam, next_date=next_date,
        note=f"on {day}",
    )  # fmt: skip


def test_the_next_day_of_a_note_is_the_day_of_the_item(inbox: Inbox, workers: Workers) -> None:
    say(workers, "A1", TODAY, date(2026, 3, 20))
    assert (item("A1").follow_up_date, item("A1").touches) == (date(2026, 3, 20), 1)
    act("defer", [item("A1").pk], {"date": "2026-03-09"}, user=workers.sam, actor="u", at=AT)
    refresh_work(None)
    refresh_stale(TODAY)
    assert item("A1").follow_up_date == date(2026, 3, 9)  # what was said last holds
    say(workers, "A1", date(2026, 3, 4), date(2026, 3, 30))  # an older one changes nothing
    assert item("A1").follow_up_date == date(2026, 3, 9)


def test_work_without_a_next_day_has_done_what_was_due(inbox: Inbox, workers: Workers) -> None:
    act("pend", [item("A1").pk], {"business_days": 1}, user=workers.sam, actor="u", at=AT)
    WorkItem.objects.filter(claim_number="A1").update(follow_up_date=TODAY)
    act("defer", [item("A2").pk], {"date": "2026-03-09"}, user=workers.sam, actor="u", at=AT)
    say(workers, "A1", TODAY, None)
    say(workers, "A2", TODAY, None)
    assert [row[2:4] for row in work_of("A1", "A2")] == [(None, False), (date(2026, 3, 9), False)]


def test_what_the_payer_said_after_a_note_comes_before_its_next_day(
    inbox: Inbox, workers: Workers
) -> None:
    inbox.take(remittance_file(paid("A1", 150, 0, "CO*197*150")), received_date=date(2026, 3, 4))
    refresh_stale(TODAY)
    say(workers, "A1", date(2026, 3, 3), date(2026, 4, 1))
    assert item("A1").follow_up_date is None
    say(workers, "A1", date(2026, 3, 4), date(2026, 4, 2))
    assert item("A1").follow_up_date == date(2026, 4, 2)


def test_nobody_is_asked_about_what_is_settled(inbox: Inbox, workers: Workers) -> None:
    act(
        "status_inquiry", [item("A1").pk, item("A2").pk], {},
        user=workers.sam, actor="u", at=AT,
    )  # fmt: skip
    pay(inbox, ("A1", 90, 60))
    assert rows(
        "SELECT c.number, q.state FROM worklists_status_inquiry q"
        " JOIN claims_claim c ON c.id = q.claim_id ORDER BY 1"
    ) == [("A1", "withdrawn"), ("A2", "queued")]
    assert StatusInquiry.objects.count() == 2


def test_making_everything_anew_changes_nothing_and_repairs(inbox: Inbox, workers: Workers) -> None:
    act("pend", [item("A1").pk], {}, user=workers.sam, actor="u", at=AT)
    everything = "SELECT to_jsonb(w) - 'valued_date' FROM worklists_work_item w ORDER BY id"
    before, versions = rows(everything), rows("SELECT id, barrier FROM worklists_work_item")
    rebuild(TODAY)
    assert rows(everything) == before
    WorkItem.objects.filter(claim_number="A2").update(balance_cents=1)
    WorkItem.objects.filter(claim_number="A3").delete()
    with pytest.raises(Fault, match="2 barriers and work items differ"):
        _work_items()
    rebuild(TODAY)
    assert "each of 5 barriers" in _work_items()
    assert len(versions) == 5
