"""The claim to the next payer: the claim as sent with its payers in other places.

A payer of a claim has a *seat*: as the destination (loops 2000B, 2010BA, 2010BB) or as another
payer (2320, 2330A, 2330B). The next payer's seat becomes the destination, the destination's seat
another payer, and what is said about a payer moves with it: subscriber and relationship, group,
filing indicator, and its authorization and referral numbers (REF*G1, REF*9F; on lines with the
payer they belong to). The claim's number, services, providers and diagnoses stay as they were sent.

Source: 837 TR3s 005010X222A1, 005010X223A2, 005010X224A2, loops 2000B to 2430; DOMAIN 5.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sanderling.core.resubmission import cob_loops
from sanderling.core.resubmission.cob import NotTellable, PriorDecision, SentLine
from sanderling.core.resubmission.document import ClaimDocument, Loop, Segment, cents, segment
from sanderling.core.x12.write.segments import amount

SEQUENCES: Final = {1: "P", 2: "S", 3: "T"}  # SBR01 by the payer's place
_PLACES: Final = {code: place for place, code in SEQUENCES.items()}
SELF: Final = "18"
_UNKNOWN_RELATIONSHIP: Final = "21"
_AUTHORIZATIONS: Final = ("G1", "9F")
_PAYER_REFERENCES: Final = ("2U", "EI", "FY", "NF")
_ORIGINAL: Final = "1"
_INTERIM: Final = frozenset({"2", "3", "4", "9"})  # stay what they are to every payer
_VALUE_CODES_MAX: Final = 12
_SERVICES: Final = {"837P": ("SV1", 1, 2), "837I": ("SV2", 2, 3), "837D": ("SV3", 1, 2)}


@dataclass(frozen=True, slots=True)
class Seat:
    """A payer of a claim and what the claim says of its coverage."""

    sequence: str  # SBR01
    relationship: str  # of the patient to the subscriber
    group_number: str
    group_name: str
    insurance_type: str  # SBR05
    filing_indicator: str
    subscriber: Segment | None  # NM1*IL
    subscriber_more: tuple[Segment, ...]  # N3, N4
    subscriber_references: tuple[Segment, ...]  # REF*SY
    payer: Segment | None  # NM1*PR
    payer_more: tuple[Segment, ...]  # N3, N4
    payer_references: tuple[Segment, ...]  # REF*2U, EI, FY, NF
    authorizations: tuple[Segment, ...]  # REF*G1, 9F of the claim
    others: tuple[Loop, ...] = ()  # 2330C ...: providers by this payer's numbers

    @property
    def payer_id(self) -> str:
        """NM109 of the payer, which SVD01 repeats."""
        return self.payer.get(9) if self.payer else ""

    @property
    def member_id(self) -> str:
        """NM109 of the subscriber."""
        return self.subscriber.get(9) if self.subscriber else ""

    @property
    def place(self) -> int:
        """1 for the first payer, 2 for the second, ...; 0 when SBR01 tells none."""
        return _PLACES.get(self.sequence, 0)


@dataclass(frozen=True, slots=True)
class Supplied:
    """What a person told of a coverage that the claim as sent does not name fully."""

    payer_name: str
    payer_id: str
    member_id: str
    filing_indicator: str
    relationship: str = SELF
    group_number: str = ""
    subscriber_last_name: str = ""  # empty: the patient
    subscriber_first_name: str = ""


def sent_lines(document: ClaimDocument) -> tuple[SentLine, ...]:
    """Return the claim's lines as prior decisions are compared with."""
    tag, procedure, charge = _SERVICES[document.kind]
    lines = []
    for number, loop in enumerate(document.lines, start=1):
        service = loop.first(tag) or segment(tag)
        parts = service.components(procedure)
        lines.append(
            SentLine(
                number=number,
                charge_cents=cents(service.get(charge)),
                procedure=parts[1] if len(parts) > 1 else "",
                modifiers=tuple(part for part in parts[2:6] if part),
                revenue_code=service.get(1) if document.kind == "837I" else "",
                service_date=_first_day(loop.value("DTP", "472", 3)),
                control_number=loop.value("REF", "6R"),
            )
        )
    return tuple(lines)


def _first_day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


# --- seats ----------------------------------------------------------------------------------------


def seats(document: ClaimDocument) -> dict[int, Seat]:
    """Return the claim's payers by their place: 1, 2, 3."""
    found = [_destination(document), *(_other(loop) for loop in document.other_payers)]
    return {seat.place: seat for seat in found if seat.place}


