"""Only who sees all clients of a review sees it; what was frozen and what was closed stays."""

from __future__ import annotations

from django.db import migrations

# As sanderling_protect_array, and never for clients' own users.
_ALL = (
    "client_ids <@ (SELECT sanderling_visible_clients())::int[] AND client_ids <> ''{}''::int[]"
    " AND (SELECT current_setting(''sanderling.role'', true)) IS DISTINCT FROM ''client_user''"
)
SQL = r"""
CALL sanderling_protect_where('reviews_series', '{_ALL}', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect_where('reviews_review', '{_ALL}', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect_through('reviews_entry', 'review_id', 'reviews_review', 'SELECT, INSERT');
CALL sanderling_protect_through('reviews_strike', 'review_id', 'reviews_review', 'SELECT, INSERT');
CALL sanderling_protect_through('reviews_action', 'review_id', 'reviews_review', 'SELECT, INSERT, UPDATE');
CALL sanderling_append_only('reviews_entry');
CALL sanderling_append_only('reviews_strike');

-- The pack is written once, by the worker; what it is about and a closed meeting stay as they are.
CREATE FUNCTION reviews_review_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.series_id, OLD.client_ids, OLD.is_whole_book, OLD.as_of_date, OLD.asked_at)
       IS DISTINCT FROM (NEW.series_id, NEW.client_ids, NEW.is_whole_book, NEW.as_of_date, NEW.asked_at)
       OR (OLD.pack IS NOT NULL AND (OLD.pack, OLD.made_at, OLD.since_date)
           IS DISTINCT FROM (NEW.pack, NEW.made_at, NEW.since_date)) THEN
        RAISE EXCEPTION 'review %: its pack is frozen', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.pack IS NULL AND NEW.pack IS NOT NULL AND current_user = 'sanderling_app' THEN
        RAISE EXCEPTION 'review %: the worker makes its pack', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'closed' THEN
        RAISE EXCEPTION 'review %: it is closed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN
       (('waiting', 'ready'), ('ready', 'meeting'), ('meeting', 'closed')) THEN
        RAISE EXCEPTION 'review %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_review_change BEFORE UPDATE ON reviews_review
    FOR EACH ROW EXECUTE FUNCTION reviews_review_change();

-- A review begins without a pack, and is about clients of its series.
CREATE FUNCTION reviews_review_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'waiting' OR NEW.pack IS NOT NULL THEN
        RAISE EXCEPTION 'a review begins without its pack'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_review_made BEFORE INSERT ON reviews_review
    FOR EACH ROW EXECUTE FUNCTION reviews_review_made();

-- What a meeting records is of a meeting that is on; a web session speaks for its own user only.
CREATE FUNCTION reviews_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stands text;
    who bigint;
BEGIN
    SELECT state INTO stands FROM reviews_review WHERE id = NEW.review_id FOR SHARE;
    IF stands IS DISTINCT FROM 'meeting' THEN
        RAISE EXCEPTION 'review %: no meeting is on', NEW.review_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    who := coalesce((to_jsonb(NEW) ->> 'user_id')::bigint, (to_jsonb(NEW) ->> 'made_by_id')::bigint, 0);
    IF current_user = 'sanderling_app' AND sanderling_actor() IS DISTINCT FROM 'user:' || who THEN
        RAISE EXCEPTION 'review %: another person writes than acts', NEW.review_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_recorded BEFORE INSERT ON reviews_entry
    FOR EACH ROW EXECUTE FUNCTION reviews_recorded();
CREATE TRIGGER reviews_recorded BEFORE INSERT ON reviews_strike
    FOR EACH ROW EXECUTE FUNCTION reviews_recorded();
CREATE TRIGGER reviews_recorded BEFORE INSERT ON reviews_action
    FOR EACH ROW EXECUTE FUNCTION reviews_recorded();

-- An entry is struck out of its own review; what an action is about stays, also after its end.
CREATE FUNCTION reviews_strike_of_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM reviews_entry WHERE id = NEW.entry_id AND review_id = NEW.review_id) THEN
        RAISE EXCEPTION 'review %: entry % is not of it', NEW.review_id, NEW.entry_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_strike_of_own BEFORE INSERT ON reviews_strike
    FOR EACH ROW EXECUTE FUNCTION reviews_strike_of_own();

CREATE FUNCTION reviews_action_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - '{state,result,ended_at,ended_by_id,due_date,owner_id}'::text[]
       IS DISTINCT FROM to_jsonb(NEW) - '{state,result,ended_at,ended_by_id,due_date,owner_id}'::text[] THEN
        RAISE EXCEPTION 'action %: what was decided does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_action_change BEFORE UPDATE ON reviews_action
    FOR EACH ROW EXECUTE FUNCTION reviews_action_change();
""".replace("{_ALL}", _ALL)
REVERSE = """
DROP TRIGGER reviews_action_change ON reviews_action;
DROP TRIGGER reviews_strike_of_own ON reviews_strike;
DROP TRIGGER reviews_recorded ON reviews_action;
DROP TRIGGER reviews_recorded ON reviews_strike;
DROP TRIGGER reviews_recorded ON reviews_entry;
DROP TRIGGER reviews_review_made ON reviews_review;
DROP TRIGGER reviews_review_change ON reviews_review;
DROP FUNCTION reviews_action_change, reviews_strike_of_own, reviews_recorded, reviews_review_made, reviews_review_change;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
