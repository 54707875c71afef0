"""Own clients only; steps in order; nobody approves what he finished; what was sent stays."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_grant('appeals_way', 'SELECT, INSERT, UPDATE, DELETE');
CALL sanderling_audit_changes('appeals_way');
CALL sanderling_grant('appeals_template', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('appeals_template');
CALL sanderling_grant('appeals_template_version', 'SELECT, INSERT');
CALL sanderling_append_only('appeals_template_version');
CALL sanderling_protect('appeals_letterhead', 'client_id', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('appeals_letterhead');
CALL sanderling_protect_where(
    'appeals_approval_rule',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT, UPDATE, DELETE'
);
CALL sanderling_audit_changes('appeals_approval_rule');
CALL sanderling_protect('appeals_project', 'client_id', 'SELECT, INSERT');
CALL sanderling_protect('appeals_packet', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('appeals_packet');
CALL sanderling_protect('appeals_appeal', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON appeals_appeal WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = appeals_appeal.client_id)
);
CALL sanderling_protect('appeals_stated_fact', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('appeals_stated_fact');
CALL sanderling_protect('appeals_evidence', 'client_id', 'SELECT, INSERT, DELETE');
CALL sanderling_protect('appeals_checklist_mark', 'client_id', 'SELECT, INSERT, UPDATE, DELETE');

CREATE FUNCTION appeals_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.party, OLD.client_id, OLD.level, OLD.created_at, OLD.actor)
       IS DISTINCT FROM
       (NEW.claim_id, NEW.party, NEW.client_id, NEW.level, NEW.created_at, NEW.actor) THEN
        RAISE EXCEPTION 'appeal %: what it is about does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state NOT IN ('draft', 'ready', 'approved') AND
       (OLD.packet_id, OLD.asked_cents, OLD.template_version_id, OLD.sent_date)
       IS DISTINCT FROM
       (NEW.packet_id, NEW.asked_cents, NEW.template_version_id, NEW.sent_date)
       AND NOT (NEW.state = 'approved' AND NEW.sent_date IS NULL
                AND OLD.packet_id = NEW.packet_id) THEN
        RAISE EXCEPTION 'appeal %: what was sent does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'ready'), ('draft', 'approved'), ('draft', 'withdrawn'),
        ('ready', 'approved'), ('ready', 'draft'), ('ready', 'withdrawn'),
        ('approved', 'sent'), ('approved', 'draft'), ('approved', 'withdrawn'),
        ('sent', 'approved'), ('sent', 'acknowledged'), ('sent', 'withdrawn'),
        ('sent', 'won'), ('sent', 'partly'), ('sent', 'lost'),
        ('acknowledged', 'sent'), ('acknowledged', 'withdrawn'),
        ('acknowledged', 'won'), ('acknowledged', 'partly'), ('acknowledged', 'lost'),
        ('won', 'sent'), ('partly', 'sent'), ('lost', 'sent'),
        ('won', 'acknowledged'), ('partly', 'acknowledged'), ('lost', 'acknowledged')) THEN
        RAISE EXCEPTION 'appeal %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state IN ('ready', 'approved') AND NEW.packet_id IS NULL THEN
        RAISE EXCEPTION 'appeal %: there is no packet', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('draft', 'ready') AND NEW.state = 'approved'
       AND NEW.approval_reason <> '' AND NEW.approved_by_id IS NULL THEN
        RAISE EXCEPTION 'appeal %: another person must approve it', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A web session approves for its own user only.
    IF NEW.approved_by_id IS NOT NULL AND NEW.approved_by_id IS DISTINCT FROM OLD.approved_by_id
       AND current_user = 'sanderling_app'
       AND sanderling_actor() <> 'user:' || NEW.approved_by_id THEN
        RAISE EXCEPTION 'appeal %: another person approves than acts', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appeals_step BEFORE UPDATE ON appeals_appeal
    FOR EACH ROW EXECUTE FUNCTION appeals_step();

CREATE FUNCTION appeals_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' OR NEW.packet_id IS NOT NULL OR NEW.approved_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'appeal of claim %: it begins as a draft', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appeals_begin BEFORE INSERT ON appeals_appeal
    FOR EACH ROW EXECUTE FUNCTION appeals_begin();

-- What a letter rests on stays with its appeal, and changes only while it is being written.
CREATE FUNCTION appeals_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part record;
    of_appeal appeals_appeal;
BEGIN
    part := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    SELECT * INTO of_appeal FROM appeals_appeal WHERE id = part.appeal_id;
    IF of_appeal.id IS NULL OR of_appeal.client_id <> part.client_id THEN
        RAISE EXCEPTION 'appeal %: there is none', part.appeal_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF of_appeal.state <> 'draft' THEN
        RAISE EXCEPTION 'appeal %: it is finished', part.appeal_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN part;
END $$;
CREATE TRIGGER appeals_part BEFORE INSERT ON appeals_stated_fact
    FOR EACH ROW EXECUTE FUNCTION appeals_part();
CREATE TRIGGER appeals_part BEFORE INSERT OR DELETE ON appeals_evidence
    FOR EACH ROW EXECUTE FUNCTION appeals_part();
CREATE TRIGGER appeals_part BEFORE INSERT OR UPDATE OR DELETE ON appeals_checklist_mark
    FOR EACH ROW EXECUTE FUNCTION appeals_part();
"""
REVERSE = """
DROP TRIGGER appeals_part ON appeals_checklist_mark;
DROP TRIGGER appeals_part ON appeals_evidence;
DROP TRIGGER appeals_part ON appeals_stated_fact;
DROP TRIGGER appeals_begin ON appeals_appeal;
DROP TRIGGER appeals_step ON appeals_appeal;
DROP FUNCTION appeals_part, appeals_begin, appeals_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appeals", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
