"""Own clients only; a second person approves; a link shows its own report; what was done stays."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
-- For the company's own people.
CALL sanderling_protect_where('reports_schedule',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND coalesce((SELECT current_setting('sanderling.role', true)), '')
           NOT IN ('client_user', 'link')$c$,
    'SELECT, INSERT, UPDATE');
CALL sanderling_audit_changes('reports_schedule', '{next_date,made_at,addresses}');
CALL sanderling_protect_where('reports_due',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND coalesce((SELECT current_setting('sanderling.role', true)), '')
           NOT IN ('client_user', 'link')$c$,
    'SELECT');
GRANT UPDATE (state) ON reports_due TO sanderling_app;  -- one that failed is tried again
CALL sanderling_protect_where('reports_step',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND coalesce((SELECT current_setting('sanderling.role', true)), '')
           NOT IN ('client_user', 'link')$c$,
    'SELECT, INSERT');
CALL sanderling_append_only('reports_step');
-- A client's person finds what was sent to him; a link, the one delivery that it was made for.
CALL sanderling_protect_where('reports_delivery',
    $c$client_id = ANY ((SELECT sanderling_visible_clients())::int[])
       AND CASE (SELECT current_setting('sanderling.role', true))
           WHEN 'client_user' THEN 'user:' || user_id = (SELECT sanderling_actor())
           WHEN 'link' THEN EXISTS (
               SELECT FROM links_link l
                WHERE 'link:' || l.id = (SELECT sanderling_actor())
                  AND l.purpose = 'report' AND l.subject_id = reports_delivery.id)
           ELSE true END$c$,
    'SELECT, INSERT');
GRANT UPDATE (mail_id, link_expires_at, opened_at, last_opened_at, ended_at)
    ON reports_delivery TO sanderling_app;
ALTER POLICY visible_clients ON reports_report USING (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND CASE (SELECT current_setting('sanderling.role', true))
        WHEN 'client_user' THEN state = 'sent'
        WHEN 'link' THEN state = 'sent' AND EXISTS (
            SELECT FROM reports_delivery d WHERE d.report_id = reports_report.id)
        ELSE true END
);

CREATE FUNCTION reports_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'approved' AND OLD.state = 'draft' THEN
        IF NEW.approved_by_id IS NULL OR NEW.approved_at IS NULL THEN
            RAISE EXCEPTION 'report %: somebody must approve it', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.approved_by_id = OLD.made_by_id OR EXISTS (
            SELECT FROM reports_step s
             WHERE s.report_id = OLD.id AND s.kind = 'note' AND s.user_id = NEW.approved_by_id)
        THEN
            RAISE EXCEPTION 'report %: another person than its maker approves it', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        -- A web session speaks for its own user only.
        IF current_user = 'sanderling_app'
           AND sanderling_actor() IS DISTINCT FROM 'user:' || NEW.approved_by_id THEN
            RAISE EXCEPTION 'report %: another person approves than acts', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM
          (OLD.approved_by_id, OLD.approved_at)
          AND NOT (NEW.state = 'draft' AND NEW.approved_by_id IS NULL) THEN
        RAISE EXCEPTION 'report %: who approved it does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.sent_at IS DISTINCT FROM OLD.sent_at AND NOT (OLD.state = 'approved'
                                                         AND NEW.state = 'sent') THEN
        RAISE EXCEPTION 'report %: when it was sent does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_second_person BEFORE UPDATE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_second_person();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0010_delivery"),
        ("audit", "0002_append_only"),
        ("links", "0002_guards"),
        ("mail", "0002_guards"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
