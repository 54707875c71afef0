"""Who may read and change projects of underpaid lines: not the client's own users."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_confidential('underpayments_project', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect_confidential('underpayments_line', 'SELECT, INSERT, UPDATE, DELETE');
CALL sanderling_protect_confidential('underpayments_adverse', 'SELECT');

-- A line is of its project's client, and its claim too; what was sent stays as it was sent.
ALTER POLICY visible_clients ON underpayments_line WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM underpayments_project p
                 WHERE p.id = underpayments_line.project_id
                   AND p.client_id = underpayments_line.client_id)
    AND EXISTS (SELECT FROM claims_claim c
                 WHERE c.id = underpayments_line.claim_id
                   AND c.client_id = underpayments_line.client_id)
);
CREATE FUNCTION underpayments_sent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'chosen' THEN
            RAISE EXCEPTION 'what was sent to the payer is retracted, not removed'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state <> 'chosen' AND (
        ROW (OLD.project_id, OLD.client_id, OLD.claim_id, OLD.payment_id, OLD.line_index,
             OLD.allowed_cents, OLD.expected_cents, OLD.sought_cents, OLD.paid_before_cents)
        IS DISTINCT FROM
        ROW (NEW.project_id, NEW.client_id, NEW.claim_id, NEW.payment_id, NEW.line_index,
             NEW.allowed_cents, NEW.expected_cents, NEW.sought_cents, NEW.paid_before_cents)
        OR NEW.state = 'chosen'
    ) THEN
        RAISE EXCEPTION 'what was sent to the payer stays as it was sent'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER underpayments_sent_stays BEFORE UPDATE OR DELETE ON underpayments_line
    FOR EACH ROW EXECUTE FUNCTION underpayments_sent_stays();
"""
REVERSE = """
DROP TRIGGER underpayments_sent_stays ON underpayments_line;
DROP FUNCTION underpayments_sent_stays;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("underpayments", "0001_initial"),
        ("claims", "0006_write_off_facts_isolation"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
