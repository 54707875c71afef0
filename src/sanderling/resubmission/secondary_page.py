"""What the pages about next payers show, put together for their templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.db.models import Sum as DbSum

from sanderling.claims.models import Claim
from sanderling.core.codes.carc import title_of
from sanderling.core.resubmission.cob import PriorDecision, Reduction
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.outbox.models import OutboundFile, Standing, State
from sanderling.payers.models import Payer
from sanderling.resubmission.secondary_building import Prepared, Prior
from sanderling.resubmission.secondary_listing import Narrowed, Sum
from sanderling.resubmission.secondary_models import SecondaryClaim, SecondaryState
from sanderling.resubmission.signals import Of, warnings_of
from sanderling.worklists.models import WorkItem

SENT_COLUMNS: Final = (
    "client",
    "claim",
    "patient",
    "responsibility",
    "payer_name",
    "charge_cents",
    "prior_paid_cents",
    "due_cents",
    "msp_type",
    "file",
    "state",
    "billed_at",
    "billed_by",
)
_UNDOABLE: Final = (State.HELD, State.QUEUED, State.WAITING)
_PRIMARY, _SECONDARY, _TERTIARY = 11, 12, 13


def sent_claims(narrowed: Narrowed) -> QuerySet[SecondaryClaim]:
    """Return what was billed to next payers, the latest first."""
    found = SecondaryClaim.objects.select_related("claim", "claim__client", "file", "made_by")
    if narrowed.client_id is not None:
        found = found.filter(client_id=narrowed.client_id)
    if narrowed.payer_id is not None:
        found = found.filter(payer_id=narrowed.payer_id or None)
    return found.order_by("-made_at", "-pk")


def sum_sent(found: QuerySet[SecondaryClaim]) -> Sum:
    """Return count and dollars of what was billed and not undone."""
    standing = found.filter(state=SecondaryState.SENT).order_by()
    told = standing.aggregate(count=Count("pk"), cents=DbSum("due_cents"))
    return Sum(told["count"], int(told["cents"] or 0))


def sent_rows(found: Iterable[SecondaryClaim]) -> list[dict[str, Any]]:
    """Return rows of a list, in its order."""
    claims = list(found)
    payers = Payer.objects.in_bulk({one.payer_id for one in claims if one.payer_id})
    return [
        {
            "claim_id": one.claim_id,
            "party": one.party,
            "client": one.claim.client.code,
            "claim": one.claim.number,
            "patient": _patient(one.claim),
            "responsibility": "secondary" if one.party == _SECONDARY else "tertiary",
            "payer_name": payers[one.payer_id].name if one.payer_id in payers else "",
            "charge_cents": one.charge_cents,
            "prior_paid_cents": one.prior_paid_cents,
            "due_cents": one.due_cents,
            "msp_type": one.msp_type,
            "file_id": one.file_id,
            "file": one.file.name,
            "state": state_text(one),
            "is_undone": one.state == SecondaryState.UNDONE,
            "may_undo": may_undo(one),
            "billed_at": one.made_at,
            "billed_by": one.made_by.name if one.made_by else "",
        }
        for one in claims
    ]


def state_text(one: SecondaryClaim) -> str:
    """Return where a billed claim is, in words."""
    if one.state == SecondaryState.UNDONE:
        return SecondaryState.UNDONE.label
    if one.file.standing:
        return Standing(one.file.standing).label
    return State(one.file.state).label


def may_undo(one: SecondaryClaim) -> bool:
    """Say whether the file of a billed claim can still be taken back."""
    file: OutboundFile = one.file
    return (
        one.state == SecondaryState.SENT and file.state in _UNDOABLE and file.stored_file_id is None
    )


def _patient(claim: Claim) -> str:
    return f"{claim.patient_last_name}, {claim.patient_first_name}".strip(", ")


def next_party(party: int, barrier: str) -> int | None:
    """Return whom billing the next payer of an open balance means; None: there is nobody.

    A second or third payer's balance is its own, unless that payer has refused it.
    """
    if party == _PRIMARY or (party == _SECONDARY and barrier == "denied"):
        return party + 1
    return party if party in (_SECONDARY, _TERTIARY) else None


def keys_of_items(item_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return which claims and next payers the work items are about."""
    found = WorkItem.objects.filter(pk__in=item_ids).order_by("pk")
    meant = (
        (claim_id, next_party(party, barrier))
        for claim_id, party, barrier in found.values_list("claim_id", "party", "barrier")
    )
    return list(dict.fromkeys((claim_id, party) for claim_id, party in meant if party))


