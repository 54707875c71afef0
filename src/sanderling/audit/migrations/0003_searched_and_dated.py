"""Indexes in the order of pages; each row dated by the database, and marked when behind broken glass."""

from __future__ import annotations

from django.db import migrations, models

SQL = r"""
-- The database dates each row by its own clock. Looks and changes of a session that opened a client
-- by break-glass carry its number: of that client, and of no client (lists may show it).
-- `sanderling.break_glass` is a JSON object: client's id to the break-glass's id.
CREATE FUNCTION sanderling_stamp_event() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    opened text := current_setting('sanderling.break_glass', true);
    marks jsonb;
BEGIN
    NEW.recorded_at := clock_timestamp();
    IF opened IS NULL OR opened = '' OR opened = '{}' THEN
        RETURN NEW;
    END IF;
    SELECT jsonb_agg(value ORDER BY value) INTO marks FROM jsonb_each(opened::jsonb)
     WHERE NEW.client_id IS NULL OR key = NEW.client_id::text;
    IF marks IS NOT NULL AND jsonb_typeof(NEW.detail) = 'object' THEN
        NEW.detail := NEW.detail || jsonb_build_object('break_glass', marks);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER stamp_event BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION sanderling_stamp_event();
"""
REVERSE = "DROP TRIGGER stamp_event ON audit_event; DROP FUNCTION sanderling_stamp_event;"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="recorded_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RemoveIndex(model_name="auditevent", name="audit_event_at"),
        migrations.RemoveIndex(model_name="auditevent", name="audit_event_claim"),
        migrations.RemoveIndex(model_name="auditevent", name="audit_event_actor"),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["at", "id"], name="audit_by_time"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor", "at", "id"], name="audit_by_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["action", "at", "id"], name="audit_by_action"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("client_id__isnull", False)),
                fields=["client_id", "at", "id"],
                name="audit_by_client",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("claim_id__isnull", False)),
                fields=["claim_id", "at", "id"],
                name="audit_by_claim",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["subject_kind", "subject_id"], name="audit_by_subject"),
        ),
        migrations.RunSQL(SQL, REVERSE),
    ]
