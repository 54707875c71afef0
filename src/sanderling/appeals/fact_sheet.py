"""The facts that a letter may say about one claim, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from sanderling.appeals.gathering import Decision, Gathered
from sanderling.appeals.models import Appeal, StatedFact
from sanderling.core.appeals.facts import KINDS, Fact, NotAFact, Reference, Source, Value, read
from sanderling.core.appeals.levels import level_of
from sanderling.core.codes.carc import ADD_BACK, COST_SHARE, title_of
from sanderling.core.codes.remarks import remark_title

_PATIENT: Final = "PR"
_SAID_SHORT: Final = 8  # of a hash, as people compare it


class FactSheet:
    """Collects facts; what says nothing is left out, the first of a name stays."""

    def __init__(self, found: Gathered) -> None:
        self._found = found
        self.facts: dict[str, Fact] = {}

    def add(
        self,
        name: str,
        value: Value | None,
        source: Source,
        said: str,
        *,
        row: tuple[str, int],
        transaction_id: int = 0,
        position: int = 0,
    ) -> None:
        """Add one fact of a row, and of a segment of a file when `transaction_id` names it."""
        if value is None or value in ("", ()) or name in self.facts:
            return
        place = self._found.places.get(transaction_id)
        if place is not None:
            said = f"{said}, segment {position} of file {place.sha256[:_SAID_SHORT]}"
        table, row_id = row
        reference = Reference(table, row_id, place.sha256 if place else "", position)
        self.facts[name] = Fact(name, value, source, said, reference)


def facts_of(
    found: Gathered, *, appeal: Appeal | None = None, stated: Iterable[StatedFact] = ()
) -> dict[str, Fact]:
    """Return what a letter about the claim may say, by name.

    What a person stated goes before what is worked out; what stands in a file goes before both
    only where nobody can state it (core.appeals.facts.KINDS).
    """
    sheet = FactSheet(found)
    _add_stated(sheet, stated)
    _add_claim(sheet, found)
    _add_decision(sheet, found)
    _add_prior(sheet, found)
    _add_proof(sheet, found)
    _add_note(sheet, found)
    _add_profile(sheet, found)
    _add_appeal(sheet, found, appeal)
    return sheet.facts


def _add_stated(sheet: FactSheet, stated: Iterable[StatedFact]) -> None:
    """Take the latest word of each name; an empty one takes it back."""
    latest = {one.name: one for one in sorted(stated, key=lambda one: one.pk)}
    for name, one in latest.items():
        if not one.value or name not in KINDS:
            continue
        try:
            value = read(name, one.value)
        except NotAFact:  # a name whose kind has changed since
            continue
        who = one.user.name or one.user.email if one.user else "the command line"
        said = f"Stated by {who} on {one.at:%Y-%m-%d}"
        said += f": {one.source_text}" if one.source_text else ""
        sheet.add(name, value, Source.PERSON, said, row=("stated_fact", one.pk))


def _days(first: date | None, last: date | None) -> str:
    if first is None:
        return ""
    start = f"{first:%B} {first.day}, {first.year}"
    if last is None or last == first:
        return start
    return f"{start} to {last:%B} {last.day}, {last.year}"


def _add_claim(sheet: FactSheet, found: Gathered) -> None:
    claim, sent = found.claim, found.submission
    said, source = "The claim", Source.CLAIM
    row, place, at = ("claim", claim.pk), 0, 0
    if sent is not None:
        said = f"837 sent {sent.submitted_date or sent.received_date}"
        source, row, place, at = Source.SUBMISSION, ("submission", sent.pk), sent.transaction_id, 0
        at = sent.position
    name = f"{claim.patient_first_name} {claim.patient_last_name}".strip()
    charge = sent.charge_cents if sent else claim.charge_cents
    procedures = tuple(
        " ".join(part for part in (one.procedure or one.revenue_code, one.modifiers) if part)
        for one in found.lines
    )
    modifiers = tuple(one.modifiers for one in found.lines if one.modifiers)
    values: dict[str, Value | None] = {
        "patient": name,
        "birth_date": claim.patient_birth_date,
        "member_id": sent.member_id if sent and sent.member_id else claim.member_id,
        "claim_number": claim.number,
        "plan": claim.plan,
        "service_dates": _days(claim.service_from_date, claim.service_to_date),
        "first_billed_date": claim.first_billed_date,
        "billed_amount": charge,
        "procedures": tuple(dict.fromkeys(one for one in procedures if one)),
        "modifiers": tuple(dict.fromkeys(modifiers)),
        "diagnoses": tuple(one.code for one in found.diagnoses),
        "provider": claim.rendering_name or (sent.billing_name if sent else ""),
        "provider_npi": claim.rendering_npi or claim.billing_npi,
        "authorization_number": sent.prior_authorization if sent else "",
    }
    for fact, value in values.items():
        sheet.add(fact, value, source, said, row=row, transaction_id=place, position=at)


def denied_cents(decision: Decision) -> int:
    """Return what a decision left unpaid that is neither the patient's share nor contractual."""
    own = [one for one in decision.adjustments if one.group_code != _PATIENT]
    denied = sum(
        one.amount_cents
        for one in own
        if not (one.group_code == "CO" and one.reason_code in ("45", *ADD_BACK))
    )
    # Nothing paid and all of it called contractual is a denial under a wrong name (DOMAIN 3.3).
    if not denied and not decision.payment.paid_cents:
        return sum(one.amount_cents for one in own)
    return denied


