"""Views, counts, filters, orders and pages of the worklist, as the database answers them."""

from __future__ import annotations

import base64
import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders import rows
from tests.integration.listed_items import (
    AT,
    TODAY,
    ask,
    make_client,
    make_payer,
    make_user,
    put_item,
)

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.payers.models import Payer
from sanderling.worklists.asking import SCOPES, Asker, Question, question_of
from sanderling.worklists.built_in import BY_NAME, VIEWS
from sanderling.worklists.listing import groups_of, ids_of, page_of, size_of
from sanderling.worklists.models import WorkItem
from sanderling.worklists.sorting import ORDERS, read_sort
from sanderling.worklists.tallying import counts_for, recount, recount_stale
from sanderling.worklists.teams import teams_of

pytestmark = pytest.mark.django_db
EASY = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def mine(db: None) -> Client:
    return make_client("MINE")


@pytest.fixture
def owner(mine: Client) -> User:
    return make_user("owner", mine)


def numbers(question: Question) -> list[str]:
    return [row["claim_number"] for row in page_of(question)[0]]


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.mark.parametrize(
    ("more", "listed"),
    [
        ({}, ["A1"]),
        ({"next_date": day(1)}, []),
        ({"next_date": day(-9)}, ["A1"]),
        ({"next_date": day(5), "follow_up_date": day(0)}, ["A1"]),
        ({"next_date": day(-5), "follow_up_date": day(1)}, []),
        ({"not_before_date": day(1)}, []),
        ({"not_before_date": day(0)}, ["A1"]),
        ({"is_pended": True, "follow_up_date": day(2)}, []),
        ({"is_pended": True, "follow_up_date": day(0)}, ["A1"]),
        ({"party": 14}, []),
    ],
)
def test_due_today_is_what_a_person_or_the_clock_set_for_now(
    more: dict[str, Any],
    listed: list[str],
    mine: Client,
) -> None:
    put_item(mine, "A1", **more)
    assert numbers(ask(mine, view="due")) == listed


@pytest.mark.parametrize(
    ("offset", "more", "views"),
    [
        (0, {}, {"risk"}),
        (14, {}, {"risk"}),
        (15, {}, set()),
        (-1, {}, {"passed"}),
        (3, {"is_deadline_met": True}, set()),
        (3, {"balance_cents": -500}, set()),
    ],
)
def test_a_deadline_is_at_risk_for_fourteen_days_then_passed(
    offset: int, more: dict[str, Any], views: set[str], mine: Client
) -> None:
    put_item(mine, "A1", deadline_date=day(offset), **more)
    found = {name for name in ("risk", "passed") if numbers(ask(mine, view=name))}
    assert found == views


def test_patients_shares_show_only_where_they_are_asked_for(mine: Client) -> None:
    put_item(mine, "A1", party=14, barrier="patient_responsibility", not_before_date=day(9),
             escalation_level=1, promise_state="broken", deadline_date=day(1))  # fmt: skip
    assert [view.name for view in VIEWS if numbers(ask(mine, view=view.name))] == ["patient", "all"]


ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "party": st.sampled_from([11, 11, 12, 14]),
            "barrier": st.sampled_from(
                ["no_response", "denied", "denied", "rejected", "underpaid", "awaiting_client"]
            ),
            "category": st.sampled_from(["", "coding", "eligibility"]),
            "team": st.sampled_from(["ar", "coding"]),
            "balance_cents": st.integers(-5_000, 90_000),
            "next_date": st.integers(-3, 3).map(day),
            "follow_up_date": st.none() | st.integers(-2, 2).map(day),
            "not_before_date": st.none() | st.integers(-2, 2).map(day),
            "deadline_date": st.none() | st.integers(-3, 20).map(day),
            "is_deadline_met": st.booleans(),
            "is_pended": st.booleans(),
            "escalation_level": st.integers(0, 1),
            "promise_state": st.sampled_from(["", "open", "broken"]),
            "score": st.sampled_from([0.0, 0.1, 12.5, 1e9]),
            "effort_minutes": st.sampled_from([1.0, 12.5]),
            "last_touch_date": st.none() | st.integers(-9, 0).map(day),
            "service_date": st.none() | st.integers(-200, -1).map(day),
            "patient_name": st.sampled_from(["", "Doe, Jane", "O'Neil, Ann"]),
        }
    ),
    max_size=14,
)


