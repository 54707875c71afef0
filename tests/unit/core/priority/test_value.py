"""What a touch is worth: worked examples."""

from __future__ import annotations

import math
from datetime import date

import pytest
from tests.unit.core.priority.valued import TODAY, days, item, silent, value_of, valued

from sanderling.core.priority import Settings, cold_start
from sanderling.core.priority.parameters import cold_share, share_of_category
from sanderling.core.priority.words import sentence


def test_a_fresh_denial_is_worth_its_share_of_what_is_expected() -> None:
    """(1 - reach) * now + reach * (now - later), worked out by hand, without a deadline."""
    row = value_of(item(since_date=TODAY), settings=Settings(yearly_discount=0.0))
    share = share_of_category()["coding"]
    # 6.5 of 100 that are won would have come in without work.
    now = 25_000 * share * (1 - 0.065)
    # In ten days three of the fifteen days from day 7 to day 22 are gone, that cost 5 %.
    later = now * (1 - 0.05 * 3 / 15)
    assert row["value_cents"] == math.floor(now / 3 + 2 / 3 * (now - later))
    assert row["effort_minutes"] == 15.0
    assert row["score"] == row["value_cents"] / 15.0


def test_what_is_tabled_of_coding_is_the_mean_of_its_reason_codes() -> None:
    assert 0.6 < share_of_category()["coding"] < 0.75
    assert cold_share("denied", "coding") == share_of_category()["coding"]
    assert cold_share("rejected", "coding") == 0.9
    assert cold_share("underpaid", "contractual") == 0.7


def test_a_deadline_of_tomorrow_puts_nearly_all_of_it_at_stake() -> None:
    far = value_of(item())
    near = value_of(item(deadline_date=days(1), deadline_kind="appeal"))
    assert near["value_cents"] > 2.5 * far["value_cents"]
    assert near["reasons"][0][0] == "deadline"
    assert near["reasons"][0][1]["days"] == 1
    assert near["not_before_date"] is None


def test_a_deadline_that_was_met_urges_nobody() -> None:
    met = value_of(item(deadline_date=days(1), deadline_kind="timely_filing", is_deadline_met=True))
    assert met["value_cents"] == value_of(item())["value_cents"]


def test_after_the_deadline_nothing_is_won() -> None:
    row = value_of(item(deadline_date=days(-1), deadline_kind="appeal"))
    assert (row["value_cents"], row["p_recover"]) == (0, 0.0)
    assert keys_of(row) == ["past_deadline", "nothing"]


def test_after_the_time_for_records_an_appeal_may_still_help() -> None:
    row = value_of(item(deadline_date=days(-1), deadline_kind="records"))
    assert 0 < row["value_cents"] < value_of(item())["value_cents"]


def test_a_far_deadline_puts_no_touch_off() -> None:
    assert (
        value_of(item(deadline_date=days(200), deadline_kind="appeal"))["not_before_date"] is None
    )


def test_no_touch_while_the_payer_still_answers_by_itself() -> None:
    row = value_of(silent())
    assert row["action"] == "check_status"
    # By day 30, after the usual clock (day 25), more than one in four that are silent stay so.
    assert row["not_before_date"] == days(30 - 9)
    assert "not_yet" in keys_of(row)


def test_what_is_not_worth_a_late_question_waits_until_hardly_any_answer_comes() -> None:
    """Of $20 the question costs more than it brings; by day 60 nearly all are silent for good."""
    assert value_of(silent(expected_cents=2_000))["not_before_date"] == days(60 - 9)


def test_a_claim_that_no_payer_took_over_is_asked_about_at_once() -> None:
    row = value_of(silent(detail="sent"))
    assert row["not_before_date"] is None
    assert row["value_cents"] > 5 * value_of(silent())["value_cents"]
    fresh = silent(detail="sent", since_date=days(-2), last_billed_date=days(-2))
    assert value_of(fresh)["not_before_date"] == days(5 - 2)


def test_a_correction_is_asked_about_soon_after_its_usual_clock() -> None:
    corrected = item(
        barrier="corrected_pending", category="", detail="replacement", next_action="wait",
        since_date=days(-20), last_billed_date=days(-20), due_date=days(10), touches=6,
        last_touch_date=days(-20), last_action="correct_and_rebill", last_outcome="sent",
    )  # fmt: skip
    row = value_of(corrected)
    assert days(10) < row["not_before_date"] <= days(20)
    assert "repeats" not in keys_of(row)


def test_a_dear_claim_is_asked_about_earlier() -> None:
    dear = value_of(silent(expected_cents=5_000_000))
    assert dear["not_before_date"] == days(15 - 9)  # half of those that answer have


