"""Rules are audited; what they touched and whom alerts concern is each one's own."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_grant('automation_rule', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('automation_rule', '{run_at,next_run_at,failures,created_at}');
CALL sanderling_grant('automation_rule_version', 'SELECT, INSERT');
CALL sanderling_append_only('automation_rule_version');
CALL sanderling_audit_changes('automation_rule_version', '{made_at}');
CALL sanderling_protect_array('automation_dry_run', 'client_ids', 'SELECT, INSERT');
CALL sanderling_protect('automation_dry_run_item', 'client_id', 'SELECT');
CALL sanderling_grant('automation_run', 'SELECT');
CALL sanderling_protect('automation_run_item', 'client_id', 'SELECT');

-- A person's own rows only, and of clients that the person sees.
CALL sanderling_protect_where(
    'automation_alert_recipient',
    '''user:'' || user_id = (SELECT sanderling_actor()) AND (client_id IS NULL'
    ' OR client_id = ANY ((SELECT sanderling_visible_clients())::int[]))',
    'SELECT, UPDATE'
);
-- An alert is there for those whom it concerns.
CALL sanderling_protect_where(
    'automation_alert',
    'EXISTS (SELECT FROM automation_alert_recipient AS r WHERE r.alert_id = automation_alert.id)',
    'SELECT, UPDATE'
);
CALL sanderling_protect_where(
    'automation_preference', '''user:'' || user_id = (SELECT sanderling_actor())',
    'SELECT, INSERT, UPDATE'
);
CALL sanderling_protect_where(
    'automation_digest', '''user:'' || user_id = (SELECT sanderling_actor())', 'SELECT'
);
CALL sanderling_grant('automation_alert_rule', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('automation_alert_rule');
CALL sanderling_grant('automation_target', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('automation_target', '{sealed,tested_at,test_result,made_at}');
CALL sanderling_grant('automation_message', 'SELECT');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("automation", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
