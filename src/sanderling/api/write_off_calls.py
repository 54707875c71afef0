"""Write-offs: requested, and decided by somebody else, by the rules of the pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from sanderling.api import work_shapes as shapes
from sanderling.api.access import actor_of, allowed, looked, once
from sanderling.api.claims import claim_or_404
from sanderling.api.finding import client_id_of, row_after
from sanderling.api.problems import NotFound
from sanderling.payers.models import Payer
from sanderling.writeoffs.actions import decide, request_write_off
from sanderling.writeoffs.models import WriteOff

router = Router(tags=["write-offs"])
_ID_MAX = 2**31  # write-offs are numbered in 32 bits


@router.get("/write-offs", response=shapes.WriteOffs, auth=allowed("claims.work"))
def list_write_offs(request: HttpRequest, asked: Query[shapes.WriteOffsAsked]) -> dict[str, Any]:
    """List write-offs, the earliest requested first."""
    found = WriteOff.objects.filter(pk__gt=min(row_after(asked.cursor), _ID_MAX - 1))
    if asked.client:
        found = found.filter(client_id=client_id_of(asked.client))
    if asked.claim_id is not None:
        found = found.filter(claim_id=asked.claim_id)
    if asked.state:
        found = found.filter(state=asked.state.replace("\0", ""))
    rows = list(found.select_related("claim__client").order_by("pk")[: asked.limit + 1])
    page = rows[: asked.limit]
    payers = dict(
        Payer.objects.filter(pk__in={one.payer_id for one in page}).values_list("pk", "payer_id")
    )
    looked(request, "write_offs.list", rows=len(page))
    return {
        "rows": [_line(one, payers) for one in page],
        "next_cursor": str(page[-1].pk) if len(rows) > asked.limit else "",
    }


@router.post("/write-offs", response={201: shapes.WriteOffMade}, auth=allowed("claims.work"))
def ask_write_off(request: HttpRequest, wanted: shapes.NewWriteOff) -> HttpResponse:
    """Ask that a balance be written off; somebody else decides."""
    claim = claim_or_404(wanted.claim_id)

    def do() -> tuple[int, dict[str, Any]]:
        made = request_write_off(
            claim=claim,
            party=wanted.party,
            amount_cents=wanted.amount_cents,
            reason=wanted.reason,
            note=wanted.note,
            user=actor_of(request),
            at=timezone.now(),
            evidence=wanted.evidence,
            despite_warnings=wanted.despite_warnings,
        )
        return 201, {"write_off_id": made.pk, "state": made.state}

    return once(request, do)


@router.post(
    "/write-offs/{int:write_off_id}/decide",
    response=shapes.WriteOffMade,
    auth=allowed("writeoffs.approve"),
)
def decide_write_off(
    request: HttpRequest, write_off_id: int, wanted: shapes.Decision
) -> HttpResponse:
    """Approve or reject a write-off that somebody else requested."""
    if write_off_id >= _ID_MAX or not WriteOff.objects.filter(pk=write_off_id).exists():
        raise NotFound("There is no such write-off, or you may not see it.")

    def do() -> tuple[int, dict[str, Any]]:
        found = decide(
            write_off_id,
            approves=wanted.approves,
            user=actor_of(request),
            at=timezone.now(),
            note=wanted.note,
            client_yes=wanted.client_yes,
            despite_warnings=wanted.despite_warnings,
        )
        return 200, {"write_off_id": found.pk, "state": found.state}

    return once(request, do)


def _line(one: WriteOff, payers: dict[int, str]) -> dict[str, Any]:
    return {
        "write_off_id": one.pk,
        "claim_id": one.claim_id,
        "client": one.claim.client.code,
        "claim": one.claim.number,
        "party": one.party,
        "payer_id": payers.get(one.payer_id) if one.payer_id else None,
        "amount_cents": one.amount_cents,
        "reason": one.reason,
        "note": one.note,
        "state": one.state,
        "approvals_needed": one.approvals_needed,
        "requested_at": one.requested_at,
        "decided_at": one.decided_at,
        "posted_at": one.posted_at,
    }