def _destination(document: ClaimDocument) -> Seat:
    subscriber = document.subscriber
    pat = document.patient.first("PAT") if document.patient else None
    return _seat(
        subscriber,
        subscriber.child("2010BA"),
        subscriber.child("2010BB"),
        authorizations=tuple(document.claim.every("REF", *_AUTHORIZATIONS)),
        relationship=pat.get(1) if pat else "",
    )


def _other(loop: Loop) -> Seat:
    payer = loop.child("2330B")
    seat = _seat(
        loop,
        loop.child("2330A"),
        payer,
        authorizations=_references(payer, *_AUTHORIZATIONS),
    )
    others = tuple(one for one in loop.loops if one.name not in {"2330A", "2330B"})
    return replace(seat, others=others)


def _seat(
    coverage: Loop,
    person: Loop | None,
    payer: Loop | None,
    *,
    authorizations: tuple[Segment, ...],
    relationship: str = "",
) -> Seat:
    """Return a payer's place as the loop of its SBR has it; `relationship`: where SBR has none."""
    sbr = coverage.first("SBR") or segment("SBR")
    return Seat(
        sequence=sbr.get(1),
        relationship=sbr.get(2) or relationship or _UNKNOWN_RELATIONSHIP,
        group_number=sbr.get(3),
        group_name=sbr.get(4),
        insurance_type=sbr.get(5),
        filing_indicator=sbr.get(9),
        subscriber=person.first("NM1") if person else None,
        subscriber_more=_some(person, "N3", "N4"),
        subscriber_references=_references(person, "SY"),
        payer=payer.first("NM1") if payer else None,
        payer_more=_some(payer, "N3", "N4"),
        payer_references=_references(payer, *_PAYER_REFERENCES),
        authorizations=authorizations,
    )


def _some(loop: Loop | None, *tags: str) -> tuple[Segment, ...]:
    return tuple(one for one in loop.segments if one.tag in tags) if loop else ()


def _references(loop: Loop | None, *qualifiers: str) -> tuple[Segment, ...]:
    return tuple(loop.every("REF", *qualifiers)) if loop else ()


def supplied_seat(place: int, supplied: Supplied, document: ClaimDocument) -> Seat:
    """Return the seat that a person described."""
    last, first = supplied.subscriber_last_name, supplied.subscriber_first_name
    middle = suffix = ""
    if not last:
        patient = _patient_name(document)
        last, first, middle, suffix = (patient.get(at) for at in (3, 4, 5, 7))
    return Seat(
        sequence=SEQUENCES[place],
        relationship=supplied.relationship,
        group_number=supplied.group_number,
        group_name="",
        insurance_type="",
        filing_indicator=supplied.filing_indicator,
        subscriber=segment(
            "NM1", "IL", "1", last, first, middle, "", suffix, "MI", supplied.member_id
        ),
        subscriber_more=(),
        subscriber_references=(),
        payer=segment(
            "NM1", "PR", "2", supplied.payer_name, "", "", "", "", "PI", supplied.payer_id
        ),
        payer_more=(),
        payer_references=(),
        authorizations=(),
    )


def missing(document: ClaimDocument, seat: Seat | None) -> tuple[str, ...]:
    """Return what the claim to this seat's payer lacks, in words for a person; () for nothing."""
    lacking = []
    if seat is None or not seat.payer_id:
        lacking.append("the payer's name and electronic id")
    if seat is None or not seat.member_id:
        lacking.append("the member id")
    if seat is None or not seat.filing_indicator:
        lacking.append("the kind of insurance")
    person = _person(document)
    if not person.first("DMG"):
        lacking.append("the patient's birth date and sex")
    if not (person.first("N3") and person.first("N4")):
        lacking.append("the patient's address")
    return tuple(lacking)


# --- the claim ------------------------------------------------------------------------------------


def to_next_payer(
    document: ClaimDocument,
    *,
    place: int,
    priors: Mapping[int, PriorDecision],
    msp_type: str = "",
    supplied: Supplied | None = None,
) -> ClaimDocument:
    """Return the claim to the payer at `place` (2 or 3), with what each payer before it decided.

    `msp_type`: why Medicare is not first (SBR05, on hospital claims a value code); "" when the
    payer is not Medicare.

    Raises:
        NotTellable: a payer before has no decision in `priors` or no id of its own; something
            about the coverage is missing.
    """
    found = seats(document)
    if supplied is not None:
        found[place] = supplied_seat(place, supplied, document)
    lacking = missing(document, found.get(place))
    if lacking:
        raise NotTellable(f"the claim as sent does not tell {', '.join(lacking)}; give it first")
    destination = replace(found[place], insurance_type=msp_type)
    others = [seat for at, seat in sorted(found.items()) if at != place]
    _refuse_others(place, others, priors)
    claim = _claim(document, destination, others, priors)
    if document.kind == "837I" and msp_type:
        claim = _with_msp_value(claim, msp_type, sum(one.paid_cents for one in priors.values()))
    return replace(
        document,
        subscriber=_subscriber(document, destination),
        patient=_patient(document, destination),
        claim=claim,
    )


