"""Where the money is, what changed, the lists behind the numbers, and who sees what."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.builders import Inbox
from tests.integration.barrier_rows import (
    fill_barriers,
    keep,
    put_barrier,
    put_denial,
    week_end_before,
)
from tests.integration.pages import People, Visitor, text_of

from sanderling.accounts.roles import PERMISSIONS, role_may
from sanderling.audit.models import AuditEvent
from sanderling.barriers.asking import Question
from sanderling.barriers.changes import changes
from sanderling.barriers.listing import COLUMNS, ORDERS, Wanted, page_of, size
from sanderling.barriers.models import Barrier, WeekEnd
from sanderling.barriers.where_money import NoSuchPart, at_risk, slices, tie
from sanderling.claims.models import Claim
from sanderling.core.barriers.rows import BARRIERS as ENGINE_BARRIERS
from sanderling.core.barriers.words import (
    ACTIONS,
    BARRIERS,
    CATEGORIES,
    DEADLINES,
    TEAMS,
    barrier_title,
    deadline_title,
)
from sanderling.core.codes.names import Category, NextAction, Team

TOTAL = 2000 + 17500 + 9000 + 31000
MINE = 2000 + 17500 + 9000


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def people(inbox: Inbox, today: date) -> People:
    return fill_barriers(inbox, today)


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


def follow(visitor: Visitor, link: str) -> str:
    parts = urlsplit(link.replace("&amp;", "&"))
    asked = {name: values[0] for name, values in parse_qs(parts.query, True).items()}
    return text_of(visitor.get(parts.path, **asked))


def test_there_is_a_word_for_every_name() -> None:
    assert list(BARRIERS) == list(ENGINE_BARRIERS)
    assert set(CATEGORIES) == set(Category)
    assert set(ACTIONS) == set(NextAction)
    assert set(TEAMS) == set(Team)
    assert set(DEADLINES) >= {"timely_filing", "appeal", "records", "refund"}
    assert barrier_title("made_up_name") == "Made up name"
    assert deadline_title("appeal", 2) == "Appeal, level 2"
    assert deadline_title("appeal", 1) == "Appeal"


def test_barriers_sum_to_the_receivables_and_say_so(people: People) -> None:
    page = text_of(Visitor(people.admin).get("/barriers/"))
    assert "ties to the cent" in page
    assert "differ by" not in page
    assert page.count(money(TOTAL)) >= 3  # owed, the sum over barriers, the ledger
    for name in ("denied", "no_response", "awaiting_payer", "patient_responsibility"):
        assert BARRIERS[name] in page
    assert "Data as of" in page or "data as of" in page


def test_a_missing_barrier_is_loud(people: People, today: date) -> None:
    Barrier.objects.filter(barrier="no_response").delete()
    page = text_of(Visitor(people.admin).get("/barriers/"))
    assert "Barriers and receivables differ by -$90.00" in page
    assert "1 open balance without a barrier" in page
    assert "ties to the cent" not in page
    found = tie(Question(today))
    assert (found.difference_cents, found.without_barrier, found.without_balance) == (-9000, 1, 0)


def test_equal_sums_that_hide_a_difference_do_not_tie(people: People, today: date) -> None:
    b1 = Claim.objects.get(number="B1")
    Barrier.objects.filter(claim_id=b1.pk).update(party=12)
    found = tie(Question(today))
    assert found.difference_cents == 0
    assert (found.without_barrier, found.without_balance, found.is_tied) == (1, 1, False)


def test_a_specialist_sees_the_own_client_only(people: People) -> None:
    visitor = Visitor(people.specialist)
    page = text_of(visitor.get("/barriers/", by="client"))
    assert "Mine Clinic" in page
    assert "Their Clinic" not in page
    assert money(31000) not in page
    assert "ties to the cent" in page  # with what the ledger holds of the own client
    assert money(MINE) in page
    asked = text_of(visitor.get("/barriers/", client="THEIRS"))
    assert "Nothing is open" in asked
    assert "No balance here" in text_of(visitor.get("/barriers/claims/", client="THEIRS"))


@pytest.mark.parametrize(
    "address",
    ["/barriers/", "/barriers/changes/", "/barriers/claims/", "/glance/", "/glance/denials/"],
)
def test_no_page_tells_of_a_foreign_client(people: People, today: date, address: str) -> None:
    keep("B1", week_end_before(today), "denied", 31000)
    put_denial("B1", received_date=today, denied_cents=31000, category="coding")
    put_denial("A2", received_date=today, denied_cents=4200)
    mine = text_of(Visitor(people.specialist).get(address))
    assert "FOREIGNER" not in mine
    assert "Their Clinic" not in mine
    assert "310.00" not in mine
    assert "310.00" in text_of(Visitor(people.admin).get(address))
    assert "310.00" not in text_of(Visitor(people.stranger).get(address))


def test_a_stranger_is_told_what_to_do(people: People) -> None:
    for address in ("/barriers/", "/glance/"):
        page = text_of(Visitor(people.stranger).get(address))
        assert "Nothing posted yet" in page
        assert 'href="/bring-in/"' in page


def test_a_client_user_sees_barriers(people: People) -> None:
    page = text_of(Visitor(people.client_user).get("/barriers/"))
    assert money(MINE) in page


def test_whoever_sees_the_aging_sees_barriers() -> None:
    for role in PERMISSIONS:
        assert role_may(role, "barriers.view") == role_may(role, "aging.view"), role


def test_every_number_leads_to_its_balances(people: People, today: date) -> None:
    keep("A2", week_end_before(today), "no_response", 17500)
    keep("A3", week_end_before(today), "no_response", 8000)
    visitor = Visitor(people.admin)
    pages = [
        text_of(visitor.get("/barriers/", by=by)) for by in ("payer", "client", "category", "team")
    ]
    pages.append(text_of(visitor.get("/barriers/changes/")))
    links = {
        (link, shown)
        for page in pages
        for link, shown in re.findall(r'href="(/barriers/claims/\?[^"]+)">([^<]+)<', page)
        if "$" in shown
    }
    assert len(links) > 30
    for link, shown in links:
        assert f'<strong class="figure">{shown}</strong>' in follow(visitor, link), link


def test_counts_lead_to_as_many_balances(people: People) -> None:
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/barriers/", by="payer"))
    counts = re.findall(r'<td class="number"><a href="([^"]+)">([\d,]+)</a>', page)
    assert len(counts) > 4
    for link, shown in counts:
        assert f"in {shown} balance" in follow(visitor, link)


def test_ages_are_those_of_the_aging(people: People, today: date) -> None:
    service = Claim.objects.get(number="A2").service_from_date
    assert service is not None
    for age, bucket in ((30, 0), (31, 1), (120, 3), (121, 4)):
        found = slices(Question(service + timedelta(days=age)))
        (denied,) = [one for one in found if one.barrier == "denied"]
        assert denied.ages_cents[bucket] == 17500
        assert sum(denied.ages_cents) == denied.balance_cents == 17500


def test_parts_add_up_to_their_barriers(people: People, today: date) -> None:
    whole = {one.barrier: one.balance_cents for one in slices(Question(today))}
    assert sum(whole.values()) == TOTAL
    for by in ("payer", "client", "category", "team"):
        for barrier, cents in whole.items():
            found = slices(Question(today), by=by)
            assert sum(one.balance_cents for one in found if one.barrier == barrier) == cents
    with pytest.raises(NoSuchPart):
        slices(Question(today), by="provider; DROP TABLE")


def test_deadlines_at_risk(people: People, today: date) -> None:
    found = {(one.kind, one.window): one.balance_cents for one in at_risk(Question(today))}
    assert found == {
        ("appeal", "7"): 17500,
        ("appeal", "14"): 17500,
        ("appeal", "30"): 17500,
        ("timely_filing", "passed"): 9000,  # A3; B1 was filed in time and is not at risk
    }
    Barrier.objects.filter(barrier="denied").update(deadline_date=today)
    found = {(one.kind, one.window): one.balance_cents for one in at_risk(Question(today))}
    assert found["appeal", "7"] == 17500  # the day itself has not passed
    assert ("appeal", "passed") not in found
    Barrier.objects.filter(barrier="denied").update(deadline_date=today + timedelta(days=31))
    assert {one.kind for one in at_risk(Question(today))} == {"timely_filing"}


def test_a_refund_is_no_money_to_lose(people: People, today: date) -> None:
    Barrier.objects.filter(barrier="denied").update(
        balance_cents=-700,
        barrier="credit_balance",
        deadline_kind="refund",
        deadline_date=today + timedelta(days=1),
    )
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/barriers/"))
    assert "Total without refunds" in page
    refund = re.search(r'href="([^"]+kind=refund[^"]*)">-\$7\.00<', page)
    assert refund is not None
    assert '<strong class="figure">-$7.00</strong>' in follow(visitor, refund[1])
    within = re.search(r'href="([^"]+window=30[^"]*)"', page)
    assert within is not None
    assert "not netted above" in page


def test_what_changed_adds_up(people: People, today: date) -> None:
    since = week_end_before(today)
    keep("A2", since, "no_response", 20000)  # moved to denied, and 25.00 less
    keep("A3", since, "no_response", 9000)  # stayed
    keep("A/1 1", since, "awaiting_payer", 12000)  # closed: the payer's part
    found = changes(Question(today), since=since)
    flows = {
        (flow.was, flow.now): (flow.cause, flow.count, flow.was_cents, flow.now_cents)
        for flow in found.flows
    }
    assert flows == {
        ("no_response", "denied"): ("remittance", 1, 20000, 17500),
        ("no_response", "no_response"): ("", 1, 9000, 9000),
        ("awaiting_payer", ""): ("", 1, 12000, 0),
        ("", "patient_responsibility"): ("remittance", 1, 0, 2000),
        ("", "awaiting_payer"): ("claim_sent", 1, 0, 31000),
    }
    assert found.total("was_cents") == 41000
    assert found.total("now_cents") == TOTAL
    page = text_of(Visitor(people.admin).get("/barriers/changes/"))
    assert f"Open on {since.isoformat()}" in page
    for cents in (41000, TOTAL, 33000, 12000, -2500):
        assert money(cents) in page
    assert "remittance" in page


def test_closed_balances_say_by_what(people: People) -> None:
    """A/1 1 was open at 200.00; on the 20th 120 were paid, 60 adjusted and 20 passed on."""
    since, later = date(2026, 1, 18), date(2026, 1, 25)
    keep("A/1 1", since, "awaiting_payer", 20000)
    keep("A2", later, "awaiting_payer", 17500)
    found = changes(Question(later, is_kept=True), since=since)
    closed = found.closed
    assert (closed.paid_cents, closed.adjusted_cents, closed.passed_on_cents) == (12000, 6000, 2000)
    assert closed.other_cents == 0


def test_flows_of_a_barrier_are_those_from_and_to_it(people: People, today: date) -> None:
    since = week_end_before(today)
    keep("A2", since, "no_response", 20000)
    keep("A3", since, "no_response", 9000)
    found = changes(Question(today, barrier="denied"), since=since)
    assert [(flow.was, flow.now) for flow in found.flows] == [("no_response", "denied")]


def test_without_a_kept_week_the_page_says_why(people: People, today: date) -> None:
    WeekEnd.objects.create(as_of_date=today - timedelta(days=6))
    assert "Barriers are kept at the end of each week" in text_of(
        Visitor(people.admin).get("/barriers/")
    )
    page = text_of(Visitor(people.admin).get("/barriers/changes/"))
    assert "No week end to compare with" in page


def test_a_kept_day_is_shown_as_it_was(people: People, today: date) -> None:
    day = date(2026, 1, 11)
    keep("A/1 1", day, "awaiting_payer", 20000)
    keep("A2", day, "no_response", 15000)
    keep("A3", day, "awaiting_payer", 9000)
    keep("B1", day, "awaiting_payer", 31000)
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/barriers/", as_of="2026-01-11"))
    assert "As of 2026-01-11" in page
    assert "ties to the cent" in page  # with the ledger of that day
    assert money(75000) in page
    assert "Money at deadline risk" not in page
    behind = text_of(visitor.get("/barriers/claims/", as_of="2026-01-11", barrier="no_response"))
    assert '<strong class="figure">$150.00</strong>' in behind
    refused = visitor.get("/barriers/", as_of="2026-01-11", team="ar")
    assert refused.status_code == 422
    assert "known for today only" in text_of(refused)


@pytest.mark.parametrize("order", sorted(ORDERS))
@pytest.mark.parametrize("is_descending", [True, False])
def test_pages_of_a_list_are_the_list(
    people: People, today: date, order: str, *, is_descending: bool
) -> None:
    wanted = Wanted(Question(today), order=order, is_descending=is_descending)
    whole, token = page_of(wanted, limit=None)
    assert token == ""
    assert len(whole) == size(wanted).count == 4
    seen, token = page_of(wanted, limit=1)
    while token:
        rows, token = page_of(wanted, limit=1, after=token)
        seen += rows
    assert [(row["claim_id"], row["party"]) for row in seen] == [
        (row["claim_id"], row["party"]) for row in whole
    ]
    if order in ("balance", "claim", "client", "barrier"):
        name = "balance_cents" if order == "balance" else order
        values = [row[name] for row in whole]
        assert values == sorted(values, reverse=is_descending)
    if order == "deadline":
        days = [row["deadline_date"] or date.max for row in whole]
        assert days == sorted(days, reverse=is_descending)


def test_the_list_says_why_and_what_next(people: People, today: date) -> None:
    page = text_of(Visitor(people.specialist).get("/barriers/claims/", sort="deadline"))
    assert page.index("A3") < page.index(">A2<")  # the earlier deadline first
    for text in ("DOE, JANE", "Denied", "Authorization", "Appeal", "5 days left", "3 days over"):
        assert text in page
    assert 'aria-sort="ascending"' in page
    theirs = text_of(Visitor(people.admin).get("/barriers/claims/", barrier="awaiting_payer"))
    assert ">met<" in theirs


def test_the_list_as_json_csv_and_xlsx(people: People, today: date) -> None:
    visitor = Visitor(people.specialist)
    document = json.loads(visitor.get("/barriers/claims/", format="json").content)
    assert [row["claim"] for row in document["rows"]] == ["A2", "A3", "A/1 1"]
    first = document["rows"][0]
    assert list(first) == list(COLUMNS)
    assert first["balance_cents"] == 17500
    assert first["deadline"] == (today + timedelta(days=5)).isoformat()
    assert (first["days_left"], first["is_deadline_met"]) == (5, False)
    assert document["totals"] == {"balance_cents": MINE}
    lines = list(
        csv.DictReader(io.StringIO(visitor.get("/barriers/claims/", format="csv").content.decode()))
    )
    assert [line["balance_cents"] for line in lines] == ["17500", "9000", "2000"]
    book = zipfile.ZipFile(
        io.BytesIO(visitor.get("/barriers/claims/", format="xlsx").content)
    ).read("xl/worksheets/sheet1.xml")
    assert b"<v>175</v>" in book


def test_the_table_as_json(people: People) -> None:
    document = json.loads(
        Visitor(people.admin).get("/barriers/", format="json", by="client").content
    )
    assert document["totals"] == {"count": 4, "total_cents": TOTAL}
    assert {(row["barrier"], row["part"], row["total_cents"]) for row in document["rows"]} == {
        ("denied", "MINE", 17500),
        ("no_response", "MINE", 9000),
        ("patient_responsibility", "MINE", 2000),
        ("awaiting_payer", "THEIRS", 31000),
    }


def test_looks_at_lists_are_recorded(people: People) -> None:
    Visitor(people.specialist).get("/barriers/claims/")
    Visitor(people.specialist).get("/barriers/claims/", format="csv")
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["claims.list", "claims.export"]


@pytest.mark.parametrize(
    "asked",
    [
        {"bucket": "99"},
        {"bucket": "x"},
        {"window": "8"},
        {"since": "yesterday"},
        {"as_of": "2026-01-01"},
    ],
)
def test_a_list_that_is_none_is_refused(people: People, asked: dict[str, str]) -> None:
    assert Visitor(people.specialist).get("/barriers/claims/", **asked).status_code == 422


@pytest.mark.parametrize(
    "token", ["x", "~~", "1~2", "nan~1~1", "1~x~1", "9" * 30 + "~1~1", "\0~1~1"]
)
def test_a_wrong_place_is_the_first_page(people: People, token: str) -> None:
    page = text_of(Visitor(people.specialist).get("/barriers/claims/", after=token))
    assert "A2" in page


def test_strange_input_is_harmless(people: People) -> None:
    visitor = Visitor(people.specialist)
    for asked in (
        {"client": "\0"},
        {"barrier": "'; --"},
        {"team": "none"},
        {"payer": "PATIENT"},
        {"payer": "NOBODY"},
    ):
        for address in ("/barriers/", "/barriers/claims/"):
            assert visitor.get(address, **asked).status_code == 200, asked


def test_barriers_past_their_day_are_announced(people: People, today: date) -> None:
    assert "to be looked at again" not in text_of(Visitor(people.admin).get("/barriers/"))
    Barrier.objects.filter(barrier="awaiting_payer").update(recheck_date=today)
    assert "1 balance to be looked at again" in text_of(Visitor(people.admin).get("/barriers/"))


def test_the_number_of_queries_does_not_grow(people: People, today: date) -> None:
    visitor = Visitor(people.admin)
    visitor.get("/barriers/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        visitor.get("/barriers/claims/")
    Barrier.objects.all().delete()
    put_barrier("A2", today=today)
    with CaptureQueriesContext(connection) as fewer:
        visitor.get("/barriers/claims/")
    assert len(few) == len(fewer)
