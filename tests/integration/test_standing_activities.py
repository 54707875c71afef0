"""What was taken back counts nowhere: each reader of what was done is asked before and after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.rule_cases import content
from tests.integration.work_items import AT, TODAY, Workers, item, kept_world
from tests.security.test_isolation import as_web

from sanderling.automation.dry_runs import dry_run
from sanderling.automation.models import DryRun
from sanderling.automation.rules import save_rule
from sanderling.automation.trying import ask_for_dry_run
from sanderling.barriers.models import FrozenBarrier, WeekEnd
from sanderling.claims.models import Claim
from sanderling.core.priority import cold_start
from sanderling.followup.actions import record, withdraw
from sanderling.followup.exporting import exported_activities
from sanderling.followup.models import Activity
from sanderling.web.actor import set_actor
from sanderling.worklists.asking import Asker, Question
from sanderling.worklists.built_in import BY_NAME
from sanderling.worklists.cards import done_today
from sanderling.worklists.focus_page import progress_of
from sanderling.worklists.frames import items_frame
from sanderling.worklists.history import responses_before, touches_before
from sanderling.worklists.item_page import latest_entries
from sanderling.workload.narrowing import Narrow
from sanderling.workload.productivity import work_of_people
from sanderling.workload.quality import monday_of, sample

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("standing")) as filled:
        yield filled


def act_on(workers: Workers, number: str = "A1", **more: Any) -> Activity:
    """Sam calls the payer about a claim and sends it again."""
    return record(
        claim=Claim.objects.get(number=number),
        activity_date=TODAY,
        at=AT,
        user=workers.sam,
        **{"channel": "call", "action": "resubmit", "outcome": "sent", "note": "Sent.", **more},
    )


def counted(workers: Workers) -> dict[str, Any]:
    """Return what each reader counts of Sam's work on A1."""
    one, sam = item("A1"), workers.sam.pk
    question = Question(TODAY, Asker(sam, (), ()), BY_NAME["due"])
    people = work_of_people(Narrow(), from_date=TODAY, to_date=TODAY)
    valued = items_frame(cold_start(), "w.id = %s", [one.pk])
    return {
        "item": (one.touches, one.last_touch_date, one.last_touch_user_id, one.last_outcome),
        "valued": valued.select("touches", "last_action", "last_outcome").rows(),
        "drawer": [entry.action for entry in latest_entries(one.claim_id)],
        "done today": done_today(question, user_id=sam),
        "focus": progress_of(workers.sam, AT).claims,
        "people": [(row.user_id, row.touches, row.minutes) for row in people],
        "quality": [row.user_id for row in sample(monday_of(TODAY))],
        "learning": touches_before(TOMORROW).height,
        "answers": responses_before(TOMORROW).filter(action="resubmit").height,
        "export": len(list(exported_activities())),
        "dry run": tried(workers),
    }


def tried(workers: Workers) -> Any:
    """Return what a rule about touches would have found at a week end of the past."""
    rule = save_rule(rule=None, name=f"Tried {DryRun.objects.count()}", by=workers.lead, at=AT,
                     content=content("touches > 0"))  # fmt: skip
    run = ask_for_dry_run(rule, by=workers.lead, at=AT)
    return dry_run(run, by=workers.lead, at=AT + timedelta(days=1)).weeks


def test_an_act_that_was_taken_back_counts_nowhere(workers: Workers) -> None:
    set_actor(f"user:{workers.sam.pk}")
    one = item("A1")
    WeekEnd.objects.create(as_of_date=TODAY)
    FrozenBarrier.objects.create(
        as_of_date=TODAY, claim_id=one.claim_id, client_id=one.client_id, party=one.party,
        payer_id=one.payer_id, balance_cents=15_000, barrier="denied", category="",
        service_date=one.service_date,
    )  # fmt: skip
    before = counted(workers)
    activity = act_on(workers)
    assert counted(workers) == {
        "item": (1, TODAY, workers.sam.pk, "sent"),
        "valued": [(1, "resubmit", "sent")],
        "drawer": ["resubmit"],
        "done today": 1,
        "focus": 1,
        "people": [(workers.sam.pk, 1, 10.0)],
        "quality": [workers.sam.pk],
        "learning": 1,
        "answers": 1,
        "export": 1,
        "dry run": [[TODAY.isoformat(), 1, 15_000]],
    }
    withdraw(activity, user=workers.sam, at=AT, reason="The wrong claim")
    after = counted(workers)
    assert after == before
    assert (after["item"], after["dry run"]) == (
        (0, None, None, ""),
        [[TODAY.isoformat(), 0, 0]],
    )
    assert rows("SELECT count(*) FROM followup_activity") == [(1,)]


def test_what_was_done_before_counts_again(workers: Workers) -> None:
    first = act_on(workers, action="check_status", outcome="in_process")
    later = act_on(workers)
    withdraw(later, user=workers.sam, at=AT, reason="The wrong claim")
    valued = items_frame(cold_start(), "w.id = %s", [item("A1").pk])
    assert valued.select("touches", "last_action").rows() == [(1, "check_status")]
    assert list(Activity.standing.all()) == [first]
    assert rows("SELECT id FROM followup_standing_activity") == [(first.pk,)]


def test_the_view_shows_a_person_the_own_clients_only(workers: Workers) -> None:
    mine, theirs = act_on(workers), act_on(workers, "B1")
    sql = "SELECT id FROM followup_standing_activity ORDER BY id"
    assert rows(sql) == [(mine.pk,), (theirs.pk,)]
    with as_web(f"{{{workers.mine.pk}}}"):
        assert rows(sql) == [(mine.pk,)]
    with as_web(None):
        assert rows(sql) == []
