"""What the planner has to know to read lists in their order, whoever asks."""

from __future__ import annotations

from django.db import migrations

SQL = """
-- The policy compares a client with an array that the planner does not see: it takes ten elements
-- for granted, so that with many clients it expects a few rows where all are let through, and reads
-- and sorts them all. With two distinct values it expects nearly all; where a session sees few
-- clients the query names them, and these are estimated from the most common values, which hold all.
ALTER TABLE worklists_work_item ALTER COLUMN client_id SET (n_distinct = 2);
ALTER TABLE worklists_work_item ALTER COLUMN client_id SET STATISTICS 1000;
-- Many people ask at once: each answer by one process.
ALTER TABLE worklists_work_item SET (parallel_workers = 0);
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0010_ranked")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
