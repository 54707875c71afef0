"""Own clients only, about their own claims only; what came and whom we told stays."""

from __future__ import annotations

from django.db import migrations

PROTECT = r"""
CALL sanderling_protect('document_requests_request', 'client_id', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect('document_requests_item', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON document_requests_item WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM document_requests_request r
                 WHERE r.id = request_id AND r.client_id = document_requests_item.client_id)
);
CALL sanderling_protect('document_requests_upload', 'client_id', 'SELECT, INSERT');
ALTER POLICY visible_clients ON document_requests_upload WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM document_requests_request r
                 WHERE r.id = request_id AND r.client_id = document_requests_upload.client_id)
);
CALL sanderling_protect('document_requests_step', 'client_id', 'SELECT, INSERT');
ALTER POLICY visible_clients ON document_requests_step WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM document_requests_request r
                 WHERE r.id = request_id AND r.client_id = document_requests_step.client_id)
);
CALL sanderling_append_only('document_requests_upload');
CALL sanderling_append_only('document_requests_step');
CALL sanderling_protect('document_requests_answer', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('document_requests_answer');
CALL sanderling_protect('document_requests_contact', 'client_id', 'SELECT, INSERT, UPDATE, DELETE');
CALL sanderling_audit_changes('document_requests_contact');
CALL sanderling_protect_where(
    'document_requests_cycle',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT, UPDATE, DELETE'
);
CALL sanderling_audit_changes('document_requests_cycle');
"""
GUARD = r"""
CREATE FUNCTION document_requests_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.client_id, OLD.question, OLD.asked_at, OLD.actor)
       IS DISTINCT FROM (NEW.client_id, NEW.question, NEW.asked_at, NEW.actor)
       OR OLD.asked_by_id IS DISTINCT FROM NEW.asked_by_id
       OR OLD.state <> 'open' THEN
        RAISE EXCEPTION 'document request %: what was asked does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_requests_step BEFORE UPDATE ON document_requests_request
    FOR EACH ROW EXECUTE FUNCTION document_requests_step();

CREATE FUNCTION document_requests_item_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.request_id, OLD.client_id, OLD.claim_id, OLD.party, OLD.task_id, OLD.kind, OLD.text)
       IS DISTINCT FROM
       (NEW.request_id, NEW.client_id, NEW.claim_id, NEW.party, NEW.task_id, NEW.kind, NEW.text)
       OR (OLD.state <> NEW.state AND OLD.state <> 'wanted') THEN
        RAISE EXCEPTION 'document item %: what was asked and answered does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_requests_item_step BEFORE UPDATE ON document_requests_item
    FOR EACH ROW EXECUTE FUNCTION document_requests_item_step();

-- A claim, a file and what it answers are of the same request and client.
CREATE FUNCTION document_requests_item_of_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM claims_claim c
                    WHERE c.id = NEW.claim_id AND c.client_id = NEW.client_id) THEN
        RAISE EXCEPTION 'document item: claim % is not of the client', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_requests_item_of_claim BEFORE INSERT ON document_requests_item
    FOR EACH ROW EXECUTE FUNCTION document_requests_item_of_claim();

CREATE FUNCTION document_requests_answer_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM document_requests_upload u
          JOIN document_requests_item i ON i.request_id = u.request_id
         WHERE u.id = NEW.upload_id AND i.id = NEW.item_id
           AND u.client_id = NEW.client_id AND i.client_id = NEW.client_id) THEN
        RAISE EXCEPTION 'document answer: file % does not belong to item %',
            NEW.upload_id, NEW.item_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_requests_answer_fits BEFORE INSERT ON document_requests_answer
    FOR EACH ROW EXECUTE FUNCTION document_requests_answer_fits();
"""
REVERSE = """
DROP TRIGGER document_requests_answer_fits ON document_requests_answer;
DROP TRIGGER document_requests_item_of_claim ON document_requests_item;
DROP TRIGGER document_requests_item_step ON document_requests_item;
DROP TRIGGER document_requests_step ON document_requests_request;
DROP FUNCTION document_requests_answer_fits, document_requests_item_of_claim,
    document_requests_item_step, document_requests_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("document_requests", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0002_isolation"),
        ("clients", "0002_isolation"),
    ]

    operations = [
        migrations.RunSQL(PROTECT, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, REVERSE),
    ]