def allowed_cents(decision: Decision) -> int:
    """Return paid, the patient's share inside the allowed amount, and withholds (DOMAIN 3.3)."""
    inside = sum(
        one.amount_cents
        for one in decision.adjustments
        if (one.group_code == _PATIENT and one.reason_code in COST_SHARE)
        or (one.group_code == "CO" and one.reason_code in ADD_BACK)
    )
    return decision.payment.paid_cents + inside


def main_reason(decision: Decision, prefer: str) -> str:
    """Return the reason code that the letter names first: the barrier's, else the largest."""
    own = [one for one in decision.adjustments if one.group_code != _PATIENT]
    if prefer and any(one.reason_code == prefer for one in own):
        return prefer
    denials = [one for one in own if not (one.group_code == "CO" and one.reason_code == "45")]
    ranked = sorted(denials or own, key=lambda one: -one.amount_cents)
    return ranked[0].reason_code if ranked else ""


def _add_decision(sheet: FactSheet, found: Gathered) -> None:
    decision = found.decision
    if decision is None:
        return
    payment, remittance = decision.payment, decision.remittance
    prefer = found.barrier.reason_code if found.barrier else ""
    reason = main_reason(decision, prefer)
    own = [one for one in decision.adjustments if one.group_code != _PATIENT]
    denials = [one for one in own if one.reason_code != "45"] or own
    codes = sorted(
        dict.fromkeys(f"{one.group_code}-{one.reason_code}" for one in denials),
        key=lambda one: (not one.endswith(f"-{reason}"), one),
    )
    remarks = [
        one for code in (one.code for one in decision.remarks) if (one := remark_title(code))
    ]
    values: dict[str, Value | None] = {
        "payer_claim_number": payment.payer_claim_number,
        "decision_date": payment.payment_date,
        "decision_received_date": payment.received_date,
        "payer_received_date": payment.payer_received_date,
        "denial_codes": tuple(codes),
        "denial_reason": title_of(reason).lower() if reason else "",
        "remarks": tuple(dict.fromkeys(remarks)),
        "denied_amount": denied_cents(decision) or None,
        "paid_amount": payment.paid_cents,
        "allowed_amount": allowed_cents(decision),
        "patient_share": payment.patient_share_cents,
        "payment_trace": remittance.trace if remittance else "",
    }
    said = f"835 of {payment.payment_date or payment.received_date}"
    if remittance is not None and remittance.trace:
        said += f", trace {remittance.trace}"
    for fact, value in values.items():
        sheet.add(
            fact, value, Source.REMITTANCE, said, row=("claim_payment", payment.pk),
            transaction_id=payment.transaction_id, position=payment.position,
        )  # fmt: skip