@given(items=ITEMS)
@EASY
def test_counts_and_dollars_of_every_view_are_those_of_its_list(
    items: list[dict[str, Any]], mine: Client, owner: User
) -> None:
    WorkItem.objects.all().delete()
    for place, item in enumerate(items):
        put_item(mine, f"A{place}", **item, assignee=owner if place % 3 else None)
    for scope in SCOPES:
        asked = ask(mine, scope=scope, user_id=owner.pk)
        counts = counts_for(asked.asker, scope=scope, today=TODAY, at=AT)
        assert not counts.is_behind
        for view in VIEWS:
            question = ask(mine, view=view.name, scope=scope, user_id=owner.pk)
            listed, _ = page_of(question)
            count, size = counts.of(view.name), size_of(question)
            assert count.items == len(listed) == size.count, view.name
            cents = sum(row["balance_cents"] for row in listed)
            assert count.balance_cents == cents == size.balance_cents, view.name
            assert count.minutes == sum(row["effort_minutes"] for row in listed), view.name
        for name in counts.categories():
            question = ask(
                mine, view="denied", scope=scope, user_id=owner.pk,
                category=name.partition(":")[2],
            )  # fmt: skip
            assert counts.of(name).items == len(numbers(question)), name


@given(items=ITEMS, keys=st.lists(st.sampled_from(sorted(ORDERS)), min_size=1, max_size=3),
       signs=st.lists(st.booleans(), min_size=3, max_size=3))  # fmt: skip
@EASY
def test_pages_follow_each_other_without_a_gap_or_a_double(
    items: list[dict[str, Any]], keys: list[str], signs: list[bool], mine: Client
) -> None:
    WorkItem.objects.all().delete()
    for place, item in enumerate(items):
        put_item(mine, f"A{place}", **item)
    sort = read_sort(
        ",".join(f"-{key}" if sign else key for key, sign in zip(keys, signs, strict=False))
    )
    question = ask(mine, sort=sort)
    whole = [row["id"] for row in page_of(question, limit=100)[0]]
    assert whole == ids_of(question, limit=100)
    found: list[int] = []
    token = ""
    while True:
        page, token = page_of(question, limit=3, token=token)
        found += [row["id"] for row in page]
        if not token:
            break
    assert found == whole
    assert sorted(found) == sorted(WorkItem.objects.values_list("pk", flat=True))


def test_a_place_holds_no_name_and_a_wrong_one_is_the_first_page(mine: Client) -> None:
    for place in range(3):
        put_item(mine, f"A{place}", patient_name=f"Name{place}, X")
    question = ask(mine, sort=("patient",))
    _, token = page_of(question, limit=1)
    assert "name" not in base64.urlsafe_b64decode(token + "==").decode().lower()
    for wrong in ("x", "W10", token[:-3], "é", "W251bGwsIjEiXQ"):
        assert [row["claim_number"] for row in page_of(question, limit=1, token=wrong)[0]] == ["A0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("payer=ACME", ["A1"]),
        ("payer=ACME&payer=BETA", ["A1", "A2"]),
        ("payer=none", ["A3"]),
        ("payer=NOSUCH", []),
        ("client=MINE", ["A1", "A2", "A3"]),
        ("client=OTHER", []),
        ("barrier=denied", ["A2"]),
        ("category=none", ["A1", "A3"]),
        ("action=call_payer", ["A1"]),
        ("team=coding", ["A2"]),
        ("owner=none", ["A1", "A2", "A3"]),
        ("age=0", ["A3"]),
        ("age=0&age=4", ["A2", "A3"]),
        ("min=200", ["A2"]),
        ("min=$100&max=100", ["A1"]),
        ("max=-1", ["A3"]),
        ("within=7", ["A1"]),
        ("provider=1111111112", ["A1"]),
        ("location=North", ["A2"]),
        ("tag=vip", ["A1"]),
        ("tag=vip&tag=late", []),
        ("level=2", ["A2"]),
        ("touched=30", ["A2", "A3"]),
        ("touches_min=1", ["A1"]),
        ("touches_max=0", ["A2", "A3"]),
        ("high=1", ["A2"]),
        ("key=1", ["A1"]),
        ("due=1&barrier=denied", []),
        ("min=abc&level=&age=9", ["A1", "A2", "A3"]),
        ("owner=99999999999999999999", []),
    ],
)
def test_filters_narrow(query: str, expected: list[str], mine: Client) -> None:
    make_client("OTHER")
    acme, beta = make_payer("ACME"), make_payer("BETA")
    put_item(mine, "A1", payer=acme, next_action="call_payer", deadline_date=day(7), tags=["vip"],
             rendering_npi="1111111112", last_touch_date=day(-29), touches=2,
             is_key_client=True)  # fmt: skip
    put_item(mine, "A2", payer=beta, barrier="denied", category="coding", team="coding",
             service_date=day(-121), balance_cents=30_000, location="North", escalation_level=2,
             is_high_dollar=True, next_date=day(3), last_touch_date=day(-30))  # fmt: skip
    put_item(mine, "A3", service_date=day(-30), balance_cents=-100, deadline_date=day(8))
    asker = ask(mine).asker
    question = question_of(QueryDict(f"view=all&sort=claim&{query}"), today=TODAY, asker=asker)
    assert numbers(question) == expected
    assert size_of(question).count == len(expected)


