"""Claims to a next payer as files: strangers (pyx12) accept what we write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.integration.test_external_checkers import pyx12_errors
from tests.unit.core.resubmission.claims import SECOND, THIRD, dependent, file_of, hospital, low
from tests.unit.core.resubmission.decided import decision, service

from sanderling.core.resubmission.cob import Decision, never_covered, prior_decision
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.next_payer import Supplied, sent_lines, to_next_payer

LINE = service(
    "99214", "200", "94.08", "CO-45 80", "CO-253 1.92", "PR-2 24", line_control_number="10003L1"
)
SPLIT = (
    service("99213", "200", "60", "CO-45 40 x1", "OA-94 100", submitted_procedure="99214"),
    service("99215", "0", "100", "OA-94 -100", submitted_procedure="99214"),
)
HOSPITAL = (
    service("99283", "500", "300", *(f"CO-{code} 25" for code in range(1, 9)), revenue_code="0450"),
    service("", "80", "40", "CO-45 40", revenue_code="0250", line_control_number="H1L2"),
)


def second(document: ClaimDocument, decided: Decision, msp_type: str = "") -> ClaimDocument:
    prior = prior_decision([decided], sent_lines(document))
    return to_next_payer(document, place=2, priors={1: prior}, msp_type=msp_type)


def third() -> ClaimDocument:
    document = low(others=SECOND + THIRD)
    lines = sent_lines(document)
    answer = service("99214", "200", "20", "OA-23 176", "PR-2 4", line_control_number="10003L1")
    priors = {
        1: prior_decision([decision(LINE)], lines),
        2: prior_decision([decision(answer, payer_claim_number="SECICN1")], lines),
    }
    return to_next_payer(document, place=3, priors=priors)


MADE: dict[str, Callable[[], ClaimDocument]] = {
    "by line": lambda: second(low(), decision(LINE, moa=("", "", "MA18"))),
    "split": lambda: second(low(), decision(*SPLIT)),
    "as a whole": lambda: second(
        low(), decision(claim=("CO-45 80", "PR-2 24"), charge_cents=200_00, paid_cents=96_00)
    ),
    "never covered": lambda: to_next_payer(low(), place=2, priors={1: never_covered(200_00)}),
    "third": third,
    "child": lambda: second(dependent(), decision(service("99213", "150", "100", "PR-1 50"))),
    "told by a person": lambda: to_next_payer(
        low(others=""),
        place=2,
        priors={1: prior_decision([decision(LINE)], sent_lines(low()))},
        supplied=Supplied("Second Mutual", "SECM1", "SEC900", "CI", "01", "G1", "LOW", "SUE"),
    ),
    "medicare": lambda: second(
        low(others=SECOND.replace("*GRP900******CI", "*******MB")), decision(LINE), msp_type="43"
    ),
    "hospital": lambda: second(hospital(), decision(*HOSPITAL), msp_type="12"),
    "inpatient remarks": lambda: second(
        hospital(),
        decision(*HOSPITAL, mia=("0", "", "", "100", "MA01"), moa=("", "", "MA18")),
        msp_type="43",
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_a_stranger_accepts_it(name: str) -> None:
    assert pyx12_errors(file_of(MADE[name]()).decode("ascii")) == []
