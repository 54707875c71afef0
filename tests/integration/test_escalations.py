"""Claims up and down the ladder of escalation."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.integration.desk import AT, Desk, acting_as, make_desk

from sanderling.audit.models import AuditEvent
from sanderling.followup.escalations import EscalationRefused, de_escalate, escalate
from sanderling.followup.models import Escalation
from sanderling.news.actions import register_reader, take_events
from sanderling.news.models import Notice


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def up(desk: Desk, level: int = 1, **more: Any) -> Escalation:
    more.setdefault("reason", "two touches did not help")
    return escalate(claim=desk.claim, party=11, level=level, user=desk.specialist, at=AT, **more)


def test_a_step_up_is_kept_told_and_seen_on_the_item(desk: Desk) -> None:
    register_reader("test", ["item.escalated"])
    with acting_as(desk.specialist):
        step = up(desk, contact="Kim, supervisor", reference="E5", due_date=date(2026, 3, 12))
    assert (step.level_before, step.level, step.due_date) == (0, 1, date(2026, 3, 12))
    assert (step.contact, step.reference, step.user_name) == (
        "Kim, supervisor",
        "E5",
        "specialist",
    )
    assert desk.item().escalation_level == 1
    (event,) = take_events("test")
    assert (event.party, event.detail) == (11, {"level_before": 0, "level": 1})
    told = {notice.user for notice in Notice.objects.all()}
    assert told == {desk.lead, desk.admin}
    assert Notice.objects.first().text == "MINE A1 was escalated by specialist: Level 1: Lead"  # type: ignore[union-attr]
    assert AuditEvent.objects.get(action="claim.escalate").detail == {
        "party": 11,
        "level_before": 0,
        "level": 1,
    }


def test_one_person_may_be_told_instead(desk: Desk) -> None:
    up(desk, to_user=desk.lead)
    assert [notice.user for notice in Notice.objects.all()] == [desk.lead]


def test_down_the_ladder(desk: Desk) -> None:
    up(desk, 4)
    with acting_as(desk.lead):
        de_escalate(claim=desk.claim, party=11, level=2, reason="paid", user=desk.lead, at=AT)
    assert desk.item().escalation_level == 2
    de_escalate(claim=desk.claim, party=11, level=0, reason="paid", user=None, at=AT)
    assert desk.item().escalation_level == 0
    assert [(s.level_before, s.level) for s in Escalation.objects.order_by("pk")] == [
        (0, 4),
        (4, 2),
        (2, 0),
    ]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"level": 1}, "level"),
        ({"level": 7}, "level"),
        ({"level": 2, "reason": " "}, "reason"),
        ({"level": 2, "reason": "x" * 501}, "reason"),
        ({"level": 2, "due_date": date(2026, 3, 4)}, "due_date"),
    ],
)
def test_a_refused_step_has_written_nothing(desk: Desk, more: dict[str, Any], field: str) -> None:
    up(desk)
    notices = Notice.objects.count()
    with pytest.raises(EscalationRefused) as error:
        up(desk, **more)
    assert [name for name, _ in error.value.faults] == [field]
    assert (Escalation.objects.count(), Notice.objects.count()) == (1, notices)
    assert desk.item().escalation_level == 1


@pytest.mark.parametrize("name", ["stranger", "client_user"])
def test_nobody_is_asked_who_does_not_work_for_the_client(desk: Desk, name: str) -> None:
    with pytest.raises(EscalationRefused, match="to_user"):
        up(desk, to_user=getattr(desk, name))
    assert not Escalation.objects.exists()


def test_what_is_not_escalated_goes_no_further_down(desk: Desk) -> None:
    with pytest.raises(EscalationRefused, match="below 0"):
        de_escalate(claim=desk.claim, party=11, level=0, reason="x", user=None, at=AT)


def test_parties_of_a_claim_stand_on_ladders_of_their_own(desk: Desk) -> None:
    up(desk, 3)
    escalate(claim=desk.claim, party=12, level=1, reason="x", user=None, at=AT)
    assert desk.item().escalation_level == 3
