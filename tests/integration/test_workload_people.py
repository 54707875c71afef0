"""People's work by measures that count nothing twice; reviews of a fair sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.listed_items import AT, TODAY, make_user
from tests.integration.pages import Visitor, standing_world, text_of, web_role

from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.followup.actions import record, withdraw
from sanderling.followup.models import Activity
from sanderling.worklists.models import Departure
from sanderling.workload.models import QualityReview
from sanderling.workload.narrowing import Narrow
from sanderling.workload.productivity import Work, cash_of_nobody, work_of_people
from sanderling.workload.quality import (
    CHECKLIST,
    SAMPLE,
    ReviewRefused,
    counted,
    hints,
    review,
    sample,
    scores,
)

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 5)
GOOD = dict.fromkeys(CHECKLIST, "yes")


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_world(tmp_path_factory):
        yield


@pytest.fixture
def ann(world: None, db: None) -> User:
    return make_user("ann", Client.objects.get(code="MINE"))


@pytest.fixture
def bob(world: None, db: None) -> User:
    return make_user("bob", Client.objects.get(code="MINE"))


@pytest.fixture
def lead(world: None, db: None) -> User:
    return make_user("boss", Client.objects.get(code="MINE"), role="lead")


def touch(user: User, number: str, day: date, **more: Any) -> Activity:
    """Record a call about a claim."""
    said = {"channel": "call", "action": "call_payer", "outcome": "promised"} | more
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    claim = Claim.objects.get(number=number)
    return record(claim=claim, activity_date=day, user=user, at=at, **said)


def work_of(user: User, **span: date) -> Work | None:
    asked = {"from_date": FIRST, "to_date": LAST} | span
    found = work_of_people(Narrow(), **asked)
    return next((row for row in found if row.user_id == user.pk), None)


# --- what work brought. Claim "A/1 1" was paid 120.00 on 2026-01-20.


def test_a_payment_counts_once_for_the_latest_touch_before_it(ann: User, bob: User) -> None:
    touch(ann, "A/1 1", date(2026, 1, 6))
    touch(bob, "A/1 1", date(2026, 1, 15))
    touch(ann, "A/1 1", date(2026, 1, 25), reference="after")
    ((paid_date,),) = rows(
        "SELECT DISTINCT l.posted_date FROM ledger_entry l JOIN claims_claim c ON c.id = l.claim_id"
        " WHERE l.debit = 30 AND l.credit = 11 AND c.number = 'A/1 1'"
    )
    assert paid_date == date(2026, 1, 20)
    anns, bobs = work_of(ann), work_of(bob)
    assert anns is not None
    assert bobs is not None
    assert (anns.touches, anns.claims, anns.cash_cents) == (2, 1, 0)
    assert (bobs.touches, bobs.cash_cents, bobs.paid_claims) == (1, 12_000, 1)
    assert bobs.cash_an_hour_cents == 72_000  # 120.00 in ten minutes
    whole, by_itself = cash_of_nobody(Narrow(), from_date=FIRST, to_date=LAST)
    assert whole - by_itself == 12_000


def test_a_payment_long_after_or_before_a_touch_is_nobodys(ann: User) -> None:
    touch(ann, "A/1 1", date(2025, 12, 1))
    touch(ann, "A/1 1", date(2026, 1, 21))
    found = work_of(ann)
    assert found is not None
    assert found.cash_cents == 0
    whole, by_itself = cash_of_nobody(Narrow(), from_date=FIRST, to_date=LAST)
    assert whole == by_itself > 0


def test_internal_notes_and_what_was_taken_back_are_no_touches(ann: User) -> None:
    touch(ann, "A2", date(2026, 1, 6), channel="internal", outcome="other", action="wait")
    wrong = touch(ann, "A/1 1", date(2026, 1, 15))
    withdraw(wrong, user=ann, at=AT, reason="wrong claim")
    assert work_of(ann) is None


def test_avoidable_touches_are_told_apart(ann: User) -> None:
    for number, outcome in enumerate(("in_process", "no_answer", "promised", "denied")):
        touch(ann, "A2", date(2026, 1, 6 + number), outcome=outcome)
    found = work_of(ann)
    assert found is not None
    assert (found.touches, found.avoidable, found.productive_rate) == (4, 2, 0.5)
    assert (found.minutes, found.timed, found.is_few) == (40, 0, True)
    assert work_of(ann, to_date=date(2026, 1, 7)).touches == 2  # type: ignore[union-attr]  # there is some


def test_what_left_after_a_touch_is_resolved(ann: User) -> None:
    client = Client.objects.get(code="MINE")
    for days, party in ((1, 11), (60, 11), (1, 14)):
        Departure.objects.create(
            claim_id=1, party=party, client_id=client.pk, balance_cents=7_000, barrier="denied",
            last_touch_user_id=ann.pk, last_touch_date=date(2026, 2, 20) - timedelta(days=days),
            arrived_at=AT, left_at=datetime(2026, 2, 20, 12, tzinfo=UTC),
        )  # fmt: skip
    found = work_of(ann)
    assert found is not None
    assert (found.resolved, found.resolved_cents) == (1, 7_000)


def test_the_page_of_people_shows_and_exports(ann: User, lead: User) -> None:
    touch(ann, "A/1 1", date(2026, 1, 15))
    visitor = Visitor(lead)
    span = {"from_date": "2026-01-01", "to_date": "2026-03-05"}
    page = text_of(visitor.get("/workload/people/", **span))
    assert "Ann" in page
    assert "$120.00" in page
    (row,) = json.loads(visitor.get("/workload/people/", format="json", **span).content)["rows"]
    assert (row["person"], row["touches"], row["cash_cents"]) == ("Ann", 1, 12_000)
    assert row["productive_rate"] == 1.0
    assert "No work in these days" in text_of(
        visitor.get("/workload/people/", **(span | {"from_date": "2026-03-01"}))
    )
    wrong = visitor.get("/workload/people/", from_date="2026-03-05", to_date="2026-01-01")
    assert wrong.status_code == 422
    narrowed = text_of(visitor.get("/workload/people/", **span, payer="ACME1", client="MINE"))
    assert "$120.00" in narrowed


# --- quality


def test_the_sample_is_small_random_and_always_the_same(ann: User, bob: User) -> None:
    week = date(2026, 1, 5)
    made = [
        touch(ann, "A2", week + timedelta(days=n % 7), note=f"note {n}", reference=str(n)).pk
        for n in range(12)
    ]
    touch(bob, "A2", week, note="mine")
    touch(bob, "A2", week, note="")
    touch(bob, "A2", week + timedelta(days=7), note="next week")
    first = sample(week)
    assert first == sample(week)
    assert [one.user_name for one in first] == ["Ann"] * SAMPLE + ["Bob"]
    chosen = [one.activity_id for one in first[:SAMPLE]]
    assert set(chosen) < set(made)
    assert chosen != made[:SAMPLE]


def test_later_payments_speak_against_a_note(ann: User) -> None:
    week = date(2026, 1, 12)
    touch(ann, "A/1 1", week, outcome="denied", note="They denied it")
    touch(ann, "A2", week, outcome="paid", note="They paid it")
    touch(ann, "A2", week, outcome="promised", note="They will")
    notes = {one.outcome: one.activity_id for one in sample(week)}
    found = hints(sample(week), today=TODAY)
    assert found == {
        notes["denied"]: "It was said to be denied; insurance paid $120.00 from 2026-01-20 on.",
        notes["paid"]: "It was said to be paid; no payment came within 30 days.",
    }
    assert notes["paid"] not in hints(sample(week), today=week + timedelta(days=5))


def test_a_review_is_kept_once_and_counted(ann: User, lead: User) -> None:
    touch(ann, "A2", date(2026, 1, 12), note="A note")
    (note,) = sample(date(2026, 1, 12))
    review(note, reviewer=lead, answers=GOOD | {"date": "no", "privacy": "na"}, comment="", at=AT)
    with pytest.raises(ReviewRefused, match="already"):
        review(note, reviewer=lead, answers=GOOD, comment="", at=AT)
    with pytest.raises(ReviewRefused, match="own"):
        review(note, reviewer=ann, answers=GOOD, comment="", at=AT)
    with pytest.raises(ReviewRefused, match="each question"):
        review(note, reviewer=make_user("x"), answers={"date": "no"}, comment="", at=AT)
    kept = QualityReview.objects.get()
    assert counted(kept.answers) == (4, 5)
    score = scores(since=FIRST)[ann.pk]
    assert (score.reviews, score.good, score.judged, score.rate) == (1, 4, 5, 0.8)
    event = AuditEvent.objects.get(action="quality.review")
    assert event.detail == {"user": ann.pk, "good": 4, "judged": 5}


def test_reviews_are_of_ones_own_clients_and_stay(ann: User, lead: User) -> None:
    touch(ann, "A2", date(2026, 1, 12), note="A note")
    (note,) = sample(date(2026, 1, 12))
    review(note, reviewer=lead, answers=GOOD, comment="", at=AT)
    for clients, seen in (([note.client_id], 1), ([note.client_id + 1], 0)):
        with transaction.atomic(), web_role(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('sanderling.client_ids', %s::int[]::text, true)", [clients]
            )
            assert QualityReview.objects.count() == seen
            assert len(sample(date(2026, 1, 12))) == seen
    for statement in (
        "UPDATE workload_quality_review SET comment = 'x'",
        "DELETE FROM workload_quality_review",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_lead_reviews_on_the_page(ann: User, lead: User) -> None:
    activity = touch(ann, "A2", date(2026, 1, 12), note="Spoke with Pat, ref R9")
    visitor = Visitor(lead)
    page = text_of(visitor.get("/workload/quality/", week="2026-01-14"))
    assert "A2" in page
    assert "Spoke with" not in page
    address = f"/workload/quality/{activity.pk}/"
    assert "Spoke with Pat" in text_of(visitor.get(address))
    assert visitor.post(address, source="yes").status_code == 422
    assert visitor.post(address, **GOOD, comment="well done").status_code == 302
    shown = text_of(visitor.get(address))
    assert "Reviewed by Boss" in shown
    assert "Keep the review" not in shown
    assert visitor.post(address, **GOOD).status_code == 422
    assert QualityReview.objects.count() == 1
    assert AuditEvent.objects.filter(action="claim.view").exists()
    stranger = make_user("other_lead", Client.objects.get(code="THEIRS"), role="lead")
    assert Visitor(stranger).get(address).status_code == 404
    assert Visitor(stranger).post(address, **GOOD).status_code == 404
    assert "A2" not in text_of(Visitor(stranger).get("/workload/quality/", week="2026-01-14"))
    for path in ("/workload/people/", "/workload/quality/", address):
        assert Visitor(ann).get(path).status_code == 403
    assert visitor.get("/workload/quality/99999999999999999999/").status_code == 404
