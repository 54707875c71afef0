"""Protects what the client's own users do not see either: contracts, prices, what follows of them."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CREATE PROCEDURE sanderling_protect_confidential(table_name text, privileges text DEFAULT 'SELECT')
LANGUAGE plpgsql AS $$
BEGIN
    CALL sanderling_protect_where(
        table_name,
        $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
           AND (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'$c$,
        privileges
    );
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0002_isolation")]

    operations = [
        migrations.RunSQL(SQL, "DROP PROCEDURE sanderling_protect_confidential(text, text)")
    ]
