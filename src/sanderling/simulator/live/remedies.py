"""What mends what: whether a claim sent anew takes away the reason it was turned down for.

A payer knows why it denied. A correction is paid when it changes what that reason is about; one
that changes something else, or nothing, is denied again. Reasons: domain reference 3.4 and 3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sanderling.core.x12.write.claim import Claim, ClaimLine
from sanderling.simulator.reasons import FrontEndReason, Reason

Check = Callable[[Claim, Claim], bool]


def _subscriber(old: Claim, new: Claim) -> bool:
    """Who is insured under which number."""
    return (old.member_id, old.group_number, _person(old)) != (
        new.member_id,
        new.group_number,
        _person(new),
    )


def _person(claim: Claim) -> tuple[object, ...]:
    person = claim.patient_person
    return person.last_name, person.first_name, person.birth_date, person.sex


def _other_payers(old: Claim, new: Claim) -> bool:
    """What earlier payers are there, and what they paid."""
    told = [(one.sequence, one.payer.identifier, one.paid_cents) for one in old.other_payers]
    now = [(one.sequence, one.payer.identifier, one.paid_cents) for one in new.other_payers]
    return (old.sequence, told) != (new.sequence, now)


def _authorization(old: Claim, new: Claim) -> bool:
    """A number that was not on the claim before."""
    before = {old.authorization, old.referral, *(line.authorization for line in old.lines)}
    after = {new.authorization, new.referral, *(line.authorization for line in new.lines)}
    return bool(after - before - {""})


def _attachment(old: Claim, new: Claim) -> bool:
    """Records announced with the claim (PWK)."""
    return new.attachment is not None and new.attachment != old.attachment


def _diagnoses(old: Claim, new: Claim) -> bool:
    """Diagnoses, or which of them a line points to."""
    return old.diagnoses != new.diagnoses or _of_lines(old, _pointers) != _of_lines(new, _pointers)


def _codes(old: Claim, new: Claim) -> bool:
    """Procedures and modifiers."""
    return _of_lines(old, _procedure) != _of_lines(new, _procedure)


def _place(old: Claim, new: Claim) -> bool:
    """Place of service or type of bill, or the procedure."""
    places = [line.place_of_service for line in old.lines]
    is_moved = places != [line.place_of_service for line in new.lines]
    return old.facility_code != new.facility_code or is_moved or _codes(old, new)


def _providers(old: Claim, new: Claim) -> bool:
    """Who rendered or referred."""
    return (_who(old), _referred(old)) != (_who(new), _referred(new))


def _referring(old: Claim, new: Claim) -> bool:
    """A referring provider that was not named before."""
    return bool(_referred(new)) and _referred(new) != _referred(old)


def _delay(old: Claim, new: Claim) -> bool:
    """A reason why it comes late (CLM20)."""
    return bool(new.delay_reason) and new.delay_reason != old.delay_reason


def _anything(old: Claim, new: Claim) -> bool:
    """Whatever a claim may say wrongly."""
    return any(check(old, new) for check in _ALL)


def _never(_old: Claim, _new: Claim) -> bool:
    """No claim helps: only an appeal does, if anything."""
    return False


def _who(claim: Claim) -> str:
    facts = claim.institutional
    attending = facts.attending.npi if facts and facts.attending else ""
    return claim.rendering.npi if claim.rendering else attending


def _referred(claim: Claim) -> str:
    return claim.referring.npi if claim.referring else ""


def _of_lines(claim: Claim, take: Callable[[ClaimLine], object]) -> list[object]:
    return [take(line) for line in claim.lines]


def _pointers(line: ClaimLine) -> object:
    return line.pointers


def _procedure(line: ClaimLine) -> object:
    return line.code, line.modifiers, line.revenue_code, line.units


_ALL: Final = (
    _subscriber, _other_payers, _authorization, _attachment, _diagnoses, _codes, _place, _providers,
)  # fmt: skip

BY_CATEGORY: Final[dict[str, tuple[Check, ...]]] = {
    "eligibility": (_subscriber,),
    "missing_information": (_anything,),
    "coordination_of_benefits": (_other_payers,),
    "authorization": (_authorization,),
    "documentation": (_attachment,),
    "coding": (_codes, _diagnoses, _place),
    "bundling": (_codes,),
    "medical_necessity": (_diagnoses,),
    "non_covered": (_never,),
    "benefit_limit": (_never,),
    "provider": (_providers,),
    "timely_filing": (_delay,),
}
BY_REMARK: Final[dict[str, Check]] = {
    "N382": _subscriber,
    "N290": _providers,
    "MA130": _anything,
    "M51": _codes,
    "M76": _diagnoses,
    "N286": _referring,
}
BY_CODE: Final[dict[str, Check]] = {
    "4": _codes,
    "11": _diagnoses,
    "181": _codes,
    "146": _diagnoses,
    "5": _place,
}
# STC01-2 of a rejection. An NPI that was not on file is enrolled by and by: sending again helps.
BY_STATUS: Final[dict[str, Check]] = {
    "164": _subscriber,
    "158": _subscriber,
    "254": _diagnoses,
    "286": _other_payers,
    "507": _codes,
}


def mends(category: str, reason: Reason | None, old: Claim, new: Claim) -> bool:
    """Tell whether a new version of a claim takes its denial away."""
    if category == "missing_information" and reason is not None:
        for remark in reason.remarks:
            if remark in BY_REMARK:
                return BY_REMARK[remark](old, new)
    if category == "coding" and reason is not None and reason.code in BY_CODE:
        return BY_CODE[reason.code](old, new)
    return any(check(old, new) for check in BY_CATEGORY.get(category, (_anything,)))


def clears(reason: FrontEndReason, old: Claim, new: Claim) -> bool:
    """Tell whether a new version of a rejected claim takes its rejection away."""
    check = BY_STATUS.get(reason.status)
    return check is None or check(old, new)
