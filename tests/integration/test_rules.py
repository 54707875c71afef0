"""Rules at work: when they run, what they do, whom they leave alone, how they are undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.rule_cases import DAILY, TAG, content, live_rule, on
from tests.integration.work_items import AT, TODAY, Workers, count, item, kept_world, work_of

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.automation.engine import run_due, run_events
from sanderling.automation.models import Alert, Rule, RuleState, RuleVersion, Run, RunItem
from sanderling.automation.rules import (
    RuleRefused,
    archive_rule,
    move_rule,
    pause_rule,
    save_rule,
    start_rule,
)
from sanderling.automation.undoing import undo_run
from sanderling.core.refusal import Refusal
from sanderling.core.rules.refusing import ConditionRefused
from sanderling.news.actions import NewEvent, record_events
from sanderling.news.models import Event, Notice, Reader
from sanderling.web.actor import current_actor, set_actor
from sanderling.worklists.acting import CannotUndo, act
from sanderling.worklists.models import BulkAct, WorkItem

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=2)


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("rules")) as filled:
        yield filled


def tell(kind: str, *numbers: str, **detail: Any) -> None:
    record_events(
        [
            NewEvent(kind, one.client_id, one.claim_id, one.party, one.payer_id, detail)
            for one in map(item, numbers)
        ],
        at=AT,
    )


def tagged() -> list[str]:
    return sorted(
        WorkItem.objects.filter(tags__contains=["seen"]).values_list("claim_number", flat=True)
    )


def test_a_schedule_runs_at_its_hour_once_and_acts_as_itself(workers: Workers) -> None:
    rule = live_rule("Tag", workers.lead, "balance == 150")
    assert run_due(at=AT) == 0
    assert run_due(at=LATER) == 1
    assert run_due(at=LATER) == 0
    assert tagged() == ["A1", "A2", "A3", "A4"]
    done = BulkAct.objects.get()
    assert (done.actor, done.user, done.words) == (f"rule:{rule.pk}", None, "Tagged 4 claims: seen")
    run = Run.objects.get()
    assert (run.state, run.matched, run.acted, run.amount_cents) == ("done", 4, 4, 60_000)
    assert run.act_ids == [done.pk]
    rule.refresh_from_db()
    assert rule.next_run_at == AT.replace(hour=13) + timedelta(days=1)
    actors = rows("SELECT DISTINCT actor FROM audit_event WHERE action IN ('item.tag', 'rule.run')")
    assert actors == [(f"rule:{rule.pk}",)]


def test_an_event_is_dealt_with_once_and_the_condition_is_asked_then(workers: Workers) -> None:
    live_rule("On change", workers.lead, 'event_is == "denied"', trigger=on("item.changed"))
    tell("item.changed", "A1", was="awaiting_payer", **{"is": "denied"})
    tell("item.changed", "A2", was="awaiting_payer", **{"is": "no_response"})
    tell("item.assigned", "A3")
    run_events(at=AT)
    assert tagged() == ["A1"]
    assert count("news_pending") == 0
    assert run_events(at=LATER) == 0
    assert Run.objects.count() == 1


def test_nothing_is_done_while_a_rule_only_watches(workers: Workers) -> None:
    live_rule("Watch", workers.lead, state=RuleState.WATCHING)
    run_due(at=LATER)
    assert tagged() == []
    assert count("worklists_bulk_act") == 0
    run = Run.objects.get()
    assert (run.is_dry, run.acted, run.found.count()) == (True, 5, 5)


def test_a_rule_touches_only_clients_of_its_scope_and_of_who_let_it_run(workers: Workers) -> None:
    manager = create_user(
        email="mia@x.test", name="Mia", role="account_manager", password="long-enough-pass",
        client_ids=[workers.mine.pk],
    )  # fmt: skip
    live_rule("All that Mia sees", manager)
    run_due(at=LATER)
    assert tagged() == ["A1", "A2", "A3", "A4"]
    live_rule("Theirs", workers.lead, client_ids=[workers.theirs.pk], acts=[{**TAG, "tags": "b"}])
    run_due(at=LATER)
    assert item("B1").tags == ["b"]
    assert item("A1").tags == ["seen"]


def test_who_sees_no_client_any_more_lets_nothing_run(workers: Workers) -> None:
    rule = live_rule("Gone", workers.lead)
    User.objects.filter(pk=workers.lead.pk).update(is_active=False)
    run_due(at=LATER)
    assert tagged() == []
    run = Run.objects.get()
    assert run.state == "failed"
    assert run.message == "Who let it run sees none of its clients now; let somebody else start it."
    rule.refresh_from_db()
    assert rule.failures == 1


def test_a_limit_holds_the_rest_back_and_says_so(workers: Workers) -> None:
    rule = live_rule(
        "Two",
        workers.lead,
        run_max=2,
        day_max=3,
        trigger={**DAILY, "every": "minutes", "minutes": 5},
    )
    run_due(at=LATER)
    run = Run.objects.get()
    assert (run.state, run.acted, run.held_back) == ("limited", 2, 3)
    alert = Alert.objects.get()
    assert (alert.kind, alert.items) == ("rule_limit", 3)
    assert alert.text == "Rule “Two” reached its limit; 3 items wait"
    assert Notice.objects.filter(user=workers.lead, kind="alert.rule_limit").count() == 1
    run_due(at=LATER + timedelta(minutes=10))  # the day allows one more
    assert RunItem.objects.filter(rule_id=rule.pk).count() == 3
    run_due(at=LATER + timedelta(minutes=20))
    assert RunItem.objects.filter(rule_id=rule.pk).count() == 3
    assert Run.objects.count() == 2
    run_due(at=LATER + timedelta(days=1))
    assert RunItem.objects.filter(rule_id=rule.pk).count() == 5
    assert Alert.objects.count() == 1


def test_events_over_the_limit_of_a_day_wait_for_the_next(workers: Workers) -> None:
    live_rule("One a day", workers.lead, trigger=on("item.arrived"), day_max=1)
    tell("item.arrived", "A1", "A2")
    run_events(at=AT)
    assert len(tagged()) == 1
    assert count("news_pending") == 1
    run_events(at=AT + timedelta(days=1))
    assert tagged() == ["A1", "A2"]


def test_the_same_item_rests_for_as_many_days_as_the_rule_says(workers: Workers) -> None:
    live_rule("Rest", workers.lead, acts=[{"kind": "notify", "owner": False, "roles": ["lead"],
                                          "users": []}], rest_days=3)  # fmt: skip
    for day in range(4):
        run_due(at=LATER + timedelta(days=day))
    assert [run.acted for run in Run.objects.order_by("pk")] == [5, 5]
    notices = Notice.objects.filter(user=workers.lead)
    assert [one.text for one in notices] == ["Rest: 5 claims, $910.00"] * 2


def test_the_first_match_wins_for_the_day_where_a_rule_says_so(workers: Workers) -> None:
    live_rule("First", workers.lead, "balance == 310", stops_others=True)
    live_rule("Second", workers.lead, acts=[{**TAG, "tags": "second"}])
    run_due(at=LATER)
    assert item("B1").tags == ["seen"]
    assert item("A1").tags == ["second"]


def test_no_item_is_acted_on_by_more_than_five_rules_a_day(workers: Workers) -> None:
    for number in range(6):
        live_rule(f"R{number}", workers.lead, 'client == "THEIRS"',
                  acts=[{**TAG, "tags": f"t{number}"}])  # fmt: skip
    run_due(at=LATER)
    assert item("B1").tags == ["t0", "t1", "t2", "t3", "t4"]


def test_a_rule_never_hears_of_its_own_acts(workers: Workers) -> None:
    acts = [{"kind": "assign", "how": "user", "users": [workers.lead.pk]}]
    live_rule("Self", workers.lead, trigger=on("item.assigned"), acts=acts, rest_days=1)
    tell("item.assigned", "A1")
    run_events(at=AT)
    assert work_of("A1")[0][0] == workers.lead.pk
    assert Event.objects.count() == 2
    assert run_events(at=AT) == 0
    assert count("news_pending") == 0
    assert Run.objects.count() == 1


def test_rules_that_would_start_each_other_in_a_circle_are_refused(workers: Workers) -> None:
    # No act of a rule raises an event that a rule of promises waits for, so the circle is made of
    # two rules that assign on assignment.
    acts = [{"kind": "assign", "how": "user", "users": [workers.lead.pk]}]
    live_rule("One", workers.lead, trigger=on("item.assigned"), acts=acts)
    with pytest.raises(RuleRefused, match="in a circle: Two → One → Two"):
        save_rule(
            rule=None, name="Two", content=content(trigger=on("item.assigned"), acts=acts),
            by=workers.lead, at=AT,
        )  # fmt: skip
    assert Rule.objects.count() == 1
    assert RuleVersion.objects.count() == 1


def test_turns_go_round_and_only_to_people_who_see_the_client(workers: Workers) -> None:
    people = [workers.sam.pk, workers.kim.pk, workers.far.pk]
    acts = [{"kind": "assign", "how": "turns", "users": people}]
    live_rule("Turns", workers.lead, acts=acts)
    run_due(at=LATER)
    owners = [work_of(number)[0][0] for number in ("A1", "A2", "A3", "A4", "B1")]
    assert sorted(owners[:4]) == sorted([workers.sam.pk, workers.kim.pk] * 2)
    assert owners[4] == workers.far.pk


def test_turns_go_on_where_the_run_before_ended(workers: Workers) -> None:
    acts = [{"kind": "assign", "how": "turns", "users": [workers.sam.pk, workers.kim.pk]}]
    live_rule("Turns", workers.lead, trigger=on("item.arrived"), acts=acts)
    for number in ("A1", "A2", "A3"):
        tell("item.arrived", number)
        run_events(at=AT)
    assert [work_of(number)[0][0] for number in ("A1", "A2", "A3")] == [
        workers.sam.pk, workers.kim.pk, workers.sam.pk,
    ]  # fmt: skip


def test_whoever_has_least_gets_the_most(workers: Workers) -> None:
    WorkItem.objects.filter(claim_number__in=["A1", "A2"]).update(assignee=workers.sam)
    acts = [{"kind": "assign", "how": "least", "users": [workers.sam.pk, workers.kim.pk]}]
    live_rule("Least", workers.lead, "unassigned", acts=acts)
    run_due(at=LATER)
    assert {work_of(number)[0][0] for number in ("A3", "A4")} == {workers.kim.pk}


def test_people_are_told_of_the_clients_that_they_see(workers: Workers) -> None:
    WorkItem.objects.filter(claim_number="A1").update(assignee=workers.kim)
    acts = [{"kind": "notify", "owner": True, "roles": ["specialist"], "users": []}]
    live_rule("Tell", workers.lead, acts=acts)
    run_due(at=LATER)
    told = {notice.user_id: notice.text for notice in Notice.objects.filter(kind="rule.notice")}
    assert told == {
        workers.sam.pk: "Tell: 4 claims, $600.00",
        workers.kim.pk: "Tell: 4 claims, $600.00",
        workers.far.pk: "Tell: 1 claim, $310.00",
    }


def test_a_failing_rule_stops_no_other_and_is_paused_after_three_times(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = live_rule("Bad", workers.lead, trigger=on("item.arrived"))
    live_rule("Good", workers.lead, trigger=on("item.arrived"), acts=[{**TAG, "tags": "good"}])
    actor = current_actor()
    real = act

    def fail(kind: str, items: list[int], parameters: dict[str, Any], **more: Any) -> BulkAct:
        done = real(kind, items, parameters, **more)
        if more["actor"] == f"rule:{failing.pk}":
            raise Refusal("the team is gone")
        return done

    monkeypatch.setattr("sanderling.automation.doing.act", fail)
    tell("item.arrived", "A1")
    for minute in range(4):
        run_events(at=AT + timedelta(minutes=minute))
    assert item("A1").tags == ["good"]
    failing.refresh_from_db()
    assert (failing.state, failing.failures) == ("paused", 3)
    assert failing.pause_reason == "It failed 3 times in a row. the team is gone"
    assert BulkAct.objects.filter(actor=f"rule:{failing.pk}").count() == 0
    assert [run.state for run in failing.runs.order_by("pk")] == ["failed"] * 3
    alert = Alert.objects.get(kind="rule_failed")
    assert alert.text == "Rule “Bad” failed and is paused: the team is gone"
    assert alert.is_urgent
    assert current_actor() == actor
    # What it did not deal with waits for it.
    monkeypatch.undo()
    start_rule(failing, RuleState.LIVE, by=workers.lead, at=AT)
    run_events(at=AT)
    assert item("A1").tags == ["good", "seen"]
    alert.refresh_from_db()
    assert alert.resolved_at == AT


def test_killed_in_the_middle_nothing_is_done_and_the_event_waits(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    live_rule("Killed", workers.lead, trigger=on("item.arrived"))
    tell("item.arrived", "A1")
    real = act

    def die(*given: Any, **more: Any) -> None:
        real(*given, **more)
        raise Killed

    monkeypatch.setattr("sanderling.automation.doing.act", die)
    with pytest.raises(Killed), transaction.atomic():
        run_events(at=AT)
    assert tagged() == []
    assert (count("news_pending"), count("automation_run"), count("worklists_bulk_act")) == (
        1,
        0,
        0,
    )
    monkeypatch.undo()
    run_events(at=AT)
    assert tagged() == ["A1"]


def test_a_run_is_undone_as_a_whole(workers: Workers) -> None:
    acts = [{"kind": "assign", "how": "user", "users": [workers.sam.pk]}, TAG]
    live_rule("Undo", workers.lead, 'client == "MINE"', acts=acts)
    run_due(at=LATER)
    item_before = item("A1")
    item_before.tags = ["seen", "mine"]
    item_before.save(update_fields=["tags"])
    said = undo_run(Run.objects.get(), user=workers.lead, at=LATER)
    assert said == "Undone: 7 changes taken back; 1 stay, for they were changed since."
    assert tagged() == ["A1"]
    assert {row[0] for row in work_of("A1", "A2", "A3", "A4")} == {None}
    with pytest.raises(CannotUndo, match="nothing left"):
        undo_run(Run.objects.get(), user=workers.lead, at=LATER)


def test_undoing_is_not_for_everybody(workers: Workers) -> None:
    live_rule("Undo", workers.lead)
    run_due(at=LATER)
    with pytest.raises(CannotUndo):
        undo_run(Run.objects.get(), user=workers.sam, at=LATER)
    assert len(tagged()) == 5


def test_a_rule_goes_live_only_after_a_dry_run_of_its_present_version(workers: Workers) -> None:
    rule = save_rule(rule=None, name="New", content=content(), by=workers.lead, at=AT)
    with pytest.raises(RuleRefused, match="Run it over history first"):
        start_rule(rule, RuleState.LIVE, by=workers.lead, at=AT)
    rule.refresh_from_db()
    assert rule.state == RuleState.DRAFT
    rule = live_rule("Other", workers.lead)
    rule = save_rule(
        rule=rule, name="Other", content=content("balance > 200"), by=workers.lead, at=AT
    )
    assert (rule.state, rule.version and rule.version.number) == (RuleState.DRAFT, 2)
    with pytest.raises(RuleRefused, match="Run it over history first"):
        start_rule(rule, RuleState.LIVE, by=workers.lead, at=AT)


def test_saving_the_same_again_keeps_the_version_and_the_state(workers: Workers) -> None:
    rule = live_rule("Same", workers.lead)
    again = save_rule(rule=rule, name="Renamed", content=content(), by=workers.lead, at=AT)
    assert (again.state, again.name, RuleVersion.objects.count()) == ("live", "Renamed", 1)


def test_what_cannot_be_saved_leaves_nothing(workers: Workers) -> None:
    live_rule("Taken", workers.lead)
    with pytest.raises(RuleRefused, match="already"):
        save_rule(rule=None, name="taken ", content=content(), by=workers.lead, at=AT)
    with pytest.raises(ConditionRefused, match="balanc"):
        save_rule(rule=None, name="X", content=content("balanc > 3"), by=workers.lead, at=AT)
    with pytest.raises(RuleRefused, match="do not see"):
        save_rule(
            rule=None, name="X", content=content(client_ids=[workers.theirs.pk]), by=workers.sam,
            at=AT,
        )  # fmt: skip
    assert Rule.objects.count() == 1


def test_a_rule_of_clients_that_one_does_not_see_is_not_ones_to_change(workers: Workers) -> None:
    rule = live_rule("All", workers.lead)
    for change in (
        lambda: save_rule(rule=rule, name="M", content=content("false"), by=workers.sam, at=AT),
        lambda: start_rule(rule, RuleState.LIVE, by=workers.sam, at=AT),
        lambda: archive_rule(rule, by=workers.sam, at=AT),
        lambda: move_rule(rule, 1, by=workers.sam),
    ):
        with pytest.raises(RuleRefused, match="you do not see"):
            change()
    rule.refresh_from_db()
    assert (rule.state, rule.name, RuleVersion.objects.count()) == ("live", "All", 1)


def test_a_paused_rule_hears_nothing_more(workers: Workers) -> None:
    rule = live_rule("Pause", workers.lead, trigger=on("item.arrived"))
    tell("item.arrived", "A1")
    pause_rule(rule, reason="by Lena", at=AT)
    tell("item.arrived", "A2")
    assert run_events(at=AT) == 0
    assert Reader.objects.get(name=f"rule:{rule.pk}").kinds == []
    assert Event.objects.count() == 1
    start_rule(rule, RuleState.LIVE, by=workers.lead, at=AT)
    run_events(at=AT)
    assert tagged() == ["A1"]


def test_versions_are_never_changed(workers: Workers) -> None:
    live_rule("Kept", workers.lead)
    for statement in (
        "UPDATE automation_rule_version SET number = 9",
        "DELETE FROM automation_rule_version",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert rows(
        "SELECT count(*) FROM audit_event WHERE action IN ('rule_version.insert', 'rule.start')"
    ) == [(2,)]


def test_the_order_can_be_changed(workers: Workers) -> None:
    names = ["A", "B", "C"]
    rules = [live_rule(name, workers.lead) for name in names]
    move_rule(rules[2], -1, by=workers.lead)
    assert list(Rule.objects.order_by("place").values_list("name", flat=True)) == ["A", "C", "B"]
    move_rule(rules[0], -1, by=workers.lead)
    assert list(Rule.objects.order_by("place").values_list("name", flat=True)) == ["A", "C", "B"]


def test_facts_of_items_are_what_their_names_say(workers: Workers) -> None:
    one = item("A1")
    one.deadline_date = TODAY + timedelta(days=9)
    one.tags = ["vip"]
    one.is_high_dollar = True
    one.assignee = workers.sam
    one.save()
    for condition in (
        "days_to_deadline == 9 && high_dollar", '"vip" in tags && size(tags) == 1',
        'assignee == "sam@x.test" && !unassigned', 'deadline_kind != "" && high_dollar',
    ):  # fmt: skip
        rule = live_rule(condition, workers.lead, f'({condition}) && client == "MINE"')
        assert rule.version is not None
        found = rule.version.dry_runs.get()
        assert (found.today_items, found.today_cents) == (1, 15_000), condition
    every = live_rule(
        "all", workers.lead,
        'age_days > 0 && payer == "ACME HEALTH" && payer_id == "ACME1" && party == "primary"'
        ' && client_tier == "standard" && touches == 0 && days_since_touch == days_in_barrier'
        ' && payer_type == "commercial" && !pended && !in_project && charge == balance',
    )  # fmt: skip
    assert every.version is not None
    assert every.version.dry_runs.get().today_items == 5


def test_the_actor_of_the_session_is_restored(workers: Workers) -> None:
    set_actor("worker")
    live_rule("Actor", workers.lead)
    run_due(at=LATER)
    assert current_actor()[0] == "worker"


def test_teams_are_asked_and_claims_escalated_by_a_rule_and_all_is_taken_back(
    workers: Workers,
) -> None:
    acts = [
        {"kind": "request_documents", "question": "Records, please."},
        {"kind": "hand_to_team", "team": "coding", "question": "Is the code right?"},
        {"kind": "escalate", "level": 1, "reason": "No answer."},
    ]
    live_rule("Ask", workers.lead, 'client == "MINE" && balance == 150', acts=acts, run_max=2)
    run_due(at=LATER)
    run = Run.objects.get()
    assert (run.acted, len(run.act_ids), len(run.task_ids)) == (2, 2, 2)
    tasks = rows("SELECT team, kind, question, asked_by_id, state FROM tasks_task ORDER BY id")
    assert tasks == [
        *[("client", "documents", "Records, please.", None, "open")] * 2,
        *[("coding", "coding_review", "Is the code right?", None, "open")] * 2,
    ]
    assert rows("SELECT count(*) FROM followup_escalation WHERE level = 1 AND user_id IS NULL") == [
        (2,)
    ]
    said = undo_run(run, user=workers.lead, at=LATER)
    # Asking both moved the day twice: the first day cannot come back by itself.
    assert said == "Undone: 4 changes taken back; 2 stay, for they were changed since."
    assert rows("SELECT DISTINCT state FROM tasks_task") == [("withdrawn",)]
    levels = rows("SELECT level FROM followup_escalation ORDER BY id")
    assert levels == [(1,), (1,), (0,), (0,)]


def test_a_claim_is_not_escalated_to_where_it_is(workers: Workers) -> None:
    acts = [{"kind": "escalate", "level": 1, "reason": "No answer."}]
    live_rule("Up", workers.lead, 'client == "THEIRS"', acts=acts, rest_days=1)
    for day in range(3):
        run_due(at=LATER + timedelta(days=day))
    assert rows("SELECT count(*) FROM followup_escalation") == [(1,)]