def test_not_yet_ends_before_a_deadline() -> None:
    row = value_of(
        silent(deadline_date=days(12), deadline_kind="timely_filing", expected_cents=900)
    )
    assert row["not_before_date"] == days(12 - 3)


def test_a_claim_silent_for_long_needs_a_touch() -> None:
    row = value_of(silent(barrier="no_response", since_date=days(-40), last_billed_date=days(-70)))
    assert row["not_before_date"] is None
    (reason,) = [values for key, values in row["reasons"] if key == "silent"]
    assert reason["day"] == 70
    assert reason["percent"] > 95


def test_heard_in_process_rests_until_the_day_that_was_named() -> None:
    row = value_of(
        silent(detail="act", last_touch_date=days(-4), last_outcome="in_process", touches=1)
    )
    assert row["not_before_date"] == days(17)  # the day after due_date


def test_what_a_touch_has_just_found_is_worked_at_once() -> None:
    found = item(
        barrier="not_on_file", category="", next_action="resubmit", since_date=TODAY,
        last_touch_date=TODAY, last_action="check_status", last_outcome="not_on_file", touches=1,
    )  # fmt: skip
    row = value_of(found)
    assert row["not_before_date"] is None
    assert "repeats" not in keys_of(row)


def test_what_is_known_to_be_lost_comes_before_asking_what_may_be() -> None:
    """Asking takes 4 minutes, sending again 8; but no question brings money without a sending."""
    lost = value_of(
        item(barrier="not_on_file", category="", next_action="resubmit", since_date=TODAY)
    )
    maybe = value_of(
        silent(barrier="no_response", since_date=days(-40), last_billed_date=days(-70))
    )
    assert maybe["effort_minutes"] < lost["effort_minutes"]
    assert lost["score"] > maybe["score"] > 0
    (sequel,) = [values for key, values in maybe["reasons"] if key == "sequel"]
    assert 6 <= sequel["minutes"] <= 11
    assert maybe["score"] < maybe["value_cents"] / (maybe["effort_minutes"] + 6)
    assert "sequel" not in keys_of(lost)


def test_facts_that_are_asked_for_have_to_be_sent_too() -> None:
    """A correction of 15 minutes follows, where the other team answers: seven times of ten."""
    row = value_of(item(category="eligibility", next_action="verify_eligibility"))
    assert row["score"] == pytest.approx(row["value_cents"] / (8.0 + 0.7 * 15.0))


def test_chances_fall_with_age_until_work_begins() -> None:
    """DOMAIN 12.5: by the age of a denial at the first action, whatever comes after it."""
    old = {"since_date": days(-100), "next_date": days(-90)}
    untouched = value_of(item(**old))
    begun = value_of(
        item(**old, touches=1, last_touch_date=days(-95), last_action="obtain_authorization",
             last_outcome="received")
    )  # fmt: skip
    fresh = value_of(item(since_date=days(-5)))
    assert untouched["p_recover"] < 0.6 * fresh["p_recover"]
    assert begun["p_recover"] == fresh["p_recover"]
    assert "decay" in keys_of(untouched)
    assert "decay" not in keys_of(begun)
    (delay,) = [values for key, values in begun["reasons"] if key == "delay"]
    assert delay["cents"] < begun["value_cents"] / 20


def test_what_was_turned_away_or_never_arrived_does_not_get_worse_with_age() -> None:
    for barrier in ("rejected", "not_on_file", "secondary_unbilled"):
        rows = [
            value_of(item(barrier=barrier, category="", next_action="resubmit", since_date=since))
            for since in (TODAY, days(-150))
        ]
        assert rows[0]["value_cents"] == rows[1]["value_cents"]


def test_a_refused_try_brings_half() -> None:
    first = value_of(item(since_date=TODAY, last_touch_date=days(-20)))
    again = value_of(
        item(since_date=TODAY, touches=2, last_touch_date=days(-20),
             last_action="correct_and_rebill", last_outcome="sent")
    )  # fmt: skip
    assert again["value_cents"] == pytest.approx(first["value_cents"] / 2, abs=2)
    assert "refused" in keys_of(again)


def test_questions_reminders_and_a_correction_that_never_arrived_are_no_tries() -> None:
    """Asked, reminded, answered, corrected, called: six touches, and the payer decided nothing."""
    row = {"since_date": days(-90), "last_touch_date": days(-3), "category": "authorization",
           "next_action": "obtain_authorization"}  # fmt: skip
    untouched = value_of(item(**row))
    for action, outcome in [("call_payer", "not_on_file"), ("obtain_authorization", "received")]:
        worked = value_of(item(**row, touches=6, last_action=action, last_outcome=outcome))
        assert worked["value_cents"] == untouched["value_cents"]
        assert not {"repeats", "refused"} & set(keys_of(worked))