def _add_prior(sheet: FactSheet, found: Gathered) -> None:
    if found.prior is None:
        return
    payment, remittance = found.prior.payment, found.prior.remittance
    said = f"835 of {payment.payment_date or payment.received_date}"
    name = remittance.payer_name if remittance else ""
    before: dict[str, Value | None] = {
        "primary_paid_amount": payment.paid_cents,
        "primary_payer": name,
    }
    for fact, value in before.items():
        sheet.add(
            fact, value, Source.REMITTANCE, said, row=("claim_payment", payment.pk),
            transaction_id=payment.transaction_id, position=payment.position,
        )  # fmt: skip


def _add_proof(sheet: FactSheet, found: Gathered) -> None:
    answer = found.acceptance
    if answer is not None:
        said = f"{answer.kind} of {answer.received_date}, {answer.category}:{answer.code}"
        evidence = f"{answer.source_name}: {found.proof_evidence}".removeprefix(": ")
        values: dict[str, Value | None] = {
            "accepted_date": found.proof_date,
            "accepted_by": evidence,
            "payer_claim_number": answer.payer_claim_number,
        }
        for fact, value in values.items():
            sheet.add(
                fact, value, Source.ACKNOWLEDGMENT, said, row=("answer", answer.pk),
                transaction_id=answer.transaction_id, position=answer.position,
            )  # fmt: skip
    if found.filing.day is not None:
        sheet.add(
            "filing_limit_date", found.filing.day, Source.RULE,
            f"Deadline rule: {found.filing.rule}", row=("claim", found.claim.pk),
        )  # fmt: skip


def _add_note(sheet: FactSheet, found: Gathered) -> None:
    note = found.note
    if note is None or note.activity is None:
        return
    said = f"Note of {note.activity.activity_date} by {note.user_name or 'somebody'}"
    values: dict[str, Value | None] = {
        "call_reference": note.activity.reference,
        "call_date": note.activity.activity_date,
        "call_person": note.representative,
    }
    for fact, value in values.items():
        sheet.add(fact, value, Source.NOTE, said, row=("note", note.pk))


def _add_profile(sheet: FactSheet, found: Gathered) -> None:
    client, head = found.claim.client, found.letterhead
    sheet.add(
        "client_name", (head.name if head else "") or client.name, Source.PROFILE,
        "The client's profile", row=("client", client.pk),
    )  # fmt: skip
    sheet.add(
        "tax_id", found.numbers.get("tin"), Source.PROFILE, "The client's profile",
        row=("client", client.pk),
    )  # fmt: skip
    if head is not None:
        for fact in ("contact_name", "contact_phone", "contact_fax", "signer"):
            sheet.add(
                fact, getattr(head, fact), Source.PROFILE, "The client's letterhead",
                row=("letterhead", head.pk),
            )  # fmt: skip
    if found.payer is not None:
        sheet.add(
            "payer_name", found.payer.name, Source.PROFILE, "The payer's profile",
            row=("payer", found.payer.pk),
        )  # fmt: skip
    if found.way is not None:
        lines = ", ".join(line.strip() for line in found.way.address.splitlines() if line.strip())
        sheet.add(
            "payer_address", lines, Source.PROFILE, "The payer's appeal way",
            row=("way", found.way.pk),
        )  # fmt: skip


def _add_appeal(sheet: FactSheet, found: Gathered, appeal: Appeal | None) -> None:
    kind = found.payer.type if found.payer else "other"
    level = level_of(kind, found.wanted.level)
    row = ("appeal", appeal.pk) if appeal else ("claim", found.claim.pk)
    name = f"{level.name} (level {level.level})" if level else f"Level {found.wanted.level}"
    sheet.add("level_name", name, Source.RULE, "Table of levels", row=row)
    if found.appeal.day is not None:
        sheet.add(
            "appeal_deadline", found.appeal.day, Source.RULE,
            f"Deadline rule: {found.appeal.rule}", row=row,
        )  # fmt: skip
    asked = appeal.asked_cents if appeal else max(found.balance_cents, 0) or None
    said = "What the party owes on the ledger"
    if asked != found.balance_cents:
        said = "Chosen for this appeal"
    sheet.add("ask_amount", asked, Source.CLAIM, said, row=row)
    if appeal is not None:
        sheet.add(
            "control_number", appeal.control_number, Source.RULE, "Made with this packet", row=row
        )