def _refuse_others(place: int, others: Sequence[Seat], priors: Mapping[int, PriorDecision]) -> None:
    before = [seat for seat in others if seat.place < place]
    if {seat.place for seat in before} != set(range(1, place)):
        raise NotTellable("the claim as sent does not name every payer before; add the coverage")
    for seat in before:
        if seat.place not in priors:
            raise NotTellable(
                "a payer before has not decided; the next payer needs every remittance"
            )
        if not seat.payer_id:
            raise NotTellable(
                "a payer before has no id in the claim as sent, so that its payments cannot be "
                "told; give its id first"
            )
    ids = [seat.payer_id for seat in before]
    if len(set(ids)) < len(ids):
        raise NotTellable(
            "both payers before go by the same id, so that what each paid for a line cannot be "
            "told apart; bill on paper with both remittances"
        )


def _person(document: ClaimDocument) -> Loop:
    """Return the loop that names the patient, with address and birth date."""
    if document.patient is not None:
        return document.patient.child("2010CA") or Loop("2010CA")
    return document.subscriber.child("2010BA") or Loop("2010BA")


def _patient_name(document: ClaimDocument) -> Segment:
    return _person(document).first("NM1") or segment("NM1")


def _patient_facts(document: ClaimDocument) -> Segment:
    """Return PAT with what is said of the patient beside the relationship: death, weight, ..."""
    loop = document.patient or document.subscriber
    pat = loop.first("PAT") or segment("PAT")
    return pat.put(1, "")


def _sbr(document: ClaimDocument, seat: Seat, relationship: str) -> Segment:
    # Why Medicare is not first stands here in the 837P only; the 837I has value codes for it.
    insurance_type = seat.insurance_type if document.kind == "837P" else ""
    return segment(
        "SBR",
        seat.sequence,
        relationship,
        seat.group_number,
        "" if seat.group_number else seat.group_name,
        insurance_type,
        "",
        "",
        "",
        seat.filing_indicator,
    )


def _subscriber(document: ClaimDocument, seat: Seat) -> Loop:
    is_self = seat.relationship == SELF
    head = [_sbr(document, seat, SELF if is_self else "")]
    person = _person(document)
    named = [seat.subscriber or segment("NM1", "IL", "1")]
    if is_self:
        pat = _patient_facts(document)
        head += [pat] if len(pat.elements) > 1 else []
        named += [one for one in person.segments if one.tag in {"N3", "N4", "DMG"}]
    named += seat.subscriber_references
    named += [*person.every("REF", "Y4")] if is_self else []
    payer = (seat.payer or segment("NM1", "PR", "2"), *seat.payer_more, *seat.payer_references)
    return Loop("2000B", tuple(head), (Loop("2010BA", tuple(named)), Loop("2010BB", payer)))


def _patient(document: ClaimDocument, seat: Seat) -> Loop | None:
    if seat.relationship == SELF:
        return None
    person = _person(document)
    name = _patient_name(document)
    who = segment("NM1", "QC", "1", *(name.get(at) for at in range(3, 8)))
    kept = [one for one in person.segments if one.tag in {"N3", "N4", "DMG"}]
    kept += person.every("REF", "Y4")
    pat = _patient_facts(document).put(1, seat.relationship)
    return Loop("2000C", (pat,), (Loop("2010CA", (who, *kept)),))


def _claim(
    document: ClaimDocument,
    destination: Seat,
    others: Sequence[Seat],
    priors: Mapping[int, PriorDecision],
) -> Loop:
    former = _destination(document)
    dropped = {"F8", *_AUTHORIZATIONS}
    segments: list[Segment] = []
    for one in document.claim.segments:
        if one.tag == "HCP" or (one.tag == "REF" and one.get(1) in dropped):
            continue
        segments.append(one)
    if document.frequency not in _INTERIM:
        segments[0] = segments[0].put(5, _ORIGINAL, 3)
    segments = _placed(segments, destination.authorizations)
    coverages = [_coverage(document, seat, priors.get(seat.place)) for seat in others]
    before: list[Loop] = []
    lines: list[Loop] = []
    for loop in document.claim.loops:
        if loop.name == "2400":
            number = len(lines) + 1
            lines.append(
                _line(document, loop, number, former.payer_id, destination, others, priors)
            )
        elif loop.name != "2320":
            before.append(loop)
    return Loop("2300", tuple(segments), (*before, *coverages, *lines))