def test_nothing_but_a_deadline_makes_a_value_nothing() -> None:
    """However old and however often refused."""
    row = value_of(
        item(since_date=days(-700), last_touch_date=days(-701), last_action="appeal",
             last_outcome="denied", touches=9, expected_cents=3_000_000)
    )  # fmt: skip
    assert row["value_cents"] > 0


def test_a_machine_that_told_nothing_twice_is_not_asked_again() -> None:
    """Whatever the money: the third time a person is called."""
    asked = silent(
        barrier="no_response", since_date=days(-40), last_billed_date=days(-70), touches=2,
        expected_cents=1_000, last_touch_date=days(-16), last_action="check_status",
        last_outcome="in_process",
    )  # fmt: skip
    assert value_of(asked)["channel"] == "call"
    assert value_of(asked | {"touches": 1})["channel"] == "portal"


def test_a_credit_brings_nothing_in_but_says_what_it_is() -> None:
    row = value_of(
        item(barrier="credit_balance", category="other", next_action="refund",
             balance_cents=-5_000, expected_cents=0, deadline_kind="refund",
             deadline_date=days(5))
    )  # fmt: skip
    assert row["value_cents"] == 0
    assert keys_of(row) == ["refund", "nothing"]


def test_a_second_machine_answer_is_asked_of_a_person() -> None:
    """The first time by the payer's usual channel; then, for enough money, by phone."""
    overdue = silent(
        barrier="no_response", since_date=days(-30), last_billed_date=days(-60),
        expected_cents=90_000,
    )  # fmt: skip
    assert value_of(overdue)["channel"] == "portal"
    asked = overdue | {
        "touches": 1, "last_touch_date": days(-15), "last_action": "check_status",
        "last_outcome": "in_process",
    }  # fmt: skip
    assert value_of(asked)["channel"] == "call"
    assert value_of(asked | {"expected_cents": 900})["channel"] == "portal"


def test_calls_to_one_payer_share_the_hold() -> None:
    calls = [
        item(item_id=number, barrier="denied", category="other", next_action="call_payer")
        for number in range(1, 8)
    ]
    rows = valued(*calls)
    assert [row["effort_minutes"] for row in rows] == pytest.approx([(21 + 6 * 4) / 7] * 7)
    (reason,) = [values for key, values in rows[0]["reasons"] if key == "same_call"]
    assert reason == {"more": 6, "minutes": 4, "alone_minutes": 21}


def test_a_finer_category_moves_the_share() -> None:
    plain = value_of(item(category="eligibility"))
    found = value_of(item(category="eligibility", subcategory="REGISTRATION"))
    assert found["p_recover"] > plain["p_recover"]


def test_an_empty_frame_has_an_empty_answer() -> None:
    assert valued() == []


def test_an_unknown_situation_is_valued_all_the_same() -> None:
    row = value_of(item(barrier="newer", category="", next_action="dance", payer_id=None))
    assert row["effort_minutes"] == 10.0
    assert row["value_cents"] > 0


def keys_of(row: dict[str, object]) -> list[str]:
    return [reason[0] for reason in row["reasons"]]  # type: ignore[attr-defined]


def test_parameters_of_the_first_day_are_the_same_each_time() -> None:
    one, other = cold_start(), cold_start()
    assert all(
        getattr(one, name).equals(getattr(other, name))
        for name in ("recovery", "answers", "minutes")
    )
    assert isinstance(TODAY, date)


def test_a_service_level_at_risk_raises_the_rank_by_half_and_says_so() -> None:
    level = {"service": "first_touch", "service_due_date": days(1)}
    usual, at_risk, in_time = valued(
        item(), item(**level, service_warn_date=TODAY), item(**level, service_warn_date=days(1))
    )
    assert at_risk["score"] == pytest.approx(1.5 * usual["score"])
    assert in_time["score"] == usual["score"] > 0
    assert at_risk["value_cents"] == usual["value_cents"]  # no more money comes of it
    (told,) = [one for one in at_risk["reasons"] if one[0] == "service"]
    assert sentence(told) == (
        "Agreed with the client and at risk: first touch, due 6 Mar 2026; ranks higher"
    )
    late = ["service", {"kind": "appeal_out", "date": "2026-03-02", "days": -3}]
    assert "late since" in sentence(late)
    assert "service" not in str(in_time["reasons"])


def test_a_touch_that_brings_nothing_is_not_lifted_by_a_service_level() -> None:
    level = {"service": "first_touch", "service_warn_date": TODAY, "service_due_date": TODAY}
    (row,) = valued(item(expected_cents=0, **level))
    assert (row["value_cents"], row["score"]) == (0, 0.0)
