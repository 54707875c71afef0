"""A report is seen by who sees all its clients; people take its steps, the worker counts."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_array('issues_report', 'client_ids', 'SELECT, INSERT, UPDATE');

CREATE FUNCTION issues_report_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'sanderling_app' THEN
        RETURN NEW;
    END IF;
    IF sanderling_actor() IS DISTINCT FROM 'user:' || NEW.reported_by_id THEN
        RAISE EXCEPTION 'another person reports than acts'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.step <> 'counting' OR NEW.counts <> '{}' OR NEW.overlaps <> '[]' THEN
        RAISE EXCEPTION 'a report is counted by the worker'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.is_every_client AND current_setting('sanderling.sees_all', true) IS DISTINCT FROM 'true' THEN
        RAISE EXCEPTION 'who sees some clients reports about these'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issues_report_made BEFORE INSERT ON issues_report
    FOR EACH ROW EXECUTE FUNCTION issues_report_made();

CREATE FUNCTION issues_report_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'sanderling_app' THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(OLD) - '{step,issue_id}'::text[] IS DISTINCT FROM to_jsonb(NEW) - '{step,issue_id}'::text[] THEN
        RAISE EXCEPTION 'report %: what was reported and counted does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.step, NEW.step) NOT IN (('counted', 'wanted'), ('counted', 'joined')) THEN
        RAISE EXCEPTION 'report %: % does not follow %', OLD.id, NEW.step, OLD.step
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Under the web's policies: an issue that the person does not see is none.
    IF NEW.issue_id IS NOT NULL AND NOT EXISTS (SELECT FROM issues_issue WHERE id = NEW.issue_id) THEN
        RAISE EXCEPTION 'report %: there is no such issue', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issues_report_change BEFORE UPDATE ON issues_report
    FOR EACH ROW EXECUTE FUNCTION issues_report_change();
"""
REVERSE = """
DROP TRIGGER issues_report_change ON issues_report;
DROP TRIGGER issues_report_made ON issues_report;
DROP FUNCTION issues_report_change, issues_report_made;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0005_reports"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
