"""Items valued with their barriers, what is learned kept by day, the list on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker
from tests.integration.pages import web_role
from tests.integration.work_items import AT, TODAY, Workers, item, kept_world

from sanderling.cli.worklist import command
from sanderling.core.priority import sentences
from sanderling.followup.importing import import_activities
from sanderling.worklists.learning import learn_on, learned_on
from sanderling.worklists.models import LearnedParameters, WorkItem
from sanderling.worklists.nightly import learn_and_value
from sanderling.worklists.planning import ORDERS, cost_of_order, day_plan, feasibility, people_of
from sanderling.worklists.ranking import COLUMNS, Wanted, ranked_rows
from sanderling.worklists.valuing import revalue

pytestmark = pytest.mark.django_db
VALUES = ("value_cents", "effort_minutes", "score", "not_before_date", "reasons", "valued_date")


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("ranking")) as filled:
        yield filled


def values() -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in WorkItem.objects.values_list("claim_number", *VALUES)}


def ranked(as_of: date, **wanted: Any) -> list[dict[str, Any]]:
    return list(ranked_rows(as_of, today=TODAY, wanted=Wanted(**wanted)))


def test_items_are_valued_with_their_barriers(workers: Workers) -> None:
    """A claim of 150.00 sent two months ago, never answered; 57.00 is expected of its payer."""
    one = item("A1")
    assert one.barrier == "no_response"
    assert (one.valued_date, one.effort_minutes) == (TODAY, 4.0)
    parts = [values.get("cents", 0) for _, values in one.reasons]
    assert sum(parts) == one.value_cents > 0
    # Beside the question's own minutes, what it finds has to be worked (core/priority).
    (sequel,) = [values["minutes"] for key, values in one.reasons if key == "sequel"]
    whole = one.value_cents / one.score
    assert whole == pytest.approx(one.effort_minutes + sequel, abs=0.5)
    assert "of 100 such claims get no answer without a touch" in " ".join(sentences(one.reasons))


def test_valuing_again_changes_nothing(workers: Workers) -> None:
    before = values()
    revalue(None, today=TODAY)
    revalue([item("A1").claim_id], today=TODAY)
    revalue([], today=TODAY)
    assert values() == before


def test_one_claim_is_valued_alone_as_with_all(workers: Workers) -> None:
    before = values()
    WorkItem.objects.update(value_cents=1, score=1, reasons=[])
    revalue([item("A2").claim_id], today=TODAY)
    assert values()["A2"] == before["A2"]
    assert item("A1").value_cents == 1
    revalue(None, today=TODAY)
    assert values() == before


def test_what_a_night_learned_is_kept_once_and_never_changed(workers: Workers) -> None:
    assert learned_on(TODAY).learned_date is None
    assert learn_and_value(TODAY, at=AT)
    kept = LearnedParameters.objects.get()
    assert (kept.learned_date, kept.responses) == (TODAY, 5)
    assert not learn_and_value(TODAY, at=AT + timedelta(hours=1))
    assert LearnedParameters.objects.get().made_at == AT
    assert learned_on(TODAY - timedelta(days=1)).learned_date is None
    read = learned_on(TODAY).parameters
    again = learn_on(TODAY)[0].parameters
    assert read.recovery.equals(again.recovery)
    assert read.answers.equals(again.answers)
    with (
        pytest.raises(Exception, match=r"append-only|may not|refuse|never"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE worklists_learned_parameters SET touches = 99")


def test_history_is_what_was_there_before_the_day(workers: Workers) -> None:
    import_activities(
        text="client,claim,date,user,channel,action,outcome,reference,next_date,note\n"
        "MINE,A1,2026-02-20,sam,call,check_status,in_process,,,\n"
        "MINE,A2,2026-03-04,sam,portal,check_status,not_on_file,,,\n",
        at=AT,
    )
    assert learn_on(date(2026, 2, 20))[1] == 0
    assert learn_on(date(2026, 2, 21))[1] == 1
    assert learn_on(TODAY)[1] == 2
    before, after = (learn_on(day)[0].parameters.finds for day in (date(2026, 2, 21), TODAY))
    shares = [dict(frame.rows())["not_on_file"] for frame in (before, after)]
    assert shares[1] > shares[0]


def test_the_list_is_in_order_and_says_why(workers: Workers) -> None:
    found = ranked(TODAY)
    assert [row["claim"] for row in found] == ["B1", "A1", "A2", "A3", "A4"]
    assert [row["rank"] for row in found] == [1, 2, 3, 4, 5]
    assert all(tuple(row) == COLUMNS for row in found)
    assert found[0]["expected_cents"] == round(31_000 * 0.38)
    assert ranked(TODAY) == found


def test_a_user_has_what_is_given_to_them_or_nobodys_of_their_clients(workers: Workers) -> None:
    assert {row["claim"] for row in ranked(TODAY, user=workers.sam)} == {"A1", "A2", "A3", "A4"}
    WorkItem.objects.filter(claim_number="A2").update(assignee=workers.kim)
    assert {row["claim"] for row in ranked(TODAY, user=workers.sam)} == {"A1", "A3", "A4"}
    assert {row["claim"] for row in ranked(TODAY, user=workers.far)} == {"B1"}


def test_a_past_day_is_answered_from_its_own_facts(workers: Workers) -> None:
    """On 20 January the payer had had 15 days: nothing was due yet."""
    assert ranked(date(2026, 1, 20)) == []
    past = ranked(date(2026, 3, 4))
    assert {row["claim"] for row in past} == {"A1", "A2", "A3", "A4", "B1"}
    assert ranked(date(2026, 3, 4)) == past


def test_minutes_narrow_the_list_to_a_plan(workers: Workers) -> None:
    assert [row["claim"] for row in ranked(TODAY, minutes=9.0)] == ["B1", "A1"]
    assert [row["claim"] for row in ranked(TODAY, limit=1)] == ["B1"]
    assert ranked(TODAY, client_ids=[workers.theirs.pk], minutes=3.0) == []


def test_the_command_prints_the_contract_and_refuses_strangers(workers: Workers) -> None:
    answer = CliRunner().invoke(
        command, ["--as-of", "2026-03-04", "--client", "MINE", "--format", "json"]
    )
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["as_of"] == "2026-03-04"
    assert document["totals"]["items"] == 4
    assert set(COLUMNS) <= set(document["rows"][0])
    assert isinstance(document["rows"][0]["reasons"], list)
    for wrong in (["--client", "NOBODY"], ["--user", "no@x.test"], ["--minutes", "0"]):
        assert CliRunner().invoke(command, wrong).exit_code == 2


def test_other_orders_cost_what_they_leave_undone(workers: Workers) -> None:
    """Four minutes a day are 20 a week: all five items; one minute a day: the best one of 4."""
    assert {cost_of_order(order, today=TODAY, minutes=4.0).cost_cents for order in ORDERS} == {0}
    WorkItem.objects.filter(claim_number="B1").update(service_date=TODAY)
    ours = item("B1").value_cents
    oldest = cost_of_order("oldest", today=TODAY, minutes=1.0)
    assert (oldest.value_cents, oldest.order_cents) == (ours, item("A1").value_cents)
    assert oldest.cost_cents == ours - item("A1").value_cents
    assert "less of" in oldest.words


def test_deadlines_that_do_not_fit_are_named_and_a_replan_saves_them(workers: Workers) -> None:
    """Four minutes a day, in the list's order the one with the deadline of tomorrow comes last."""
    WorkItem.objects.filter(claim_number="A4").update(
        deadline_date=TODAY + timedelta(days=1), deadline_kind="appeal", score=1,
        reasons=[["deadline", {"kind": "appeal", "days": 1, "lost_cents": 5_000, "cents": 9}]],
    )  # fmt: skip
    found = feasibility(today=TODAY, minutes=4.0)
    assert [one.item_id for one in found.expires] == [item("A4").pk]
    assert (found.expires_cents, found.given_up_cents, found.saves_cents) == (5_000, 0, 5_000)
    assert found.words == ("$50 expires within 14 days at this capacity; this re-plan saves $50.")
    assert feasibility(today=TODAY, minutes=1.0).saves_cents == 0
    assert feasibility(today=TODAY, minutes=400.0).expires == ()


def test_the_day_is_planned_for_people_and_their_clients(workers: Workers) -> None:
    people = people_of()
    assert [person.user_id for person in people] == [
        workers.sam.pk, workers.kim.pk, workers.far.pk,
    ]  # fmt: skip
    plan = day_plan(today=TODAY)
    placed = dict(plan.rows.select("item_id", "user_id").rows())
    assert placed[item("B1").pk] == workers.far.pk
    assert {placed[item(number).pk] for number in ("A1", "A2", "A3", "A4")} <= {
        workers.sam.pk, workers.kim.pk,
    }  # fmt: skip
    assert all(floor.is_met for floor in plan.floors)


def test_what_was_learned_can_be_read_but_not_written_by_the_web_application(
    workers: Workers,
) -> None:
    learn_and_value(TODAY, at=AT)
    with web_role(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM worklists_learned_parameters")
        assert cursor.fetchone() == (1,)
    with web_role():
        with (
            pytest.raises(Exception, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM worklists_learned_parameters")
        assert learned_on(TODAY).learned_date == TODAY
