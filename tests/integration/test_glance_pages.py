"""At a glance: denials counted and led to, what a leader watches, trends."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
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
from tests.remembered import remembered

from sanderling.barriers.denial_list import WantedDenials, denials_page, denials_size
from sanderling.barriers.glance import Scope, denials, watched
from sanderling.barriers.glance_page import spark
from sanderling.barriers.models import Barrier


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@remembered
def filled(inbox: Inbox, today: date) -> People:
    found = fill_barriers(inbox, today)
    for back, number, cents, more in (
        (0, "A2", 1100, {"category": "authorization"}),
        (6, "A2", 1200, {"category": "authorization", "is_standing": False}),
        (7, "A3", 1300, {"category": "coding", "procedure": "99214", "payer_id": None}),
        (90, "B1", 1400, {"category": "coding", "rendering_npi": ""}),
        (91, "B1", 9900, {"category": "coding"}),  # 13 weeks ago: no more counted
        (1, "A2", 5000, {"category": "duplicate", "is_duplicate": True}),
        (2, "B1", 1500, {"category": "", "procedure": "", "line_index": 0}),
    ):
        put_denial(number, received_date=today - timedelta(days=back), denied_cents=cents, **more)
    return found


@pytest.fixture
def people(inbox: Inbox, today: date) -> People:
    return filled(inbox, today)


def test_counts_and_sums_by_part(people: People, today: date) -> None:
    found = denials(Scope(today))
    assert (found.total.count, found.total.cents, found.duplicate_count) == (5, 6500, 1)
    assert found.total.standing_cents == 6500 - 1200
    by = {
        part: {trend.key: (trend.count, trend.cents) for trend in trends}
        for part, trends in found.parts.items()
    }
    assert by["category"] == {"authorization": (2, 2300), "coding": (2, 2700), "": (1, 1500)}
    assert by["procedure"] == {"99213": (3, 3700), "99214": (1, 1300), "": (1, 1500)}
    assert by["payer"]["0"] == (1, 1300)
    assert by["provider"][""] == (1, 1400)
    for trends in found.parts.values():
        assert sum(trend.cents for trend in trends) == found.total.cents
        assert [trend.cents for trend in trends] == sorted(
            (trend.cents for trend in trends), reverse=True
        )


def test_weeks_are_whole_and_thirteen(people: People, today: date) -> None:
    total = denials(Scope(today)).total
    assert len(total.counts) == 13
    assert sum(total.counts) == total.count
    assert total.counts[-1] == 3  # the last seven days, today among them
    assert total.counts[-2] == 1
    assert total.counts[0] == 1  # 90 days ago; 91 is out
    assert sum(total.amounts_cents) == total.cents


def test_every_number_leads_to_its_denials(people: People) -> None:
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/glance/"))
    links = re.findall(r'<td class="money"><a href="(/glance/denials/\?[^"]+)">([^<]+)<', page)
    assert len(links) > 8
    for link, shown in links:
        parts = urlsplit(link.replace("&amp;", "&"))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        behind = text_of(visitor.get(parts.path, **asked))
        assert f'<strong class="figure">{shown}</strong>' in behind, link
    assert "1 answer</a> to claims sent twice is not counted" in page
    behind = text_of(visitor.get("/glance/denials/", duplicate="1"))
    assert '<strong class="figure">$50.00</strong>' in behind


def test_a_specialist_counts_the_own_denials(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/glance/"))
    assert "$36.00" in page  # 11 + 12 + 13; 14, 15 and 31 are another's
    assert "$65.00" not in page
    behind = text_of(Visitor(people.specialist).get("/glance/denials/"))
    assert "B1" not in behind


def test_pages_of_denials_are_the_denials(people: People, today: date) -> None:
    for order in ("received", "denied"):
        for is_descending in (True, False):
            wanted = WantedDenials(Scope(today), order=order, is_descending=is_descending)
            whole, _ = denials_page(wanted, limit=None)
            assert len(whole) == denials_size(wanted).count == 5
            seen, token = denials_page(wanted, limit=2)
            while token:
                rows, token = denials_page(wanted, limit=2, after=token)
                seen += rows
            assert [row["denied_cents"] for row in seen] == [row["denied_cents"] for row in whole]
            name = {"received": "received_date", "denied": "denied_cents"}[order]
            values = [row[name] for row in whole]
            assert values == sorted(values, reverse=is_descending)


def test_the_denials_as_json(people: People) -> None:
    visitor = Visitor(people.admin)
    document = json.loads(visitor.get("/glance/denials/", format="json").content)
    assert document["totals"] == {"denied_cents": 6500}
    assert {row["is_standing"] for row in document["rows"]} == {True, False}
    document = json.loads(visitor.get("/glance/", format="json").content)
    row = next(row for row in document["rows"] if row["key"] == "authorization")
    assert (row["part"], row["count"], row["denied_cents"]) == ("category", 2, 2300)
    assert sum(row["weeks"]) == 2


def test_what_is_watched(people: People, today: date) -> None:
    sunday = week_end_before(today)
    keep("A2", sunday, "secondary_unbilled", 4000)
    keep("A3", sunday, "secondary_unbilled", 500)
    Barrier.objects.all().delete()
    put_barrier(
        "A2",
        today=today,
        barrier="secondary_unbilled",
        since_date=today - timedelta(days=40),
        balance_cents=7700,
    )
    put_barrier("A3", today=today, barrier="pended", category="documentation")
    put_barrier("B1", today=today, barrier="unexplained")
    found = watched(Scope(today), [sunday])
    one = found["secondary_unbilled"]
    assert (one.count, one.cents, one.oldest_date) == (1, 7700, today - timedelta(days=40))
    assert one.days == [sunday, today]
    assert one.counts == [2, 1]
    assert one.amounts_cents == [4500, 7700]
    assert (found["pended"].cents, found["documentation"].cents) == (9000, 9000)
    assert found["authorization"].count == 0
    page = text_of(Visitor(people.admin).get("/glance/"))
    assert "the oldest for 40 days; +$32.00 since" in page
    assert "Comes with contracts" in page
    assert "FOREIGNER, FRANK" in page  # the unexplained, listed
    assert "FOREIGNER" not in text_of(Visitor(people.specialist).get("/glance/"))
    behind = text_of(Visitor(people.admin).get("/barriers/claims/", category="documentation"))
    assert '<strong class="figure">$90.00</strong>' in behind


def test_asking_for_a_payer_counts_its_own(people: People, today: date) -> None:
    page = text_of(Visitor(people.admin).get("/glance/", payer="UNKNOWN"))
    assert "$13.00" in page
    assert "$65.00" not in page
    assert "No denials" in text_of(Visitor(people.admin).get("/glance/", payer="PATIENT"))


def test_a_small_line_goes_up_with_its_values() -> None:
    points = [tuple(map(float, pair.split(","))) for pair in spark([0, 5, 10])["points"].split()]
    assert [x for x, _ in points] == [0.0, 50.0, 100.0]
    assert points[0][1] > points[1][1] > points[2][1] >= 0
    assert spark([])["points"] == ""
    assert spark([3, 0])["text"] == "3, 0"
