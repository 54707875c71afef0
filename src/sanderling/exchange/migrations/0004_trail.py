"""What came back about a file of ours, for who may see the file.

A 999 or TA1 belongs to no client until it is tied to a file: row-level security hides it. This
function ties it, for files of the caller's own clients only.
"""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CREATE FUNCTION exchange_trail(wanted bigint)
RETURNS TABLE (
    kind text, level text, category text, code text, action text, source_name text,
    received_date date, claim_number text, message text, file_id bigint, "position" integer
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    WITH sent AS (
        SELECT f.id, f.client_id, trim(f.sender_id) AS sender, f.queued_at::date AS day,
               (700000000 + mod(f.id, 100000000))::text AS number,
               'SL' || lpad(f.id::text, 9, '0') AS batch
          FROM outbox_file f
         WHERE f.id = wanted
           AND (f.client_id = ANY (sanderling_visible_clients())
                OR session_user = current_user AND current_setting('role') = 'none')
    )
    SELECT a.kind, a.level, a.category, a.code, a.action, a.source_name, a.received_date,
           a.claim_number, a.message, t.file_id, a.position
      FROM sent
      JOIN claims_answer a
        ON ((a.kind = '999' AND a.group_control_number = sent.number)
            OR (a.kind = 'TA1' AND ltrim(a.control_number, '0') = sent.number)
            OR (a.kind = '277CA' AND a.batch_reference = sent.batch))
       AND (a.client_id IS NULL OR a.client_id = sent.client_id)
      JOIN files_transaction_set t ON t.id = a.transaction_id
     WHERE a.kind = '277CA' OR (trim(t.receiver_id) = sent.sender AND a.received_date >= sent.day)
     ORDER BY a.received_date, a.id
     LIMIT 500
$$;
REVOKE ALL ON FUNCTION exchange_trail(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_trail(bigint) TO sanderling_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0003_core_batches"),
        ("outbox", "0003_delivery"),
        ("claims", "0002_isolation"),
        ("files", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, "DROP FUNCTION exchange_trail(bigint)")]
