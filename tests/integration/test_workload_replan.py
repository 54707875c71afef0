"""What expires at this capacity, and the re-plan that saves part of it: applied and taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.lead_desk import AT, TODAY, Desk
from tests.integration.pages import Visitor, text_of

from sanderling.worklists.acting import CannotUndo
from sanderling.worklists.models import BulkAct, WorkItem
from sanderling.workload.people import hours, people, set_hours
from sanderling.workload.replanning import (
    TAG,
    NoPlan,
    apply_replan,
    desk_people,
    expiring,
    replan,
    undo_replan,
)


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def at_risk(desk: Desk, number: str, days: int, cents: int, **more: Any) -> WorkItem:
    """Put an item that loses so much when its deadline is missed, low in the list's order."""
    return desk.put(
        number,
        more.pop("owner", None),
        deadline_date=TODAY + timedelta(days=days),
        deadline_kind="appeal",
        effort_minutes=more.pop("minutes", 30),
        score=more.pop("score", 1.0),
        value_cents=cents,
        balance_cents=cents,
        reasons=[["deadline", {"days": days, "lost_cents": cents}]],
        **more,
    )


def plan_of() -> Any:
    team = desk_people(people())
    times = hours([one.user_id for one in team])
    found = expiring(team, times, today=TODAY)
    assert found is not None
    return found, replan(found, team, times, today=TODAY)


def test_the_replan_saves_what_can_be_saved_and_is_undone(desk: Desk) -> None:
    for user in (desk.ann, desk.bob):
        set_hours(user=user, minutes=[30, 30, 30, 30, 30, 0, 0], at=AT)
    set_hours(user=desk.stranger, minutes=[0] * 7, at=AT)
    for number in range(40):  # weeks of work that come first in the list's order
        desk.put(f"FILL{number}", desk.ann, score=9_000.0, effort_minutes=60)
    saved = [at_risk(desk, f"R{n}", 5 + n, 100_000 * (n + 1)) for n in range(3)]
    at_risk(desk, "TOO-LONG", 1, 50_000, minutes=500)
    found, plan = plan_of()
    assert found.expires_cents == 650_000
    assert found.saves_cents == 600_000
    assert "$6,500 expires within 14 days" in found.words
    assert "this re-plan saves $6,000" in found.words
    given = [item for items in plan.given.values() for item in items]
    assert sorted(given) == [item.pk for item in saved]
    assert set(plan.given) <= {desk.ann.pk, desk.bob.pk}
    done = apply_replan(plan, user=desk.lead, at=AT, key="k")
    assert {one.kind for one in done} == {"assign", "tag"}
    assert apply_replan(plan, user=desk.lead, at=AT, key="k") == done
    for item in saved:
        item.refresh_from_db()
        assert item.assignee_id in plan.given
        assert item.tags == [TAG]
    assert undo_replan(user=desk.lead, at=AT) == 3
    for item in saved:
        item.refresh_from_db()
        assert (item.assignee_id, item.tags) == (None, [])
    with pytest.raises(CannotUndo):
        undo_replan(user=desk.lead, at=AT)


def test_nothing_is_given_to_whoever_has_no_time_or_does_not_see_it(desk: Desk) -> None:
    set_hours(user=desk.ann, minutes=[0] * 7, at=AT)
    set_hours(user=desk.bob, minutes=[10] * 7, at=AT)
    set_hours(user=desk.stranger, minutes=[400] * 7, at=AT)
    for number in range(200):
        desk.put(f"FILL{number}", score=9_000.0, effort_minutes=60)
    item = at_risk(desk, "R", 1, 10_000, minutes=60)
    found, plan = plan_of()
    assert item.pk in {one.item_id for one in found.expires}
    assert plan.given == {}
    with pytest.raises(NoPlan):
        apply_replan(plan, user=desk.lead, at=AT, key="k")
    assert BulkAct.objects.count() == 0


def test_a_lead_applies_and_undoes_the_replan_on_the_page(desk: Desk) -> None:
    today = datetime.now(UTC).date()
    for user in (desk.ann, desk.bob):
        set_hours(user=user, minutes=[30] * 7, at=AT)
    for number in range(60):
        desk.put(f"FILL{number}", desk.ann, next_date=today, score=9_000.0, effort_minutes=60)
    item = at_risk(desk, "R", 0, 100_000, next_date=today, minutes=20)
    WorkItem.objects.filter(pk=item.pk).update(deadline_date=today + timedelta(days=9))
    visitor = Visitor(desk.lead)
    page = text_of(visitor.get("/workload/"))
    assert "$1,000 expires within 14 days at this capacity; this re-plan saves $1,000." in page
    assert "Apply the re-plan" in page
    answer = visitor.get("/workload/", format="json", table="expiring")
    (row,) = json.loads(answer.content)["rows"]
    assert (row["claim"], row["minutes"], row["lost_cents"]) == ("R", 20, 100_000)
    assert row["saver"] in {"Ann", "Bob"}
    assert visitor.post("/workload/replan/", do="apply", key="x").status_code == 302
    assert WorkItem.objects.get(pk=item.pk).assignee_id in {desk.ann.pk, desk.bob.pk}
    assert "Undo the latest re-plan" in text_of(visitor.get("/workload/"))
    visitor.post("/workload/replan/", do="undo")
    assert WorkItem.objects.get(pk=item.pk).assignee_id is None
    assert Visitor(desk.ann).post("/workload/replan/", do="apply").status_code == 403
