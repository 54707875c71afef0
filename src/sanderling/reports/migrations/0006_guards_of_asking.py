"""What is asked for concerns clients that one sees, and no client's own people; the letterhead."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'reports_making',
    $c$client_ids <@ (SELECT sanderling_visible_clients())::int[] AND client_ids <> '{}'::int[]
       AND (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'$c$,
    'SELECT, INSERT'
);
CALL sanderling_grant('reports_brand', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('reports_brand', '{logo,set_at}');
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_asking"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
