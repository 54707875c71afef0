"""Break-glass: opened by one function, known to row-level security, ended by time, kept for good."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
-- A person sees his own, compliance those of the clients it sees.
CALL sanderling_protect_where(
    'accounts_break_glass',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       OR 'user:' || user_id = (SELECT sanderling_actor())$c$,
    'SELECT, UPDATE'
);

CREATE FUNCTION accounts_break_glass_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.user_id, OLD.client_id, OLD.reason, OLD.begun_at)
       IS DISTINCT FROM (NEW.user_id, NEW.client_id, NEW.reason, NEW.begun_at)
       OR NEW.ends_at > OLD.ends_at
       OR (OLD.reviewed_at IS NOT NULL AND
           (OLD.reviewed_by_id, OLD.reviewed_at, OLD.was_right, OLD.review_note)
           IS DISTINCT FROM (NEW.reviewed_by_id, NEW.reviewed_at, NEW.was_right, NEW.review_note))
    THEN
        RAISE EXCEPTION 'break-glass %: what was opened, by whom and why does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    -- A web session reviews for its own user only.
    IF NEW.reviewed_at IS DISTINCT FROM OLD.reviewed_at AND current_user = 'sanderling_app'
       AND sanderling_actor() <> 'user:' || NEW.reviewed_by_id THEN
        RAISE EXCEPTION 'break-glass %: another person reviews than acts', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_break_glass_step BEFORE UPDATE OR DELETE ON accounts_break_glass
    FOR EACH ROW EXECUTE FUNCTION accounts_break_glass_step();
CREATE TRIGGER accounts_break_glass_kept BEFORE TRUNCATE ON accounts_break_glass
    FOR EACH STATEMENT EXECUTE FUNCTION sanderling_refuse_change();

-- Opens a client for who acts; null when no client has the code. SECURITY DEFINER: the asker does
-- not see the client. By the database's clock, which row-level security asks, too.
CREATE FUNCTION sanderling_break_glass(asked_code text, asked_reason text, asked_minutes int)
RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    asker accounts_user;
    opened int;
    made int;
BEGIN
    SELECT * INTO asker FROM accounts_user
     WHERE 'user:' || id = sanderling_actor() AND is_active FOR UPDATE;
    IF asker.id IS NULL OR asker.role = 'client_user' THEN
        RAISE EXCEPTION 'break-glass is for staff only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF asked_minutes NOT BETWEEN 1 AND 240 OR length(trim(asked_reason)) < 20 THEN
        RAISE EXCEPTION 'break-glass needs a reason and ends within four hours'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT id INTO opened FROM clients_client WHERE code = asked_code;
    IF opened IS NULL THEN
        RETURN NULL;
    END IF;
    IF opened = ANY (sanderling_clients_of(asker.id)) THEN
        RAISE EXCEPTION 'the client is open already' USING ERRCODE = 'unique_violation';
    END IF;
    SELECT id INTO made FROM accounts_break_glass
     WHERE user_id = asker.id AND client_id = opened AND ends_at > clock_timestamp();
    IF made IS NOT NULL THEN
        RAISE EXCEPTION 'the client is open already' USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO accounts_break_glass
        (user_id, client_id, reason, begun_at, ends_at, review_note)
    VALUES (asker.id, opened, trim(asked_reason), clock_timestamp(),
            clock_timestamp() + make_interval(mins => asked_minutes), '')
    RETURNING id INTO made;
    RETURN made;
END
$$;

-- What a person's own session may see: the assigned clients and those he opened. Everything that
-- gives work or news for longer than a session (assignment, alerts, tokens, rules) asks
-- sanderling_clients_of, which does not know of broken glass.
CREATE FUNCTION sanderling_open_clients_of(asked_user_id int) RETURNS int[]
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN NOT EXISTS (
        SELECT FROM accounts_break_glass WHERE user_id = asked_user_id AND ends_at > now()
    ) THEN sanderling_clients_of(asked_user_id)
    ELSE ARRAY(
        SELECT unnest(sanderling_clients_of(asked_user_id))
        UNION
        SELECT g.client_id FROM accounts_break_glass g JOIN accounts_user u ON u.id = g.user_id
         WHERE u.id = asked_user_id AND u.is_active AND u.role <> 'client_user'
           AND g.ends_at > now()
        ORDER BY 1
    ) END
$$;

-- The clients that a person opened, with the break-glass of each: {"17": 3}.
CREATE FUNCTION sanderling_broken_glass(asked_user_id int) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(client_id::text, id), '{}'::jsonb)
      FROM accounts_break_glass WHERE user_id = asked_user_id AND ends_at > now()
$$;
"""
REVERSE = """
DROP FUNCTION sanderling_broken_glass, sanderling_open_clients_of, sanderling_break_glass;
DROP TRIGGER accounts_break_glass_kept ON accounts_break_glass;
DROP TRIGGER accounts_break_glass_step ON accounts_break_glass;
DROP FUNCTION accounts_break_glass_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_breakglass"),
        ("audit", "0003_searched_and_dated"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
