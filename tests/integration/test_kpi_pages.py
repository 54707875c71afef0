"""Pages of key figures and scorecards: what they show, to whom, and what clicks through."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django.plugin import DjangoDbBlocker
from tests.integration.pages import Visitor, people_of, standing_world, text_of

from sanderling.audit.models import AuditEvent
from sanderling.core.kpis.definitions import DEFINITIONS
from sanderling.kpis.models import Cell, Month
from sanderling.kpis.nightly import are_missing, refresh_sums
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
JANUARY = {"month": "2026-01"}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_world(tmp_path_factory):
        assert are_missing(AT.date())
        refresh_sums(today=AT.date(), at=AT)
        assert not are_missing(AT.date())
        yield


def table(visitor: Visitor, address: str, **asked: str) -> list[dict[str, str]]:
    answer = visitor.get(address, format="csv", **asked)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_a_month_shows_each_figure_with_what_it_is_of(world: None) -> None:
    admin = Visitor(people_of().admin)
    text = text_of(admin.get("/kpis/", **JANUARY))
    assert "0 of 1" in text  # one decision, no denial: too few for a share
    assert "too few for a share" in text
    rows = {row["kpi"]: row for row in table(admin, "/kpis/", **JANUARY)}
    assert rows["denial_rate"]["denominator"] == "1"
    assert rows["payments"]["numerator"] == "12000"
    assert set(rows) == {one.key for one in DEFINITIONS}


def test_one_sees_the_figures_of_ones_own_clients(world: None) -> None:
    people = people_of()
    for person, charged in ((people.admin, "77500"), (people.specialist, "46500")):
        rows = {row["kpi"]: row for row in table(Visitor(person), "/kpis/", **JANUARY)}
        assert rows["charges"]["numerator"] == charged
    assert "THEIRS" not in text_of(Visitor(people.specialist).get("/kpis/charges/", **JANUARY))
    assert "THEIRS" not in text_of(Visitor(people.specialist).get("/scorecards/?who=client"))
    assert Visitor(people.client_user).get("/kpis/").status_code == 403


def test_a_stranger_is_shown_nothing(world: None) -> None:
    stranger = Visitor(people_of().stranger)
    rows = table(stranger, "/kpis/", **JANUARY)
    assert {(row["numerator"], row["denominator"]) for row in rows} == {("0", "0")}
    assert table(stranger, "/kpis/charges/claims/", **JANUARY) == []
    assert table(stranger, "/kpis/charges/", table="groups", by="client", **JANUARY) == []


def test_every_figure_has_a_page_with_its_definition(world: None) -> None:
    admin = Visitor(people_of().admin)
    for one in DEFINITIONS[::6]:
        text = text_of(admin.get(f"/kpis/{one.key}/", **JANUARY))
        assert "data-chart" in text
        assert "No limits yet" in text
    assert admin.get("/kpis/weather/").status_code == 404


def test_a_number_clicks_through_to_its_claims_and_the_look_is_recorded(world: None) -> None:
    specialist = Visitor(people_of().specialist)
    assert "/kpis/charges/claims/?month=2026-01" in text_of(
        specialist.get("/kpis/charges/", **JANUARY)
    )
    before = AuditEvent.objects.count()
    text = text_of(specialist.get("/kpis/charges/claims/", **JANUARY))
    assert "/claims/MINE/A2/" in text
    assert AuditEvent.objects.count() == before + 1
    rows = table(specialist, "/kpis/charges/claims/", **JANUARY)
    assert sum(int(row["numerator"]) for row in rows) == 46_500
    assert {row["client"] for row in rows} == {"MINE"}


def test_claims_that_only_count_below_are_listed_when_asked_for(world: None) -> None:
    admin = Visitor(people_of().admin)
    assert table(admin, "/kpis/denial_rate/claims/", **JANUARY) == []
    below = table(admin, "/kpis/denial_rate/claims/", part="denominator", **JANUARY)
    assert [row["claim"] for row in below] == ["A/1 1"]


def test_filters_narrow_and_two_at_once_are_refused(world: None) -> None:
    admin = Visitor(people_of().admin)
    rows = {row["kpi"]: row for row in table(admin, "/kpis/", client="THEIRS", **JANUARY)}
    assert rows["charges"]["numerator"] == "31000"
    rows = {row["kpi"]: row for row in table(admin, "/kpis/", payer="ACME1", **JANUARY)}
    assert rows["charges"]["numerator"] == "77500"
    refused = admin.get("/kpis/", payer="ACME1", team="ar", **JANUARY)
    assert refused.status_code == 422
    assert "one at a time" in text_of(refused)
    for wrong in ({"month": "2031-01"}, {"client": "NOBODY"}, {"provider": "x"}):
        assert admin.get("/kpis/", **wrong).status_code == 422


def test_people_have_figures_of_people_only(world: None) -> None:
    admin = Visitor(people_of().admin)
    rows = {row["kpi"] for row in table(admin, "/kpis/", team="ar", **JANUARY)}
    assert rows == {one.key for one in DEFINITIONS if one.by == "user"}
    assert admin.get("/kpis/denial_rate/", team="ar", **JANUARY).status_code == 422


def test_payers_are_ranked_and_one_is_printed(world: None) -> None:
    admin = Visitor(people_of().admin)
    rows = table(admin, "/scorecards/")
    assert [row["rank"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    payer = Payer.objects.get(payer_id="ACME1")
    acme = next(row for row in rows if row["payer"] == "ACME1")
    assert acme["charges_cents"] == "77500"
    text = text_of(admin.get(f"/scorecards/payers/{payer.pk}/"))
    assert "MINE" in text
    assert "THEIRS" in text
    paper = admin.get(f"/scorecards/payers/{payer.pk}/", format="pdf")
    assert paper.content.startswith(b"%PDF")
    assert "ACME" not in paper.headers["Content-Disposition"]
    for who in ("client", "provider", "team"):
        assert admin.get("/scorecards/", who=who).status_code == 200
    assert admin.get("/scorecards/", who="weather").status_code == 404
    assert admin.get("/scorecards/payers/999999/").status_code == 404


def test_before_the_first_night_a_page_says_what_to_do(world: None) -> None:
    Month.objects.all().delete()
    Cell.objects.all().delete()
    admin = Visitor(people_of().admin)
    for address in ("/kpis/", "/kpis/denial_rate/", "/kpis/denial_rate/claims/", "/scorecards/"):
        answer = admin.get(address)
        assert answer.status_code == 200
        assert "sanderling kpis --refresh" in text_of(answer)
