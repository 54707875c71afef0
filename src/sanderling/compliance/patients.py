"""Who looked at a patient: the words come by POST, what is kept and addressed are claims' keys."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.contrib.sessions.backends.base import SessionBase

from sanderling.audit.actions import record_claim_events, record_event
from sanderling.audit.searching import CLAIMS_MAX
from sanderling.claims.models import Claim
from sanderling.receivables.claim import search_claims

KEPT: Final = 10  # searches of one session
_SESSION_KEY: Final = "audit_claims"


def claims_of(text: str, *, birth_date: date | None, at: datetime) -> list[Claim]:
    """Return the visible claims of a patient, or with a number; the search itself is recorded.

    The event of each claim says that its patient was searched for; none holds what was typed.
    """
    found = search_claims(text, limit=CLAIMS_MAX)
    if birth_date is not None:
        found = [claim for claim in found if claim.patient_birth_date == birth_date]
    record_event(
        action="audit.search", at=at, detail={"by": "patient or claim", "claims": len(found)}
    )
    record_claim_events(
        action="audit.patient_search",
        at=at,
        claims=[(claim.client_id, claim.pk, claim.pk) for claim in found],
        subject_kind="claim",
        detail={},
    )
    return found


def keep_claims(session: SessionBase, claim_ids: Sequence[int]) -> str:
    """Keep the claims' keys in the session; return the key of the search."""
    kept: dict[str, list[int]] = session.get(_SESSION_KEY, {})
    key = secrets.token_hex(4)
    session[_SESSION_KEY] = dict([*kept.items(), (key, list(claim_ids))][-KEPT:])
    return key


def kept_claims(session: SessionBase, key: str) -> tuple[int, ...] | None:
    """Return the claims of a search, None when the session does not know it (any more)."""
    found = session.get(_SESSION_KEY, {}).get(key)
    return None if found is None else tuple(found)
