"""What a rule says is seen with one of its clients, and written only for clients that one sees."""

from __future__ import annotations

from django.db import migrations

# A rule of no client is for all that its owner sees: everybody may read it. Of a rule for several
# clients each one's people read why their claims were touched: the version is there with any item
# that it touched.
SQL = r"""
CALL sanderling_protect_where(
    'automation_rule_version',
    'client_ids = ''{}''::int[] OR client_ids && (SELECT sanderling_visible_clients())::int[]',
    'SELECT, INSERT'
);
ALTER POLICY visible_clients ON automation_rule_version WITH CHECK (
    client_ids <@ (SELECT sanderling_visible_clients())::int[]
);
"""
REVERSE = r"""
ALTER TABLE automation_rule_version DISABLE ROW LEVEL SECURITY;
ALTER TABLE automation_rule_version NO FORCE ROW LEVEL SECURITY;
DROP POLICY visible_clients ON automation_rule_version;
DROP POLICY owner_sees_all ON automation_rule_version;
"""


class Migration(migrations.Migration):
    dependencies = [("automation", "0004_run_items_by_day"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, REVERSE)]