def parse_keys(texts: Iterable[str]) -> list[tuple[int, int]]:
    """Return claims and parties of texts such as 17-12; what is none is left out."""
    keys = []
    for text in texts:
        claim, _, party = text.partition("-")
        if claim.isdecimal() and party in {"12", "13"} and len(claim) < 19:  # noqa: PLR2004 - bigint
            keys.append((int(claim), int(party)))
    return list(dict.fromkeys(keys))


def priors_shown(one: Prepared) -> list[dict[str, Any]]:
    """Return what each payer before did, line by line, with its balance."""
    return [_prior(one, prior) for prior in one.priors]


def _prior(one: Prepared, prior: Prior) -> dict[str, Any]:
    decision, found = prior.decision, prior.balance
    shown: dict[str, Any] = {
        "payer_name": prior.payer_name,
        "place": {1: "First payer", 2: "Second payer"}.get(prior.place, ""),
        "posted": [
            {
                "number": each.decision.payer_claim_number,
                "paid_cents": each.decision.paid_cents,
                "decided_date": each.decision.decided_date,
                "payment_date": each.payment_date,
                "file_id": each.file_id,
                "position": each.position,
            }
            for each in prior.posted
        ],
        "balance": found,
        "lines": [],
        "reductions": [],
    }
    if decision is None or found is None:
        return shown
    shown["reductions"] = _reductions(decision.reductions)
    shown["remarks"] = " ".join(filter(_is_code, (*decision.mia, *decision.moa)))
    by_line = {balance.line: balance for balance in found.lines}
    shown["lines"] = [
        {
            "number": line.number,
            "procedure": " ".join((line.procedure or line.revenue_code, *line.modifiers)),
            "balance": by_line[line.number],
            "parts": _parts(decision, line.number, line.procedure),
        }
        for line in one.lines
    ]
    return shown


def _is_code(text: str) -> bool:
    """Say whether an element of MIA or MOA is a remark code; the others are amounts."""
    return text[:1].isalpha()


def _parts(decision: PriorDecision, line: int, procedure: str) -> list[dict[str, Any]]:
    return [
        {
            "answered_as": part.procedure if part.procedure != procedure else "",
            "bundled_line": part.bundled_line,
            "paid_cents": part.paid_cents,
            "units": part.units,
            "remaining_cents": part.remaining_cents,
            "reductions": _reductions(part.reductions),
        }
        for part in decision.lines
        if part.line == line
    ]


def _reductions(reductions: Sequence[Reduction]) -> list[dict[str, Any]]:
    return [
        {
            "code": f"{one.group}-{one.reason}",
            "title": title_of(one.reason),
            "amount_cents": one.amount_cents,
        }
        for one in reductions
    ]


def segments_shown(document: ClaimDocument) -> list[str]:
    """Return the claim as it goes out, from the subscriber's level down."""
    loops = (document.subscriber, *((document.patient,) if document.patient else ()))
    return [segment.text for loop in (*loops, document.claim) for segment in loop.walk()]


def warnings_before(one: Prepared) -> list[str]:
    """Return what other rooms know against a claim to its next payer, in sentences."""
    if one.document is None:
        return []
    of = Of(one.claim.pk, one.claim.client_id, one.payer_id)
    return [found.text for found in warnings_of(of, one.document)]


def reviewed(prepared: Iterable[Prepared], *, today: date) -> dict[str, Any]:
    """Return what a batch would do: the files, their claims, and what is refused."""
    files: dict[tuple[str, str, str], list[Prepared]] = {}
    refused = []
    for one in prepared:
        if one.document is None:
            refused.append(one)
            continue
        key = (one.claim.client.code, one.payer_name, one.document.kind)
        files.setdefault(key, []).append(one)
    ready = [one for members in files.values() for one in members]
    return {
        "files": [
            {
                "client": client,
                "payer_name": payer,
                "kind": kind,
                "claims": members,
                "due_cents": sum(one.due_cents for one in members),
            }
            for (client, payer, kind), members in sorted(files.items())
        ],
        "ready": ready,
        "warnings": [(one, text) for one in ready for text in warnings_before(one)],
        "refused": refused,
        "due_cents": sum(one.due_cents for one in ready),
        "today": today,
    }
