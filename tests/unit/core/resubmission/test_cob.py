"""What a prior payer decided, as the next payer is told: DOMAIN 5.3 and 2.6."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit.core.resubmission.decided import DECIDED, decision, sent, service

from sanderling.core.resubmission.cob import (
    Decision,
    LinePart,
    NotTellable,
    PriorDecision,
    Reduction,
    balance,
    match_services,
    never_covered,
    packed,
    prior_decision,
    refuse_unless_balanced,
)


def test_the_worked_example_is_told_as_the_payer_decided_it() -> None:
    # DOMAIN A7: 200 = 96 + 80 + 24.
    line = sent(1, "99214", "200")
    decided = decision(
        service("99214", "200", "96", "CO-45 80", "PR-2 24", line_control_number="L1")
    )

    prior = prior_decision([decided], [line])

    assert prior == PriorDecision(
        paid_cents=96_00,
        payer_claim_number="ACMEICN557",
        lines=(
            LinePart(
                line=1,
                paid_cents=96_00,
                decided_date=DECIDED,
                procedure="99214",
                reductions=(Reduction("CO", "45", 80_00), Reduction("PR", "2", 24_00)),
            ),
        ),
    )
    assert prior.lines[0].remaining_cents == 24_00
    assert prior.remaining_cents is None
    assert balance(prior, [line]).is_even


def test_sequestration_is_told_like_any_other_reduction() -> None:
    line = sent(1, "99214", "200")
    decided = decision(service("99214", "200", "94.08", "CO-45 80", "CO-253 1.92", "PR-2 24"))

    prior = prior_decision([decided], [line])

    assert Reduction("CO", "253", 1_92) in prior.lines[0].reductions
    refuse_unless_balanced(prior, [line], "Medicare")


def test_a_line_that_is_off_is_refused_with_its_number_and_difference() -> None:
    lines = [sent(1, "99213", "150"), sent(2, "87880", "100")]
    decided = decision(
        service("99213", "150", "72", "CO-45 60", "PR-2 18"),
        service("87880", "100", "60", "CO-45 20"),
    )

    with pytest.raises(NotTellable) as refused:
        refuse_unless_balanced(prior_decision([decided], lines), lines, "Acme Health")

    assert refused.value.sentence == (
        "Line 2 does not balance: of its $100.00 Acme Health paid $60.00 and took off $20.00, "
        "$20.00 short; have the remittance corrected, or bill on paper."
    )


def test_an_amount_told_for_the_claim_and_again_for_its_line_is_refused() -> None:
    line = sent(1, "99214", "200")
    decided = decision(service("99214", "200", "96", "CO-45 80", "PR-2 24"), claim=("PR-2 24",))

    with pytest.raises(NotTellable, match=r"the claim does not balance.*\$24.00 too much"):
        refuse_unless_balanced(prior_decision([decided], [line]), [line], "Acme Health")


def test_a_line_without_an_answer_is_named() -> None:
    lines = [sent(1, "99213", "150"), sent(2, "87880", "100"), sent(3, "A4550", "0")]
    decided = decision(service("99213", "150", "72", "CO-45 60", "PR-2 18"))

    with pytest.raises(NotTellable) as refused:
        refuse_unless_balanced(prior_decision([decided], lines), lines, "Acme Health")

    assert refused.value.sentence == (
        "Acme Health has not decided on line 2: $100.00 of the charge has no answer yet; "
        "wait for the rest, or ask the payer."
    )


def test_a_decision_on_the_claim_alone_is_told_on_the_claim_alone() -> None:
    lines = [sent(1, "99213", "150"), sent(2, "87880", "100")]
    decided = decision(claim=("CO-45 100", "PR-1 50"), charge_cents=250_00, paid_cents=100_00)

    prior = prior_decision([decided], lines)

    assert prior.lines == ()
    assert prior.claim_date == DECIDED
    assert prior.remaining_cents == 50_00
    assert refuse_unless_balanced(prior, lines, "Acme Health").gap_cents == 0


def test_what_lines_do_not_carry_may_stand_on_the_claim() -> None:
    lines = [sent(1, "99213", "150"), sent(2, "87880", "100")]
    decided = decision(
        service("99213", "150", "150"),
        service("87880", "100", "100"),
        claim=("PR-1 50",),
        paid_cents=200_00,
    )

    # The lines balance, and so does the claim: 250 = 200 + 50. But the lines say 250 was paid.
    prior = prior_decision([decided], lines)

    assert prior.paid_cents == 200_00
    assert refuse_unless_balanced(prior, lines, "Acme Health").is_even


def test_parts_of_a_claim_that_the_payer_split_are_told_together() -> None:
    lines = [sent(1, "99213", "150"), sent(2, "87880", "100")]
    first = decision(
        service("99213", "150", "72", "CO-45 60", "PR-2 18"), payer_claim_number="ICN1"
    )
    second = decision(
        service("87880", "100", "0", "CO-97 100"),
        payer_claim_number="ICN2",
        decided_date=date(2026, 2, 1),
    )

    prior = prior_decision([first, second], lines)

    assert prior.paid_cents == 72_00
    assert prior.payer_claim_number == "ICN2"
    assert [part.decided_date for part in prior.lines] == [DECIDED, date(2026, 2, 1)]
    refuse_unless_balanced(prior, lines, "Acme Health")


def test_a_line_that_the_payer_split_is_told_in_its_parts() -> None:
    line = sent(1, "80050", "90")
    decided = decision(
        service("80053", "90", "20", "CO-45 10", "OA-94 60", submitted_procedure="80050"),
        service("85025", "0", "30", "OA-94 -60", "CO-45 30", submitted_procedure="80050"),
    )

    prior = prior_decision([decided], [line])

    assert [(part.line, part.procedure, part.paid_cents) for part in prior.lines] == [
        (1, "80053", 20_00),
        (1, "85025", 30_00),
    ]
    assert refuse_unless_balanced(prior, [line], "Acme Health").is_even


def test_lines_that_the_payer_bundled_name_the_line_it_paid() -> None:
    lines = [sent(1, "82465", "40"), sent(2, "83718", "50"), sent(3, "84478", "60")]
    decided = decision(
        service("80061", "40", "0", "CO-97 40", submitted_procedure="82465"),
        service("80061", "50", "80", "OA-94 -40", "CO-45 10", submitted_procedure="83718"),
        service("80061", "60", "0", "CO-97 60", submitted_procedure="84478"),
    )

    prior = prior_decision([decided], lines)

    assert [part.bundled_line for part in prior.lines] == [2, None, 2]
    assert [part.procedure for part in prior.lines] == ["80061"] * 3
    refuse_unless_balanced(prior, lines, "Acme Health")


def test_a_line_answered_with_another_procedure_is_bundled_into_none() -> None:
    line = sent(1, "99214", "200")
    decided = decision(service("99213", "200", "90", "CO-45 110", submitted_procedure="99214"))

    (part,) = prior_decision([decided], [line]).lines

    assert (part.line, part.procedure, part.bundled_line) == (1, "99213", None)


def test_a_service_that_fits_no_line_is_refused() -> None:
    decided = decision(service("80061", "40", "40"))

    with pytest.raises(NotTellable, match=r"a service of \$40.00 .* fits no line"):
        prior_decision([decided], [sent(1, "99214", "200")])


def test_equal_lines_are_told_apart_though_the_payer_turned_them_round() -> None:
    lines = [sent(1, "97110", "40", control_number=""), sent(2, "97110", "40", control_number="")]
    services = [
        service("97110", "40", "30", "CO-45 10", line_control_number=""),
        service("97110", "40", "0", "CO-119 40", line_control_number=""),
    ]

    assert match_services(services, lines) == [1, 2]
    assert sorted(filter(None, match_services(services[::-1], lines))) == [1, 2]


def test_more_paid_than_charged_is_carried_with_its_negative_reduction() -> None:
    line = sent(1, "99214", "200")
    prior = prior_decision([decision(service("99214", "200", "230", "CO-45 -30"))], [line])

    assert refuse_unless_balanced(prior, [line], "Acme Health").is_even


def test_more_taken_back_than_paid_is_refused() -> None:
    with pytest.raises(NotTellable, match="taken back more than it paid"):
        prior_decision(
            [decision(service("99214", "200", "-96", "CO-45 296"))], [sent(1, "99214", "200")]
        )


def test_nothing_that_stands_is_refused() -> None:
    with pytest.raises(NotTellable, match="decided nothing that stands"):
        prior_decision([], [sent(1, "99214", "200")])


def test_a_group_that_no_guide_knows_is_refused() -> None:
    with pytest.raises(NotTellable, match="no readable group or reason"):
        prior_decision(
            [decision(service("99214", "200", "96", "XX-45 104"))], [sent(1, "99214", "200")]
        )


def test_six_reasons_fill_a_segment_and_the_seventh_opens_another() -> None:
    reductions = [Reduction("CO", str(reason), 100) for reason in range(1, 8)]

    assert [len(members) for members in packed(reductions)] == [6, 1]


def test_beyond_five_segments_equal_reasons_are_added_up_and_none_is_left_out() -> None:
    reductions = [Reduction("CO", str(reason % 7), 100, "1") for reason in range(40)]

    members = [one for segment in packed(reductions) for one in segment]

    assert len(members) == 7
    assert sum(one.amount_cents for one in members) == 40_00
    assert {one.quantity for one in members} == {""}


def test_more_reasons_than_a_claim_carries_are_refused() -> None:
    reductions = [Reduction("CO", str(reason), 100) for reason in range(31)]

    with pytest.raises(NotTellable, match="more reasons than a claim can carry"):
        packed(reductions)


def test_a_payer_that_never_covers_the_claim_is_told_as_such() -> None:
    line = sent(1, "99214", "200")

    assert refuse_unless_balanced(never_covered(200_00), [line], "Medicare").is_even
    with pytest.raises(NotTellable, match="the claim does not balance"):
        refuse_unless_balanced(never_covered(150_00), [line], "Medicare")


def test_remarks_for_inpatients_and_outpatients_come_from_the_last_decision() -> None:
    early = Decision(0, 0, DECIDED, moa=("", "", "MA01"))
    late = Decision(0, 0, DECIDED, moa=("", "", "MA18"))

    assert prior_decision([early, late], []).moa == ("", "", "MA18")