def _placed(segments: list[Segment], references: Sequence[Segment]) -> list[Segment]:
    """Put references where REF stand: before K3, NTE, CR, CRC, HI, HCP."""
    after = {"K3", "NTE", "CR1", "CR2", "CR3", "CR5", "CR6", "CRC", "HI", "HCP"}
    at = next((place for place, one in enumerate(segments) if one.tag in after), len(segments))
    return [*segments[:at], *references, *segments[at:]]


def _coverage(document: ClaimDocument, seat: Seat, prior: PriorDecision | None) -> Loop:
    """Return loop 2320 for a payer; `prior` None: it comes after the destination."""
    clm = document.clm
    signature = clm.get(10) if document.kind != "837I" and clm.get(10) == "P" else ""
    head = [_sbr(document, seat, seat.relationship)]
    head += cob_loops.claim_amounts(prior) if prior else ()
    head.append(segment("OI", "", "", clm.get(8) or "Y", signature, "", clm.get(9) or "Y"))
    head += cob_loops.adjudication(prior, document.kind) if prior else ()
    subscriber = Loop(
        "2330A",
        (
            seat.subscriber or segment("NM1", "IL", "1"),
            *seat.subscriber_more,
            *seat.subscriber_references,
        ),
    )
    payer = [seat.payer or segment("NM1", "PR", "2"), *seat.payer_more]
    if prior and prior.claim_date:
        payer.append(segment("DTP", "573", "D8", cob_loops.day(prior.claim_date)))
    payer += seat.payer_references
    payer += seat.authorizations
    if prior and prior.payer_claim_number:
        payer.append(segment("REF", "F8", prior.payer_claim_number))
    return Loop("2320", tuple(head), (subscriber, Loop("2330B", tuple(payer)), *seat.others))


def _line(
    document: ClaimDocument,
    loop: Loop,
    number: int,
    former_id: str,
    destination: Seat,
    others: Sequence[Seat],
    priors: Mapping[int, PriorDecision],
) -> Loop:
    decided = [
        cob_loops.line_loop(part, payer_id=seat.payer_id, kind=document.kind, line=loop)
        for seat in others
        if seat.place in priors
        for part in priors[seat.place].lines
        if part.line == number
    ]
    segments = tuple(
        _moved_authorization(one, former_id, destination.payer_id)
        for one in loop.segments
        if one.tag != "HCP"
    )
    before = [one for one in loop.loops if one.name not in {"2430", "2440"}]
    return Loop("2400", segments, (*before, *decided, *loop.children("2440")))


def _moved_authorization(one: Segment, former_id: str, next_id: str) -> Segment:
    """Name the payer of a line's authorization: REF04 where it is not the destination's."""
    if one.tag != "REF" or one.get(1) not in _AUTHORIZATIONS:
        return one
    owner = one.get(4, 2) if one.get(4, 1) == "2U" else former_id
    if owner == next_id:
        return segment("REF", one.get(1), one.get(2))
    return segment("REF", one.get(1), one.get(2)).put_composite(4, "2U", owner)


def _with_msp_value(claim: Loop, msp_type: str, paid_cents: int) -> Loop:
    """Say what was paid before Medicare as a value code too (UB-04 FL 39-41), where none does."""
    for one in claim.every("HI", "BE"):
        if any(one.get(place, 2) == msp_type for place in range(1, len(one.elements))):
            return claim
    value = ("BE", msp_type, "", "", amount(paid_cents))
    for one in claim.every("HI", "BE"):
        if len(one.elements) <= _VALUE_CODES_MAX:
            return claim.with_segment(one, one.put_composite(len(one.elements), *value))
    new = segment("HI").put_composite(1, *value)
    # Value codes stand between occurrences (BH) and conditions (BG, TC).
    places = [
        place
        for place, one in enumerate(claim.segments)
        if one.tag == "HI" and one.get(1, 1) not in {"BG", "TC"}
    ]
    at = places[-1] + 1 if places else len(claim.segments)
    return replace(claim, segments=(*claim.segments[:at], new, *claim.segments[at:]))
