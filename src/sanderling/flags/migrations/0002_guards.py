"""Flags of one's clients only, about their claims only; what was said stays; steps in order."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('flags_flag', 'client_id', 'SELECT, INSERT, UPDATE');
ALTER POLICY visible_clients ON flags_flag WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id AND c.client_id = flags_flag.client_id)
);
-- What is noted for us alone exists for the client's own people neither to read nor to write.
CALL sanderling_protect_where('flags_flag_event',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND (NOT is_internal
            OR (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user')$c$,
    'SELECT, INSERT');
ALTER POLICY visible_clients ON flags_flag_event WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND (NOT is_internal
         OR (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user')
    AND EXISTS (SELECT FROM flags_flag f WHERE f.id = flag_id AND f.client_id = flags_flag_event.client_id)
);
CALL sanderling_append_only('flags_flag_event');

CREATE FUNCTION flags_flag_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'received' OR NEW.level <> 0 OR NEW.answered_at IS NOT NULL THEN
        RAISE EXCEPTION 'a flag begins as received' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF current_user = 'sanderling_app'
       AND sanderling_actor() IS DISTINCT FROM 'user:' || NEW.flagged_by_id THEN
        RAISE EXCEPTION 'a flag is of another person than acts'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_flag_begins BEFORE INSERT ON flags_flag
    FOR EACH ROW EXECUTE FUNCTION flags_flag_begins();

-- What was flagged, why and by whom does not change; closed stays closed; an answer, once given,
-- and a late answer stay in the count.
CREATE FUNCTION flags_flag_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.claim_id, OLD.client_id, OLD.reason, OLD.urgency, OLD.text, OLD.flagged_by_id, OLD.flagged_at)
       IS DISTINCT FROM
       (NEW.claim_id, NEW.client_id, NEW.reason, NEW.urgency, NEW.text, NEW.flagged_by_id, NEW.flagged_at)
       OR OLD.state IN ('closed', 'withdrawn')
       OR (OLD.answered_at IS NOT NULL AND NEW.answered_at IS DISTINCT FROM OLD.answered_at)
       OR (OLD.late_at IS NOT NULL AND NEW.late_at IS DISTINCT FROM OLD.late_at) THEN
        RAISE EXCEPTION 'flag % cannot be changed so', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('received', 'working'), ('received', 'waiting'), ('received', 'answered'),
        ('received', 'withdrawn'), ('working', 'waiting'), ('working', 'answered'),
        ('working', 'withdrawn'), ('waiting', 'working'), ('waiting', 'answered'),
        ('waiting', 'withdrawn'), ('answered', 'working'), ('answered', 'closed'),
        ('answered', 'withdrawn')) THEN
        RAISE EXCEPTION 'flag % does not go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- Whether it is content is the client's to say; nobody's people answer for the house.
    IF current_setting('sanderling.role', true) = 'client_user'
       AND (NEW.state IN ('waiting', 'answered') AND NEW.state <> OLD.state
            OR NEW.owner_id IS DISTINCT FROM OLD.owner_id) THEN
        RAISE EXCEPTION 'flag %: the client does not answer it', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_flag_stays BEFORE UPDATE ON flags_flag
    FOR EACH ROW EXECUTE FUNCTION flags_flag_stays();
"""
REVERSE = """
DROP TRIGGER flags_flag_stays ON flags_flag;
DROP TRIGGER flags_flag_begins ON flags_flag;
DROP FUNCTION flags_flag_stays, flags_flag_begins;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flags", "0001_initial"),
        ("audit", "0002_append_only"),
        ("claims", "0002_isolation"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
