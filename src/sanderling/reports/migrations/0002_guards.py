"""Own clients only; a client's own people see what was sent. Numbers of a report never change."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'reports_definition',
    $c$(client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[]))
       AND (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'$c$,
    'SELECT, INSERT, UPDATE'
);
CALL sanderling_audit_changes('reports_definition', '{made_at}');
CALL sanderling_protect_where(
    'reports_report',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND ((SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'
            OR state = 'sent')$c$,
    'SELECT, UPDATE'
);
CALL sanderling_protect_confidential('reports_rerun', 'SELECT, INSERT');
CALL sanderling_append_only('reports_rerun');
CALL sanderling_protect_array('reports_making', 'client_ids', 'SELECT, INSERT');

CREATE FUNCTION reports_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alive text[] := '{state,note,approved_by_id,approved_at,sent_at,withdrawn_by_id,withdrawn_at,'
        'withdrawn_reason}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'report %: reports are withdrawn, not removed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF to_jsonb(OLD) - alive IS DISTINCT FROM to_jsonb(NEW) - alive THEN
        RAISE EXCEPTION 'report %: its numbers do not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.note <> OLD.note AND OLD.state <> 'draft' THEN
        RAISE EXCEPTION 'report %: its note changes only in a draft', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'approved'), ('draft', 'withdrawn'),
        ('approved', 'draft'), ('approved', 'sent'), ('approved', 'withdrawn'),
        ('sent', 'withdrawn')) THEN
        RAISE EXCEPTION 'report %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_frozen BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
