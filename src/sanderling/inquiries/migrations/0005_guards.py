"""The web asks about its own clients' claims; what a payer takes is no client's data.

What came back is said by intake and the worker alone.
"""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('inquiries_status_request', 'client_id', 'SELECT, INSERT');
CALL sanderling_grant('inquiries_payer_limits', 'SELECT, INSERT, UPDATE');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inquiries", "0004_through_the_outbox"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
