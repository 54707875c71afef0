"""Counts of one's clients only; who changes items leaves a note; a search that uses its index."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect('worklists_tally', 'client_id', 'SELECT, INSERT, DELETE');
CALL sanderling_protect('worklists_tally_day', 'client_id', 'SELECT, INSERT, UPDATE');
CALL sanderling_protect('worklists_stale_tally', 'client_id', 'SELECT, INSERT, DELETE');
CALL sanderling_grant('worklists_preference', 'SELECT, INSERT, UPDATE, DELETE');

-- One note for each client and statement, however many items it changes.
CREATE FUNCTION worklists_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO worklists_stale_tally (client_id) SELECT DISTINCT client_id FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_insert AFTER INSERT ON worklists_work_item
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION worklists_note_change();
CREATE TRIGGER note_update AFTER UPDATE ON worklists_work_item
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION worklists_note_change();
CREATE TRIGGER note_delete AFTER DELETE ON worklists_work_item
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION worklists_note_change();

-- LIKE is not leakproof: beneath row-level security it may not use an index before the policy has
-- let a row through, and would read every visible item. This function, as its owner, lets through
-- only the session's clients itself, and the index of trigrams first.
CREATE FUNCTION sanderling_find_items(patterns text[], at_most int) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    condition text;
BEGIN
    SELECT string_agg(format('search_text LIKE %L', pattern), ' AND ')
      INTO condition FROM unnest(patterns) AS pattern;
    IF condition IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT id FROM worklists_work_item WHERE client_id = ANY ($1) AND ' || condition
        || ' LIMIT $2' USING sanderling_visible_clients(), at_most;
END
$$;
REVOKE ALL ON FUNCTION sanderling_find_items FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sanderling_find_items TO sanderling_app;
"""


class Migration(migrations.Migration):
    dependencies = [("worklists", "0008_tallies")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
