"""The files behind a claim, also where other clients are in them: for the session's claims only."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CREATE TYPE proofs_link AS (
    claim_id bigint, kind text, fact_id bigint, submission_id bigint, transaction_id bigint,
    "position" int, level text, source_entity text, source_name text, category text, code text,
    entity text, action text, status_date date, received_date date, batch_reference text,
    claim_number text, payer_claim_number text, clearinghouse_trace text, message text,
    charge_cents bigint, paid_cents bigint, sequence int, payer_id int,
    interchange_number text, group_number text, set_number text,
    file_id bigint, file_sha256 text, file_name text, is_encrypted boolean
);

-- Everything in files that speaks of some claims: the claims as sent, what was said of their
-- interchange and set (TA1, 999) and batch (277CA), of the claim (277CA, 277, 999), and 835s.
-- Control numbers are used again after a while: an answer speaks of the latest set of that number
-- that was there before it.
CREATE FUNCTION proofs_links_of(wanted bigint[]) RETURNS SETOF proofs_link
LANGUAGE sql STABLE AS $$
WITH sent AS MATERIALIZED (
    SELECT * FROM claims_submission WHERE claim_id = ANY (wanted)
), sets AS MATERIALIZED (
    SELECT * FROM files_transaction_set WHERE id IN (SELECT transaction_id FROM sent)
), of_sets AS MATERIALIZED (
    SELECT sets.id AS set_id, a.id AS answer_id
      FROM sets JOIN claims_answer a
        ON a.group_control_number = sets.group_control_number
       AND a.control_number = sets.control_number
     WHERE a.kind = '999' AND a.level = 'transaction' AND a.message = '' AND a.claim_id IS NULL
       AND a.received_date >= sets.received_date AND sets.group_control_number <> ''
       AND NOT EXISTS (
           SELECT FROM files_transaction_set later
            WHERE later.group_control_number = sets.group_control_number
              AND later.control_number = sets.control_number AND later.kind LIKE '837%'
              AND later.status = 'posted' AND later.received_date > sets.received_date
              AND later.received_date <= a.received_date)
    UNION ALL
    SELECT sets.id, a.id
      FROM sets JOIN claims_answer a
        ON a.group_control_number = '' AND a.control_number = sets.interchange_control_number
     WHERE a.kind = 'TA1' AND a.claim_id IS NULL AND a.received_date >= sets.received_date
       AND sets.interchange_control_number <> ''
       AND NOT EXISTS (
           SELECT FROM files_transaction_set later
            WHERE later.interchange_control_number = sets.interchange_control_number
              AND later.kind LIKE '837%' AND later.status = 'posted'
              AND later.received_date > sets.received_date
              AND later.received_date <= a.received_date)
), answers AS (
    SELECT a.*, a.claim_id AS of_claim, a.submission_id AS of_submission
      FROM claims_answer a WHERE a.claim_id = ANY (wanted) AND NOT a.is_passed_over
    UNION ALL
    SELECT a.*, sent.claim_id, sent.id
      FROM of_sets JOIN sent ON sent.transaction_id = of_sets.set_id
      JOIN claims_answer a ON a.id = of_sets.answer_id
    UNION ALL
    SELECT a.*, sent.claim_id, sent.id
      FROM sent JOIN claims_answer a ON a.batch_reference = sent.batch_reference
     WHERE sent.batch_reference <> '' AND a.kind = '277CA' AND a.claim_id IS NULL
       AND a.action = 'U' AND (a.level IN ('source', 'receiver')
            OR (a.level = 'provider' AND a.client_id = sent.client_id))
), facts AS (
    SELECT claim_id, '837' AS kind, id AS fact_id, id AS submission_id, transaction_id, "position",
           'claim' AS level, '' AS source_entity, '' AS source_name, frequency AS category,
           '' AS code, '' AS entity, '' AS action, submitted_date AS status_date, received_date,
           batch_reference, claim_number, original_reference AS payer_claim_number,
           clearinghouse_trace, '' AS message, charge_cents, NULL::bigint AS paid_cents,
           sequence::int, payer_id
      FROM sent
    UNION ALL
    SELECT of_claim, kind, id, of_submission, transaction_id, "position", level, source_entity,
           source_name, category, code, entity, action, status_date, received_date,
           batch_reference, claim_number, payer_claim_number, clearinghouse_trace, message,
           charge_cents, paid_cents, NULL, NULL
      FROM answers
    UNION ALL
    SELECT p.claim_id, '835', p.id, NULL, p.transaction_id, p."position", 'claim', 'PR',
           r.payer_name, p.status, '', '', '', p.payment_date, p.received_date, '', p.claim_number,
           p.payer_claim_number, '', r.trace, p.charge_cents, p.paid_cents, p.sequence::int,
           r.payer_id
      FROM remits_claim_payment p JOIN remits_remittance r ON r.id = p.remittance_id
     WHERE p.claim_id = ANY (wanted)
)
SELECT facts.claim_id, facts.kind, facts.fact_id, facts.submission_id, facts.transaction_id,
       facts."position", facts.level, facts.source_entity, facts.source_name, facts.category,
       facts.code, facts.entity, facts.action, facts.status_date, facts.received_date,
       facts.batch_reference, facts.claim_number, facts.payer_claim_number,
       facts.clearinghouse_trace, facts.message, facts.charge_cents, facts.paid_cents,
       facts.sequence, facts.payer_id, t.interchange_control_number, t.group_control_number,
       t.control_number, f.id, f.sha256, f.name, f.is_encrypted
  FROM facts JOIN files_transaction_set t ON t.id = facts.transaction_id
  JOIN files_stored_file f ON f.id = t.file_id
$$;
REVOKE ALL ON FUNCTION proofs_links_of FROM PUBLIC;

-- A 999 belongs to no client, and a file may hold other clients' claims too: row-level security
-- hides both. SECURITY DEFINER: lets through what speaks of the session's own claims.
CREATE FUNCTION proofs_visible_links(wanted bigint[]) RETURNS SETOF proofs_link
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT link.* FROM proofs_links_of(ARRAY(
        SELECT id FROM claims_claim
         WHERE id = ANY (wanted) AND client_id = ANY (sanderling_visible_clients())
    )) AS link
$$;
REVOKE ALL ON FUNCTION proofs_visible_links FROM PUBLIC;
GRANT EXECUTE ON FUNCTION proofs_visible_links TO sanderling_app;
"""
REVERSE = """
DROP FUNCTION proofs_visible_links, proofs_links_of;
DROP TYPE proofs_link;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_visible_clients"),
        ("claims", "0008_why_medicare_is_second"),
        ("clients", "0002_isolation"),
        ("files", "0001_initial"),
        ("remits", "0001_initial"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
