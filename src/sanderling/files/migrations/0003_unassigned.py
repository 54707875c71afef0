from __future__ import annotations

from django.db import migrations

# A file, set or problem that names no client of ours is nobody's (it may hold anybody's data): only
# users who see all clients see it, so that a quarantined file is found at all.
SQL = """
CREATE FUNCTION sanderling_sees_all() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(current_setting('sanderling.sees_all', true), '') = 'true' $$;

DO $body$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['files_stored_file', 'files_transaction_set', 'files_problem']
    LOOP
        EXECUTE format(
            'ALTER POLICY visible_clients ON %I USING ('
            'client_ids <@ (SELECT sanderling_visible_clients())::int[]'
            ' AND (client_ids <> ''{}''::int[] OR (SELECT sanderling_sees_all())))',
            table_name
        );
    END LOOP;
END
$body$;
"""


class Migration(migrations.Migration):
    dependencies = [("files", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
