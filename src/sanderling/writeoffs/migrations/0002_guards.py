"""Own clients only; what was requested stays; nobody approves his own request; steps in order."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('writeoffs_write_off', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON writeoffs_write_off WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = writeoffs_write_off.client_id)
);
CALL sanderling_protect('writeoffs_approval', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('writeoffs_approval');
CALL sanderling_protect_where(
    'writeoffs_limits',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT, UPDATE, DELETE'
);
CALL sanderling_audit_changes('writeoffs_limits');

-- A request is no more than what is owed, and skips approval only below the client's limit.
CREATE FUNCTION writeoffs_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owed bigint;
    auto_below bigint;
BEGIN
    SELECT balance_cents INTO owed FROM ledger_open_balance
     WHERE claim_id = NEW.claim_id AND party = NEW.party;
    IF NEW.amount_cents > coalesce(owed, 0) THEN
        RAISE EXCEPTION 'write-off of claim %: more than is owed', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT auto_below_cents INTO auto_below FROM writeoffs_limits
     WHERE client_id = NEW.client_id OR client_id IS NULL ORDER BY client_id NULLS LAST LIMIT 1;
    IF NEW.state <> 'requested' THEN
        RAISE EXCEPTION 'write-off of claim %: it begins as a request', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.approvals_needed = 0 AND NEW.amount_cents >= coalesce(auto_below, 1000) THEN
        RAISE EXCEPTION 'write-off of claim %: somebody must approve it', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER writeoffs_request BEFORE INSERT ON writeoffs_write_off
    FOR EACH ROW EXECUTE FUNCTION writeoffs_request();

CREATE FUNCTION writeoffs_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.party, OLD.client_id, OLD.amount_cents, OLD.reason, OLD.note, OLD.evidence,
        OLD.requested_at, OLD.actor, OLD.approvals_needed)
       IS DISTINCT FROM
       (NEW.claim_id, NEW.party, NEW.client_id, NEW.amount_cents, NEW.reason, NEW.note, NEW.evidence,
        NEW.requested_at, NEW.actor, NEW.approvals_needed)
       OR OLD.requested_by_id IS DISTINCT FROM NEW.requested_by_id THEN
        RAISE EXCEPTION 'write-off %: what was requested does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('requested', 'approved'), ('requested', 'rejected'), ('requested', 'withdrawn'),
        ('approved', 'posted'), ('approved', 'withdrawn'), ('posted', 'reversed')) THEN
        RAISE EXCEPTION 'write-off %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'approved' AND NEW.approvals_needed >
       (SELECT count(DISTINCT user_id) FROM writeoffs_approval WHERE write_off_id = OLD.id) THEN
        RAISE EXCEPTION 'write-off %: approvals are missing', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'posted' AND NOT EXISTS (
        SELECT FROM claims_write_off f WHERE f.write_off_id = OLD.id) THEN
        RAISE EXCEPTION 'write-off %: the ledger does not have it', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER writeoffs_step BEFORE UPDATE ON writeoffs_write_off
    FOR EACH ROW EXECUTE FUNCTION writeoffs_step();

CREATE FUNCTION writeoffs_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked writeoffs_write_off;
BEGIN
    SELECT * INTO asked FROM writeoffs_write_off WHERE id = NEW.write_off_id;
    IF asked.id IS NULL OR asked.client_id <> NEW.client_id THEN
        RAISE EXCEPTION 'approval of write-off %: there is none', NEW.write_off_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF asked.requested_by_id = NEW.user_id THEN
        RAISE EXCEPTION 'write-off %: nobody approves his own request', asked.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF asked.state <> 'requested' THEN
        RAISE EXCEPTION 'write-off %: it waits for no approval', asked.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A web session speaks for its own user only.
    IF current_user = 'sanderling_app' AND sanderling_actor() <> 'user:' || NEW.user_id THEN
        RAISE EXCEPTION 'write-off %: another person approves than acts', asked.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER writeoffs_second_person BEFORE INSERT ON writeoffs_approval
    FOR EACH ROW EXECUTE FUNCTION writeoffs_second_person();
"""
REVERSE = """
DROP TRIGGER writeoffs_second_person ON writeoffs_approval;
DROP TRIGGER writeoffs_step ON writeoffs_write_off;
DROP TRIGGER writeoffs_request ON writeoffs_write_off;
DROP FUNCTION writeoffs_second_person, writeoffs_step, writeoffs_request;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("writeoffs", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0006_write_off_facts_isolation"),
        ("clients", "0002_isolation"),
        ("ledger", "0006_balance_spans"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
