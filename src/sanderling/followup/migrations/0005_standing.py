"""The activities that were not taken back, as a view: the one way in which SQL reads what counts."""

from __future__ import annotations

from django.db import migrations

# As whoever asks sees it (security_invoker): a withdrawal is of the client of its activity.
SQL = r"""
CREATE VIEW followup_standing_activity WITH (security_invoker = true) AS
SELECT a.id, a.claim_id, a.client_id, a.activity_date, a.user_name, a.user_id, a.channel, a.action,
       a.outcome, a.reference, a.next_date, a.note, a.source, a.recorded_at
  FROM followup_activity a
 WHERE NOT EXISTS (SELECT FROM followup_withdrawal w WHERE w.activity_id = a.id);
GRANT SELECT ON followup_standing_activity TO sanderling_app;
"""


class Migration(migrations.Migration):
    dependencies = [("followup", "0004_work_guards")]

    operations = [migrations.RunSQL(SQL, "DROP VIEW followup_standing_activity")]
