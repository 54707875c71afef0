"""Reads the claims of an 837 into the types the payers decide by.

A reader of its own over the segments of `reading`; what a payer does not look at is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sanderling.core.x12.write.adjustments import Adjustment
from sanderling.core.x12.write.claim import (
    Claim,
    ClaimLine,
    Form,
    Frequency,
    InstitutionalFacts,
    LineAdjudication,
    OtherPayer,
)
from sanderling.core.x12.write.parties import Address, Payer, Person, Provider
from sanderling.simulator.live.reading import Segment, TransactionSet

FORMS = {
    "005010X222A1": Form.PROFESSIONAL,
    "005010X223A2": Form.INSTITUTIONAL,
    "005010X224A2": Form.DENTAL,
}
_NOWHERE = Person("", "", date(1900, 1, 1), "U")


@dataclass(frozen=True, slots=True)
class ReceivedClaim:
    """One claim as it came in, with what its own type would refuse."""

    claim: Claim  # frequency and original reference as the claim's, where it has both
    provider: Provider  # billing
    frequency: str  # CLM05-3
    original_reference: str  # REF*F8 of the claim
    total_cents: int  # CLM02

    @property
    def number(self) -> str:
        """CLM01."""
        return self.claim.control_number


@dataclass(slots=True)
class _Party:
    """NM1 with what follows it."""

    last: str = ""
    first: str = ""
    identifier: str = ""
    street: str = ""
    city: tuple[str, str, str] = ("", "", "")
    birth_date: date = date(1900, 1, 1)
    sex: str = ""
    references: dict[str, str] = field(default_factory=dict)
    taxonomy: str = ""

    def person(self) -> Person:
        address = Address(self.street, *self.city) if self.street else None
        return Person(self.last, self.first, self.birth_date, self.sex, address)

    def provider(self) -> Provider:
        return Provider(
            self.last, self.identifier, self.first, self.references.get("EI", ""), self.taxonomy,
            Address(self.street, *self.city) if self.street else None,
        )  # fmt: skip


def read_claims(received: TransactionSet) -> tuple[ReceivedClaim, ...]:
    """Read all claims of one 837 that passed `check_set`."""
    reader = _Reader(received)
    for segment in received.segments:
        reader.take(segment)
    reader.finish()
    return tuple(reader.claims)


def batch_reference(received: TransactionSet) -> str:
    """BHT03."""
    return next((_at(one, 3) for one in received.segments if one[0] == "BHT"), "")


class _Reader:
    """Walks the segments once; a claim is put together when the next thing begins."""

    def __init__(self, received: TransactionSet) -> None:
        self._set = received
        self._form = FORMS[received.guide]
        self.claims: list[ReceivedClaim] = []
        self._billing = self._subscriber = self._payer = self._patient = _Party()
        self._coverage: Segment = ()
        self._relationship = ""
        self._party = _Party()
        self._level = ""
        self._taxonomy = ""
        self._claim: list[Segment] = []

    def take(self, segment: Segment) -> None:
        """Take the next segment."""
        name = segment[0]
        if name in {"HL", "CLM", "SE"}:
            self.finish()
        if name == "HL":
            self._start_level(segment)
        elif name == "CLM" or self._claim:
            self._claim.append(segment)
        elif name == "SBR":
            self._coverage = segment
        elif name == "PAT":
            self._relationship = _at(segment, 1)
        elif name == "PRV":
            self._taxonomy = _at(segment, 3)
        elif name == "NM1":
            self._name(segment)
        else:
            _add_to(self._party, segment)

    def _start_level(self, segment: Segment) -> None:
        self._level = _at(segment, 3)
        if self._level == "22":
            self._patient = _Party()
            self._relationship = ""

    def _name(self, segment: Segment) -> None:
        self._party = party_of(segment)
        entity = _at(segment, 1)
        if entity == "85":
            self._party.taxonomy = self._taxonomy
            self._billing = self._party
        elif entity == "IL":
            self._subscriber = self._party
        elif entity == "PR":
            self._payer = self._party
        elif entity == "QC":
            self._patient = self._party

    def finish(self) -> None:
        """Put the claim together whose segments were gathered."""
        if not self._claim:
            return
        segments, self._claim = self._claim, []
        has_patient = self._level == "23"
        self.claims.append(
            _Body(self._set, self._form, segments).claim(
                payer=Payer(self._payer.last, self._payer.identifier),
                coverage=self._coverage,
                subscriber=self._subscriber,
                patient=self._patient.person() if has_patient else None,
                relationship=self._relationship if has_patient else "18",
                billing=self._billing.provider(),
            )
        )


class _Body:
    """Loop 2300 and below."""

    def __init__(self, received: TransactionSet, form: Form, segments: list[Segment]) -> None:
        self._set = received
        self._form = form
        parts: list[list[Segment]] = [[]]
        kinds = [""]
        for segment in segments:
            if segment[0] == "LX" or (segment[0] == "SBR"):
                parts.append([])
                kinds.append(segment[0])
            parts[-1].append(segment)
        self._head = parts[0]
        self._others = [part for part, kind in zip(parts, kinds, strict=True) if kind == "SBR"]
        self._lines = [part for part, kind in zip(parts, kinds, strict=True) if kind == "LX"]

    def claim(
        self,
        *,
        payer: Payer,
        coverage: Segment,
        subscriber: _Party,
        patient: Person | None,
        relationship: str,
        billing: Provider,
    ) -> ReceivedClaim:
        head = self._head
        clm = head[0]
        place, _, frequency = (*self._set.composite(_at(clm, 5)), "", "", "")[:3]
        references = _references(head)
        original = references.get("F8", "")
        known = {item.value for item in Frequency} if original else {"1"}
        claim = Claim(
            control_number=_at(clm, 1),
            form=self._form,
            payer=payer,
            sequence=_at(coverage, 1),
            subscriber=subscriber.person(),
            member_id=subscriber.identifier,
            filing_indicator=_at(coverage, 9),
            facility_code=place,
            diagnoses=self._codes(("ABK", "ABF")),
            lines=tuple(self._line(part) for part in self._lines),
            frequency=Frequency(frequency) if frequency in known else Frequency.ORIGINAL,
            original_reference=original,
            relationship=relationship,
            patient=patient,
            group_number=_at(coverage, 3),
            insurance_type=_at(coverage, 5),
            delay_reason=_at(clm, 20),
            referral=references.get("9F", ""),
            authorization=references.get("G1", ""),
            clearinghouse_trace=references.get("D9", ""),
            medical_record=references.get("EA", ""),
            attachment=_attachment(head),
            note=next((_at(one, 2) for one in head if one[0] == "NTE"), ""),
            rendering=_provider(head, "82"),
            referring=_provider(head, "DN"),
            facility=_provider(head, "77"),
            institutional=self._institutional() if self._form is Form.INSTITUTIONAL else None,
            other_payers=tuple(_other(part) for part in self._others),
        )
        return ReceivedClaim(claim, billing, frequency, original, cents(_at(clm, 2)))

    def _codes(self, qualifiers: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for segment in self._head:
            if segment[0] == "HI":
                for element in segment[1:]:
                    parts = self._set.composite(element)
                    if parts[0] in qualifiers and len(parts) > 1:
                        found.append(parts[1])
        return tuple(found)

    def _institutional(self) -> InstitutionalFacts:
        period = _dates(self._head, "434") or (date(1900, 1, 1), date(1900, 1, 1))
        cl1 = next((one for one in self._head if one[0] == "CL1"), ())
        groups = self._codes(("DR",))
        return InstitutionalFacts(
            period[0],
            period[-1],
            admission_type=_at(cl1, 1),
            admission_source=_at(cl1, 2),
            patient_status=_at(cl1, 3),
            diagnosis_related_group=groups[0] if groups else "",
            condition_codes=self._codes(("BG",)),
            attending=_provider(self._head, "71"),
        )

    def _line(self, part: list[Segment]) -> ClaimLine:
        service = next((one for one in part if one[0] in {"SV1", "SV2", "SV3"}), ())
        shift = 1 if _at(service, 0) == "SV2" else 0
        procedure = self._set.composite(_at(service, 1 + shift))
        period = _dates(part, "472") or _dates(self._head, "434") or (date(1900, 1, 1),)
        references = _references([one for one in part if one[0] != "SVD"])
        units = {"SV1": 4, "SV2": 5, "SV3": 6}.get(_at(service, 0), 4)
        pointers = self._set.composite(_at(service, 7)) if _at(service, 0) == "SV1" else ()
        return ClaimLine(
            code=_part(procedure, 1),
            charge_cents=cents(_at(service, 2 + shift)),
            service_date=period[0],
            service_end_date=period[-1] if period[-1] != period[0] else None,
            control_number=references.get("6R", ""),
            units=_at(service, units) or "1",
            modifiers=tuple(item for item in procedure[2:6] if item),
            pointers=tuple(int(item) for item in pointers if item.isdigit()) or (1,),
            revenue_code=_at(service, 1) if shift else "",
            place_of_service=_at(service, 5) if _at(service, 0) == "SV1" else "",
            authorization=references.get("G1", ""),
            adjudications=tuple(self._adjudications(part)),
        )

    def _adjudications(self, part: list[Segment]) -> list[LineAdjudication]:
        found: list[LineAdjudication] = []
        for segment in part:
            name = segment[0]
            if name == "SVD":
                procedure = self._set.composite(_at(segment, 3))
                found.append(
                    LineAdjudication(
                        payer_id=_at(segment, 1),
                        paid_cents=cents(_at(segment, 2)),
                        adjudicated_date=date(1900, 1, 1),
                        code=_part(procedure, 1),
                        modifiers=tuple(item for item in procedure[2:6] if item),
                        units=_at(segment, 5),
                    )
                )
            elif found and name == "CAS":
                adjustments = (*found[-1].adjustments, *_adjustments(segment))
                found[-1] = replace(found[-1], adjustments=adjustments)
            elif found and name == "DTP" and _at(segment, 1) == "573":
                found[-1] = replace(found[-1], adjudicated_date=day_of(_at(segment, 3)))
        return found


def _other(part: list[Segment]) -> OtherPayer:
    """Read loops 2320, 2330A and 2330B."""
    coverage = part[0]
    amounts = {_at(one, 1): cents(_at(one, 2)) for one in part if one[0] == "AMT"}
    adjustments = [item for one in part if one[0] == "CAS" for item in _adjustments(one)]
    subscriber, payer = _named(part, "IL"), _named(part, "PR")
    decided = _dates(part, "573")
    return OtherPayer(
        sequence=_at(coverage, 1),
        payer=Payer(payer.last, payer.identifier),
        subscriber=subscriber.person(),
        member_id=subscriber.identifier,
        filing_indicator=_at(coverage, 9),
        relationship=_at(coverage, 2),
        group_number=_at(coverage, 3),
        insurance_type=_at(coverage, 5),
        paid_cents=amounts.get("D"),
        patient_cents=amounts.get("EAF"),
        non_covered_cents=amounts.get("A8"),
        adjustments=tuple(adjustments),
        adjudicated_date=decided[0] if decided else None,
        payer_claim_number=payer.references.get("F8", ""),
    )


def party_of(segment: Segment) -> _Party:
    """Read NM1."""
    return _Party(last=_at(segment, 3), first=_at(segment, 4), identifier=_at(segment, 9))


def _add_to(party: _Party, segment: Segment) -> None:
    name = segment[0]
    if name == "N3":
        party.street = _at(segment, 1)
    elif name == "N4":
        party.city = (_at(segment, 1), _at(segment, 2), _at(segment, 3))
    elif name == "DMG":
        party.birth_date, party.sex = day_of(_at(segment, 2)), _at(segment, 3)
    elif name == "REF":
        party.references[_at(segment, 1)] = _at(segment, 2)


def _named(part: list[Segment], entity: str) -> _Party:
    """Find the party of an entity code, with what follows its name."""
    found = _Party()
    is_inside = False
    for segment in part:
        if segment[0] == "NM1":
            is_inside = _at(segment, 1) == entity
            if is_inside:
                found = party_of(segment)
        elif is_inside:
            _add_to(found, segment)
    return found


def _provider(part: list[Segment], entity: str) -> Provider | None:
    found = _named(part, entity)
    return found.provider() if found.last or found.identifier else None


def _attachment(head: list[Segment]) -> tuple[str, str, str] | None:
    for one in head:
        if one[0] == "PWK":
            return _at(one, 1), _at(one, 2), _at(one, 6)
    return None


def _references(part: list[Segment]) -> dict[str, str]:
    """Read the REF of a loop itself, not those of the parties named in it."""
    found: dict[str, str] = {}
    for segment in part:
        if segment[0] == "NM1":
            break
        if segment[0] == "REF":
            found.setdefault(_at(segment, 1), _at(segment, 2))
    return found


def _dates(part: list[Segment], qualifier: str) -> tuple[date, ...]:
    for one in part:
        if one[0] == "DTP" and _at(one, 1) == qualifier:
            return tuple(day_of(piece) for piece in _at(one, 3).split("-"))
    return ()


def _adjustments(segment: Segment) -> list[Adjustment]:
    group = _at(segment, 1)
    return [
        Adjustment(group, _at(segment, place), cents(_at(segment, place + 1)))
        for place in range(2, len(segment), 3)
        if _at(segment, place)
    ]


def cents(text: str) -> int:
    """Read an amount without ever meeting a float; an unreadable one counts nothing."""
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    digits = f"{whole or '0'}{part[:2]:0<2}"
    return sign * int(digits) if digits.isdigit() else 0


def day_of(text: str) -> date:
    """Read CCYYMMDD; an unreadable day is 1900-01-01."""
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day of a claim
    except ValueError:
        return date(1900, 1, 1)


def _at(segment: Segment, place: int) -> str:
    return segment[place] if place < len(segment) else ""


def _part(parts: tuple[str, ...], place: int) -> str:
    return parts[place] if place < len(parts) else ""
