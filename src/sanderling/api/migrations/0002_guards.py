"""Tokens and kept answers are each person's own; an administrator sees all tokens."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'api_token',
    $c$'user:' || owner_id = (SELECT sanderling_actor())
       OR (SELECT current_setting('sanderling.role', true)) = 'admin'$c$,
    'SELECT, INSERT, UPDATE'
);
CALL sanderling_protect_where(
    'api_kept_answer',
    $c$'user:' || user_id = (SELECT sanderling_actor())$c$,
    'SELECT, INSERT, UPDATE'
);

-- Who a secret is of, asked before anybody is known. SECURITY DEFINER: the asker sees no tokens.
-- Notes the use, once a minute. Why a token is refused stands in `refusal`.
CREATE FUNCTION api_token_of(asked_sha256 text, asked_at timestamptz)
RETURNS TABLE (token_id bigint, owner_id int, scope text, client_ids int[], refusal text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE api_token t SET last_used_at = asked_at
     WHERE t.sha256 = asked_sha256 AND t.revoked_at IS NULL
       AND (t.expires_at IS NULL OR t.expires_at > asked_at)
       AND (t.last_used_at IS NULL OR t.last_used_at < asked_at - interval '1 minute');
    RETURN QUERY
    SELECT t.id, t.owner_id, t.scope, t.client_ids,
           CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
                WHEN t.expires_at <= asked_at THEN 'expired' ELSE '' END
      FROM api_token t WHERE t.sha256 = asked_sha256;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
