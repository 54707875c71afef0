"""What was found, decided and deleted stays; the web application asks, the worker answers."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_grant('compliance_chain_check', 'SELECT, INSERT');
CALL sanderling_grant('compliance_campaign', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('compliance_access_row', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('compliance_retention_rule', 'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('compliance_retention_rule');
CALL sanderling_grant('compliance_retention_run', 'SELECT, INSERT');
CALL sanderling_protect_where(
    'compliance_legal_hold',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT, UPDATE'
);

-- Evidence does not go away, and what was frozen or decided does not change.
CREATE FUNCTION compliance_access_row_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) - '{decision,note,decided_by_id,decided_at}'::text[])
       <> (to_jsonb(NEW) - '{decision,note,decided_by_id,decided_at}'::text[])
       OR OLD.decision <> ''
       OR NOT (SELECT is_open FROM compliance_campaign WHERE id = OLD.campaign_id) THEN
        RAISE EXCEPTION 'access row %: what was frozen or decided does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF current_user = 'sanderling_app' AND sanderling_actor() <> 'user:' || NEW.decided_by_id THEN
        RAISE EXCEPTION 'access row %: another person decides than acts', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compliance_access_row_step BEFORE UPDATE ON compliance_access_row
    FOR EACH ROW EXECUTE FUNCTION compliance_access_row_step();

CREATE FUNCTION compliance_legal_hold_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) - '{lifted_by_id,lifted_at}'::text[])
       <> (to_jsonb(NEW) - '{lifted_by_id,lifted_at}'::text[]) OR OLD.lifted_at IS NOT NULL THEN
        RAISE EXCEPTION 'legal hold %: it is lifted once and changed never', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compliance_legal_hold_step BEFORE UPDATE ON compliance_legal_hold
    FOR EACH ROW EXECUTE FUNCTION compliance_legal_hold_step();

CREATE FUNCTION compliance_run_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NOT NULL THEN
        RAISE EXCEPTION '% of % is refused: it is finished', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compliance_run_step BEFORE UPDATE ON compliance_retention_run
    FOR EACH ROW EXECUTE FUNCTION compliance_run_step();
CREATE TRIGGER compliance_run_step BEFORE UPDATE ON compliance_chain_check
    FOR EACH ROW EXECUTE FUNCTION compliance_run_step();

DO $body$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['compliance_access_row', 'compliance_campaign',
        'compliance_chain_check', 'compliance_legal_hold', 'compliance_retention_run'] LOOP
        EXECUTE format('CREATE TRIGGER kept_rows BEFORE DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION sanderling_refuse_change()', name);
        EXECUTE format('CREATE TRIGGER kept_table BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION sanderling_refuse_change()', name);
    END LOOP;
END
$body$;

-- The tokens of the API that work, of each person: the reviewer sees how many, not which.
-- SECURITY DEFINER: a person sees his own tokens only.
CREATE FUNCTION compliance_tokens() RETURNS TABLE (owner_id int, tokens int, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT owner_id, count(*)::int, max(last_used_at) FROM api_token
     WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
       AND current_setting('sanderling.role', true) IN ('compliance', 'admin', 'administrator')
     GROUP BY owner_id
$$;
"""
REVERSE = """
DROP FUNCTION compliance_tokens;
DROP TRIGGER compliance_run_step ON compliance_chain_check;
DROP TRIGGER compliance_run_step ON compliance_retention_run;
DROP TRIGGER compliance_legal_hold_step ON compliance_legal_hold;
DROP TRIGGER compliance_access_row_step ON compliance_access_row;
DROP FUNCTION compliance_run_step, compliance_legal_hold_step, compliance_access_row_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0001_initial"),
        ("audit", "0003_searched_and_dated"),
        ("api", "0002_guards"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
