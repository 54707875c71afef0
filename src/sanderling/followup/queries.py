"""Activities as the rules want them, and what stands of the work on a claim."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl
from django.db import connection

from sanderling.claims.models import Claim
from sanderling.core.followup.notes import About
from sanderling.followup.models import Escalation
from sanderling.payers.models import Payer
from sanderling.postgres.frames import read_frame

ACTIVITY_COLUMNS: Final = {
    "claim_id": pl.Int64,
    "activity_id": pl.Int64,
    "activity_date": pl.Date,
    "channel": pl.String,
    "action": pl.String,
    "outcome": pl.String,
    "reference": pl.String,  # "" when there is none
    "next_date": pl.Date,  # null when nothing was agreed
}
ACTIVITIES_SQL: Final = """
SELECT a.claim_id, a.id, a.activity_date, a.channel, a.action, a.outcome, a.reference, a.next_date
  FROM posted_claims t JOIN followup_standing_activity a USING (claim_id)
"""


def load_activities() -> pl.DataFrame:
    """Return the activities of the claims in the temporary table posted_claims (`load_facts`).

    Those taken back are left out, on every day. In no order: of one day, the one with the greater
    activity_id was written later.
    """
    return read_frame(ACTIVITIES_SQL, ACTIVITY_COLUMNS)


def party_worked_on(claim: Claim) -> int | None:
    """Return the payer's party that owes, the first of several; None when no payer owes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(party) FROM ledger_open_balance"
            " WHERE claim_id = %s AND party BETWEEN 11 AND 13 AND balance_cents > 0",
            [claim.pk],
        )
        (party,) = cursor.fetchone()
    return None if party is None else int(party)


def payer_of(claim: Claim, party: int | None) -> Payer | None:
    """Return the payer that stands at the party's place; the first one for none."""
    return {12: claim.secondary_payer, 13: claim.tertiary_payer, 14: None}.get(
        party or 0, claim.payer
    )


def about_claim(
    claim: Claim,
    party: int | None,
    *,
    contact: str = "",
    deadline: str = "",
    deadline_date: date | None = None,
) -> About:
    """Return what a narrative tells of the claim."""
    payer = payer_of(claim, party)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(balance_cents), 0)::bigint FROM ledger_open_balance"
            " WHERE claim_id = %s AND (%s::int IS NULL OR party = %s)",
            [claim.pk, party, party],
        )
        (open_cents,) = cursor.fetchone()
    return About(
        payer_name=payer.name if payer else "",
        contact=contact,
        service_date=claim.service_from_date,
        charge_cents=claim.charge_cents,
        open_cents=int(open_cents),
        deadline=deadline,
        deadline_date=deadline_date,
    )


def escalation_level(claim_id: int, party: int) -> int:
    """Return where on the ladder a party of a claim is; 0: not escalated."""
    latest = Escalation.objects.filter(claim_id=claim_id, party=party).order_by("-pk").first()
    return latest.level if latest else 0
