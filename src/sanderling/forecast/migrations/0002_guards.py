"""Who may read forecasts: rows of a client are seen by who may see the client; only jobs write."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_grant('forecast_run', 'SELECT');
CALL sanderling_protect('forecast_week', 'client_id');
CALL sanderling_protect('forecast_tried_week', 'client_id');
CALL sanderling_protect('forecast_cash_day', 'client_id');
"""


class Migration(migrations.Migration):
    dependencies = [("forecast", "0001_initial"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
