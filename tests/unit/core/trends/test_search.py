"""The search over made-up books: what is planted is found with its smallest description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from tests.trend_books import TODAY, Arrays, Plant, day, decisions, searched

from sanderling.core.trends.findings import Finding
from sanderling.core.trends.settings import DEFAULTS

ON = 360  # the day of the plants
COMMON = 27  # a procedure that stands on every seventh line


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, [one.description.key for one in found]
    return found[0]


PLANTS: dict[str, tuple[Plant, Mapping[str, str], str, str]] = {
    "a payer's edit of one modifier": (
        lambda a, d: (a["payer"] == 1) & (a["modifier"] == "25") & (a["decided"] >= ON)
        & (d.random(len(a["payer"])) < 0.6),
        {"payer_id": "2", "modifier": "25", "carc": "CO-4"}, "payer", "day",
    ),
    "a payer's edit of one code": (
        lambda a, d: (a["payer"] == 2) & (a["procedure"] == COMMON) & (a["decided"] >= ON)
        & (d.random(len(a["payer"])) < 0.8),
        {"payer_id": "3", "procedure": f"99{200 + COMMON}", "carc": "CO-4"}, "payer", "day",
    ),
    "a client's habit, whoever pays": (
        lambda a, d: (a["client"] == 2) & (a["served"] >= ON - 30)
        & (d.random(len(a["payer"])) < 0.3),
        {"client_id": "3", "carc": "CO-4"}, "client", "service_date",
    ),
    "one client at one payer": (
        lambda a, d: (a["client"] == 1) & (a["payer"] == 3) & (a["decided"] >= ON)
        & (d.random(len(a["payer"])) < 0.5),
        {"client_id": "2", "payer_id": "4", "carc": "CO-4"}, "client", "day",
    ),
    "one provider": (
        lambda a, d: (a["provider"] == 5) & (a["served"] >= ON - 40)
        & (d.random(len(a["payer"])) < 0.6),
        {"client_id": "2", "provider": "N5", "carc": "CO-4"}, "client", "service_date",
    ),
}  # fmt: skip
DAY_OF = {"day": ON, "service_date": ON - 30}


@pytest.mark.parametrize("name", PLANTS)
def test_what_is_planted_is_one_issue_with_its_smallest_description(name: str) -> None:
    plant, said, caused_by, axis = PLANTS[name]
    found = only(searched(decisions(seed=3, plant=plant)).findings)
    description = found.description
    assert {**description.scope, **description.event} == said
    assert found.caused_by == caused_by
    assert found.axis == axis
    on = ON - 40 if name == "one provider" else DAY_OF[axis]
    assert found.onset is not None
    assert abs((found.onset - day(on)).days) <= 4
    assert found.onset_low is not None
    assert found.onset_high is not None
    assert found.onset_low <= found.onset <= found.onset_high
    assert found.rate_after > 5 * found.rate_before
    assert found.confidence > 0.99


def test_two_problems_at_once_are_two_issues() -> None:
    first, second = (PLANTS[name][0] for name in list(PLANTS)[:2])
    both = decisions(seed=3, plant=lambda a, d: first(a, d) | second(a, d))
    keys = {one.description.key for one in searched(both).findings}
    assert keys == {
        "denial|shift|carc=CO-4|modifier=25|payer_id=2",
        f"denial|shift|carc=CO-4|payer_id=3|procedure=99{200 + COMMON}",
    }


def test_the_parts_of_the_clients_sum_to_the_issue() -> None:
    found = only(
        searched(decisions(seed=3, plant=PLANTS["a payer's edit of one code"][0])).findings
    )
    hit = found.parts.filter("is_hit")
    assert hit.height == 4
    assert int(hit["claims"].sum()) == found.claims == found.siblings.height
    assert int(hit["at_stake_cents"].sum()) == found.at_stake_cents
    weeks = found.weeks.select(pl.col("outcomes", "events").sum()).row(0)
    counts = found.parts.select(
        pl.col("outcomes_before", "outcomes_after", "events_before", "events_after").sum()
    ).row(0)
    assert weeks == (counts[0] + counts[1], counts[2] + counts[3])
    assert counts[3] / counts[1] == pytest.approx(found.rate_after)


@pytest.mark.parametrize("change", [{"claims_min": 5_000}, {"at_stake_min_cents": 10**9}])
def test_below_the_floors_nothing_is_an_issue(change: dict[str, int]) -> None:
    lines = decisions(seed=3, plant=PLANTS["one provider"][0])
    settings = replace(DEFAULTS, **change)
    assert searched(lines, settings=settings).findings == []


def test_one_bad_file_is_no_issue() -> None:
    def one_day(a: Arrays, d: np.random.Generator) -> object:
        last = a["decided"][(a["payer"] == 1) & (a["decided"] <= 408)].max()
        return (a["payer"] == 1) & (a["decided"] == last)

    assert searched(decisions(seed=3, plant=one_day)).findings == []


def test_what_rises_at_all_payers_at_once_is_a_season_and_no_payers_issue() -> None:
    lines = decisions(
        seed=4,
        plant=lambda a, d: (a["decided"] >= ON) & (d.random(len(a["payer"])) < 0.12),
    )
    assert [one for one in searched(lines).findings if one.description.payer_id] == []


def test_one_clients_trouble_with_all_payers_is_no_season_for_another_client() -> None:
    def both(a: Arrays, d: np.random.Generator) -> object:
        half = d.random(len(a["payer"])) < 0.5
        mine = (a["client"] == 0) & (a["decided"] >= ON - 10)
        theirs = (a["client"] == 2) & (a["payer"] == 1) & (a["decided"] >= ON)
        return (mine | theirs) & half

    keys = {one.description.key for one in searched(decisions(seed=3, plant=both)).findings}
    assert "denial|shift|carc=CO-4|client_id=3|payer_id=2" in keys


def test_a_client_that_was_never_good_is_found_by_its_peers() -> None:
    lines = decisions(
        seed=6, clients=8, claims=16_000, reason=("eligibility", "CO-27"),
        plant=lambda a, d: (a["client"] == 4) & (d.random(len(a["payer"])) < 0.12),
    )  # fmt: skip
    found = only(searched(lines, clients=8).findings)
    assert found.description.key == "denial|steady|category=eligibility|client_id=5"
    assert (found.onset, found.caused_by) == (None, "client")
    assert found.rate_before == pytest.approx(0.016, abs=0.006)
    assert found.rate_after == pytest.approx(0.13, abs=0.02)


def test_evidence_grows_with_time_and_the_delay_is_short() -> None:
    lines = decisions(seed=3, plant=PLANTS["a payer's edit of one code"][0])
    onset = day(ON)
    seen = [
        bool(searched(lines, today=onset + timedelta(days=days)).findings)
        for days in (0, 7, 14, 21, 28)
    ]
    assert seen[0] is False
    assert seen[3:] == [True, True]


def test_nothing_after_the_day_asked_for_is_known() -> None:
    lines = decisions(seed=3, plant=PLANTS["one client at one payer"][0])
    past = TODAY - timedelta(days=20)
    known = lines.filter(pl.col("day") <= past)
    whole, cut = searched(lines, today=past), searched(known, today=past)
    assert [one.description.key for one in whole.findings] == [
        one.description.key for one in cut.findings
    ]
