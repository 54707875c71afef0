"""Facts about claims of one's clients only, added and never changed."""

from __future__ import annotations

from django.db import migrations

# The web application adds facts about its own claims, and each hangs on a fact of the same claim: a
# check of the client alone would take a row that names a foreign claim. How a promise ended is
# decided by the worker.
SQL = r"""
CALL sanderling_protect('followup_note', 'client_id', 'SELECT, INSERT');
CALL sanderling_protect('followup_withdrawal', 'client_id', 'SELECT, INSERT');
CALL sanderling_protect('followup_promise', 'client_id', 'SELECT, INSERT');
CALL sanderling_protect('followup_promise_outcome', 'client_id', 'SELECT');
CALL sanderling_protect('followup_escalation', 'client_id', 'SELECT, INSERT');
CALL sanderling_protect('followup_attachment', 'client_id', 'SELECT, INSERT');

ALTER POLICY visible_clients ON followup_note WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id AND c.client_id = followup_note.client_id)
    AND (activity_id IS NULL OR EXISTS (
         SELECT FROM followup_activity a WHERE a.id = activity_id AND a.claim_id = followup_note.claim_id))
);
ALTER POLICY visible_clients ON followup_withdrawal WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM followup_activity a WHERE a.id = activity_id
                   AND a.claim_id = followup_withdrawal.claim_id
                   AND a.client_id = followup_withdrawal.client_id)
);
ALTER POLICY visible_clients ON followup_promise WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM followup_activity a WHERE a.id = activity_id
                   AND a.claim_id = followup_promise.claim_id
                   AND a.client_id = followup_promise.client_id)
);
ALTER POLICY visible_clients ON followup_escalation WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM claims_claim c WHERE c.id = claim_id
                   AND c.client_id = followup_escalation.client_id)
);
ALTER POLICY visible_clients ON followup_attachment WITH CHECK (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    AND EXISTS (SELECT FROM followup_note n WHERE n.id = note_id
                   AND n.claim_id = followup_attachment.claim_id
                   AND n.client_id = followup_attachment.client_id)
);

-- A policy cannot ask its own table: an addendum is of a note about the same claim by its key.
ALTER TABLE followup_note ADD CONSTRAINT note_and_claim UNIQUE (id, claim_id);
ALTER TABLE followup_note ADD CONSTRAINT addendum_of_the_same_claim
    FOREIGN KEY (addendum_of_id, claim_id) REFERENCES followup_note (id, claim_id);

CALL sanderling_append_only('followup_note');
CALL sanderling_append_only('followup_withdrawal');
CALL sanderling_append_only('followup_promise');
CALL sanderling_append_only('followup_promise_outcome');
CALL sanderling_append_only('followup_escalation');
CALL sanderling_append_only('followup_attachment');
"""


class Migration(migrations.Migration):
    dependencies = [("followup", "0003_work"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
