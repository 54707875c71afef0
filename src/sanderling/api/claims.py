"""Claims, activities, barriers and aging: what the command line and the pages tell of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router
from ninja.errors import HttpError

from sanderling.api import shapes
from sanderling.api.access import actor_of, allowed, looked, once
from sanderling.api.finding import client_id_of, payer_row_of, row_after
from sanderling.api.problems import NotFound
from sanderling.barriers.asking import Question
from sanderling.barriers.list_page import exported
from sanderling.barriers.listing import Wanted, WrongList, page_of, size
from sanderling.barriers.of_claim import stored_barriers
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.followup.actions import record
from sanderling.followup.models import Activity, Withdrawal
from sanderling.payers.models import Payer
from sanderling.receivables.aging import AgingQuestion, WrongQuestion
from sanderling.receivables.aging import aging as receivables_by_age
from sanderling.receivables.claim import claim_detail, search_claims
from sanderling.receivables.work_done import work_done

router = Router(tags=["claims"])


@router.get("/claims", response=shapes.Claims, auth=allowed("claims.view"))
def list_claims(request: HttpRequest, asked: Query[shapes.ClaimsAsked]) -> dict[str, Any]:
    """List claims, the earliest known first."""
    found = Claim.objects.filter(has_facts=True, pk__gt=row_after(asked.cursor))
    if asked.client:
        found = found.filter(client_id=client_id_of(asked.client))
    if asked.payer_id:
        found = found.filter(payer_id=payer_row_of(asked.payer_id))
    if asked.claim:
        found = found.filter(number=asked.claim.replace("\0", ""))
    rows = list(found.select_related("client", "payer").order_by("pk")[: asked.limit + 1])
    page = rows[: asked.limit]
    looked(request, "claims.list", rows=len(page))
    return {
        "rows": [_claim_line(claim) for claim in page],
        "next_cursor": str(page[-1].pk) if len(rows) > asked.limit else "",
    }


@router.post("/claims/search", response=shapes.Claims, auth=allowed("claims.view", is_reading=True))
def search(request: HttpRequest, wanted: shapes.Search) -> dict[str, Any]:
    """Find claims by number, patient or member id; all at once, at most 100."""
    found = search_claims(wanted.text, limit=wanted.limit)
    looked(request, "claims.search", rows=len(found))
    return {"rows": [_claim_line(claim) for claim in found], "next_cursor": ""}


@router.get("/claims/{int:claim_id}", response=shapes.ClaimDetail, auth=allowed("claims.view"))
def show_claim(request: HttpRequest, claim_id: int) -> dict[str, Any]:
    """Tell everything about one claim, as known today."""
    claim = claim_or_404(claim_id)
    today = timezone.localdate()
    barriers = stored_barriers(claim.pk, as_of=today, today=today)
    looked(request, "claim.view", claim=(claim.pk, claim.client_id))
    work = work_done(claim.pk, as_of=today, sees_notes=_sees_notes(request))
    detail = claim_detail(claim, as_of=today, barriers=barriers, work=work)
    return {"claim_id": claim.pk, "as_of": today, **detail}


@router.get("/activities", response=shapes.Activities, auth=allowed("claims.view"))
def list_activities(request: HttpRequest, asked: Query[shapes.ActivitiesAsked]) -> dict[str, Any]:
    """List what was done, in the order in which it was recorded.

    What people wrote, and who they are, is for the house, not for users of a client.
    """
    found = Activity.objects.filter(pk__gt=row_after(asked.cursor))
    if asked.client:
        found = found.filter(client_id=client_id_of(asked.client))
    if asked.claim_id is not None:
        found = found.filter(claim_id=asked.claim_id)
    if asked.since is not None:
        found = found.filter(activity_date__gte=asked.since)
    rows = list(found.select_related("claim__client").order_by("pk")[: asked.limit])
    withdrawn = set(
        Withdrawal.objects.filter(activity__in=rows).values_list("activity_id", flat=True)
    )
    sees_notes = _sees_notes(request)
    looked(request, "activities.list", rows=len(rows))
    return {
        "rows": [
            _activity_line(one, sees_notes=sees_notes, is_withdrawn=one.pk in withdrawn)
            for one in rows
        ],
        "next_cursor": str(rows[-1].pk) if rows else asked.cursor,
    }


@router.post(
    "/claims/{int:claim_id}/activities",
    response={201: shapes.Recorded},
    auth=allowed("claims.work"),
)
def record_activity(
    request: HttpRequest, claim_id: int, wanted: shapes.NewActivity
) -> HttpResponse:
    """Record what was done about a claim; the barrier follows, as when done in the product."""
    claim = claim_or_404(claim_id)

    def do() -> tuple[int, dict[str, Any]]:
        activity = record(
            claim=claim,
            activity_date=wanted.date,
            channel=wanted.channel,
            action=wanted.action,
            outcome=wanted.outcome,
            at=timezone.now(),
            user=actor_of(request),
            reference=wanted.reference,
            next_date=wanted.next_date,
            note=wanted.note,
        )
        return 201, {"activity_id": activity.pk, "claim_id": claim.pk}

    return once(request, do)


@router.get("/barriers", response=shapes.Barriers, auth=allowed("barriers.view"))
def list_barriers(request: HttpRequest, asked: Query[shapes.BarriersAsked]) -> dict[str, Any]:
    """List open balances with why each is open; they sum to all receivables you may see."""
    today = timezone.localdate()
    question = Question(
        as_of=today,
        client_id=client_id_of(asked.client) if asked.client else None,
        payer_key=payer_row_of(asked.payer_id) if asked.payer_id else None,
        barrier=asked.barrier.replace("\0", ""),
        category=asked.category.replace("\0", ""),
        team=asked.team.replace("\0", ""),
    )
    order = asked.sort.removeprefix("-")
    try:
        wanted = Wanted(question, order=order, is_descending=asked.sort.startswith("-"))
    except WrongList as error:
        raise HttpError(422, f"sort: {error}.") from None
    rows, token = page_of(wanted, limit=asked.limit, after=asked.cursor)
    whole = size(wanted)
    looked(request, "claims.list", rows=len(rows))
    return {
        "as_of": today,
        "rows": [exported(row, today) for row in rows],
        "count": whole.count,
        "balance_cents": whole.balance_cents,
        "next_cursor": token,
    }


@router.get("/aging", response=shapes.Aging, auth=allowed("aging.view"))
def aging(request: HttpRequest, asked: Query[shapes.AgingAsked]) -> dict[str, Any]:
    """Tell what is owed by age, on any day; credits are never netted."""
    as_of = asked.as_of or timezone.localdate()
    filters = {"client": asked.client, "payer": asked.payer_id}
    try:
        question = AgingQuestion(
            as_of=as_of,
            by=tuple(dict.fromkeys(part.strip() for part in asked.by.split(",") if part.strip())),
            basis=asked.basis,
            buckets=tuple(int(part) for part in asked.buckets.split(",")),
            party=asked.party,
            filters={name: text.replace("\0", "") for name, text in filters.items() if text},
        )
    except WrongQuestion as error:
        raise HttpError(422, f"{error}.") from None
    answer = receivables_by_age(question)
    looked(request, "aging.view", rows=len(answer.rows))
    return {"as_of": as_of, "rows": answer.rows, "totals": answer.totals}


@router.get("/clients", response=list[shapes.ClientLine], auth=allowed("clients.view"))
def list_clients(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - ninja passes it
    """List the clients that you may see."""
    return [
        {
            "client": client.code,
            "name": client.name,
            "tier": client.tier,
            "follow_up_days": client.follow_up_days,
            "high_dollar_cents": client.high_dollar_cents,
        }
        for client in Client.objects.order_by("code")
    ]


@router.get("/payers", response=list[shapes.PayerLine], auth=allowed("payers.view"))
def list_payers(request: HttpRequest) -> list[Payer]:  # noqa: ARG001 - as above
    """List all payers; they are the same for all clients."""
    return list(Payer.objects.order_by("name", "pk"))


def claim_or_404(claim_id: int) -> Claim:
    """Return the claim, when there is one that the session may see.

    Raises:
        NotFound: there is none, or a stranger asks.
    """
    claim = None
    if claim_id < 2**63:  # what a bigint can hold
        claim = (
            Claim.objects.select_related("client", "payer", "secondary_payer", "tertiary_payer")
            .filter(pk=claim_id, has_facts=True)
            .first()
        )
    if claim is None:
        raise NotFound("There is no such claim, or you may not see it.")
    return claim


def _claim_line(claim: Claim) -> dict[str, Any]:
    names = (claim.patient_last_name, claim.patient_first_name)
    return {
        "claim_id": claim.pk,
        "client": claim.client.code,
        "claim": claim.number,
        "payer_id": claim.payer.payer_id if claim.payer else None,
        "payer_name": claim.payer.name if claim.payer else "",
        "patient": ", ".join(name for name in names if name),
        "service_from_date": claim.service_from_date,
        "service_to_date": claim.service_to_date,
        "first_billed_date": claim.first_billed_date,
        "last_billed_date": claim.last_billed_date,
        "charge_cents": claim.charge_cents,
    }


def _sees_notes(request: HttpRequest) -> bool:
    """Say whether what people wrote is shown: to the house, as on the claim page."""
    user = actor_of(request)
    return user.may("claims.work") or user.may("audit.view")


def _activity_line(activity: Activity, *, sees_notes: bool, is_withdrawn: bool) -> dict[str, Any]:
    return {
        "activity_id": activity.pk,
        "claim_id": activity.claim_id,
        "client": activity.claim.client.code,
        "claim": activity.claim.number,
        "date": activity.activity_date,
        "user": activity.user_name if sees_notes else "",
        "channel": activity.channel,
        "action": activity.action,
        "outcome": activity.outcome,
        "reference": activity.reference if sees_notes else "",
        "next_date": activity.next_date,
        "note": activity.note if sees_notes else "",
        "source": activity.source,
        "is_withdrawn": is_withdrawn,
        "recorded_at": activity.recorded_at,
    }
