"""Acts are seen by who did them and by who sees one of their claims; views by their owner, or all."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_where(
    'worklists_bulk_act',
    'actor = (SELECT sanderling_actor()) OR EXISTS (
        SELECT FROM worklists_bulk_change c WHERE c.act_id = worklists_bulk_act.id)',
    'SELECT, INSERT, UPDATE'
);
CALL sanderling_protect_where(
    'worklists_saved_view',
    'is_shared OR ''user:'' || owner_id = (SELECT sanderling_actor())',
    'SELECT, INSERT, UPDATE, DELETE'
);
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0012_known_days")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
