"""Notes claims about which something new is known, for `barriers.actions.refresh_stale`."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import connection


def mark_stale(claim_ids: list[int], known_date: date) -> None:
    """Remember that something new is known about these claims since `known_date`."""
    if not claim_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO barriers_stale_claim (claim_id, client_id, known_date)"
            " SELECT id, client_id, %s FROM claims_claim WHERE id = ANY (%s)",
            [known_date, claim_ids],
        )


def mark_answered(set_ids: list[int], known_date: date) -> None:
    """Remember the claims that these 277CA, 277, 999 and TA1 sets speak of, one by one or whole."""
    if not set_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, {"sets": set_ids, "day": known_date})


_ANSWERED: Final = """
WITH said AS MATERIALIZED (
    SELECT * FROM claims_answer WHERE transaction_id = ANY (%(sets)s)
), refused AS MATERIALIZED (
    SELECT t.id FROM said JOIN files_transaction_set t
        ON t.group_control_number = said.group_control_number
       AND (t.control_number = said.control_number OR said.level = 'group')
     WHERE said.kind = '999' AND said.group_control_number <> ''
       AND t.kind LIKE '837%%'
    UNION
    SELECT t.id FROM said JOIN files_transaction_set t
        ON t.interchange_control_number = said.control_number
     WHERE said.kind = 'TA1' AND said.category = 'R' AND t.kind LIKE '837%%'
), batches AS MATERIALIZED (
    SELECT DISTINCT batch_reference FROM said
     WHERE kind = '277CA' AND claim_id IS NULL AND action = 'U' AND batch_reference <> ''
), found AS (
    SELECT claim_id FROM said WHERE claim_id IS NOT NULL
    UNION
    SELECT s.claim_id FROM refused JOIN claims_submission s ON s.transaction_id = refused.id
    UNION
    SELECT s.claim_id FROM batches JOIN claims_submission s USING (batch_reference)
)
INSERT INTO barriers_stale_claim (claim_id, client_id, known_date)
SELECT c.id, c.client_id, %(day)s FROM found JOIN claims_claim c ON c.id = found.claim_id
"""


def mark_open_claims(
    *, payer_id: int | None, payer_type: str | None, client_id: int | None, known_date: date
) -> int:
    """Remember all open claims of a payer, a type, a client or everyone: a rule has changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO barriers_stale_claim (claim_id, client_id, known_date)"
            " SELECT DISTINCT b.claim_id, b.client_id, %(day)s::date FROM ledger_open_balance b"
            " JOIN claims_claim c ON c.id = b.claim_id"
            " WHERE (%(payer)s::int IS NULL"
            "        OR %(payer)s IN (c.payer_id, c.secondary_payer_id, c.tertiary_payer_id))"
            " AND (%(type)s::text IS NULL OR EXISTS (SELECT FROM payers_payer p"
            "       WHERE p.type = %(type)s"
            "         AND p.id IN (c.payer_id, c.secondary_payer_id, c.tertiary_payer_id)))"
            " AND (%(client)s::int IS NULL OR b.client_id = %(client)s)",
            {"day": known_date, "payer": payer_id, "type": payer_type, "client": client_id},
        )
        return int(cursor.rowcount)
