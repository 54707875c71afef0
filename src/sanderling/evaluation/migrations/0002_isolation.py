"""Own clients only and no users of clients: a what-if tells what contracts say. Answers stay."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'evaluation_what_if',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'$c$,
    'SELECT, INSERT'
);
CALL sanderling_append_only('evaluation_what_if');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
