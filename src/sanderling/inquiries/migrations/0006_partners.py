"""Whom a claim was sent as and to: told to who sees the claim, though its set holds others' too."""

from __future__ import annotations

from django.db import migrations

SQL = """
-- Names of trading partners, nothing of a patient. Asked for with submissions that the caller sees.
CREATE FUNCTION sanderling_partners_of(wanted bigint)
RETURNS TABLE (sender_id text, receiver_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.sender_id, t.receiver_id FROM files_transaction_set t WHERE t.id = wanted
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("inquiries", "0005_guards"), ("files", "0002_isolation")]

    operations = [
        migrations.RunSQL(SQL, "DROP FUNCTION sanderling_partners_of(bigint);"),
    ]
