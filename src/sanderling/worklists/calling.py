"""One call, many claims: what is due now at one payer, as many as it takes in a call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from sanderling.core.barriers.words import action_title, barrier_title
from sanderling.payers.models import Payer
from sanderling.worklists.asking import Question
from sanderling.worklists.built_in import BY_NAME
from sanderling.worklists.listing import Row, page_of

USUAL_CLAIMS: Final = 10  # when it is not known how many the payer takes


def call_batch(question: Question, payer: Payer) -> list[Row]:
    """Return the payer's claims that are due now within the scope of the question, best first."""
    asked = replace(
        question,
        view=BY_NAME["due"],
        category="",
        ids={"payer": (payer.pk,)},
        sort=("-score",),
        group="",
    )
    rows, _ = page_of(asked, limit=payer.claims_per_call or USUAL_CLAIMS)
    return rows


def shown(row: Row) -> dict[str, Any]:
    """Return a claim of the batch in words, with the address of its note form if there is one."""
    try:
        note = f"{reverse('note-form', args=[row['claim_id']])}?party={row['party']}"
    except NoReverseMatch:
        note = ""
    return {
        **row,
        "barrier_text": barrier_title(row["barrier"]),
        "action_text": action_title(row["next_action"]),
        "note_url": note,
        "claim_url": reverse("claim", args=[row["client_code"], row["claim_number"]]),
    }
