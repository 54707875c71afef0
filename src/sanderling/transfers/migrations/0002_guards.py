"""Own clients only; what was requested stays; nobody approves his own request; steps in order."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('transfers_transfer', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON transfers_transfer WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = transfers_transfer.client_id)
);

CREATE FUNCTION transfers_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    balance bigint;
BEGIN
    SELECT balance_cents INTO balance FROM ledger_open_balance
     WHERE claim_id = NEW.claim_id AND party = NEW.party;
    IF NEW.amount_cents > coalesce(balance, 0) THEN
        RAISE EXCEPTION 'transfer of claim %: more than is owed', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> 'requested' THEN
        RAISE EXCEPTION 'transfer of claim %: it begins as a request', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfers_request BEFORE INSERT ON transfers_transfer
    FOR EACH ROW EXECUTE FUNCTION transfers_request();

CREATE FUNCTION transfers_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.party, OLD.client_id, OLD.amount_cents, OLD.codes, OLD.needs_approval, OLD.note,
        OLD.requested_by_id, OLD.requested_at)
       IS DISTINCT FROM
       (NEW.claim_id, NEW.party, NEW.client_id, NEW.amount_cents, NEW.codes, NEW.needs_approval, NEW.note,
        NEW.requested_by_id, NEW.requested_at) THEN
        RAISE EXCEPTION 'transfer %: what was requested does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('requested', 'approved'), ('requested', 'rejected'), ('requested', 'withdrawn'),
        ('approved', 'posted'), ('approved', 'withdrawn'), ('posted', 'reversed')) THEN
        RAISE EXCEPTION 'transfer %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'requested' AND NEW.state = 'approved' AND OLD.needs_approval THEN
        IF NEW.decided_by_id IS NULL OR NEW.decided_by_id = OLD.requested_by_id THEN
            RAISE EXCEPTION 'transfer %: another person approves it', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        -- A web session speaks for its own user only.
        IF current_user = 'sanderling_app' AND sanderling_actor() <> 'user:' || NEW.decided_by_id
        THEN
            RAISE EXCEPTION 'transfer %: another person approves than acts', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'posted' AND NOT EXISTS (
        SELECT FROM claims_decided f WHERE f.kind = 'transfer' AND f.decision_id = OLD.id) THEN
        RAISE EXCEPTION 'transfer %: the ledger does not have it', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfers_step BEFORE UPDATE ON transfers_transfer
    FOR EACH ROW EXECUTE FUNCTION transfers_step();
"""
REVERSE = """
DROP TRIGGER transfers_step ON transfers_transfer;
DROP TRIGGER transfers_request ON transfers_transfer;
DROP FUNCTION transfers_step, transfers_request;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0010_decided_isolation"),
        ("clients", "0002_isolation"),
        ("ledger", "0006_balance_spans"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
