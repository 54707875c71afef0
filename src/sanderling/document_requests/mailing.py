"""Mails to the client: how many documents, of how many claims, by when, and a link. No patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.document_requests.asking import RequestRefused
from sanderling.document_requests.cycle import addresses_of, days_of
from sanderling.document_requests.models import Request, State, Step
from sanderling.links.actions import make_link
from sanderling.links.models import Purpose
from sanderling.mail.actions import queue_mail
from sanderling.web.templatetags.sanderling import money

KIND: Final = "document_request"
# An act can be undone for a while before the client hears of it.
WAIT: Final = timedelta(minutes=10)
_STAKES: Final = """
SELECT i.request_id, count(*), count(DISTINCT i.claim_id),
       (SELECT coalesce(sum(w.balance_cents), 0) FROM worklists_work_item w
         WHERE w.balance_cents > 0 AND (w.claim_id, w.party) IN (
               SELECT o.claim_id, o.party FROM document_requests_item o
                WHERE o.request_id = i.request_id AND o.state = 'wanted')),
       (SELECT min(w.deadline_date) FROM worklists_work_item w
         WHERE NOT w.is_deadline_met AND w.deadline_date >= %s AND (w.claim_id, w.party) IN (
               SELECT o.claim_id, o.party FROM document_requests_item o
                WHERE o.request_id = i.request_id AND o.state = 'wanted'))
  FROM document_requests_item i
 WHERE i.request_id = ANY (%s) AND i.state = 'wanted'
 GROUP BY i.request_id
"""


@dataclass(frozen=True, slots=True)
class Stake:
    """What a request still waits for: documents, claims, what is open on them, the next limit."""

    documents: int
    claims: int
    open_cents: int
    deadline_date: date | None

    @property
    def said(self) -> str:
        """Return 5 documents for 3 claims ($1,240.00 open)."""
        documents = "1 document" if self.documents == 1 else f"{self.documents:,} documents"
        claims = "1 claim" if self.claims == 1 else f"{self.claims:,} claims"
        return f"{documents} for {claims} ({money(self.open_cents)} open)"


def stakes_of(request_ids: Sequence[int], today: date) -> dict[int, Stake]:
    """Return what each of the requests waits for; those that wait for nothing are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_STAKES, [today, list(request_ids)])
        return {row[0]: Stake(*row[1:]) for row in cursor.fetchall()}


def send_due(*, at: datetime) -> int:
    """Send the first mail of requests that were made a while ago; return how many requests."""
    waiting = (
        Request.objects.filter(state=State.OPEN, is_mailed=True, asked_at__lte=at - WAIT)
        .exclude(steps__step="sent")
        .values_list("pk", flat=True)
        .order_by("pk")
    )
    return sum(bool(write([pk], step="sent", at=at)) for pk in list(waiting))


def send_now(request_id: int, *, user: User, at: datetime) -> int:
    """Send a mail with a new link now; return to how many addresses. Twice a minute is once.

    Raises:
        RequestRefused: it is closed, or there is nobody to write to.
    """
    found = Request.objects.filter(pk=request_id, state=State.OPEN).first()
    if found is None:
        raise RequestRefused("the request is closed; nothing is left to ask for")
    if not addresses_of(found.client_id):
        raise RequestRefused("nobody of the client is known by mail; add a contact first")
    is_first = not found.steps.filter(step="sent").exists()
    step = "sent" if is_first else f"again:{at:%Y-%m-%d %H:%M}"
    return write([request_id], step=step, at=at, by=user)


@transaction.atomic
def write(
    request_ids: Sequence[int],
    *,
    step: str,
    at: datetime,
    by: User | None = None,
    first_lines: Sequence[str] = (),
) -> int:
    """Queue one mail about these requests of one client to each address; take the step of each.

    Each mail has links of its own. A step that was taken is not taken again. Return how many
    addresses; 0 also where nobody is known, and the step counts all the same.
    """
    locked = Request.objects.select_for_update().filter(pk__in=request_ids, state=State.OPEN)
    requests = [one for one in locked.order_by("pk") if not one.steps.filter(step=step).exists()]
    if not requests:
        return 0
    client = Client.objects.get(pk=requests[0].client_id)
    stakes = stakes_of([one.pk for one in requests], at.date())
    addresses = addresses_of(client.pk)
    for address in addresses:
        queue_mail(
            kind=KIND,
            to=address,
            subject=_subject(requests),
            body=_body(client, requests, stakes, first_lines, by=by, at=at),
            client_id=client.pk,
            key=f"document_request:{step}:{','.join(str(one.pk) for one in requests)}:{address}",
            at=at,
        )
    Step.objects.bulk_create(
        Step(request=one, client_id=one.client_id, step=step, at=at, told=len(addresses))
        for one in requests
    )
    return len(addresses)


def new_link(request: Request, *, at: datetime, by: User | None) -> str:
    """Return the address of a new link to a request."""
    return make_link(
        purpose=Purpose.DOCUMENTS,
        subject_id=request.pk,
        client_id=request.client_id,
        expires_at=at + timedelta(days=days_of(request.client_id).link),
        at=at,
        by=by,
    )


def _subject(requests: Sequence[Request]) -> str:
    if len(requests) > 1:
        return f"{len(requests)} document requests wait for your answer"
    return f"Documents needed by {requests[0].due_date:%B %-d, %Y} (request {requests[0].pk})"


def _body(
    client: Client,
    requests: Sequence[Request],
    stakes: dict[int, Stake],
    first_lines: Sequence[str],
    *,
    by: User | None,
    at: datetime,
) -> str:
    lines = [f"To {client.name}", "", *first_lines]
    lines += [""] if first_lines else []
    for one in requests:
        stake = stakes.get(one.pk)
        lines.append(f"Request {one.pk}, needed by {one.due_date:%B %-d, %Y}:")
        if stake is not None:
            lines.append(f"  {stake.said}")
            if stake.deadline_date is not None:
                lines.append(f"  The first time limit ends on {stake.deadline_date:%B %-d, %Y}.")
        lines += [f"  {new_link(one, at=at, by=by)}", ""]
    ends = at + timedelta(days=days_of(client.pk).link)
    lines.append("The link shows what is needed and takes your files; you need no account.")
    lines.append(f"It works until {ends:%B %-d, %Y}.")
    lines.append("Please send no documents by mail, and pass the link on only to who answers it.")
    return "\n".join(lines) + "\n"
