"""Which claims changed since the mirror was last refreshed.

Whoever brings a fact in notes its claims for the barriers (barriers.stale), in the transaction that
brings it in; a trigger copies the note here. A claim that loses a fact to another one is noted by
triggers on the facts themselves. The refresh reads the notes of one state of the database and
forgets exactly these, so that nothing committed meanwhile is lost.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from django.db import connection

from sanderling.mirror.models import State
from sanderling.postgres.frames import read_frame

_EVERY: Final = "SELECT id FROM claims_claim WHERE has_facts ORDER BY id"
_CHANGED: Final = """
SELECT claim_id FROM mirror_changed_claim
 UNION
SELECT claim_id FROM ledger_entry WHERE id > %s AND claim_id IS NOT NULL
 ORDER BY 1
"""


def every_claim() -> pl.Series:
    """Return the ids of all claims that facts hang on."""
    return read_frame(_EVERY, {"claim_id": pl.Int64})["claim_id"]


def changed_claims(since_entry_id: int) -> pl.Series:
    """Return the ids of the claims that changed, those too that have lost all their facts."""
    return read_frame(_CHANGED, {"claim_id": pl.Int64}, [since_entry_id])["claim_id"]


def last_ids() -> tuple[int, int]:
    """Return the last ledger entry and the last claim payment; 0: none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT max(id) FROM ledger_entry), 0),"
            " coalesce((SELECT max(id) FROM remits_claim_payment), 0)"
        )
        entry_id, payment_id = cursor.fetchone()
    return int(entry_id), int(payment_id)


def known_generation() -> str:
    """Return the state of the mirror that the notes go on from; empty: none."""
    return State.objects.values_list("generation", flat=True).first() or ""


def remember_generation(generation: str) -> None:
    """Let the notes of changes go on from this state."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mirror_state (id, generation) VALUES (1, %s)"
            " ON CONFLICT (id) DO UPDATE SET generation = excluded.generation",
            [generation],
        )


def forget_changes() -> None:
    """Forget the notes that this transaction sees."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mirror_changed_claim")
