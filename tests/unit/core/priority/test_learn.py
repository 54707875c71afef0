"""What history teaches: shares, answer curves, minutes; worked examples."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.unit.core.priority.valued import TODAY, days, item, value_of

from sanderling.core.priority import cold_start, learn
from sanderling.core.priority.expected import expected_cents, learn_paid_shares
from sanderling.core.priority.parameters import STEPS
from sanderling.core.priority.plan import Constraints, Person, plan_day

NONE = pl.DataFrame()
START = cold_start()


def touch(number: int, **more: Any) -> dict[str, Any]:
    """Return a coding denial corrected 200 days ago, of which nothing came."""
    usual = {
        "item_id": number, "touch_date": days(-200), "payer_id": 7, "payer_type": "commercial",
        "barrier": "denied", "category": "coding", "action": "correct_and_rebill",
        "channel": "electronic", "outcome": "sent", "since_date": days(-203), "touches": 0,
        "expected_cents": 10_000, "minutes": 15.0, "paid_cents_within_days": 0,
        "days_to_payment": None, "is_decided": True,
    }  # fmt: skip
    return usual | more


def share(parameters: Any, **keys: Any) -> float:
    rows = parameters.recovery
    wanted = {"action": "", "payer_type": "", "payer_id": 0} | keys
    for name, value in wanted.items():
        rows = rows.filter(pl.col(name) == value)
    return float(rows["share"].item())


def test_no_history_teaches_nothing() -> None:
    learned = learn(NONE, NONE, TODAY)
    assert learned.recovery.equals(START.recovery)
    assert learned.answers.equals(START.answers)
    assert learned.minutes.equals(START.minutes)


def test_what_was_paid_moves_a_share_by_its_weight() -> None:
    """30 pretended observations at the table's share, 60 seen ones of which half were paid."""
    rows = [touch(n, paid_cents_within_days=10_000 if n % 2 else 0) for n in range(60)]
    learned = learn(pl.DataFrame(rows), NONE, TODAY)
    before = share(START, situation="denied/coding")
    assert share(learned, situation="denied/coding") == pytest.approx((30 * before + 30) / 90)


def test_a_payer_seen_little_stays_near_its_type() -> None:
    rows = [touch(n) for n in range(200)] + [
        touch(1000 + n, payer_id=8, paid_cents_within_days=10_000) for n in range(2)
    ]
    learned = learn(pl.DataFrame(rows), NONE, TODAY)
    keys = {"situation": "denied/coding", "action": "correct_and_rebill"}
    of_type = share(learned, **keys, payer_type="commercial")
    own = share(learned, **keys, payer_type="commercial", payer_id=8)
    assert of_type < own < of_type + 0.15


def test_what_comes_after_a_question_belongs_to_the_act_before_it() -> None:
    asked = {
        "touch_date": days(-180), "barrier": "corrected_pending", "category": "",
        "action": "check_status", "outcome": "in_process", "since_date": days(-200), "touches": 1,
        "paid_cents_within_days": 10_000, "days_to_payment": 3,
    }  # fmt: skip
    rows = [row for n in range(40) for row in (touch(n), touch(n, **asked))]
    learned = learn(pl.DataFrame(rows), NONE, TODAY)
    assert share(learned, situation="denied/coding") > share(START, situation="denied/coding")
    (delay,) = learned.delays.filter(pl.col("action") == "correct_and_rebill")["days"]
    assert 23 < delay < 28  # 23 days in all, pulled toward the usual 28


def test_the_first_step_is_worth_what_the_last_one_wins() -> None:
    first = {
        "category": "documentation", "action": "request_documents", "touch_date": days(-220),
        "since_date": days(-222),
    }  # fmt: skip
    last = {
        "category": "documentation", "action": "send_records", "since_date": days(-222),
        "touches": 1, "paid_cents_within_days": 10_000,
    }  # fmt: skip
    rows = [row for n in range(60) for row in (touch(n, **first), touch(n, **last))]
    learned = learn(pl.DataFrame(rows), NONE, TODAY)
    keys = {"situation": "denied/documentation"}
    asking = share(learned, **keys, action="request_documents")
    assert asking > 0.75
    assert asking <= share(learned, **keys, action="send_records") + 0.05


