"""Own clients only; a link is opened without seeing any; what it opens does not change."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('links_link', 'client_id', 'SELECT, INSERT, UPDATE');

CREATE FUNCTION links_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.purpose, OLD.subject_id, OLD.client_id, OLD.sha256, OLD.made_at)
       IS DISTINCT FROM (NEW.purpose, NEW.subject_id, NEW.client_id, NEW.sha256, NEW.made_at)
       OR OLD.uses_max IS DISTINCT FROM NEW.uses_max
       OR OLD.made_by_id IS DISTINCT FROM NEW.made_by_id THEN
        RAISE EXCEPTION 'link %: what it opens does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.expires_at > OLD.expires_at OR NEW.uses < OLD.uses
       OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION 'link %: it is never prolonged', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER links_step BEFORE UPDATE ON links_link
    FOR EACH ROW EXECUTE FUNCTION links_step();

-- What a link opens, asked before anybody is known. SECURITY DEFINER: the asker sees no links.
-- Notes that it was opened, once a minute, and a use each time. No row: it is not good.
CREATE FUNCTION links_open(
    asked_purpose text, asked_sha256 text, asked_at timestamptz, is_use boolean
) RETURNS TABLE (link_id bigint, subject_id bigint, client_id int, expires_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE links_link l
       SET opened_at = coalesce(l.opened_at, asked_at),
           last_opened_at = asked_at,
           uses = l.uses + is_use::int
     WHERE l.sha256 = asked_sha256 AND l.purpose = asked_purpose
       AND l.revoked_at IS NULL AND l.expires_at > asked_at
       AND (l.uses_max IS NULL OR l.uses < l.uses_max)
       AND (is_use OR l.last_opened_at IS NULL OR l.last_opened_at < asked_at - interval '1 minute');
    -- A use is good when it was counted just now; a look, when the link is good.
    RETURN QUERY
    SELECT l.id, l.subject_id, l.client_id, l.expires_at
      FROM links_link l
     WHERE l.sha256 = asked_sha256 AND l.purpose = asked_purpose
       AND l.revoked_at IS NULL AND l.expires_at > asked_at
       AND (l.uses_max IS NULL OR l.uses < l.uses_max OR (is_use AND FOUND));
END
$$;
"""
REVERSE = """
DROP FUNCTION links_open;
DROP TRIGGER links_step ON links_link;
DROP FUNCTION links_step;
"""


class Migration(migrations.Migration):
    dependencies = [("links", "0001_initial"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, REVERSE)]
