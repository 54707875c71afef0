"""Own clients only; what was agreed stays as it was; a clock's beginning and end are not moved."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('agreements_agreement', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('agreements_agreement');
CALL sanderling_protect('agreements_service_level', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('agreements_service_level');
CALL sanderling_protect('agreements_schedule', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('agreements_schedule');
CALL sanderling_protect('agreements_high_dollar_rule', 'client_id', 'SELECT, INSERT');
CALL sanderling_append_only('agreements_high_dollar_rule');
CALL sanderling_protect('agreements_clock', 'client_id', 'SELECT, INSERT, UPDATE');

-- A version follows the one before it; a web session speaks for its own user only.
CREATE FUNCTION agreements_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + coalesce(
        (SELECT max(number) FROM agreements_agreement WHERE client_id = NEW.client_id), 0) THEN
        RAISE EXCEPTION 'agreement of client %: version % is not the next', NEW.client_id, NEW.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF current_user = 'sanderling_app'
       AND sanderling_actor() IS DISTINCT FROM 'user:' || coalesce(NEW.made_by_id, 0) THEN
        RAISE EXCEPTION 'agreement of client %: another person agrees than acts', NEW.client_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreements_version BEFORE INSERT ON agreements_agreement
    FOR EACH ROW EXECUTE FUNCTION agreements_version();

-- What belongs to a version comes with it, not later, and is of its client.
CREATE FUNCTION agreements_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM agreements_agreement a
         WHERE a.id = NEW.agreement_id AND a.client_id = NEW.client_id
           AND a.number = (SELECT max(number) FROM agreements_agreement
                            WHERE client_id = NEW.client_id)) THEN
        RAISE EXCEPTION 'agreement %: it is not the latest of client %', NEW.agreement_id, NEW.client_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreements_part BEFORE INSERT ON agreements_service_level
    FOR EACH ROW EXECUTE FUNCTION agreements_part();
CREATE TRIGGER agreements_part BEFORE INSERT ON agreements_schedule
    FOR EACH ROW EXECUTE FUNCTION agreements_part();
CREATE TRIGGER agreements_part BEFORE INSERT ON agreements_high_dollar_rule
    FOR EACH ROW EXECUTE FUNCTION agreements_part();

-- The web stops a clock or drops it in time; it turns none back. The worker may: facts change.
CREATE FUNCTION agreements_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.client_id, OLD.kind, OLD.subject, OLD.started_at, OLD.due_at, OLD.warn_at)
       IS DISTINCT FROM
       (NEW.client_id, NEW.kind, NEW.subject, NEW.started_at, NEW.due_at, NEW.warn_at)
       OR OLD.claim_id IS DISTINCT FROM NEW.claim_id OR OLD.party IS DISTINCT FROM NEW.party
       OR OLD.agreement_id IS DISTINCT FROM NEW.agreement_id THEN
        RAISE EXCEPTION 'clock %: its beginning and its due time do not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF current_user = 'sanderling_app' AND (
        OLD.ended_at IS NOT NULL OR OLD.dropped_at IS NOT NULL
        OR (NEW.dropped_at IS NOT NULL AND NEW.dropped_at > NEW.due_at)) THEN
        RAISE EXCEPTION 'clock %: it has stopped, or is late', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreements_clock BEFORE UPDATE ON agreements_clock
    FOR EACH ROW EXECUTE FUNCTION agreements_clock();
"""
REVERSE = """
DROP TRIGGER agreements_clock ON agreements_clock;
DROP TRIGGER agreements_part ON agreements_high_dollar_rule;
DROP TRIGGER agreements_part ON agreements_schedule;
DROP TRIGGER agreements_part ON agreements_service_level;
DROP TRIGGER agreements_version ON agreements_agreement;
DROP FUNCTION agreements_clock, agreements_part, agreements_version;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