def test_a_touch_of_yesterday_says_little_yet() -> None:
    fresh = [touch(n, touch_date=days(-1), is_decided=False) for n in range(500)]
    learned = learn(pl.DataFrame(fresh), NONE, TODAY)
    before = share(START, situation="denied/coding")
    assert share(learned, situation="denied/coding") > 0.7 * before


def test_nothing_later_than_the_day_is_learned_from() -> None:
    later = pl.DataFrame([touch(n, touch_date=days(1)) for n in range(50)])
    sent = pl.DataFrame(
        {"payer_id": [7], "payer_type": ["commercial"], "action": ["claim"],
         "sent_date": [days(1)], "answered_date": [days(9)]}
    )  # fmt: skip
    learned = learn(later, sent, TODAY)
    assert learned.recovery.equals(START.recovery)
    assert learned.answers.equals(START.answers)


LONG_AGO = days(-300)


def responses(answered: int | None, count: int, sent: date = LONG_AGO) -> pl.DataFrame:
    day = None if answered is None else sent.fromordinal(sent.toordinal() + answered)
    return pl.DataFrame(
        [{"payer_id": 7, "payer_type": "commercial", "action": "claim", "sent_date": sent,
          "answered_date": day} for _ in range(count)],
        schema_overrides={"answered_date": pl.Date},
    )  # fmt: skip


def curve(parameters: Any) -> list[float]:
    own = parameters.answers.filter(pl.col("action") == "claim", pl.col("payer_id") == 7)
    return list(own.sort("step")["survival"])


def test_a_payer_that_answers_late_gets_a_late_curve() -> None:
    learned = learn(NONE, responses(40, 400), TODAY)
    own = curve(learned)
    assert len(own) == STEPS
    assert own == sorted(own, reverse=True)
    assert own[8] > 0.85  # day 40: nearly none answered before
    assert own[9] < 0.15


def test_what_is_still_open_is_watched_until_today_only() -> None:
    """300 claims sent ten days ago without an answer say nothing of day 20."""
    learned = learn(NONE, responses(None, 300, sent=days(-10)), TODAY)
    own = curve(learned)
    start = START.answers.filter(
        pl.col("action") == "claim", pl.col("payer_type") == "commercial"
    ).sort("step")["survival"]
    assert own[2] > start[2]
    assert own[6] / own[4] == pytest.approx(start[6] / start[4])


def test_minutes_follow_what_people_note_for_a_payer() -> None:
    rows = [
        touch(n, action="check_status", barrier="no_response", channel="electronic", minutes=0.5)
        for n in range(30)
    ]
    learned = learn(pl.DataFrame(rows), NONE, TODAY)
    asked = item(barrier="no_response", category="", next_action="check_status",
                 since_date=days(-30), last_billed_date=days(-80))  # fmt: skip
    assert value_of(asked, parameters=learned)["channel"] == "electronic"
    assert value_of(asked, parameters=learned)["effort_minutes"] < 0.6
    assert value_of(asked | {"payer_id": 9}, parameters=learned)["channel"] == "portal"


def test_expected_amounts_follow_what_a_payer_paid_a_client() -> None:
    paid = pl.DataFrame(
        [{"kind": "first", "payer_type": "commercial", "payer_id": 7, "client_id": 1,
          "open_cents": 9_000_000, "paid_cents": 1_800_000, "claims": 900}]
    )  # fmt: skip
    shares = learn_paid_shares(paid, START.paid_shares)
    rows = pl.DataFrame(
        [item(balance_cents=10_000), item(balance_cents=10_000, payer_id=9),
         item(balance_cents=10_000, barrier="underpaid"), item(balance_cents=-500),
         item(balance_cents=10_000, party=14, payer_id=None, payer_type="")]
    )  # fmt: skip
    own, other, short, credit, patient = expected_cents(rows, shares)
    assert 2_000 <= own < 2_050
    assert own < other < 3_800
    assert (short, credit, patient) == (10_000, 0, 3_500)


