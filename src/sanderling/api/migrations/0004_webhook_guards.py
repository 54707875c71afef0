"""Webhooks are the administrators'; a delivery is seen by who sees its client, too."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'api_webhook',
    $c$(SELECT current_setting('sanderling.role', true)) = 'admin'$c$,
    'SELECT, INSERT, UPDATE'
);
CALL sanderling_protect_where(
    'api_delivery',
    $c$(SELECT current_setting('sanderling.role', true)) = 'admin'
       AND (client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[]))$c$,
    'SELECT, INSERT, UPDATE'
);
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0003_webhooks"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
