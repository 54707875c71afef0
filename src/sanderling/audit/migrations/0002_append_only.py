"""Append-only by trigger; changes of configuration tables recorded by statement-level triggers."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CREATE FUNCTION sanderling_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- Makes any table append-only, also for its owner.
CREATE PROCEDURE sanderling_append_only(table_name text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON %I '
        'FOR EACH ROW EXECUTE FUNCTION sanderling_refuse_change()', table_name);
    EXECUTE format(
        'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION sanderling_refuse_change()', table_name);
END
$$;

CALL sanderling_append_only('audit_event');
CALL sanderling_append_only('audit_seal');

-- Who acts: set for each request, command and job; the database role where nobody said.
CREATE FUNCTION sanderling_actor() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(current_setting('sanderling.actor', true), ''), 'database:' || session_user)
$$;

-- One event for each changed row of a configuration table, with the names of the changed columns
-- and their values, less the columns named as arguments. Statement-level: bulk changes and COPY
-- are seen as well as single ones. SECURITY DEFINER: the changer needs no right on audit_event.
CREATE FUNCTION sanderling_audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    query text;
BEGIN
    query := $q$
        INSERT INTO audit_event
            (at, actor, role, client_id, action, subject_kind, subject_id, detail)
        SELECT statement_timestamp(), sanderling_actor(),
               coalesce(current_setting('sanderling.role', true), ''),
               CASE WHEN $1 = 'clients_client' THEN (changed.row->>'id')::int
                    ELSE (changed.row->>'client_id')::int END,
               $2 || '.' || $3, $2, changed.row->>'id', changed.difference
        FROM (%s) AS changed(row, difference)
        WHERE changed.difference <> '{}'::jsonb
    $q$;
    IF TG_OP = 'INSERT' THEN
        query := format(query, 'SELECT to_jsonb(n), to_jsonb(n) - $4 FROM new_rows AS n');
    ELSIF TG_OP = 'DELETE' THEN
        query := format(query, 'SELECT to_jsonb(o), to_jsonb(o) - $4 FROM old_rows AS o');
    ELSE
        query := format(query, $q$
            SELECT to_jsonb(n), coalesce((
                SELECT jsonb_object_agg(key, jsonb_build_array(was.value, becomes.value))
                FROM jsonb_each(to_jsonb(o) - $4) AS was
                JOIN jsonb_each(to_jsonb(n) - $4) AS becomes USING (key)
                WHERE was.value IS DISTINCT FROM becomes.value
            ), '{}'::jsonb)
            FROM new_rows AS n JOIN old_rows AS o USING (id)
        $q$);
    END IF;
    EXECUTE query USING
        TG_TABLE_NAME, regexp_replace(TG_TABLE_NAME, '^[a-z]+_', ''), lower(TG_OP),
        coalesce(TG_ARGV::text[], '{}'::text[]);
    RETURN NULL;
END
$$;

-- Records every change of the table; the columns in hidden are left out (passwords, time stamps).
CREATE PROCEDURE sanderling_audit_changes(table_name text, hidden text[] DEFAULT '{}')
LANGUAGE plpgsql AS $$
DECLARE
    arguments text := (SELECT coalesce(string_agg(quote_literal(h), ', '), '') FROM unnest(hidden) AS h);
BEGIN
    EXECUTE format(
        'CREATE TRIGGER audit_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION sanderling_audit_change(%s)', table_name, arguments);
    EXECUTE format(
        'CREATE TRIGGER audit_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION sanderling_audit_change(%s)', table_name, arguments);
    EXECUTE format(
        'CREATE TRIGGER audit_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION sanderling_audit_change(%s)', table_name, arguments);
END
$$;

CALL sanderling_audit_changes('clients_client');
CALL sanderling_audit_changes('clients_client_identifier');
CALL sanderling_audit_changes('payers_payer');
CALL sanderling_audit_changes('payers_payer_alias');
CALL sanderling_audit_changes('accounts_user', '{password,last_login}');
CALL sanderling_audit_changes('accounts_client_assignment');

-- The web application adds events and reads those of its clients or of none.
CALL sanderling_protect_where(
    'audit_event',
    'client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])',
    'SELECT, INSERT'
);
CALL sanderling_grant('audit_seal', 'SELECT');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("accounts", "0002_visible_clients"),
        ("payers", "0002_grants"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
