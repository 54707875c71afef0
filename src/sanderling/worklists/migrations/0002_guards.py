"""Items of one's clients only; the web application changes the work on them, never makes them."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('worklists_work_item', 'client_id', 'SELECT, UPDATE');
CALL sanderling_protect('worklists_item_lock', 'client_id', 'SELECT, INSERT, UPDATE, DELETE');
CALL sanderling_protect('worklists_departure', 'client_id', 'SELECT');
CALL sanderling_protect('worklists_bulk_change', 'client_id', 'SELECT, INSERT');
CALL sanderling_grant('worklists_bulk_act', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('worklists_saved_view', 'SELECT, INSERT, UPDATE, DELETE');
CALL sanderling_grant('worklists_project', 'SELECT, INSERT, UPDATE');

-- Trigrams find any part of a number or name. The extension comes with PostgreSQL; where the role
-- may not make it, an administrator runs CREATE EXTENSION pg_trgm once.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX work_item_search ON worklists_work_item USING gin (search_text gin_trgm_ops);
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0001_initial"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
