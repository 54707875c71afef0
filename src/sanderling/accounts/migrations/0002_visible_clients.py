"""Which clients a user may see, and what the web application may do with users."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
-- SECURITY DEFINER: runs as the owner, since the asker may not read the whole list of clients.
CREATE FUNCTION sanderling_clients_of(asked_user_id int) RETURNS int[]
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT CASE
        WHEN NOT asked.is_active THEN '{}'::int[]
        WHEN asked.sees_all_clients THEN ARRAY(SELECT id FROM clients_client ORDER BY id)
        ELSE ARRAY(
            SELECT client_id FROM accounts_client_assignment
            WHERE user_id = asked.id ORDER BY client_id
        )
    END
    FROM accounts_user AS asked
    WHERE asked.id = asked_user_id
$$;

CALL sanderling_grant('accounts_user', 'SELECT, INSERT, UPDATE');
CALL sanderling_grant('accounts_client_assignment', 'SELECT, INSERT, DELETE');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, "DROP FUNCTION sanderling_clients_of")]
