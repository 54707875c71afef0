"""Own clients only and no users of clients: prices tell what contracts say. Decisions stay."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_confidential('pricing_line_variance', 'SELECT');
CALL sanderling_protect_confidential('pricing_claim_variance', 'SELECT');
CALL sanderling_protect_confidential('pricing_pattern', 'SELECT');
CALL sanderling_protect_confidential('pricing_decision', 'SELECT, INSERT');
CALL sanderling_protect_confidential('pricing_learned_rate', 'SELECT');
CALL sanderling_protect_confidential('pricing_learned_factor', 'SELECT');
CALL sanderling_protect_confidential('pricing_practitioner', 'SELECT');
CALL sanderling_protect_confidential('pricing_stale', 'SELECT, INSERT');
CALL sanderling_append_only('pricing_decision');
CALL sanderling_grant('pricing_state', 'SELECT');

-- A decision is about a remittance line of that claim of that client.
ALTER POLICY visible_clients ON pricing_decision WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM pricing_line_variance v
                 WHERE v.payment_id = pricing_decision.payment_id
                   AND v.line_index = pricing_decision.line_index
                   AND v.claim_id = pricing_decision.claim_id
                   AND v.client_id = pricing_decision.client_id)
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
