"""Only who sees all its clients sees an action; what is measured stays; steps come in order."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_array('prevention_action', 'client_ids', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect_through('prevention_step', 'action_id', 'prevention_action', 'SELECT, INSERT');
CALL sanderling_append_only('prevention_step');
CALL sanderling_protect_through('prevention_effect', 'action_id', 'prevention_action', 'SELECT');
CALL sanderling_protect_through('prevention_trial', 'action_id', 'prevention_action', 'SELECT, INSERT');
CALL sanderling_protect_through('prevention_edit_rule', 'action_id', 'prevention_action', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect('prevention_catch', 'client_id', 'SELECT');
CALL sanderling_audit_changes('prevention_edit_rule');

-- What an action is about and from when on it counts does not change once it is measured.
CREATE FUNCTION prevention_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'preventive action %: its state follows a step', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.client_ids, OLD.metric, OLD.scope, OLD.made_at, OLD.key)
       IS DISTINCT FROM (NEW.client_ids, NEW.metric, NEW.scope, NEW.made_at, NEW.key)
       OR OLD.payer_id IS DISTINCT FROM NEW.payer_id
       OR OLD.since_date IS DISTINCT FROM NEW.since_date
       OR OLD.made_by_id IS DISTINCT FROM NEW.made_by_id THEN
        RAISE EXCEPTION 'preventive action %: what is measured does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('verifying', 'proven', 'failed')
       AND OLD.effective_date IS DISTINCT FROM NEW.effective_date THEN
        RAISE EXCEPTION 'preventive action %: it is measured since %', OLD.id, OLD.effective_date
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prevention_change BEFORE UPDATE ON prevention_action
    FOR EACH ROW EXECUTE FUNCTION prevention_change();

CREATE FUNCTION prevention_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'open' THEN
        RAISE EXCEPTION 'a preventive action begins open'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prevention_made BEFORE INSERT ON prevention_action
    FOR EACH ROW EXECUTE FUNCTION prevention_made();

CREATE FUNCTION prevention_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stands text;
BEGIN
    SELECT state INTO stands FROM prevention_action WHERE id = NEW.action_id FOR UPDATE;
    IF stands IS NULL THEN
        RAISE EXCEPTION 'preventive action %: there is none', NEW.action_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A web session speaks for its own user only.
    IF current_user = 'sanderling_app'
       AND sanderling_actor() IS DISTINCT FROM 'user:' || coalesce(NEW.user_id, 0) THEN
        RAISE EXCEPTION 'preventive action %: another person steps than acts', NEW.action_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.from_state = '' AND NEW.to_state = 'open' AND stands = 'open'
       AND NOT EXISTS (SELECT FROM prevention_step WHERE action_id = NEW.action_id) THEN
        RETURN NEW;
    END IF;
    IF stands <> NEW.from_state THEN
        RAISE EXCEPTION 'preventive action %: it is % by now', NEW.action_id, stands
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.from_state <> NEW.to_state AND (NEW.from_state, NEW.to_state) NOT IN (
        ('open', 'doing'), ('open', 'cancelled'),
        ('doing', 'verifying'), ('doing', 'cancelled'), ('doing', 'open'),
        ('verifying', 'proven'), ('verifying', 'failed'), ('verifying', 'doing'),
        ('proven', 'verifying'), ('failed', 'verifying'), ('failed', 'doing'),
        ('cancelled', 'open')) THEN
        RAISE EXCEPTION 'preventive action %: % does not follow %', NEW.action_id, NEW.to_state, NEW.from_state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.from_state <> NEW.to_state AND NEW.to_state = 'proven' AND coalesce((
        SELECT e.verdict FROM prevention_effect e JOIN prevention_action a ON a.id = e.action_id
         WHERE a.id = NEW.action_id AND e.effective_date = a.effective_date
         ORDER BY e.as_of_date DESC LIMIT 1), '') <> 'fell' THEN
        RAISE EXCEPTION 'preventive action %: nothing is proven', NEW.action_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prevention_step BEFORE INSERT ON prevention_step
    FOR EACH ROW EXECUTE FUNCTION prevention_step();

CREATE FUNCTION prevention_stepped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE prevention_action SET state = NEW.to_state, state_at = NEW.at
     WHERE id = NEW.action_id AND state <> NEW.to_state;
    RETURN NULL;
END $$;
CREATE TRIGGER prevention_stepped AFTER INSERT ON prevention_step
    FOR EACH ROW EXECUTE FUNCTION prevention_stepped();

-- What a trial found and a rule says does not change; the worker finishes trials.
CREATE FUNCTION prevention_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - '{is_active,makes_tasks,active_since_date}'::text[]
       IS DISTINCT FROM to_jsonb(NEW) - '{is_active,makes_tasks,active_since_date}'::text[] THEN
        RAISE EXCEPTION 'edit rule %: what it says does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prevention_rule_change BEFORE UPDATE ON prevention_edit_rule
    FOR EACH ROW EXECUTE FUNCTION prevention_rule_change();
"""
REVERSE = """
DROP TRIGGER prevention_rule_change ON prevention_edit_rule;
DROP TRIGGER prevention_stepped ON prevention_step;
DROP TRIGGER prevention_step ON prevention_step;
DROP TRIGGER prevention_made ON prevention_action;
DROP TRIGGER prevention_change ON prevention_action;
DROP FUNCTION prevention_change, prevention_made, prevention_step, prevention_stepped, prevention_rule_change;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("prevention", "0001_initial"),
        ("issues", "0002_guards"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
