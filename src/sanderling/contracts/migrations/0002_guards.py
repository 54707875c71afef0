"""Own clients only and no users of clients; what was agreed stays; a version is withdrawn once."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_confidential('contracts_contract', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect_confidential('contracts_fee_schedule', 'SELECT, INSERT');
CALL sanderling_protect_confidential('contracts_rate', 'SELECT, INSERT');
CALL sanderling_protect_confidential('contracts_version', 'SELECT, INSERT, UPDATE');
CALL sanderling_append_only('contracts_fee_schedule');
CALL sanderling_append_only('contracts_rate');

-- The same for all clients: how sheets are read, public schedules.
CALL sanderling_grant('contracts_rate_mapping', 'SELECT, INSERT, UPDATE, DELETE');
CALL sanderling_grant('contracts_reference_schedule', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('contracts_relative_value', 'SELECT, INSERT');
CALL sanderling_grant('contracts_geographic_factor', 'SELECT, INSERT');
CALL sanderling_grant('contracts_reference_fee', 'SELECT, INSERT');
CALL sanderling_append_only('contracts_relative_value');
CALL sanderling_append_only('contracts_geographic_factor');
CALL sanderling_append_only('contracts_reference_fee');

CALL sanderling_audit_changes('contracts_contract', '{note,made_at}');
CALL sanderling_audit_changes('contracts_fee_schedule', '{columns,refused,made_at}');
CALL sanderling_audit_changes('contracts_version', '{terms,note,withdrawn_note,made_at}');
CALL sanderling_audit_changes('contracts_rate_mapping', '{made_at}');
CALL sanderling_audit_changes('contracts_reference_schedule', '{made_at}');

CREATE FUNCTION contracts_contract_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.client_id, OLD.payer_id, OLD.plan, OLD.made_at)
       IS DISTINCT FROM (NEW.client_id, NEW.payer_id, NEW.plan, NEW.made_at) THEN
        RAISE EXCEPTION 'contract %: whom it binds does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contracts_contract_stays BEFORE UPDATE ON contracts_contract
    FOR EACH ROW EXECUTE FUNCTION contracts_contract_stays();

CREATE FUNCTION contracts_version_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM contracts_contract c
                    WHERE c.id = NEW.contract_id AND c.client_id = NEW.client_id)
       OR NEW.schedule_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM contracts_fee_schedule s
                           WHERE s.id = NEW.schedule_id AND s.client_id = NEW.client_id) THEN
        RAISE EXCEPTION 'version of contract %: another client''s', NEW.contract_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contracts_version_begins BEFORE INSERT ON contracts_version
    FOR EACH ROW EXECUTE FUNCTION contracts_version_begins();

-- The one change of a version: it is withdrawn, once.
CREATE FUNCTION contracts_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
       OR to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawn_note}'::text[]
          <> to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawn_note}'::text[] THEN
        RAISE EXCEPTION 'version % of a contract: what it says does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contracts_version_stays BEFORE UPDATE ON contracts_version
    FOR EACH ROW EXECUTE FUNCTION contracts_version_stays();

CREATE FUNCTION contracts_version_remains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: withdraw the version', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER contracts_version_remains BEFORE DELETE ON contracts_version
    FOR EACH ROW EXECUTE FUNCTION contracts_version_remains();
CREATE TRIGGER contracts_version_remains_whole BEFORE TRUNCATE ON contracts_version
    FOR EACH STATEMENT EXECUTE FUNCTION contracts_version_remains();

-- Likewise of a reference schedule.
CREATE FUNCTION contracts_reference_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
       OR to_jsonb(OLD) - 'withdrawn_at' <> to_jsonb(NEW) - 'withdrawn_at' THEN
        RAISE EXCEPTION 'reference schedule %: it does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contracts_reference_stays BEFORE UPDATE ON contracts_reference_schedule
    FOR EACH ROW EXECUTE FUNCTION contracts_reference_stays();
"""
REVERSE = """
DROP TRIGGER contracts_reference_stays ON contracts_reference_schedule;
DROP TRIGGER contracts_version_remains_whole ON contracts_version;
DROP TRIGGER contracts_version_remains ON contracts_version;
DROP TRIGGER contracts_version_stays ON contracts_version;
DROP TRIGGER contracts_version_begins ON contracts_version;
DROP TRIGGER contracts_contract_stays ON contracts_contract;
DROP FUNCTION contracts_reference_stays, contracts_version_remains, contracts_version_stays,
              contracts_version_begins, contracts_contract_stays;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
