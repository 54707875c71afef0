"""A mailbox is seen by who sees all its clients; what lay in one, by who sees what is in it."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_where(
    'exchange_mailbox',
    'client_ids <@ (SELECT sanderling_visible_clients())::int[]',
    'SELECT, INSERT, UPDATE'
);
CALL sanderling_audit_changes('exchange_mailbox');
CALL sanderling_protect_through('exchange_run', 'mailbox_id', 'exchange_mailbox');
CALL sanderling_protect_where(
    'exchange_remote_file',
    'EXISTS (SELECT FROM exchange_mailbox m WHERE m.id = mailbox_id)
     AND (stored_file_id IS NULL
          OR EXISTS (SELECT FROM files_stored_file f WHERE f.id = stored_file_id))',
    'SELECT'
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
        ("files", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
