"""Answers other than payment: 999, TA1, 277CA, and 277 to a status request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sanderling.core.x12.write.acknowledgement import (
    ElementFault,
    GroupResponse,
    SegmentFault,
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
from sanderling.core.x12.write.envelope import Transaction
from sanderling.core.x12.write.parties import Provider
from sanderling.simulator.episodes import Submission
from sanderling.simulator.files import CLEARINGHOUSE, FileTotals
from sanderling.simulator.office import SUBMITTER, SentSet
from sanderling.simulator.payers import PayerProfile
from sanderling.simulator.reasons import FrontEndReason
from sanderling.simulator.worldstate import WorldState

ACCEPTED_BY_CLEARINGHOUSE = ClaimStatus("A1", "19", "AY")
ACCEPTED_BY_PAYER = ClaimStatus("A2", "20", "PR")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a front end says about one submission."""

    submission: Submission
    reason: FrontEndReason | None
    payer_claim_number: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks in a 277CA."""

    entity: str  # AY or PR
    name: str
    identifier: str


CLEARINGHOUSE_SOURCE = Source("AY", "TIDEWATER CLEARINGHOUSE", CLEARINGHOUSE)


def emit_999(state: WorldState, sent: SentSet, day: date, *, is_accepted: bool) -> None:
    """Answer one 837 with a 999; a refused set names the segment and the claim."""
    faults: tuple[SegmentFault, ...] = ()
    if not is_accepted:
        claim = sent.submissions[0].claim.control_number
        element = ElementFault(1, "7", "", 2, "1271")
        faults = (SegmentFault("HI", 24, "8", "2300", claim, (element,)),)
    response = GroupResponse(
        "HC",
        str(sent.interchange),
        sent.guide,
        (
            SetResponse(
                "837",
                "0001",
                sent.guide,
                "A" if is_accepted else "R",
                faults,
                () if is_accepted else ("5",),
            ),
        ),
    )
    transaction = group_response_transaction(response, "0001")
    text = state.incoming(CLEARINGHOUSE, ((transaction,),), day)
    state.emit(f"{sent.batch.reference}.999", "999", text, day, FileTotals())


def emit_ta1(state: WorldState, sent: SentSet, day: date) -> None:
    """Refuse a whole interchange."""
    segment = ta1_segment(sent.interchange, sent.batch.created_at, "R", "022")
    text = state.incoming(CLEARINGHOUSE, (), day, acknowledgements=(segment,))
    state.emit(f"{sent.batch.reference}.ta1", "ta1", text, day, FileTotals(transactions=0))


def acknowledgement_for(
    state: WorldState,
    source: Source,
    batch_reference: str,
    verdicts: list[Verdict],
    day: date,
    control_number: str,
) -> Transaction:
    """Write a 277CA about the claims of one batch."""
    accepted = ACCEPTED_BY_PAYER if source.entity == "PR" else ACCEPTED_BY_CLEARINGHOUSE
    by_provider: dict[str, tuple[Provider, list[AcknowledgedClaim]]] = {}
    for verdict in verdicts:
        provider = verdict.submission.episode.account.department.billing
        claims = by_provider.setdefault(provider.npi, (provider, []))[1]
        claims.append(_acknowledged(verdict, accepted))
    number = state.next_number(f"277ca:{source.identifier}")
    acknowledgement = ClaimAcknowledgement(
        reference=f"CA{number:08d}",
        created_at=datetime.combine(day, time(8, 5)),
        source_entity=source.entity,
        source_name=source.name,
        source_id=source.identifier,
        receipt=f"{source.identifier}R{number:07d}",
        received_date=verdicts[0].submission.sent_date,
        processed_date=day,
        submitter=SUBMITTER,
        batch_reference=batch_reference,
        providers=tuple(
            AcknowledgedProvider(provider, tuple(claims))
            for provider, claims in by_provider.values()
        ),
    )
    return claim_acknowledgement_transaction(acknowledgement, control_number)


def _acknowledged(verdict: Verdict, accepted: ClaimStatus) -> AcknowledgedClaim:
    claim = verdict.submission.claim
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
        clearinghouse_trace=verdict.submission.trace,
        bill_type=f"{claim.facility_code}{claim.frequency}" if is_institutional else "",
    )


class PayerFrontEnds:
    """Gathers what payers say about arriving claims and answers each evening."""

    def __init__(self, state: WorldState) -> None:
        self._state = state
        # payer code, client code -> batch reference -> verdicts
        self._verdicts: dict[tuple[str, str], dict[str, list[Verdict]]] = {}
        self._profiles: dict[str, PayerProfile] = {}

    def note(
        self,
        payer: PayerProfile,
        submission: Submission,
        reason: FrontEndReason | None,
        payer_claim_number: str,
    ) -> None:
        """Remember one verdict; claims that crossed over are not ours to be told about."""
        if submission.is_crossover:
            return
        self._profiles[payer.code] = payer
        client = submission.episode.account.client.code
        batches = self._verdicts.setdefault((payer.code, client), {})
        batches.setdefault(submission.batch_reference, []).append(
            Verdict(submission, reason, payer_claim_number)
        )

    def flush(self, day: date) -> None:
        """Write a 277CA file for each payer and client with news."""
        for (code, client), batches in sorted(self._verdicts.items()):
            payer = self._profiles[code]
            source = Source("PR", payer.name, payer.code)
            transactions = tuple(
                acknowledgement_for(self._state, source, reference, verdicts, day, f"{place:04d}")
                for place, (reference, verdicts) in enumerate(batches.items(), start=1)
            )
            text = self._state.incoming(
                CLEARINGHOUSE, (transactions,), day, delimiters=payer.delimiters
            )
            verdicts = [verdict for group in batches.values() for verdict in group]
            totals = FileTotals(
                claims=len(verdicts),
                charge_cents=sum(item.submission.claim.charge_cents for item in verdicts),
                transactions=len(transactions),
            )
            self._state.emit(f"{code}-{client}-{day:%Y%m%d}.277ca", "277ca", text, day, totals)
        self._verdicts.clear()
