"""Mails of own clients only; what is queued stays as it is; what mails say is not for the web."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
-- The log is for the company's own people; a client's person adds what his own acts cause.
CALL sanderling_protect_where(
    'mail_mail',
    $c$(client_id IS NULL OR client_id = ANY ((SELECT sanderling_visible_clients())::int[]))
       AND ((SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'
            OR actor = (SELECT sanderling_actor()))$c$,
    'SELECT, INSERT'
);
GRANT UPDATE (state, attempts, due_at, changed_at) ON mail_mail TO sanderling_app;
CALL sanderling_protect_through('mail_content', 'mail_id', 'mail_mail', 'INSERT');
CALL sanderling_protect_through('mail_attachment', 'mail_id', 'mail_mail', 'INSERT');

CREATE FUNCTION mail_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.kind, OLD.key, OLD.to_address, OLD.subject, OLD.message_id, OLD.attachment_names,
        OLD.actor, OLD.queued_at)
       IS DISTINCT FROM
       (NEW.kind, NEW.key, NEW.to_address, NEW.subject, NEW.message_id, NEW.attachment_names,
        NEW.actor, NEW.queued_at)
       OR OLD.client_id IS DISTINCT FROM NEW.client_id
       OR OLD.not_after_at IS DISTINCT FROM NEW.not_after_at THEN
        RAISE EXCEPTION 'mail %: what was queued does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (
        OLD.state IN ('sent', 'cancelled')
        -- The web stops a mail or has it tried again; only the worker sends.
        OR current_user = 'sanderling_app' AND (OLD.state, NEW.state) NOT IN
           (('waiting', 'cancelled'), ('failed', 'cancelled'), ('failed', 'waiting'))
    ) THEN
        RAISE EXCEPTION 'mail %: % does not follow %', OLD.id, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mail_step BEFORE UPDATE ON mail_mail FOR EACH ROW EXECUTE FUNCTION mail_step();

CREATE FUNCTION mail_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'waiting' OR NEW.attempts <> 0 OR NEW.sent_at IS NOT NULL THEN
        RAISE EXCEPTION 'a mail begins as one that waits'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mail_begins BEFORE INSERT ON mail_mail
    FOR EACH ROW EXECUTE FUNCTION mail_begins();
"""
REVERSE = """
DROP TRIGGER mail_begins ON mail_mail;
DROP TRIGGER mail_step ON mail_mail;
DROP FUNCTION mail_begins, mail_step;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_initial"),
        ("audit", "0002_append_only"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
