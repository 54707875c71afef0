"""Notes of changed claims: copied from the barriers' notes, and made when a fact moves."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('mirror_changed_claim', 'client_id', 'SELECT, INSERT');

CREATE FUNCTION mirror_note_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mirror_changed_claim (claim_id, client_id)
    SELECT DISTINCT claim_id, client_id FROM new_rows;
    RETURN NULL;
END
$$;
CREATE TRIGGER mirror_note_stale AFTER INSERT ON barriers_stale_claim
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mirror_note_stale();

CREATE FUNCTION mirror_note_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mirror_changed_claim (claim_id, client_id)
    SELECT DISTINCT c.id, c.client_id
      FROM old_rows o JOIN new_rows n USING (id)
     CROSS JOIN LATERAL (VALUES (o.claim_id), (n.claim_id)) AS side(claim_id)
      JOIN claims_claim c ON c.id = side.claim_id
     WHERE o.claim_id IS DISTINCT FROM n.claim_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER mirror_note_moved AFTER UPDATE ON claims_answer
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mirror_note_moved();
CREATE TRIGGER mirror_note_moved AFTER UPDATE ON remits_claim_payment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mirror_note_moved();
"""
REVERSE = r"""
DROP TRIGGER mirror_note_moved ON remits_claim_payment;
DROP TRIGGER mirror_note_moved ON claims_answer;
DROP TRIGGER mirror_note_stale ON barriers_stale_claim;
DROP FUNCTION mirror_note_moved;
DROP FUNCTION mirror_note_stale;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mirror", "0001_initial"),
        ("barriers", "0004_stale_isolation"),
        ("claims", "0010_decided_isolation"),
        ("remits", "0003_unassigned"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
