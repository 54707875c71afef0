"""Indexes of days that may be missing, in words that row-level security lets an index answer."""

from __future__ import annotations

from django.db import migrations

SQL = """
DROP INDEX IF EXISTS work_item_soonest, work_item_oldest, work_item_waiting;
CREATE INDEX work_item_soonest ON worklists_work_item
    ((CASE WHEN deadline_date IS NULL THEN 'infinity'::date ELSE deadline_date END), id);
CREATE INDEX work_item_oldest ON worklists_work_item
    ((CASE WHEN service_date IS NULL THEN 'infinity'::date ELSE service_date END), id);
CREATE INDEX work_item_waiting ON worklists_work_item
    ((CASE WHEN not_before_date IS NULL THEN 'infinity'::date ELSE not_before_date END),
     score DESC, id DESC)
    WHERE not_before_date IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0011_planned")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
