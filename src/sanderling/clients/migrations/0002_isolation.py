"""Row-level security: the role of the web application and the procedures that protect tables."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
DO $body$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sanderling_app') THEN
        BEGIN
            CREATE ROLE sanderling_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION
                    'role % may not create roles: let an administrator run once: CREATE ROLE sanderling_app NOLOGIN; GRANT sanderling_app TO %;',
                    current_user, current_user;
            WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of the same server was migrated at the same moment
        END;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sanderling_app' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'role sanderling_app must be neither SUPERUSER nor BYPASSRLS';
    END IF;
    -- From 16 on, who creates a role may administer it, but not yet act as it.
    IF NOT pg_has_role(
        current_user, 'sanderling_app',
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END
    ) THEN
        BEGIN
            EXECUTE format('GRANT sanderling_app TO %I', current_user);
        EXCEPTION
            WHEN internal_error OR unique_violation THEN
                NULL;  -- the same, at the same moment, for another database of the server
        END;
    END IF;
END
$body$;

GRANT USAGE ON SCHEMA public TO sanderling_app;

-- The clients that the session may see. Unset or empty: none.
CREATE FUNCTION sanderling_visible_clients() RETURNS int[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(current_setting('sanderling.client_ids', true), '')::int[], '{}'::int[])
$$;

-- Shared by the procedures below: turns row-level security on with one policy for the web
-- application and one that lets the owner through (the owner posts over all clients; with FORCE,
-- an owner without BYPASSRLS would see nothing either, nor would foreign-key checks).
CREATE PROCEDURE sanderling_protect_where(table_name text, condition text, privileges text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('DROP POLICY IF EXISTS visible_clients ON %I', table_name);
    EXECUTE format('DROP POLICY IF EXISTS owner_sees_all ON %I', table_name);
    EXECUTE format('CREATE POLICY visible_clients ON %I TO sanderling_app USING (%s)', table_name, condition);
    EXECUTE format('CREATE POLICY owner_sees_all ON %I TO %I USING (true)', table_name, current_user);
    CALL sanderling_grant(table_name, privileges);
END
$$;

-- Lets the web application use a table that needs no protection (or already has it).
CREATE PROCEDURE sanderling_grant(table_name text, privileges text)
LANGUAGE plpgsql AS $$
DECLARE
    serial text;
    part text;
BEGIN
    FOREACH part IN ARRAY string_to_array(upper(privileges), ',') LOOP
        IF trim(part) NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') THEN
            RAISE EXCEPTION 'unknown privilege %', part;
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON %I FROM sanderling_app', table_name);
    EXECUTE format('GRANT %s ON %I TO sanderling_app', privileges, table_name);
    FOR serial IN
        SELECT d.objid::regclass::text
        FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
        WHERE d.refobjid = format('%I', table_name)::regclass
    LOOP
        EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO sanderling_app', serial);
    END LOOP;
END
$$;

-- A table with the client's id in a column. The sub-select makes it one evaluation per statement.
CREATE PROCEDURE sanderling_protect(table_name text, column_name text, privileges text DEFAULT 'SELECT')
LANGUAGE plpgsql AS $$
BEGIN
    CALL sanderling_protect_where(
        table_name,
        format('%I = ANY ((SELECT sanderling_visible_clients())::int[])', column_name),
        privileges
    );
END
$$;

-- A table whose int[] column names several clients (a file, a remittance): all must be visible,
-- and a row of no client is shown to nobody.
CREATE PROCEDURE sanderling_protect_array(table_name text, column_name text, privileges text DEFAULT 'SELECT')
LANGUAGE plpgsql AS $$
BEGIN
    CALL sanderling_protect_where(
        table_name,
        format(
            '%1$I <@ (SELECT sanderling_visible_clients())::int[] AND %1$I <> ''{}''::int[]',
            column_name
        ),
        privileges
    );
END
$$;

-- A table that hangs on a protected one: a row is visible when its parent is.
CREATE PROCEDURE sanderling_protect_through(
    table_name text, column_name text, parent_table text, privileges text DEFAULT 'SELECT'
)
LANGUAGE plpgsql AS $$
BEGIN
    CALL sanderling_protect_where(
        table_name,
        format('EXISTS (SELECT FROM %I AS parent WHERE parent.id = %I)', parent_table, column_name),
        privileges
    );
END
$$;

CALL sanderling_protect('clients_client', 'id', 'SELECT, UPDATE');
CALL sanderling_protect('clients_client_identifier', 'client_id', 'SELECT');
"""

REVERSE = r"""
ALTER TABLE clients_client DISABLE ROW LEVEL SECURITY;
ALTER TABLE clients_client_identifier DISABLE ROW LEVEL SECURITY;
DROP POLICY visible_clients ON clients_client;
DROP POLICY owner_sees_all ON clients_client;
DROP POLICY visible_clients ON clients_client_identifier;
DROP POLICY owner_sees_all ON clients_client_identifier;
DROP PROCEDURE sanderling_protect_through;
DROP PROCEDURE sanderling_protect_array;
DROP PROCEDURE sanderling_protect;
DROP PROCEDURE sanderling_protect_where;
DROP PROCEDURE sanderling_grant;
DROP FUNCTION sanderling_visible_clients;
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [migrations.RunSQL(SQL, REVERSE)]