def visible(*clients: Client) -> None:
    rows(
        "SELECT set_config('sanderling.client_ids', %s, true)",
        ["{" + ",".join(str(client.pk) for client in clients) + "}"],
    )


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("a1", ["A1", "A10"]),
        ("jane A10", ["A10"]),
        ("DOE", ["A1", "A10"]),
        ("o'neil", ["B%_"]),
        ("%_x", []),
        ("b%_", ["B%_"]),
        ("icn77", ["A1"]),
        ("  ", []),
        ("\\\\\\", []),
    ],
)
def test_a_search_finds_claims_that_have_all_words(
    search: str, expected: list[str], mine: Client
) -> None:
    put_item(mine, "A1", search_text="a1 doe jane icn77")
    put_item(mine, "A10", search_text="a10 doe jane")
    put_item(mine, "B%_", search_text="b%_ o'neil ann")
    visible(mine)
    asker = ask(mine).asker
    words = search if len(search.strip()) > 2 else f"{search} {search.strip()}"
    question = question_of(
        QueryDict("view=all&sort=claim"), today=TODAY, asker=asker, search=search
    )
    if not question.words:  # too short to be searched for, as a page says
        assert len(words.strip()) <= 5
        return
    assert numbers(question) == expected


def test_a_search_with_very_many_hits_walks_the_list(
    mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanderling.worklists.searching.NAMED_MAX", 2)
    for place in range(4):
        put_item(mine, f"A{place}", score=place)
    visible(mine)
    question = question_of(QueryDict("view=all&sort=-score"), today=TODAY, asker=ask(mine).asker,
                           search="doe")  # fmt: skip
    assert question.found is None
    assert numbers(question) == ["A3", "A2", "A1", "A0"]


def test_groups_sum_up_their_items(mine: Client) -> None:
    acme, beta = make_payer("ACME"), make_payer("BETA")
    put_item(mine, "A1", payer=acme, deadline_date=day(3))
    put_item(mine, "A2", payer=acme, balance_cents=5_000)
    put_item(mine, "A3", payer=beta, balance_cents=70_000)
    found, count = groups_of(ask(mine, group="payer"))
    assert count == 2
    assert [
        (one.first["payer_name"], one.count, one.balance_cents, one.minutes, one.deadline_count)
        for one in found
    ] == [("BETA HEALTH", 1, 70_000, 10, 0), ("ACME HEALTH", 2, 15_000, 20, 1)]
    shown, count = groups_of(ask(mine, group="payer"), limit=1)
    assert (len(shown), count) == (1, 2)


@pytest.mark.parametrize("seed", range(6))
def test_groups_by_payer_from_counts_are_those_from_items(mine: Client, seed: int) -> None:
    rng = random.Random(seed)
    clients = [mine, *(make_client(f"C{number}") for number in range(3))]
    payers = [make_payer("ACME"), make_payer("BETA"), make_payer("CARE"), None]

    def put(number: int) -> None:
        put_item(
            rng.choice(clients), f"P{number}", payer=rng.choice(payers),
            barrier=rng.choice(("denied", "no_response", "underpaid")),
            party=rng.choice((11, 12, 14)), balance_cents=rng.randint(-9_000, 90_000),
            next_date=day(rng.randint(-5, 5)), is_deadline_met=rng.random() < 0.3,
            deadline_date=rng.choice((None, day(-1), day(0), day(14), day(15))),
            effort_minutes=rng.randint(1, 30), is_flagged=rng.random() < 0.2,
        )  # fmt: skip

    for number in range(40):
        put(number)
    # Some are counted, some of these change afterwards, one is counted for another day.
    recount([one.pk for one in clients[:3]], today=TODAY, at=AT)
    recount([clients[3].pk], today=day(-1), at=AT)
    WorkItem.objects.filter(client_id=clients[0].pk).update(is_pended=True)
    put(99)
    for seen in (clients, clients[:2]):
        for view in VIEWS:
            kept = ask(*seen, view=view.name, group="payer")
            kept = replace(kept, asker=replace(kept.asker, sees_all=seen is clients))
            # The same list, narrowed to what holds of every item: read from the items.
            live = replace(kept, limits={"touches_min": 0})
            found, count = groups_of(kept)
            assert (found, count) == groups_of(live), view.name
            size = size_of(kept)
            assert sum(one.count for one in found) == size.count
            assert sum(one.balance_cents for one in found) == size.balance_cents


def test_counts_follow_each_change_and_each_day(mine: Client) -> None:
    item = put_item(mine, "A1", next_date=day(1))
    asker = ask(mine).asker

    def due(today: date) -> int:
        return counts_for(asker, scope="all", today=today, at=AT).of("due").items

    assert due(TODAY) == 0
    assert due(day(1)) == 1
    WorkItem.objects.filter(pk=item.pk).update(follow_up_date=day(9))
    assert due(day(1)) == 0
    WorkItem.objects.all().delete()
    assert due(day(10)) == 0


def test_the_worker_counts_what_is_too_much_for_a_request(
    mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sanderling.worklists.tallying.AT_ONCE_MAX", 1)
    monkeypatch.setattr("sanderling.worklists.tallying._asked_at", 0.0)
    monkeypatch.setattr(
        "sanderling.worklists.tallying.defer_recount", lambda: asked.append("worker")
    )
    put_item(mine, "A1")
    put_item(mine, "A2")
    asker = ask(mine).asker
    counts = counts_for(asker, scope="all", today=TODAY, at=AT)
    assert (counts.is_behind, counts.counted_at, counts.of("due").items) == (True, None, 0)
    assert asked == ["worker"]
    assert recount_stale(today=TODAY, at=AT) == 1
    counts = counts_for(asker, scope="all", today=TODAY, at=AT)
    assert (counts.is_behind, counts.counted_at, counts.of("due").items) == (False, AT, 2)
    assert recount_stale(today=TODAY, at=AT) == 0


def test_payers_of_a_group_can_be_told_apart(mine: Client) -> None:
    assert isinstance(make_payer("ACME", call_hours="8-18", claims_per_call=5), Payer)
    with pytest.raises(Exception, match="payer_claims_per_call_in_range"):
        make_payer("BETA", claims_per_call=0)


def test_my_team_is_each_team_that_was_set_else_that_of_the_role(mine: Client) -> None:
    for team in ("ar", "billing", "coding"):
        put_item(mine, f"OF-{team}", team=team)
    for teams, role, expected in (
        (["billing", "coding"], "specialist", ["OF-billing", "OF-coding"]),
        ([], "specialist", ["OF-ar"]),
        ([], "coder", ["OF-coding"]),
    ):
        asker = Asker(1, teams_of(User(role=role, teams=teams)), (mine.pk,))
        question = Question(TODAY, asker, BY_NAME["all"], scope="team", sort=("claim",))
        rows, _ = page_of(question)
        assert [row["claim_number"] for row in rows] == expected
        counts = counts_for(asker, scope="team", today=TODAY, at=AT)
        assert counts.of("all").items == len(expected)
