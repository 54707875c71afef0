"""The pages of rules under the web's role: from a ready rule to a live one, and who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.pages import Visitor, text_of
from tests.integration.rule_cases import TAG, live_rule
from tests.integration.work_items import AT, Workers, count, item, kept_world

from sanderling.automation.dry_runs import dry_run
from sanderling.automation.engine import run_due
from sanderling.automation.models import DryRun, Rule, RuleVersion, Run
from sanderling.automation.presets import PRESETS
from sanderling.automation.trying import ask_for_dry_run, finish
from sanderling.barriers.actions import freeze_week_ends
from sanderling.barriers.models import FrozenBarrier, WeekEnd
from sanderling.core.rules.reading import read_condition

pytestmark = pytest.mark.django_db
OnCommit = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]
FORM: dict[str, Any] = {
    "name": "Mine", "when": "day", "hour": "6", "weekday": "0", "condition": "balance > 100",
    "tags": "seen", "run_max": "10", "day_max": "20", "rest_days": "3", "assign_how": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("pages")) as filled:
        yield filled


def test_a_rule_is_made_tried_and_let_run_on_its_pages(
    workers: Workers, django_capture_on_commit_callbacks: OnCommit
) -> None:
    lena = Visitor(workers.lead)
    empty = text_of(lena.get("/rules/"))
    assert "No rules yet" in empty
    assert all(preset.name in empty for preset in PRESETS)
    filled = text_of(lena.get("/rules/new/", preset="high-dollar"))
    assert "high_dollar &amp;&amp; days_since_touch &gt; 14" in filled
    answer = lena.post("/rules/new/", **FORM)
    rule = Rule.objects.get()
    assert answer["Location"] == f"/rules/{rule.pk}/"
    page = text_of(lena.get(f"/rules/{rule.pk}/"))
    assert "Balance over $100" in page
    assert "Tag “seen”" in page
    assert "disabled" in page  # Go live waits for a dry run
    with django_capture_on_commit_callbacks(execute=True):
        asked = lena.post(f"/rules/{rule.pk}/dry-runs/")
    run = DryRun.objects.get()
    assert asked["Location"] == f"/rules/dry-runs/{run.pk}/"
    assert "Looking at today" in text_of(lena.get(asked["Location"]))
    assert rows("SELECT args::text FROM procrastinate_jobs WHERE task_name = 'automation.dry_run'")
    assert finish(run.pk, at=timezone.now()) == 5
    shown = text_of(lena.get(asked["Location"]))
    assert "5 items" in shown
    assert "$910.00" in shown
    assert "No week ends are kept yet" in shown
    lena.post(f"/rules/{rule.pk}/state/", state="live")
    rule.refresh_from_db()
    assert (rule.state, rule.live_by) == ("live", workers.lead)
    assert 'bg-green-lt">live' in text_of(lena.get("/rules/"))
    lena.post(f"/rules/{rule.pk}/state/", state="paused")
    assert "Paused: by Lena" in text_of(lena.get(f"/rules/{rule.pk}/"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"condition": "balanc > 3"}, "there is no fact balanc; did you mean balance?"),
        ({"tags": ""}, "The rule does nothing yet"),
        ({"when": "event"}, "Choose at least one."),
        ({"when": "minutes", "minutes": ""}, "Write a number from 5"),
        ({"assign_how": "turns"}, "Choose who gets the claims."),
        ({"run_max": "0"}, "greater than or equal to 1"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_wrong_form_comes_back_with_what_to_do(
    workers: Workers, change: dict[str, str], message: str
) -> None:
    answer = Visitor(workers.lead).post("/rules/new/", **(FORM | change))
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert (count("automation_rule"), count("automation_rule_version")) == (0, 0)


def test_a_condition_is_explained_while_it_is_written(workers: Workers) -> None:
    lena = Visitor(workers.lead)
    said = text_of(lena.post("/rules/check/", condition='payer == "acme health" && balance > 100'))
    assert "payer is acme health and balance over $100" in said
    assert "Fits 0 items" in said
    assert "did you mean “ACME HEALTH”?" in said
    assert "Fits 5 items" in text_of(lena.post("/rules/check/", condition="balance > 100"))
    assert "something is missing after &gt;" in text_of(
        lena.post("/rules/check/", condition="balance >")
    )
    assert "Fits 4 items today, whatever the event" in text_of(
        lena.post("/rules/check/", condition='client == "MINE" && event_is == "denied"')
    )


def test_changing_a_rule_starts_from_what_it_says(workers: Workers) -> None:
    acts = [{"kind": "assign", "how": "turns", "users": [workers.sam.pk]}, TAG]
    rule = live_rule("Change", workers.lead, "balance > 7", acts=acts)
    lena = Visitor(workers.lead)
    page = text_of(lena.get(f"/rules/{rule.pk}/edit/"))
    assert "balance &gt; 7" in page
    assert f'name="assign_users" value="{workers.sam.pk}" checked' in page
    lena.post(f"/rules/{rule.pk}/edit/", **(FORM | {"name": "Change", "condition": "balance > 8"}))
    rule.refresh_from_db()
    assert (rule.state, RuleVersion.objects.count()) == ("draft", 2)


def test_what_a_run_did_is_shown_and_undone(workers: Workers) -> None:
    live_rule("Undo", workers.lead)
    run_due(at=AT + timedelta(hours=2))
    run = Run.objects.get()
    Run.objects.update(started_at=timezone.now())
    address = f"/rules/runs/{run.pk}/"
    page = text_of(Visitor(workers.lead).get(address))
    assert "Tagged 5 claims: seen" in page
    assert "DOE, JANE" in page
    mine = text_of(Visitor(workers.sam).get(address))
    assert ">A1<" in mine
    assert ">B1<" not in mine
    rows("UPDATE worklists_bulk_act SET made_at = now() RETURNING id")
    Visitor(workers.lead).post(f"{address}undo/")
    assert item("A1").tags == []
    looks = rows("SELECT count(*) FROM audit_event WHERE action = 'rule_run.view'")
    assert looks == [(2,)]


def test_rules_are_for_leads(workers: Workers) -> None:
    rule = live_rule("Leads", workers.lead)
    sam = Visitor(workers.sam)
    for path in ("/rules/", "/rules/new/", f"/rules/{rule.pk}/", f"/rules/{rule.pk}/edit/"):
        assert sam.get(path).status_code == 403, path
    for path in ("state", "move", "dry-runs"):
        assert sam.post(f"/rules/{rule.pk}/{path}/", state="paused").status_code == 403, path
    assert sam.post("/rules/check/", condition="true").status_code == 403
    rule.refresh_from_db()
    assert rule.state == "live"


def test_every_ready_rule_can_be_read() -> None:
    assert len(PRESETS) == 10
    for preset in PRESETS:
        read_condition(preset.initial["condition"])


def past(number: str, day: Any, cents: int, barrier: str = "denied") -> None:
    one = item(number)
    WeekEnd.objects.get_or_create(as_of_date=day)
    FrozenBarrier.objects.create(
        as_of_date=day, claim_id=one.claim_id, client_id=one.client_id, party=one.party,
        payer_id=one.payer_id, balance_cents=cents, barrier=barrier, category="",
        service_date=one.service_date,
    )  # fmt: skip


def test_history_is_looked_at_week_by_week(workers: Workers) -> None:
    today = AT.date()
    sundays = [today - timedelta(days=4 + 7 * week) for week in (2, 1, 0)]
    past("A1", sundays[0], 90_000)
    past("A1", sundays[1], 80_000)
    past("A2", sundays[1], 70_000, barrier="no_response")
    past("A3", sundays[2], 60_000)
    past("B1", sundays[2], 10_000)
    rule = live_rule("Past", workers.lead, 'balance > 500 && barrier == "denied" && touches == 0')
    run = DryRun.objects.get()
    assert rule.version is not None
    assert run.weeks == [
        [sundays[0].isoformat(), 1, 90_000],
        [sundays[1].isoformat(), 0, 0],
        [sundays[2].isoformat(), 1, 60_000],
    ]
    assert (run.items, run.amount_cents, run.today_items, run.week_items_max) == (2, 150_000, 0, 1)
    assert run.limits == [
        "The past is known by week ends: what came and went within a week is not counted."
    ]
    # What the past does not know makes its figures an upper bound, and the page says so.
    live_rule("Unknown", workers.lead, 'balance > 500 && team == "coding"')
    run = DryRun.objects.latest("pk")
    assert (run.items, run.today_items) == (3, 0)
    assert "do not know team: the figures of the past are at most so high." in run.limits[1]


def test_events_of_the_past_are_told_from_two_week_ends(workers: Workers) -> None:
    today = AT.date()
    sundays = [today - timedelta(days=4 + 7 * week) for week in (1, 0)]
    past("A1", sundays[0], 100, barrier="awaiting_payer")
    past("A1", sundays[1], 100, barrier="denied")
    past("A2", sundays[0], 100, barrier="denied")
    past("A2", sundays[1], 100, barrier="denied")
    past("A3", sundays[1], 100, barrier="denied")
    trigger = {"kind": "event", "events": ["item.changed"]}
    live_rule("Changed", workers.lead, 'event_is == "denied"', trigger=trigger)
    run = DryRun.objects.get()
    assert run.weeks == [[sundays[1].isoformat(), 1, 100]]
    trigger = {"kind": "event", "events": ["item.arrived", "promise.broken"]}
    live_rule("Arrived", workers.lead, 'event_is == "denied"', trigger=trigger)
    run = DryRun.objects.latest("pk")
    assert run.weeks == [[sundays[1].isoformat(), 1, 100]]
    assert "those of promise.broken are not kept" in run.limits[1]


def test_a_dry_run_is_done_once_and_only_for_clients_that_one_sees(workers: Workers) -> None:
    freeze_week_ends(AT.date())
    rule = live_rule("Once", workers.lead)
    first = DryRun.objects.get()
    before = count("automation_dry_run_item")
    dry_run(first, by=workers.lead, at=AT)
    assert count("automation_dry_run_item") == before
    waiting = ask_for_dry_run(rule, by=workers.lead, at=AT)
    assert ask_for_dry_run(rule, by=workers.lead, at=AT).pk == waiting.pk
    assert item("A1").tags == []
