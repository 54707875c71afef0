"""Sums are of clients: each sees its own. The job writes them; the web reads."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('kpis_cell', 'client_id', 'SELECT');
CALL sanderling_protect('kpis_pay_days', 'client_id', 'SELECT');
CALL sanderling_protect('kpis_refusals', 'client_id', 'SELECT');
CALL sanderling_protect('kpis_restatement', 'client_id', 'SELECT');
CALL sanderling_append_only('kpis_restatement');
CALL sanderling_grant('kpis_month', 'SELECT');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("kpis", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
