"""What payers were asked about a claim, for its timeline. Answers stand there by themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

from sanderling.claims.models import Answer
from sanderling.core.codes.remarks import status_category_title
from sanderling.inquiries.models import Channel, RequestState, StatusRequest
from sanderling.payers.models import Payer


def status_events(claim_id: int, as_of: date) -> list[dict[str, Any]]:
    """Return one event for each request until the end of `as_of`, and for each that got no answer.

    No touches: what a schedule asks nobody has worked.
    """
    found = list(StatusRequest.objects.filter(claim_id=claim_id, asked_date__lte=as_of))
    payers = dict(
        Payer.objects.filter(pk__in={one.payer_id for one in found}).values_list("pk", "name")
    )
    events = []
    for one in found:
        way = " in real time" if one.channel == Channel.REAL_TIME else ""
        text = f"Status asked of {payers[one.payer_id]}{way} (276)"
        if one.tries > 1:
            text += f", for the {one.tries}. time"
        events.append(_event(one.asked_date, "asked", text))
        if one.state in (RequestState.REFUSED, RequestState.FAILED):
            day = one.answered_date or one.asked_date
            if day <= as_of:
                events.append(_event(day, "not answered", _why(one)))
    return events


def _why(one: StatusRequest) -> str:
    if one.fault:
        return f"Status request: {one.fault}"
    answer = Answer.objects.filter(pk=one.answer_id or 0).first()
    meaning = status_category_title(answer.category) if answer else ""
    return f"Status request not answered: {meaning or 'an error in it'}"


def _event(day: date, event: str, text: str) -> dict[str, Any]:
    return {"date": day, "event": event, "text": text, "amount_cents": None}
