"""A flag is a client's: what people of ours had marked by hand keeps that as a tag."""

from __future__ import annotations

from django.db import migrations

# The lift of a flag (core.priority.value.FLAGGED_SCORE) goes with it.
SQL = r"""
UPDATE worklists_work_item w
   SET is_flagged = false,
       score = CASE WHEN score >= 1000000 THEN score - 1000000 ELSE score END,
       reasons = coalesce((SELECT jsonb_agg(one) FROM jsonb_array_elements(reasons) one
                            WHERE one ->> 0 <> 'flagged'), '[]'),
       tags = ARRAY(SELECT DISTINCT t FROM unnest(tags || ARRAY['marked by hand']) AS t ORDER BY t)
 WHERE is_flagged
   AND NOT EXISTS (SELECT FROM flags_flag f
                    WHERE f.claim_id = w.claim_id AND f.state IN ('received', 'working'));
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0017_payer_tallies"), ("flags", "0002_guards")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
