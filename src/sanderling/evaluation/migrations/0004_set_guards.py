"""Questions about several contracts: of who sees all their clients, confidential; answers stay."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'evaluation_what_if_set',
    $c$client_ids <@ (SELECT sanderling_visible_clients())::int[] AND client_ids <> '{}'::int[]
       AND (SELECT current_setting('sanderling.role', true)) IS DISTINCT FROM 'client_user'$c$,
    'SELECT, INSERT'
);

CREATE FUNCTION evaluation_set_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'sanderling_app'
       AND (NEW.finished_at IS NOT NULL OR NEW.refused <> '[]'
            OR sanderling_actor() IS DISTINCT FROM 'user:' || coalesce(NEW.made_by_id, 0)) THEN
        RAISE EXCEPTION 'a what-if is asked by who acts, and answered by the worker'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluation_set_asked BEFORE INSERT ON evaluation_what_if_set
    FOR EACH ROW EXECUTE FUNCTION evaluation_set_asked();

CREATE FUNCTION evaluation_set_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NOT NULL
       OR to_jsonb(OLD) - '{refused,finished_at}'::text[]
          IS DISTINCT FROM to_jsonb(NEW) - '{refused,finished_at}'::text[] THEN
        RAISE EXCEPTION 'what-ifs %: what was asked and answered does not change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluation_set_change BEFORE UPDATE ON evaluation_what_if_set
    FOR EACH ROW EXECUTE FUNCTION evaluation_set_change();
"""
REVERSE = """
DROP TRIGGER evaluation_set_change ON evaluation_what_if_set;
DROP TRIGGER evaluation_set_asked ON evaluation_what_if_set;
DROP FUNCTION evaluation_set_change, evaluation_set_asked;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0003_several"),
        ("audit", "0002_append_only"),
        ("clients", "0003_confidential"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
