"""Own clients only; what was asked stays; nobody approves his own; steps in order."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('resubmission_resubmission', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON resubmission_resubmission WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_submission s
                 WHERE s.id = submission_id AND s.claim_id = resubmission_resubmission.claim_id
                   AND s.client_id = resubmission_resubmission.client_id)
);
CALL sanderling_protect_where(
    'resubmission_limits',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT, UPDATE, DELETE'
);
CALL sanderling_audit_changes('resubmission_limits');

CREATE FUNCTION resubmission_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state NOT IN ('draft', 'held', 'queued') OR NEW.decided_by_id IS NOT NULL
       OR (NEW.state = 'queued' AND NEW.needs <> '') THEN
        RAISE EXCEPTION 'resubmission of claim %: it begins as a draft or is asked for', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind = 'void' AND NEW.state = 'queued' THEN
        RAISE EXCEPTION 'resubmission of claim %: somebody must approve a void', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER resubmission_begins BEFORE INSERT ON resubmission_resubmission
    FOR EACH ROW EXECUTE FUNCTION resubmission_begins();

CREATE FUNCTION resubmission_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.client_id, OLD.party, OLD.submission_id)
       IS DISTINCT FROM (NEW.claim_id, NEW.client_id, NEW.party, NEW.submission_id) THEN
        RAISE EXCEPTION 'resubmission %: it is of one version of one claim', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'draft' AND (
        (OLD.kind, OLD.reason, OLD.edits, OLD.charge_after_cents, OLD.needs, OLD.made_at, OLD.actor)
        IS DISTINCT FROM
        (NEW.kind, NEW.reason, NEW.edits, NEW.charge_after_cents, NEW.needs, NEW.made_at, NEW.actor)
        OR OLD.made_by_id IS DISTINCT FROM NEW.made_by_id) THEN
        RAISE EXCEPTION 'resubmission %: what was asked does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'held'), ('draft', 'queued'), ('draft', 'withdrawn'), ('held', 'queued'),
        ('held', 'declined'), ('held', 'withdrawn'), ('queued', 'withdrawn')) THEN
        RAISE EXCEPTION 'resubmission %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'queued' THEN
        IF (NEW.needs <> '' OR NEW.kind = 'void') AND NEW.decided_by_id IS NULL THEN
            RAISE EXCEPTION 'resubmission %: somebody must approve it', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        -- A web session speaks for its own user only.
        IF NEW.decided_by_id IS NOT NULL AND current_user = 'sanderling_app'
           AND sanderling_actor() <> 'user:' || NEW.decided_by_id THEN
            RAISE EXCEPTION 'resubmission %: another person approves than acts', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER resubmission_step BEFORE UPDATE ON resubmission_resubmission
    FOR EACH ROW EXECUTE FUNCTION resubmission_step();
"""
REVERSE = """
DROP TRIGGER resubmission_step ON resubmission_resubmission;
DROP TRIGGER resubmission_begins ON resubmission_resubmission;
DROP FUNCTION resubmission_step, resubmission_begins;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("resubmission", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0006_write_off_facts_isolation"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
