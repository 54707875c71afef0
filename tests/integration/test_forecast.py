"""The forecast kept and shown: pages, exports, sums, and who sees what."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from tests.builders import Inbox
from tests.integration.pages import People, Visitor, fill, text_of

from sanderling.clients.models import Client
from sanderling.core.forecast.frames import CASH, WAITS, History
from sanderling.core.forecast.intervals import WHOLE
from sanderling.forecast import making
from sanderling.forecast.asking import judged, latest_run, moved, weeks_of
from sanderling.forecast.making import first_day, keep_forecast, make
from sanderling.forecast.models import ForecastRun, ForecastWeek, TriedWeek

TODAY = date(2026, 6, 29)
AT = datetime(2026, 6, 29, 4, 40, tzinfo=UTC)


def lived(client_ids: list[int]) -> History:
    """Half a year of one claim a weekday and client, paid half after eight days."""
    rows = []
    for place, client in enumerate(client_ids):
        for ago in range(260):
            start = TODAY - timedelta(days=ago)
            if start.weekday() < 5:
                end = start + timedelta(days=8)
                cents = 100_000 * (place + 1)
                rows.append(
                    {
                        "process": "answer",
                        "client_id": client,
                        "payer_id": 1,
                        "payer_type": "commercial",
                        "kind": "P",
                        "start_date": start,
                        "exposure_cents": cents,
                        "event_date": end if end <= TODAY else None,
                        "cash_cents": cents // 2 if end <= TODAY else 0,
                    }
                )
    waits = pl.DataFrame(rows, schema=dict(WAITS))
    cash = (
        waits.filter(pl.col("event_date").is_not_null())
        .group_by("client_id", day="event_date")
        .agg(cents=pl.col("cash_cents").sum())
    )
    return History(waits, cash.select(CASH.keys()))


@pytest.fixture
def people(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> People:
    found = fill(inbox)
    ids = list(Client.objects.order_by("code").values_list("pk", flat=True))
    monkeypatch.setattr(making, "history", lambda _day, _ids=None: lived(ids))
    return found


def test_a_kept_forecast_is_what_was_made_and_last_weeks_is_made_besides(people: People) -> None:
    assert keep_forecast(TODAY, at=AT) == 26  # two clients, thirteen weeks
    assert set(ForecastRun.objects.values_list("as_of", flat=True)) == {
        TODAY,
        TODAY - timedelta(days=7),
    }
    ids = list(Client.objects.order_by("code").values_list("pk", flat=True))
    made = make(lived(ids), TODAY)
    run = latest_run()
    assert run is not None
    shown = weeks_of(run)
    whole = made.weeks.filter(pl.col("client_id") == WHOLE).sort("week")
    assert shown["expected_cents"].to_list() == [round(x) for x in whole["expected_cents"]]
    one = weeks_of(run, [ids[0]])
    own = made.weeks.filter(pl.col("client_id") == ids[0]).sort("week")
    assert one["expected_cents"].to_list() == [round(x) for x in own["expected_cents"]]


def test_made_twice_on_a_day_it_stands_once(people: People) -> None:
    keep_forecast(TODAY, at=AT)
    tried = TriedWeek.objects.count()
    keep_forecast(TODAY, at=AT)
    assert ForecastRun.objects.count() == 2
    assert ForecastWeek.objects.count() == 2 * 26
    assert TriedWeek.objects.count() == tried > 0


def test_what_moved_compares_the_same_weeks(people: People) -> None:
    keep_forecast(TODAY, at=AT)
    run = latest_run()
    assert run is not None
    rows = {source: (was, now) for source, was, now in moved(run).rows()}  # type: ignore[union-attr]
    was, now = (sum(pair[place] for pair in rows.values()) for place in (0, 1))
    assert was == pytest.approx(now, rel=0.06)  # nothing changed in this world
    assert rows["answer"][1] > rows["answer"][0]  # what was to be sent has been sent


def test_past_days_are_judged_beside_the_plain_mean(people: People) -> None:
    keep_forecast(TODAY, at=AT)
    run = latest_run()
    assert run is not None
    found = judged(run)
    assert found.error is not None
    assert found.error < 0.05
    assert found.weeks == found.rows.height > 0


def test_the_page_shows_weeks_and_exports_them(people: People) -> None:
    keep_forecast(TODAY, at=AT)
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/forecast/"))
    assert "Cash by week" in page
    assert first_day(TODAY, 1).isoformat() in page
    assert "What moved since last week" in page
    document = json.loads(visitor.get("/forecast/", format="json").content)
    assert document["as_of"] == TODAY.isoformat()
    assert [row["week"] for row in document["rows"]] == [
        first_day(TODAY, week).isoformat() for week in range(1, 14)
    ]
    assert all(
        row["low_cents"] <= row["expected_cents"] <= row["high_cents"] for row in document["rows"]
    )
    tried = text_of(visitor.get("/forecast/tried/"))
    assert "One week ahead" in tried


def test_who_sees_one_client_sees_the_cash_of_that_one(people: People) -> None:
    keep_forecast(TODAY, at=AT)
    own = json.loads(Visitor(people.specialist).get("/forecast/", format="json").content)
    mine = json.loads(Visitor(people.admin).get("/forecast/", client="MINE", format="json").content)
    assert own["rows"] == mine["rows"]
    page = text_of(Visitor(people.specialist).get("/forecast/"))
    assert "THEIRS" not in page
    assert Visitor(people.specialist).get("/forecast/", client="THEIRS").status_code == 404


def test_a_stranger_sees_nothing_and_a_clients_person_no_page(people: People) -> None:
    keep_forecast(TODAY, at=AT)
    assert "Nothing to forecast" in text_of(Visitor(people.stranger).get("/forecast/"))
    assert Visitor(people.client_user).get("/forecast/").status_code == 403


def test_without_a_forecast_the_page_says_what_makes_one(people: People) -> None:
    assert "No forecast yet" in text_of(Visitor(people.admin).get("/forecast/"))
    assert "No past days to judge" in text_of(Visitor(people.admin).get("/forecast/tried/"))
