"""The web sees what was asked about its clients' claims; only the worker and commands ask."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('inquiries_request_file', 'client_id');
CALL sanderling_protect('inquiries_status_request', 'client_id');
CALL sanderling_append_only('inquiries_status_request');
"""


class Migration(migrations.Migration):
    dependencies = [("inquiries", "0001_initial"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
