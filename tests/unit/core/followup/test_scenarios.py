"""Scenarios, answers and narratives: what is asked, what is refused, what is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanderling.core.barriers.words import BARRIERS
from sanderling.core.codes.names import NextAction
from sanderling.core.followup import questions as q
from sanderling.core.followup.days import working_day
from sanderling.core.followup.notes import About, default_next_date, narrative, read_note
from sanderling.core.followup.questions import Kind, Question, told
from sanderling.core.followup.scenarios import (
    BY_KEY,
    CHANNELS,
    SCENARIOS,
    Scenario,
    asked,
    is_needed,
    suggested,
)
from sanderling.followup.models import Channel, Outcome

TODAY = date(2026, 3, 5)  # a Thursday
AT = datetime(2026, 3, 5, 14, 2, tzinfo=UTC)
ABOUT = About(
    payer_name="ACME HEALTH",
    contact="555-0100",
    service_date=date(2026, 1, 2),
    charge_cents=15_000,
    open_cents=12_050,
    deadline="Timely filing",
    deadline_date=date(2026, 4, 2),
)
CALL = {"representative": "Joy", "reference": "R17", "received_date": "1/8"}


# DOMAIN 9.3, those that a touch leads to.
DISPOSITIONS = {
    *("NCOF", "RCVD", "PEND-MR", "PEND-PROV", "PEND-ELIG", "INFOREQ", "INFOSENT", "APPRV"),
    *("PAIDNP", "DED", "CORR", "NEWC", "REPROC", "APLSENT-1", "APLSENT-2", "APLUPH", "APLWON"),
    *("APLPART", "COBPT", "SECBILL", "XOVER", "UNDPAY", "OFFSET", "LMVM", "NOANS", "HOLD>30"),
    *("PORTDN", "DEN-AU", "DEN-TF"),
}


def texts_for(question: Question) -> st.SearchStrategy[str]:
    """Texts that mean something to the question."""
    if question.kind is Kind.CHOICE:
        return st.sampled_from([value for value, _ in question.choices])
    if question.kind is Kind.MONEY:
        return st.integers(1, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
    if question.kind is Kind.CODE:
        return st.sampled_from(["197", "CO-50", "co 16", "B7", "PR-31"])
    if question.kind is Kind.PAST_DAY:
        return st.just("2026-02-02")  # one day for all: they are in order
    if question.kind is Kind.COMING_DAY:
        return st.integers(0, 200).map(lambda days: (TODAY + timedelta(days=days)).isoformat())
    return st.text(
        st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=50
    )


@st.composite
def forms(draw: st.DrawFn) -> tuple[Scenario, str, dict[str, str]]:
    scenario = draw(st.sampled_from(SCENARIOS))
    channel = draw(st.sampled_from(list(CHANNELS)))
    result = draw(st.sampled_from(list(scenario.results)))
    texts = {"result": result} if scenario.chooser else {}
    for ask in asked(scenario, result):
        if is_needed(ask, channel) or draw(st.booleans()):
            texts[ask.question.key] = draw(texts_for(ask.question))
    return scenario, channel, texts


@given(forms())
def test_every_answer_is_told_and_nothing_that_is_not_known(
    form: tuple[Scenario, str, dict[str, str]],
) -> None:
    scenario, channel, texts = form
    read = read_note(scenario, channel=channel, texts=texts, next_text="", today=TODAY)
    assert read.faults == {}
    assert set(read.answers) == set(texts)
    text = narrative(read, About(), at=AT, by="")
    for key, answer in read.answers.items():
        said = told(scenario.questions[key], answer)
        assert said in text or (key == "result" and read.result.status in text)
    assert "None" not in text or any("None" in typed for typed in texts.values())


@given(forms())
def test_a_needed_answer_left_out_is_refused_by_its_name(
    form: tuple[Scenario, str, dict[str, str]],
) -> None:
    scenario, channel, texts = form
    result = texts.get("result", "")
    needed = [a.question.key for a in asked(scenario, result) if is_needed(a, channel)]
    for key in needed:
        less = {name: text for name, text in texts.items() if name != key}
        read = read_note(scenario, channel=channel, texts=less, next_text="", today=TODAY)
        assert read.faults == {key: "is needed here"}


def test_the_narrative_of_a_call() -> None:
    read = read_note(
        BY_KEY["in_process"],
        channel="call",
        texts={**CALL, "payer_claim_number": "ICN9", "remarks": "Ask for Joy again"},
        next_text="",
        today=TODAY,
    )
    assert narrative(read, ABOUT, at=AT, by="Ann Lee") == (
        "[Call 2026-03-05 14:02 UTC] ACME HEALTH 555-0100 rep Joy ref# R17. "
        "DOS 2026-01-02, billed $150.00, open $120.50. "
        "Status: received and in process; received 2026-01-08; payer's claim no. ICN9. "
        "Next: check the status on 2026-03-19 by Ann Lee. "
        "Timely filing: 2026-04-02, 28 d left.\nAsk for Joy again"
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.key)
def test_what_a_scenario_becomes_is_known_to_activities(scenario: Scenario) -> None:
    for result in scenario.results.values():
        assert result.outcome in Outcome.values
        assert result.action in list(NextAction)
        assert result.next_action in list(NextAction)
        assert result.days is None or 0 < result.days <= 35
    assert scenario.channel in Channel.values
    assert (scenario.chooser is None) == (list(scenario.results) == [""])
    if scenario.chooser is not None:
        assert [value for value, _ in scenario.chooser.choices] == list(scenario.results)
    for result_key in scenario.results:
        keys = [ask.question.key for ask in asked(scenario, result_key)]
        assert len(keys) == len(set(keys))
    for ask in scenario.asks:
        assert set(ask.results) <= set(scenario.results)


def test_dispositions_are_those_of_the_trade() -> None:
    found = {r.disposition for one in SCENARIOS for r in one.results.values()}
    assert found >= DISPOSITIONS


@pytest.mark.parametrize(
    ("scenario", "result", "needed"),
    [
        ("paid_not_posted", "", {"trace", "paid_date", "paid_cents"}),
        ("denied", "coding", {"reason_code", "explanation"}),
        ("not_on_file", "", {"member_verified", "eligible"}),
        ("reprocess", "", {"reference", "promised_date"}),
        ("info_requested", "", {"wanted"}),
    ],
)
def test_a_status_has_its_mandatory_answers(scenario: str, result: str, needed: set[str]) -> None:
    texts = {"result": result} if result else {}
    read = read_note(BY_KEY[scenario], channel="portal", texts=texts, next_text="", today=TODAY)
    assert set(read.faults) == needed


def test_a_person_who_was_spoken_to_has_a_name_and_the_call_a_number() -> None:
    by_call = read_note(
        BY_KEY["in_process"], channel="call", texts={}, next_text="", today=TODAY
    ).faults
    assert set(by_call) == {"representative", "reference", "received_date"}


def test_avoidable_is_what_told_us_nothing_to_act_on() -> None:
    avoidable = {
        f"{one.key} {name}".strip()
        for one in SCENARIOS
        for name, result in one.results.items()
        if result.is_avoidable
    }
    assert avoidable == {
        *("in_process", "paid_not_posted", "patient_share", "appeal_status review"),
    }


def test_a_denial_leads_where_its_category_says() -> None:
    denied = BY_KEY["denied"].results
    assert denied["authorization"].next_action == "obtain_authorization"
    assert denied["medical_necessity"].next_action == "appeal"
    assert denied["coding"].disposition == "DEN-CO"


def test_days_out_of_order_are_refused() -> None:
    texts = {
        "trace": "1",
        "paid_cents": "5",
        "paid_date": "2026-02-10",
        "cashed_date": "2026-02-09",
    }
    read = read_note(
        BY_KEY["paid_not_posted"], channel="portal", texts=texts, next_text="", today=TODAY
    )
    assert read.faults == {"cashed_date": "is before 2026-02-10; one of the two is wrong"}


@pytest.mark.parametrize(
    ("question", "text", "fault"),
    [
        (q.PAID_AMOUNT, "twelve", "must be an amount like 1,234.56"),
        (q.PAID_AMOUNT, "12.345", "must be an amount like 1,234.56"),
        (q.PAID_AMOUNT, "99999999999999", "is too large an amount; correct it"),
        (q.REASON, "CO-", "must be a reason code like 197 or CO-197"),
        (q.PAID, "2026-03-06", "is a day to come; it must have been"),
        (q.PAID, "soon", "must be a day like 3/5 or 2026-03-05"),
        (q.PROMISED, "2026-03-04", "is past; it must be today or later"),
        (q.LEVEL, "9", "is none of the choices; choose one"),
        (q.TRACE, "x" * 201, "is longer than 200 characters; shorten it"),
        (q.REMARKS, "x" * 1001, "is longer than 1000 characters; shorten it"),
    ],
)
def test_an_answer_that_means_nothing_says_what_to_write(
    question: Question, text: str, fault: str
) -> None:
    with pytest.raises(q.BadAnswer) as error:
        q.read_answer(question, text, today=TODAY)
    assert str(error.value) == fault


def test_answers_are_read_in_the_ways_people_write_them() -> None:
    def read(question: Question, text: str) -> object:
        return q.read_answer(question, text, today=TODAY)

    assert read(q.PAID_AMOUNT, "$1,234.5") == 123_450
    assert read(q.PAID_AMOUNT, "12") == 1_200
    assert read(q.REASON, "co 197") == "CO-197"
    assert read(q.LEVEL, "3 or external") == "3"
    assert read(q.TRACE, "  12  34\x00 ") == "12 34"
    assert read(q.REMARKS, "a \r\nb\n\n") == "a\nb"
    assert read(q.TRACE, "   ") is None


@pytest.mark.parametrize(
    ("promised", "next_date"),
    [("2026-03-09", date(2026, 3, 12)), ("2026-03-11", date(2026, 3, 16))],
)
def test_after_a_promise_the_next_look_is_three_days_later_on_a_working_day(
    promised: str, next_date: date
) -> None:
    texts = {"promised_date": promised}
    read = read_note(BY_KEY["approved"], channel="portal", texts=texts, next_text="", today=TODAY)
    assert (read.faults, read.next_date) == ({}, next_date)


def test_the_next_look_is_what_was_typed_or_refused() -> None:
    def read(text: str) -> tuple[object, dict[str, str]]:
        found = read_note(
            BY_KEY["note"], channel="internal", texts={"remarks": "x"}, next_text=text, today=TODAY
        )
        return found.next_date, dict(found.faults)

    assert read("+7") == (date(2026, 3, 12), {})
    assert read("") == (None, {})
    assert read("2026-03-04")[1] == {"next_date": "must be from today to 366 days ahead"}
    assert read("sometime")[1] == {"next_date": "must be a day like +7, 2w, mon or 2026-03-05"}


def test_an_unknown_channel_and_result_are_refused() -> None:
    read = read_note(
        BY_KEY["denied"], channel="pigeon", texts={"result": "mood"}, next_text="", today=TODAY
    )
    assert read.faults["channel"] == "is none of the channels; choose one"
    assert read.faults["result"] == "is none of the choices; choose one"


@pytest.mark.parametrize("barrier", [*BARRIERS, "something_new"])
def test_every_barrier_suggests_all_scenarios_each_once(barrier: str) -> None:
    keys = [one.key for one in suggested(barrier)]
    assert sorted(keys) == sorted(BY_KEY)


def test_the_likely_scenario_comes_first() -> None:
    first = {barrier: suggested(barrier)[0].key for barrier in BARRIERS}
    assert first["no_response"] == "in_process"
    assert first["appeal_pending"] == "appeal_status"
    assert first["paid_unposted"] == "paid_not_posted"
    assert first["pended"] == "records_sent"


def test_the_next_look_comes_as_often_as_agreed_unless_the_payer_promised_a_day() -> None:
    result = BY_KEY["in_process"].results[""]
    assert default_next_date(result, {}, today=TODAY) == working_day(
        TODAY + timedelta(days=result.days or 0)
    )
    soon = default_next_date(result, {}, today=TODAY, every_days=3)
    assert soon == working_day(TODAY + timedelta(days=3))
    promised = {"promised_date": TODAY + timedelta(days=20)}
    assert default_next_date(result, promised, today=TODAY, every_days=3) == default_next_date(
        result, promised, today=TODAY
    )
