"""A payer's answers (277) to status requests (276), by what it has to say of each claim.

It reads a 276 by itself, as far as it needs it, and uses the product's writers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sanderling.core.x12.write.acknowledgement import (
    GroupResponse,
    SetResponse,
    group_response_transaction,
)
from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    StatusReply,
    status_response_transaction,
)
from sanderling.core.x12.write.envelope import (
    GUIDE_STATUS,
    Group,
    Interchange,
    render_interchange,
)
from sanderling.core.x12.write.parties import Payer, Person, Provider, TradingPartner


@dataclass(frozen=True, slots=True)
class AskedClaim:
    """A claim that a 276 asks about, as far as the service looks."""

    trace: str
    claim_number: str
    payer_claim_number: str
    charge_cents: int
    last_name: str
    first_name: str
    member_id: str
    provider_npi: str
    provider_name: str
    service_from_date: date
    service_to_date: date


@dataclass(frozen=True, slots=True)
class Told:
    """What the payer has to say of a claim."""

    reply: StatusReply
    payer_claim_number: str = ""


Answering = Callable[[AskedClaim], Sequence[Told]]


def answer_276(request: bytes, answering: Answering) -> bytes:
    """Return the 277 that answers a 276."""
    segments = [part.split("*") for part in request.decode("ascii").replace("\n", "").split("~")]
    head = next(one for one in segments if one[0] == "ISA")
    reference = next(one for one in segments if one[0] == "BHT")[3]
    payer = next(one for one in segments if one[:2] == ["NM1", "PR"])
    asker = next(one for one in segments if one[:2] == ["NM1", "41"])
    providers: dict[tuple[str, str], list[StatusClaim]] = {}
    for asked in asked_claims(segments):
        for told in answering(asked):
            claims = providers.setdefault((asked.provider_npi, asked.provider_name), [])
            claims.append(_claim(asked, told))
    made_at = datetime.now(UTC)
    batch = StatusBatch(
        reference=reference,
        created_at=made_at,
        payer=Payer(payer[3], payer[9]),
        receiver=TradingPartner(asker[3], asker[9]),
        providers=tuple(
            (Provider(name, npi), tuple(claims)) for (npi, name), claims in providers.items()
        ),
    )
    number = int(head[13])
    text = render_interchange(
        Interchange(
            sender=head[8].strip(),
            receiver=head[6].strip(),
            control_number=number,
            created_at=made_at,
            groups=(Group(number, (status_response_transaction(batch, "0001"),)),),
        )
    )
    return text.encode("ascii")


def acknowledge_276(request: bytes, *, is_taken: bool) -> bytes:
    """Return the 999 that takes a 276 or turns it away."""
    segments = [part.split("*") for part in request.decode("ascii").replace("\n", "").split("~")]
    head = next(one for one in segments if one[0] == "ISA")
    group = next(one for one in segments if one[0] == "GS")
    code = "A" if is_taken else "R"
    sets = tuple(
        SetResponse("276", one[2], GUIDE_STATUS, code) for one in segments if one[0] == "ST"
    )
    response = group_response_transaction(GroupResponse("HR", group[6], GUIDE_STATUS, sets), "0001")
    number = int(head[13])
    return render_interchange(
        Interchange(
            sender=head[8].strip(),
            receiver=head[6].strip(),
            control_number=number,
            created_at=datetime.now(UTC),
            groups=(Group(number, (response,)),),
        )
    ).encode("ascii")


def asked_claims(segments: Sequence[Sequence[str]]) -> Iterator[AskedClaim]:
    """Yield the claims that a 276, split into elements, asks about."""
    blank = [""] * 12
    provider, person, claim = blank, blank, dict[str, str]()
    for elements in [*segments, ["SE"]]:
        name, e = elements[0], [*elements, *blank]
        if name in ("TRN", "HL", "SE") and claim:
            yield _asked(provider, person, claim)
            claim = {}
        if name == "NM1" and e[1] == "1P":
            provider = e
        elif name == "NM1" and e[1] in ("IL", "QC"):
            person = e if e[9] or e[1] == "IL" else [*e[:9], person[9], *e[10:]]
        elif name == "TRN":
            claim["trace"] = e[2]
        elif claim and name == "REF":
            claim[e[1]] = e[2]
        elif claim and name == "AMT":
            claim["charge"] = e[2]
        elif claim and name == "DTP":
            claim["days"] = e[3]


def _asked(provider: Sequence[str], person: Sequence[str], claim: Mapping[str, str]) -> AskedClaim:
    whole, _, part = claim.get("charge", "0").partition(".")
    first, _, last = claim.get("days", "20000101").partition("-")
    return AskedClaim(
        trace=claim["trace"],
        claim_number=claim.get("EJ", ""),
        payer_claim_number=claim.get("1K", ""),
        charge_cents=int(whole or "0") * 100 + int(part.ljust(2, "0") or "0"),
        last_name=person[3],
        first_name=person[4],
        member_id=person[9],
        provider_npi=provider[9],
        provider_name=provider[3],
        service_from_date=datetime.strptime(first, "%Y%m%d").replace(tzinfo=UTC).date(),
        service_to_date=datetime.strptime(last or first, "%Y%m%d").replace(tzinfo=UTC).date(),
    )


def _claim(asked: AskedClaim, told: Told) -> StatusClaim:
    return StatusClaim(
        trace=asked.trace,
        control_number=asked.claim_number,
        charge_cents=asked.charge_cents,
        subscriber=Person(asked.last_name, asked.first_name, date(1900, 1, 1), ""),
        member_id=asked.member_id,
        service_from_date=asked.service_from_date,
        service_to_date=asked.service_to_date,
        payer_claim_number=told.payer_claim_number or asked.payer_claim_number,
        replies=(told.reply,),
    )


def from_table(
    table: Mapping[str, StatusReply], *, otherwise: StatusReply | None = None
) -> Answering:
    """Answer by claim number; of a claim that is not in the table: not found (D0)."""

    def answering(asked: AskedClaim) -> Sequence[Told]:
        known = table.get(asked.claim_number)
        if known is not None:
            return [Told(known, f"ICN{asked.claim_number}")]
        today = datetime.now(UTC).date()
        return [Told(otherwise or StatusReply("D0", "35", today))]

    return answering
