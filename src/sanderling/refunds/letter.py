"""The letter that goes with a refund, or asks the payer to take the money back."""

from __future__ import annotations

from datetime import date
from typing import Any

from sanderling.claims.models import Submission
from sanderling.core.refusal import Refusal
from sanderling.documents import render
from sanderling.payers.models import Payer
from sanderling.refunds.causes import causes_of
from sanderling.refunds.models import Method, Refund, State
from sanderling.remits.models import ClaimPayment


class NoLetter(Refusal):
    """The letter cannot be written."""


def letter_pdf(found: Refund, *, day: date) -> bytes:
    """Return the letter of a refund that is approved or made.

    Raises:
        NoLetter: nobody has approved it.
    """
    if found.state not in (State.APPROVED, State.MADE, State.POSTED, State.SETTLED):
        raise NoLetter("the letter is written once the refund is approved")
    return render("refunds/letter", letter_data(found, day=day))


def letter_data(found: Refund, *, day: date) -> dict[str, Any]:
    """Return what the letter says."""
    claim = found.claim
    place = found.party - 10
    sent = Submission.objects.filter(claim=claim, sequence=place).order_by("-pk").first()
    payments = ClaimPayment.objects.filter(claim_id=claim.pk, paid_cents__gt=0, is_held=False)
    payer = Payer.objects.filter(pk=found.payer_id or 0).first()
    finding = causes_of([(claim.pk, found.party)])[(claim.pk, found.party)]
    numbers = sorted({one.payer_claim_number for one in payments if one.payer_claim_number})
    made = found.made_date or day
    return {
        "sender": {
            "name": claim.client.name,
            "lines": [f"NPI {claim.billing_npi}" if claim.billing_npi else ""],
        },
        "day": made.isoformat(),
        "to": payer.name if payer else _patient(found),
        "is_patient": payer is None,
        "method": found.method,
        "reference": found.reference,
        "amount_cents": found.amount_cents,
        "why": finding.evidence if finding.cause == found.cause else "",
        "cause": found.get_cause_display(),
        "is_takeback": found.method == Method.TAKEBACK,
        "patient": _patient(found),
        "member": (sent.member_id if sent else "") or claim.member_id,
        "number": claim.number,
        "payer_numbers": numbers,
        "service": claim.service_from_date.isoformat() if claim.service_from_date else None,
        "charge_cents": claim.charge_cents,
        "payments": [
            {"day": (one.payment_date or one.received_date).isoformat(), "cents": one.paid_cents,
             "number": one.payer_claim_number}
            for one in payments.order_by("payment_date", "pk")[:8]
        ],
        "letter": f"R{found.pk:06d}",
    }  # fmt: skip


def _patient(found: Refund) -> str:
    claim = found.claim
    return ", ".join(one for one in (claim.patient_last_name, claim.patient_first_name) if one)
