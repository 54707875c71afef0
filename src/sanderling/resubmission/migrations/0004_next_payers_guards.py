"""Own clients only; what was told to a next payer stays as it was told."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('resubmission_secondary_claim', 'client_id', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect('resubmission_secondary_answer', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON resubmission_secondary_claim WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id
                   AND c.client_id = resubmission_secondary_claim.client_id)
);
ALTER POLICY visible_clients ON resubmission_secondary_answer WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id
                   AND c.client_id = resubmission_secondary_answer.client_id)
);

CREATE FUNCTION secondary_claim_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.client_id, OLD.party, OLD.file_id, OLD.payment_ids, OLD.charge_cents,
        OLD.prior_paid_cents, OLD.due_cents, OLD.msp_type, OLD.made_at)
       IS DISTINCT FROM
       (NEW.claim_id, NEW.client_id, NEW.party, NEW.file_id, NEW.payment_ids, NEW.charge_cents,
        NEW.prior_paid_cents, NEW.due_cents, NEW.msp_type, NEW.made_at)
       OR (OLD.payer_id, OLD.made_by_id, OLD.activity_id)
          IS DISTINCT FROM (NEW.payer_id, NEW.made_by_id, NEW.activity_id) THEN
        RAISE EXCEPTION 'claim to a next payer %: what was told does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'undone' AND NEW.state <> 'undone' THEN
        RAISE EXCEPTION 'claim to a next payer %: it was undone; bill it anew', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER secondary_claim_step BEFORE UPDATE ON resubmission_secondary_claim
    FOR EACH ROW EXECUTE FUNCTION secondary_claim_step();
"""
REVERSE = """
DROP TRIGGER secondary_claim_step ON resubmission_secondary_claim;
DROP FUNCTION secondary_claim_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("resubmission", "0003_next_payers"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
