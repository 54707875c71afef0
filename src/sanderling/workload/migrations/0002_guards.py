"""Hours and days off are about people, not clients; reviews are of one's clients and stay."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_grant('workload_work_hours', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('workload_day_off', 'SELECT, INSERT, DELETE');
CALL sanderling_append_only('workload_quality_review');
CALL sanderling_protect('workload_quality_review', 'client_id', 'SELECT, INSERT');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("workload", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
