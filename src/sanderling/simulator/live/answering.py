"""Writes what clearinghouse and payers answer: TA1, 999, 277CA, 277 and 835."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sanderling.core.x12.write.acknowledgement import (
    GroupResponse,
    SetResponse,
    group_response_transaction,
    ta1_segment,
)
from sanderling.core.x12.write.claim import Form
from sanderling.core.x12.write.claim_acknowledgement import (
    AcknowledgedClaim,
    AcknowledgedProvider,
    ClaimAcknowledgement,
    ClaimStatus,
    claim_acknowledgement_transaction,
)
from sanderling.core.x12.write.envelope import Group, Interchange, Transaction, render_interchange
from sanderling.core.x12.write.parties import Provider, TradingPartner
from sanderling.core.x12.write.segments import Delimiters
from sanderling.simulator.answers import (
    ACCEPTED_BY_CLEARINGHOUSE,
    ACCEPTED_BY_PAYER,
    CLEARINGHOUSE_SOURCE,
    Source,
)
from sanderling.simulator.live.claims import ReceivedClaim
from sanderling.simulator.live.front_end import Verdict
from sanderling.simulator.live.reading import FunctionalGroup, Received
from sanderling.simulator.payers import PayerProfile

# Control numbers of the world before start at 1; those of the living one are well apart.
FIRST_CONTROL_NUMBER = 500_000_000
_OPENING = time(6, 5)


@dataclass(frozen=True, slots=True)
class Batch:
    """Claims of one 837 on their way from clearinghouse to payer."""

    reference: str  # BHT03
    submitter: TradingPartner
    received_date: date
    partner: str  # ISA06 of the 837
    claims: tuple[ReceivedClaim, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """Transactions to be framed, more than once if need be, under a number each time."""

    sender: str
    partner: str
    day: date
    transactions: tuple[Transaction, ...] = ()
    acknowledgements: tuple[str, ...] = ()
    delimiters: Delimiters | None = None

    def __post_init__(self) -> None:
        """Keep the segments: a writer yields them only once."""
        kept = tuple(replace(one, body=tuple(one.body)) for one in self.transactions)
        object.__setattr__(self, "transactions", kept)

    def render(self, number: int) -> str:
        """Write the interchange."""
        control = FIRST_CONTROL_NUMBER + number
        groups = (Group(control, self.transactions),) if self.transactions else ()
        return render_interchange(
            Interchange(
                sender=self.sender,
                receiver=self.partner,
                control_number=control,
                created_at=datetime.combine(self.day, _OPENING),
                groups=groups,
                acknowledgements=self.acknowledgements,
            ),
            self.delimiters,
        )


def ta1_for(received: Received, code: str, note: str) -> str:
    """Answer an interchange as such."""
    return ta1_segment(max(received.control_number, 0), received.created_at, code, note)


def transaction_999(
    group: FunctionalGroup, responses: tuple[SetResponse, ...], control_number: str
) -> Transaction:
    """Answer one functional group."""
    response = GroupResponse(group.functional_id, group.control_number, group.guide, responses)
    return group_response_transaction(response, control_number)


def source_of(payer: PayerProfile | None) -> Source:
    """Who speaks: a payer, or the clearinghouse."""
    return CLEARINGHOUSE_SOURCE if payer is None else Source("PR", payer.name, payer.code)


def transaction_277ca(
    source: Source, batch: Batch, verdicts: tuple[Verdict, ...], number: int, day: date
) -> Transaction:
    """Say which claims of a batch were accepted."""
    accepted = ACCEPTED_BY_PAYER if source.entity == "PR" else ACCEPTED_BY_CLEARINGHOUSE
    by_provider: dict[str, tuple[Provider, list[AcknowledgedClaim]]] = {}
    for verdict in verdicts:
        provider = verdict.received.provider
        claims = by_provider.setdefault(provider.npi, (provider, []))[1]
        claims.append(_acknowledged(verdict, accepted))
    acknowledgement = ClaimAcknowledgement(
        reference=f"CL{number:08d}",
        created_at=datetime.combine(day, _OPENING),
        source_entity=source.entity,
        source_name=source.name,
        source_id=source.identifier,
        receipt=f"{source.identifier}L{number:07d}",
        received_date=batch.received_date,
        processed_date=day,
        submitter=batch.submitter,
        batch_reference=batch.reference,
        providers=tuple(
            AcknowledgedProvider(provider, tuple(claims))
            for provider, claims in by_provider.values()
        ),
    )
    return claim_acknowledgement_transaction(acknowledgement, "0001")


def _acknowledged(verdict: Verdict, accepted: ClaimStatus) -> AcknowledgedClaim:
    claim = verdict.received.claim
    reason = verdict.reason
    status = accepted
    if reason is not None:
        status = ClaimStatus(
            reason.status_category,
            reason.status,
            reason.entity,
            is_accepted=False,
            text=reason.text,
        )
    facts = claim.institutional
    is_institutional = claim.form is Form.INSTITUTIONAL
    return AcknowledgedClaim(
        control_number=claim.control_number,
        charge_cents=claim.charge_cents,
        patient=claim.patient_person,
        member_id=claim.member_id,
        status=status,
        service_from_date=facts.statement_from_date if facts else claim.service_date,
        service_to_date=facts.statement_to_date if facts else None,
        payer_claim_number=verdict.payer_claim_number,
        clearinghouse_trace=claim.clearinghouse_trace,
        bill_type=(
            f"{claim.facility_code}{verdict.received.frequency}" if is_institutional else ""
        ),
    )
