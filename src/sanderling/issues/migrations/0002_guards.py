"""Own clients' parts only; the search writes issues, people steps, owner and team."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('issues_issue_client', 'client_id', 'SELECT');
CALL sanderling_protect('issues_evidence', 'client_id', 'SELECT');
CALL sanderling_protect('issues_claim', 'client_id', 'SELECT');
-- Its parts are protected themselves: who sees none that is hit does not see the issue.
CALL sanderling_protect_where(
    'issues_issue',
    'EXISTS (SELECT FROM issues_issue_client AS part WHERE part.issue_id = issues_issue.id AND part.is_hit)',
    'SELECT, UPDATE'
);
CALL sanderling_protect_through('issues_state', 'issue_id', 'issues_issue', 'SELECT, INSERT');
CALL sanderling_append_only('issues_state');
CALL sanderling_grant('issues_search_run', 'SELECT');

-- The web changes who owns an issue and which team; the state follows a row of issues_state.
CREATE FUNCTION issues_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'issue %: its state follows a step', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF current_user = 'sanderling_app'
       AND to_jsonb(OLD) - '{owner_id,team,state,state_at}'::text[]
           IS DISTINCT FROM to_jsonb(NEW) - '{owner_id,team,state,state_at}'::text[] THEN
        RAISE EXCEPTION 'issue %: what was found does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issues_change BEFORE UPDATE ON issues_issue
    FOR EACH ROW EXECUTE FUNCTION issues_change();

CREATE FUNCTION issues_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stands text;
BEGIN
    SELECT state INTO stands FROM issues_issue WHERE id = NEW.issue_id FOR UPDATE;
    IF NEW.from_state = '' AND NEW.to_state = 'new' AND stands = 'new'
       AND NOT EXISTS (SELECT FROM issues_state WHERE issue_id = NEW.issue_id) THEN
        RETURN NEW;
    END IF;
    IF stands IS DISTINCT FROM NEW.from_state THEN
        RAISE EXCEPTION 'issue %: it is % by now', NEW.issue_id, stands
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.from_state, NEW.to_state) NOT IN (
        ('new', 'confirmed'), ('new', 'dismissed'),
        ('confirmed', 'fixing'), ('confirmed', 'dismissed'), ('confirmed', 'new'),
        ('fixing', 'verifying'), ('fixing', 'dismissed'), ('fixing', 'confirmed'),
        ('verifying', 'closed'), ('verifying', 'fixing'),
        ('closed', 'verifying'), ('dismissed', 'new')) THEN
        RAISE EXCEPTION 'issue %: % does not follow %', NEW.issue_id, NEW.to_state, NEW.from_state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A web session speaks for its own user only.
    IF current_user = 'sanderling_app'
       AND sanderling_actor() IS DISTINCT FROM 'user:' || coalesce(NEW.user_id, 0) THEN
        RAISE EXCEPTION 'issue %: another person steps than acts', NEW.issue_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issues_step BEFORE INSERT ON issues_state
    FOR EACH ROW EXECUTE FUNCTION issues_step();

CREATE FUNCTION issues_stepped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE issues_issue SET state = NEW.to_state, state_at = NEW.at WHERE id = NEW.issue_id;
    RETURN NULL;
END $$;
CREATE TRIGGER issues_stepped AFTER INSERT ON issues_state
    FOR EACH ROW EXECUTE FUNCTION issues_stepped();
"""
REVERSE = """
DROP TRIGGER issues_stepped ON issues_state;
DROP TRIGGER issues_step ON issues_state;
DROP TRIGGER issues_change ON issues_issue;
DROP FUNCTION issues_stepped, issues_step, issues_change;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
