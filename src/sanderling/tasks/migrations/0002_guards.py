"""Tasks of one's clients only, about their claims only; history stays."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('tasks_task', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON tasks_task WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id AND c.client_id = tasks_task.client_id)
);
CALL sanderling_protect('tasks_task_event', 'client_id', 'SELECT, INSERT');
ALTER POLICY visible_clients ON tasks_task_event WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM tasks_task t WHERE t.id = task_id AND t.client_id = tasks_task_event.client_id)
);
CALL sanderling_append_only('tasks_task_event');
CALL sanderling_grant('tasks_team_rule', 'SELECT, INSERT, UPDATE');

-- What was asked, about what and by whom does not change.
CREATE FUNCTION tasks_task_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.party, OLD.client_id, OLD.kind, OLD.question, OLD.asked_at)
       IS DISTINCT FROM (NEW.claim_id, NEW.party, NEW.client_id, NEW.kind, NEW.question, NEW.asked_at)
       OR OLD.asked_by_id IS DISTINCT FROM NEW.asked_by_id
       OR OLD.state IN ('answered', 'withdrawn') THEN
        RAISE EXCEPTION 'task % cannot be changed so', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tasks_task_stays BEFORE UPDATE ON tasks_task
    FOR EACH ROW EXECUTE FUNCTION tasks_task_stays();
"""
REVERSE = """
DROP TRIGGER tasks_task_stays ON tasks_task;
DROP FUNCTION tasks_task_stays;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0002_isolation"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
