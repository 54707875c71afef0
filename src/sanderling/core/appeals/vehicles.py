"""Chooses the way a decision is disputed, and says why in words.

What needs a corrected claim is not appealed: an appeal takes weeks and uses up the time in which
the claim could be corrected. Source: DOMAIN 10.1, 3.2, 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sanderling.core.appeals.cases import Case, Vehicle, case_of, cases
from sanderling.core.codes.carc import carcs
from sanderling.core.codes.meaning import RESUBMISSIONS, UNPROCESSABLE, rarcs
from sanderling.core.codes.names import NextAction

_DISPUTED: Final = ("underpaid",)
_UNDECIDED: Final = ("awaiting_payer", "appeal_pending", "corrected_pending", "paid_unposted")
_NO_PAYER: Final = ("credit_balance", "patient_responsibility")
_CLINICAL: Final = "APC"
_ADMINISTRATIVE: Final = "APA"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the barrier of a claim's party says of the payer's decision."""

    barrier: str
    category: str = ""
    subcategory: str = ""
    next_action: str = ""
    reason_code: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The way to dispute it. `vehicle` None: there is nothing to dispute yet."""

    vehicle: Vehicle | None
    case: Case
    why: str  # one sentence

    @property
    def is_appealable(self) -> bool:
        """Say whether a letter and a packet are the way."""
        return self.vehicle not in (None, Vehicle.CORRECTED_CLAIM)


def choose(decision: Decision) -> Choice:
    """Return the way a decision is disputed; the first that holds of the list below."""
    case = case_of(
        reason_code=decision.reason_code,
        subcategory=decision.subcategory,
        category=decision.category,
    )
    return _not_yet(decision, case) or _correction(decision, case) or _dispute(decision, case)


def _not_yet(decision: Decision, case: Case) -> Choice | None:
    if decision.barrier in _NO_PAYER:
        return Choice(None, case, "No insurer owes this balance, so there is nobody to appeal to.")
    if decision.barrier == "secondary_unbilled":
        return Choice(
            None, case, "The next payer has no claim yet: bill it before anything is disputed."
        )
    if decision.barrier in _UNDECIDED:
        return Choice(
            None, case, "Something is with the payer already: wait for its answer or ask for it."
        )
    if decision.barrier == "not_on_file":
        return Choice(
            None, case, "The payer has no such claim: send it again with proof of the first filing."
        )
    return None


def _correction(decision: Decision, case: Case) -> Choice | None:
    if UNPROCESSABLE in decision.remarks:
        return _correct(
            case,
            "The payer did not process the claim (MA130): that gives no right of appeal, only a"
            " new or corrected claim is read.",
        )
    blocking = [code for code in decision.remarks if code in rarcs()]
    if any(rarcs()[code].blocks == "appeal" for code in blocking):
        return _correct(case, "The payer's remark says that this decision cannot be appealed.")
    if decision.barrier == "rejected":
        return _correct(
            case, "The claim was rejected before it was processed: correct it and send it again."
        )
    if decision.next_action in (
        NextAction.CORRECT_AND_REBILL,
        NextAction.RESUBMIT,
    ) and not _is_coder_first(decision):
        return _correct(
            case,
            "The reason points to something on the claim itself. A corrected claim is quicker, and"
            " an appeal would use up the time for it.",
        )
    if case.vehicle is Vehicle.CORRECTED_CLAIM and decision.barrier == "denied":
        if _CLINICAL in _steps(decision) and decision.next_action == NextAction.APPEAL:
            return None
        return _correct(
            case,
            "Coding and missing data are corrected on the claim; appeal only when the claim was"
            " right as sent.",
        )
    return None


def _dispute(decision: Decision, case: Case) -> Choice:
    if decision.barrier in _DISPUTED or decision.next_action == NextAction.DISPUTE_UNDERPAYMENT:
        return Choice(
            Vehicle.UNDERPAYMENT_DISPUTE,
            cases()["underpayment"],
            "The payer allowed it but paid less than was agreed: that is a matter of price.",
        )
    if decision.barrier == "no_response":
        return Choice(
            Vehicle.COMPLAINT,
            cases()["late_answer"],
            "The payer has decided nothing in its own time: there is no decision to appeal, but"
            " its delay to complain about.",
        )
    if decision.barrier == "pended" or decision.next_action == NextAction.SEND_RECORDS:
        return Choice(
            Vehicle.RECORDS_SUBMISSION,
            case if case.vehicle is not Vehicle.CORRECTED_CLAIM else cases()["records"],
            "The payer waits for records: sending what it asked for reopens the claim.",
        )
    steps = _steps(decision)
    clinical = next((one for one in steps if one in (_CLINICAL, _ADMINISTRATIVE)), "") == _CLINICAL
    if case.vehicle is Vehicle.CLINICAL_APPEAL or (
        clinical and case.vehicle is not Vehicle.RECONSIDERATION
    ):
        return Choice(
            Vehicle.CLINICAL_APPEAL,
            case,
            "The payer judged the care itself: a clinician must read the record again."
            if not _is_coder_first(decision)
            else "The payer judged the care itself: let a coder confirm the codes, then a"
            " clinician must read the record again.",
        )
    return Choice(
        Vehicle.RECONSIDERATION,
        case if case.vehicle is not Vehicle.CORRECTED_CLAIM else cases()["general"],
        "The decision rests on a fact that the payer has wrong: proof, not judgment, settles it.",
    )


def _is_coder_first(decision: Decision) -> bool:
    """Say whether only a coder's review stands before the appeal, and no corrected claim."""
    steps = _steps(decision)
    return steps[:1] == ["COD"] and _CLINICAL in steps and not RESUBMISSIONS - {"COD"} & set(steps)


def _correct(case: Case, why: str) -> Choice:
    return Choice(Vehicle.CORRECTED_CLAIM, case, why)


def _steps(decision: Decision) -> list[str]:
    row = carcs().get(decision.reason_code)
    return (row.denied_action or row.action).split(">") if row else []
