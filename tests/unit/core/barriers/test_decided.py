"""What a payer decided on its remittances: refused, pended, cut, taken back, replaced, held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.unit.core.barriers.story import (
    CHARGE,
    PATIENT,
    PRIMARY,
    Adjustment,
    Story,
    day,
    evidence_kinds,
    payer,
    said_of,
)
from tests.unit.core.codes.explained import rules_of

from sanderling.core.barriers.classify import Classified, classify
from sanderling.core.barriers.facts import CAPITATED

SHARE = (("CO", "45", 6000), ("PR", "2", 1800))
DENIED: Adjustment = ("CO", "50", CHARGE)


def answered(paid_cents: int, *adjustments: Adjustment, **more: Any) -> Story:
    story = Story(**more.pop("story", {}))
    story.sent()
    story.paid(14, paid_cents, *adjustments, **more)
    return story


def barriers_of(story: Story, on: int) -> dict[int, tuple[Any, ...]]:
    return {
        party: said_of(row, "barrier", "balance_cents") for party, row in story.rows(on).items()
    }


# One line, all of it refused: the reason, its remarks -> category, next action, team, deadline.
REASONS = {
    "no authorization": ("CO", "197", (), "authorization", "obtain_authorization"),
    "not eligible": ("CO", "27", (), "eligibility", "verify_eligibility"),
    "coded wrong": ("CO", "11", (), "coding", "correct_and_rebill"),
    "bundled": ("CO", "97", ("M15",), "bundling", "correct_and_rebill"),
    "not necessary": ("CO", "50", (), "medical_necessity", None),
    "too late": ("CO", "29", (), "timely_filing", "appeal"),
    "sent twice": ("OA", "18", (), "duplicate", "call_payer"),
    "another payer first": ("CO", "22", (), "coordination_of_benefits", None),
    "something missing": ("CO", "16", ("N290",), "missing_information", None),
    "records missing": ("CO", "252", ("N706",), "documentation", "send_records"),
    "not enrolled": ("CO", "B7", (), "provider", "escalate"),
    "not covered": ("CO", "96", ("N130",), "non_covered", None),
    "benefit used up": ("CO", "119", (), "benefit_limit", None),
    "unprocessable": ("CO", "16", ("MA130", "N290"), "missing_information", "resubmit"),
    "remark says eligibility": ("CO", "16", ("N382",), "eligibility", "verify_eligibility"),
    "remark says coding": ("CO", "16", ("M76",), "coding", None),
    "no table knows it": ("XX", "999", (), "other", "call_payer"),
}


@pytest.mark.parametrize(
    ("group", "reason", "remarks", "category", "action"), REASONS.values(), ids=REASONS
)
def test_denied_whole(
    group: str, reason: str, remarks: tuple[str, ...], category: str, action: str | None
) -> None:
    row = answered(0, (group, reason, CHARGE), status="4", remarks=remarks).row(20)

    assert said_of(row, "barrier", "detail", "category", "group_code", "reason_code", "cause") == (
        "denied",
        "duplicate" if reason == "18" else "claim",
        category,
        group,
        reason,
        "remittance",
    )
    assert said_of(row, "since_date", "balance_cents") == (day(14), CHARGE)
    assert action is None or row["next_action"] == action
    assert row["next_action"] not in ("", "wait")
    assert row["team"] != ""
    assert evidence_kinds(row)[0] == "remittance"


@pytest.mark.parametrize("status", ["1", "4"])
def test_the_claims_status_alone_denies_nothing(status: str) -> None:
    """DOMAIN 3.3 and B1-14."""
    story = answered(0, ("CO", "45", 6000), ("PR", "1", 9000), status=status)
    assert barriers_of(story, 20) == {PATIENT: ("patient_responsibility", 9000)}


def test_one_line_paid_with_a_share_and_one_refused() -> None:
    """DOMAIN B2, PCN10001."""
    story = Story(charge_cents=25000)
    story.sent()
    story.paid(
        14, 7200, lines=((15000, 7200, SHARE), (10000, 0, (("CO", "97", 10000),))),
        remarks=("N290",),  # of the first line: it says nothing about the second
    )  # fmt: skip
    rows = story.rows(20)

    assert barriers_of(story, 20) == {
        PRIMARY: ("denied", 10000),
        PATIENT: ("patient_responsibility", 1800),
    }
    assert said_of(rows[PRIMARY], "detail", "category", "remark_code") == ("line", "bundling", "")
    (denial,) = story.classified(20).denials.to_dicts()
    assert said_of(denial, "line_index", "denied_cents", "category", "is_standing") == (
        2, 10000, "bundling", True,
    )  # fmt: skip


def test_the_reason_with_the_most_money_names_the_claim() -> None:
    lines = ((9000, 0, (("CO", "197", 9000),)), (6000, 0, (("CO", "29", 6000),)))
    story = Story()
    story.sent()
    story.paid(14, 0, lines=lines)
    assert said_of(story.row(20), "category", "detail") == ("authorization", "claim")


@pytest.mark.parametrize(
    ("reasons", "category"),
    [
        (("197", "29"), "timely_filing"),
        (("50", "27"), "eligibility"),
        (("97", "197"), "authorization"),
        (("11", "50"), "medical_necessity"),
        (("18", "16"), "missing_information"),
    ],
)
def test_of_equal_amounts_the_more_serious_reason_names_the_claim(
    reasons: tuple[str, str], category: str
) -> None:
    """DOMAIN 3.3: the order of reasons, wherever they stand."""
    for first, second in (reasons, reversed(reasons)):
        story = Story()
        story.sent()
        story.paid(
            14, 0, lines=((7500, 0, (("CO", first, 7500),)), (7500, 0, (("CO", second, 7500),)))
        )
        assert story.row(20)["category"] == category


def test_a_pended_line_comes_before_a_refused_one() -> None:
    story = Story()
    story.sent()
    story.paid(14, 0, lines=((9000, 0, (("CO", "50", 9000),)), (6000, 0, (("OA", "133", 6000),))))
    assert story.row(20)["barrier"] == "pended"


def test_pended_on_a_remittance() -> None:
    row = answered(0, ("OA", "133", CHARGE)).row(20)
    assert said_of(row, "barrier", "detail", "deadline_kind", "next_action", "since_date") == (
        "pended", "remittance", "records", "wait", day(14),
    )  # fmt: skip


def test_decided_after_it_was_pended() -> None:
    story = answered(0, ("OA", "133", CHARGE))
    story.took_back(30, 0, ("OA", "133", CHARGE))
    story.paid(30, 7200, *SHARE)
    assert barriers_of(story, 31) == {PATIENT: ("patient_responsibility", 1800)}


def test_a_rule_of_the_payer_gives_a_reason_another_meaning() -> None:
    rule = {"payer_id": 1, "reason_code": "50", "category": "documentation",
            "next_action": "send_records", "team": "client"}  # fmt: skip
    row = answered(0, DENIED, story={"book": rules_of(rule)}).row(20)
    assert said_of(row, "category", "next_action", "team") == (
        "documentation", "send_records", "client",
    )  # fmt: skip


# Money cut, and money that no code explains.


@pytest.mark.parametrize(
    ("adjustments", "category"),
    [
        ((("PI", "45", 3000), ("PR", "2", 1800)), "contractual"),
        ((("CO", "151", 3000), ("PR", "2", 1800)), "coding"),
    ],
    ids=["payer-initiated", "units cut"],
)
def test_a_cut_without_a_contract_stays_open(
    adjustments: tuple[Adjustment, ...], category: str
) -> None:
    story = answered(10200, *adjustments)
    row = story.row(20)

    assert said_of(row, "barrier", "detail", "category", "balance_cents") == (
        "underpaid", "reduced", category, 3000,
    )  # fmt: skip
    assert row["next_action"] in ("dispute_underpayment", "appeal")
    assert row["deadline_kind"] == "appeal"


def test_contractual_only_leaves_nothing() -> None:
    story = answered(0, ("CO", "45", 12000), ("CO", "253", 3000))
    assert story.rows(20) == {}


def test_all_written_down_by_the_contractual_code_is_no_contract() -> None:
    """DOMAIN B1-20."""
    assert said_of(answered(0, ("CO", "45", CHARGE)).row(20), "barrier", "category") == (
        "denied", "contractual",
    )  # fmt: skip


def test_capitation_without_a_contract_is_refused() -> None:
    """DOMAIN B1-17: the plan that pays is to be found and billed, known to us or not."""
    row = answered(0, ("CO", "24", CHARGE)).row(20)
    assert said_of(row, "barrier", "category", "next_action", "deadline_kind") == (
        "denied", "contractual", "bill_secondary", "secondary_filing",
    )  # fmt: skip


def by_the_month(story: Story, *lines: int) -> Classified:
    """Return what the engine says when a contract pays these remittance lines by the month."""
    facts = story.facts(day(20))
    capitated = facts.ledger.payment_lines.filter(pl.col("line_index").is_in(lines))
    facts = replace(facts, capitated=capitated.select(list(CAPITATED)))
    return classify(facts, day(20), book=story.book, rules=story.rules)


def test_capitation_by_contract_is_no_denial() -> None:
    """DOMAIN B1-16: paid by the month as agreed; what is open is to be written off."""
    found = by_the_month(answered(0, ("CO", "24", CHARGE)), 1)
    row = found.barriers.row(0, named=True)

    assert said_of(row, "barrier", "detail", "next_action", "category", "deadline_kind") == (
        "awaiting_internal", "capitated", "write_off", "", "",
    )  # fmt: skip
    assert said_of(row, "reason_code", "balance_cents") == ("24", CHARGE)
    assert found.denials.is_empty()


def test_a_refusal_beside_capitation_is_worked() -> None:
    """DOMAIN 3.3: what was refused rules over what is paid by the month."""
    part = CHARGE - 5000
    story = answered(0, lines=((5000, 0, (("CO", "24", 5000),)), (part, 0, (("CO", "50", part),))))
    found = by_the_month(story, 1)
    row = found.barriers.row(0, named=True)

    assert said_of(row, "barrier", "detail", "reason_code", "category") == (
        "denied", "line", "50", "medical_necessity",
    )  # fmt: skip
    assert found.denials["reason_code"].to_list() == ["50"]


def test_a_code_of_no_table_is_put_before_a_person() -> None:
    story = answered(10000, ("CO", "9Z9", 5000))
    row = story.row(20)

    assert said_of(row, "barrier", "detail", "reason_code", "next_action") == (
        "unexplained", "unknown_code", "9Z9", "escalate",
    )  # fmt: skip
    assert row["next_date"] == day(14)  # the same day


def test_a_rest_that_no_code_explains() -> None:
    """A remittance that balances by a patient share reported on the claim alone leaves nothing."""
    story = answered(10000, ("OA", "23", 5000))
    assert said_of(story.row(20), "barrier", "detail", "balance_cents", "next_action") == (
        "unexplained", "paid", 5000, "escalate",
    )  # fmt: skip


# Taken back.


def test_taken_back_and_not_corrected() -> None:
    story = answered(7200, *SHARE)
    story.took_back(40, 7200, *SHARE, dated=38)

    assert barriers_of(story, 39) == {PATIENT: ("patient_responsibility", 1800)}
    waiting, late = story.row(65), story.row(66)
    assert said_of(waiting, "barrier", "detail", "since_date", "due_date", "cause") == (
        "awaiting_payer", "reversed", day(40), day(65), "reversal",
    )  # fmt: skip
    assert said_of(late, "barrier", "since_date") == ("no_response", day(66))
    # 30 days from the payment date of the takeback.
    for row in (waiting, late):
        assert said_of(row, "deadline_kind", "deadline_date") == ("takeback_dispute", day(68))
    assert evidence_kinds(waiting)[0] == "reversal"


def test_taken_back_and_corrected_in_one_remittance() -> None:
    story = answered(7200, *SHARE)
    story.took_back(40, 7200, *SHARE)
    story.paid(40, 0, DENIED)
    assert said_of(story.row(41), "barrier", "category", "since_date") == (
        "denied", "medical_necessity", day(40),
    )  # fmt: skip


def test_taken_back_and_corrected_later() -> None:
    story = answered(7200, *SHARE)
    story.took_back(40, 7200, *SHARE)
    story.paid(50, 7000, ("CO", "45", 6000), ("PR", "2", 2000))
    assert story.row(49)["detail"] == "reversed"
    assert barriers_of(story, 50) == {PATIENT: ("patient_responsibility", 2000)}


def test_a_denial_taken_back_stands_no_longer() -> None:
    story = answered(0, DENIED)
    story.took_back(40, 0, DENIED)
    assert said_of(story.row(41), "barrier", "detail") == ("awaiting_payer", "reversed")
    assert [row["is_standing"] for row in story.classified(41).denials.to_dicts()] == [False]
    assert [row["is_standing"] for row in story.classified(39).denials.to_dicts()] == [True]


def test_paid_after_a_denial_without_a_reversal() -> None:
    story = answered(0, DENIED)
    story.paid(40, 7200, *SHARE)
    assert barriers_of(story, 41) == {PATIENT: ("patient_responsibility", 1800)}


def test_denied_anew_for_another_reason() -> None:
    story = answered(0, DENIED)
    story.paid(40, 0, ("CO", "29", CHARGE))
    assert said_of(story.row(41), "category", "since_date") == ("timely_filing", day(40))


# Claims sent twice.


def sent_twice(first: tuple[int, tuple[Adjustment, ...]] | None) -> Story:
    story = Story()
    story.sent()
    if first is not None:
        story.paid(14, first[0], *first[1])
    story.sent(20)
    story.paid(30, 0, ("OA", "18", CHARGE), number="ICN2")
    return story


def test_a_duplicate_of_a_paid_claim_is_no_denial() -> None:
    assert barriers_of(sent_twice((7200, SHARE)), 31) == {PATIENT: ("patient_responsibility", 1800)}


def test_a_duplicate_of_a_denied_claim_leaves_the_denial() -> None:
    assert said_of(sent_twice((0, (DENIED,))).row(31), "barrier", "category", "since_date") == (
        "denied", "medical_necessity", day(14),
    )  # fmt: skip


def test_a_duplicate_of_an_undecided_claim_waits_with_it() -> None:
    story = sent_twice(None)
    story.accepted(12)
    assert said_of(story.row(31), "barrier", "due_date") == ("awaiting_payer", day(37))
    assert story.row(38)["barrier"] == "no_response"


def test_a_duplicate_of_the_only_claim_sent_is_a_denial() -> None:
    """DOMAIN B1-6: the payer means another claim, and a person has to find it."""
    story = Story()
    story.sent()
    story.paid(14, 0, ("OA", "18", CHARGE))
    assert said_of(story.row(20), "barrier", "category", "detail", "next_action") == (
        "denied", "duplicate", "duplicate", "call_payer",
    )  # fmt: skip


def test_a_duplicate_of_a_claim_that_crossed_over_waits_with_it() -> None:
    story = Story(payer(1), payer(2, "medicaid"))
    story.sent()
    story.paid(14, 7200, *SHARE, status="19")
    story.sent(20, to=2)
    story.paid(30, 0, ("OA", "18", CHARGE), status="2", number="ICN2")
    assert story.row(31, 12)["barrier"] == "awaiting_payer"


def test_a_rejected_claim_is_no_original() -> None:
    story = Story()
    story.refused(2, of=story.sent())
    story.sent(5)
    story.paid(14, 0, ("OA", "18", CHARGE))
    assert said_of(story.row(20), "barrier", "category") == ("denied", "duplicate")


def test_sent_anew_after_a_duplicate_that_decided_it_waits_anew() -> None:
    story = Story()
    story.sent()
    story.paid(14, 0, ("OA", "18", CHARGE))
    story.sent(20)
    assert said_of(story.row(21), "barrier", "due_date") == ("awaiting_payer", day(45))


def test_a_duplicate_of_nothing_on_file_is_a_denial() -> None:
    story = Story()
    story.taken_over(0, CHARGE)
    story.paid(30, 0, ("OA", "18", CHARGE))
    row = story.row(31)

    assert said_of(row, "barrier", "category", "detail", "next_action") == (
        "denied", "duplicate", "duplicate", "call_payer",
    )  # fmt: skip
    (denial,) = story.classified(31).denials.to_dicts()
    assert denial["is_duplicate"]


# Corrected claims.


def replaced(frequency: str = "7") -> tuple[Story, int]:
    story = answered(0, ("CO", "11", CHARGE))
    return story, story.sent(20, frequency=frequency)


@pytest.mark.parametrize("frequency", ["7", "6"])
def test_a_replacement_waits_for_its_decision(frequency: str) -> None:
    story, _ = replaced(frequency)
    row = story.row(45)

    assert said_of(row, "barrier", "detail", "since_date", "next_action", "category") == (
        "corrected_pending", "replacement", day(20), "wait", "",
    )  # fmt: skip
    assert row["next_date"] == day(45)  # DOMAIN 4.7: first touch on day 25
    assert row["deadline_kind"] == "appeal"  # of the denial it answers
    assert evidence_kinds(row)[:2] == ["correction", "remittance"]
    assert story.row(46)["next_action"] == "check_status"


def test_a_replacement_that_was_rejected() -> None:
    story, number = replaced()
    story.refused(22, of=number)
    row = story.row(23)

    assert said_of(row, "barrier", "detail", "next_action", "deadline_kind", "since_date") == (
        "rejected", "replacement", "correct_and_rebill", "corrected_claim", day(22),
    )  # fmt: skip


def test_a_replacement_that_was_answered() -> None:
    story, _ = replaced()
    story.took_back(40, 0, ("CO", "11", CHARGE))
    story.paid(40, 0, ("CO", "29", CHARGE), number="ICN2")
    assert said_of(story.row(41), "barrier", "category") == ("denied", "timely_filing")
    assert story.row(39)["barrier"] == "corrected_pending"


def test_a_replacement_before_any_decision_waits() -> None:
    story = Story()
    story.sent()
    story.sent(8, frequency="7")
    row = story.row(9)
    assert said_of(row, "barrier", "deadline_kind") == ("corrected_pending", "timely_filing")


def test_sent_anew_after_a_denial_it_waits_anew() -> None:
    """What cannot be corrected (MA130) is sent again as a new claim."""
    story = answered(0, ("CO", "16", CHARGE), remarks=("MA130", "N290"))
    story.sent(20)
    assert said_of(story.row(45), "barrier", "due_date") == ("awaiting_payer", day(45))
    assert story.row(46)["barrier"] == "no_response"


def test_sent_anew_after_a_denial_and_denied_again() -> None:
    story = answered(0, ("CO", "16", CHARGE), remarks=("MA130", "N290"))
    story.sent(20)
    story.paid(40, 0, ("CO", "29", CHARGE), number="ICN2")
    assert said_of(story.row(41), "barrier", "category") == ("denied", "timely_filing")


# Payments held, credits.


def test_a_payment_that_cannot_be_posted_comes_before_all() -> None:
    story = answered(0, DENIED)
    story.sent(20, frequency="7")
    story.paid(30, 9999, ("CO", "45", 1), is_held=True)
    row = story.row(31)

    assert said_of(row, "barrier", "detail", "team", "next_action", "deadline_kind") == (
        "awaiting_internal", "held", "posting", "find_payment", "",
    )  # fmt: skip
    assert evidence_kinds(row)[0] == "held"


def test_a_payment_posted_after_one_that_was_held() -> None:
    story = Story()
    story.sent()
    story.paid(14, 9999, ("CO", "45", 1), is_held=True)
    story.paid(20, 0, DENIED)
    assert [story.row(number)["barrier"] for number in (14, 20)] == ["awaiting_internal", "denied"]


def test_paid_more_than_was_owed() -> None:
    story = answered(7200, *SHARE)
    story.paid(30, 7200, *SHARE, number="ICN2")
    rows = story.rows(31)
    credit = rows[PRIMARY]

    assert sum(row["balance_cents"] for row in rows.values()) < 0
    assert said_of(credit, "barrier", "category", "next_action", "team", "payer_id") == (
        "credit_balance", "other", "refund", "posting", 1,
    )  # fmt: skip
    assert credit["since_date"] == day(30)


@pytest.mark.parametrize(
    ("payer_type", "has_limit"),
    [("medicare", True), ("medicaid", True), ("medicare_advantage", True), ("commercial", False)],
)
def test_a_credit_of_public_money_has_sixty_days(payer_type: str, *, has_limit: bool) -> None:
    story = Story(payer(1, payer_type))
    story.sent()
    story.paid(14, CHARGE)
    story.paid(30, 5000, charge_cents=5000, number="ICN2")
    row = story.row(31)

    assert row["barrier"] == "credit_balance"
    assert row["deadline_kind"] == ("refund" if has_limit else "")
    assert row["deadline_date"] == (day(90) if has_limit else None)


def test_what_the_patient_owes_has_no_payer_and_no_deadline() -> None:
    row = answered(7200, *SHARE).row(20, PATIENT)
    assert said_of(row, "payer_id", "deadline_kind", "category", "next_action", "team") == (
        None, "", "patient", "transfer_to_patient", "patient",
    )  # fmt: skip


def test_a_denial_that_would_bill_another_payer_needs_one() -> None:
    """DOMAIN B6-9: the second payer, where one is on file; else the step that follows."""
    denial: Adjustment = ("PR", "119", CHARGE)  # benefit used up: next payer, else appeal
    alone = answered(0, denial).row(20)
    with_second = Story(payer(1), payer(2))
    with_second.sent()
    with_second.paid(14, 0, denial)

    assert said_of(with_second.row(20), "next_action", "deadline_kind") == (
        "bill_secondary", "secondary_filing",
    )  # fmt: skip
    assert alone["next_action"] not in ("bill_secondary", "", "wait")


@pytest.mark.parametrize(
    ("payer_type", "next_action", "deadline_kind"),
    [("medicare", "write_off", ""), ("commercial", "appeal", "appeal")],
)
def test_medicare_hears_no_appeal_of_a_claim_filed_too_late(
    payer_type: str, next_action: str, deadline_kind: str
) -> None:
    """DOMAIN 4.3: such a denial is no initial determination."""
    story = Story(payer(1, payer_type))
    story.sent()
    story.paid(14, 0, ("CO", "29", CHARGE))

    assert said_of(story.row(20), "barrier", "category", "next_action", "deadline_kind") == (
        "denied", "timely_filing", next_action, deadline_kind,
    )  # fmt: skip