def plan(*items: dict[str, Any], minutes: float = 60.0, **more: Any) -> list[tuple[int, str]]:
    usual = {
        "action": "call_payer", "channel": "call", "value_cents": 1_000, "score": 100.0,
        "not_before_date": None, "effort_minutes": 10.0,
    }  # fmt: skip
    rows = pl.DataFrame(
        [usual | one for one in items], schema_overrides={"not_before_date": pl.Date,
                                                         "deadline_date": pl.Date}
    )  # fmt: skip
    made = plan_day(rows, [Person(1, minutes)], Constraints(**more), TODAY, START.minutes)
    return [(row["item_id"], row["why"]) for row in made.rows.to_dicts()]


def test_one_call_takes_along_what_is_worth_it() -> None:
    """Hold and talk 21 minutes, 4 for each further claim: 29 for three of payer 7."""
    calls = [item(item_id=n) | {"value_cents": 1_000} for n in (1, 2, 3)]
    other = item(item_id=4, payer_id=8) | {"value_cents": 2_000}
    assert plan(*calls, other, minutes=52.0) == [
        (1, "value"), (2, "call"), (3, "call"), (4, "value"),
    ]  # fmt: skip
    assert plan(*calls, other, minutes=24.0) == [(1, "value")]


def test_a_deadline_of_tomorrow_comes_before_any_value() -> None:
    urgent = item(item_id=2, payer_id=8, deadline_date=days(1), deadline_kind="appeal")
    dear = item(item_id=1) | {"score": 9_000.0, "value_cents": 90_000}
    assert plan(dear, urgent)[0] == (2, "must")
    # Ten minutes cost $6: for $5 nobody leaves the rest.
    small = {"value_cents": 500, "score": 50.0}
    assert plan(dear, urgent | small)[0] == (1, "value")


def test_a_client_gets_its_promised_minutes_before_the_rest() -> None:
    rich = [item(item_id=n, payer_id=n) | {"value_cents": 9_000, "score": 900.0} for n in (1, 2)]
    poor = item(item_id=3, payer_id=3, client_id=2)
    assert plan(*rich, poor, minutes=42.0) == [(1, "value"), (2, "value")]
    assert plan(*rich, poor, minutes=42.0, floors={2: 10.0}) == [(3, "floor"), (1, "value")]


def test_minutes_to_spare_go_to_what_is_late_by_the_usual_clock() -> None:
    early = {"not_before_date": days(9), "channel": "portal", "action": "check_status"}
    waits = item(item_id=1) | early
    touched = item(item_id=2, last_touch_date=days(-5)) | early
    not_due = item(item_id=3, next_date=days(1)) | early
    now = item(item_id=4) | {"channel": "portal", "action": "check_status", "score": 1.0}
    assert plan(waits, touched, not_due, now) == [(4, "value"), (1, "spare")]
    assert plan(waits, now, minutes=4.0) == [(4, "value")]


def test_a_payer_that_never_says_it_took_a_claim_is_not_asked_early() -> None:
    """Twenty claims without an acceptance were asked about; all were in process."""
    asked = {
        "barrier": "awaiting_payer", "category": "", "detail": "sent", "action": "check_status",
        "channel": "portal", "outcome": "in_process", "since_date": days(-206),
        "last_billed_date": days(-206),
    }  # fmt: skip
    learned = learn(pl.DataFrame([touch(n, **asked) for n in range(20)]), NONE, TODAY)
    waits = item(
        barrier="awaiting_payer", category="", detail="sent", next_action="wait",
        since_date=days(-9), last_billed_date=days(-9), due_date=days(16),
    )  # fmt: skip
    assert value_of(waits)["not_before_date"] is None
    assert value_of(waits, parameters=learned)["not_before_date"] >= days(16)
    assert value_of(waits | {"payer_id": 9}, parameters=learned)["not_before_date"] is None
