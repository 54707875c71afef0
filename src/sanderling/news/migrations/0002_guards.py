"""Events are added only; each reader finds them pending. Notices are each person's own."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_append_only('news_event');
CALL sanderling_protect('news_event', 'client_id', 'SELECT, INSERT');
CALL sanderling_grant('news_reader', 'SELECT, INSERT, UPDATE');

-- SECURITY DEFINER: who makes an event need not know who reads it.
CREATE FUNCTION news_event_pending() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO news_pending (reader, event_id)
    SELECT r.name, n.id FROM new_rows n JOIN news_reader r ON n.kind = ANY (r.kinds);
    RETURN NULL;
END
$$;
CREATE TRIGGER news_event_pending AFTER INSERT ON news_event REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION news_event_pending();

-- A person sees and marks his own notices; anybody may tell anybody something of clients he sees.
ALTER TABLE news_notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE news_notice FORCE ROW LEVEL SECURITY;
CREATE POLICY own_notices ON news_notice TO sanderling_app
    USING ('user:' || user_id = (SELECT sanderling_actor())
           AND (client_id IS NULL
                OR client_id = ANY ((SELECT sanderling_visible_clients())::int[])))
    WITH CHECK (client_id IS NULL
                OR client_id = ANY ((SELECT sanderling_visible_clients())::int[]));
DO $$ BEGIN
    EXECUTE format('CREATE POLICY owner_sees_all ON news_notice TO %I USING (true)', current_user);
END $$;
CALL sanderling_grant('news_notice', 'SELECT, INSERT, UPDATE');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("news", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0002_isolation"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
