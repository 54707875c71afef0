"""Own clients only; what was requested stays; nobody approves his own request; steps in order."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('refunds_identified', 'client_id', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect('refunds_refund', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON refunds_identified WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = refunds_identified.client_id)
);
ALTER POLICY visible_clients ON refunds_refund WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = claim_id AND c.client_id = refunds_refund.client_id)
);

CREATE FUNCTION refunds_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    balance bigint;
BEGIN
    SELECT balance_cents INTO balance FROM ledger_open_balance
     WHERE claim_id = NEW.claim_id AND party = NEW.party;
    IF NEW.amount_cents > -coalesce(balance, 0) THEN
        RAISE EXCEPTION 'refund of claim %: more than is in credit', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> 'requested' THEN
        RAISE EXCEPTION 'refund of claim %: it begins as a request', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_request BEFORE INSERT ON refunds_refund
    FOR EACH ROW EXECUTE FUNCTION refunds_request();

CREATE FUNCTION refunds_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.party, OLD.client_id, OLD.amount_cents, OLD.method, OLD.cause, OLD.note,
        OLD.requested_by_id, OLD.requested_at)
       IS DISTINCT FROM
       (NEW.claim_id, NEW.party, NEW.client_id, NEW.amount_cents, NEW.method, NEW.cause, NEW.note,
        NEW.requested_by_id, NEW.requested_at) THEN
        RAISE EXCEPTION 'refund %: what was requested does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('requested', 'approved'), ('requested', 'rejected'), ('requested', 'withdrawn'),
        ('approved', 'made'), ('approved', 'withdrawn'), ('approved', 'settled'),
        ('made', 'posted'), ('made', 'approved'), ('posted', 'reversed')) THEN
        RAISE EXCEPTION 'refund %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'requested' AND NEW.state = 'approved' THEN
        IF NEW.decided_by_id IS NULL OR NEW.decided_by_id = OLD.requested_by_id THEN
            RAISE EXCEPTION 'refund %: another person approves it', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        -- A web session speaks for its own user only.
        IF current_user = 'sanderling_app' AND sanderling_actor() <> 'user:' || NEW.decided_by_id
        THEN
            RAISE EXCEPTION 'refund %: another person approves than acts', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF NEW.state = 'made' AND (NEW.made_date IS NULL OR NEW.method = 'takeback') THEN
        RAISE EXCEPTION 'refund %: when it was made is missing', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'posted' AND NOT EXISTS (
        SELECT FROM claims_decided f WHERE f.kind = 'refund' AND f.decision_id = OLD.id) THEN
        RAISE EXCEPTION 'refund %: the ledger does not have it', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_step BEFORE UPDATE ON refunds_refund
    FOR EACH ROW EXECUTE FUNCTION refunds_step();
"""
REVERSE = """
DROP TRIGGER refunds_step ON refunds_refund;
DROP TRIGGER refunds_request ON refunds_refund;
DROP FUNCTION refunds_step, refunds_request;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0010_decided_isolation"),
        ("clients", "0002_isolation"),
        ("ledger", "0006_balance_spans"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
