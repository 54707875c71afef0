"""Dollars recovered: read off later remittances, never typed in.

What the payer has paid on a disputed line since the dispute was sent, net of what it took back, is
recovered, up to what was sought. The claim payment that brought it is named.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from sanderling.audit.actions import record_event
from sanderling.underpayments.models import DisputedLine, LineState, State, UnderpaymentProject
from sanderling.underpayments.projects import paid_on

# Lines of open disputes whose claim has payments of a day after the sending, or had recovered some.
_ASKED: Final = """
SELECT l.id FROM underpayments_line l JOIN underpayments_project p ON p.id = l.project_id
 WHERE p.state <> %s AND l.state IN ('sent', 'partly', 'recovered')
   AND (l.recovered_cents > 0 OR EXISTS (
        SELECT FROM remits_claim_payment c
         WHERE c.claim_id = l.claim_id AND NOT c.is_held AND c.received_date >= p.sent_date))
"""
_PROOF: Final = """
SELECT DISTINCT ON (l.id) l.id, c.id, c.received_date
  FROM underpayments_line l JOIN underpayments_project p ON p.id = l.project_id
  JOIN remits_claim_payment c ON c.claim_id = l.claim_id AND NOT c.is_held AND c.paid_cents > 0
       AND c.received_date >= p.sent_date AND c.id <> l.payment_id
 WHERE l.id = ANY (%s) ORDER BY l.id, c.received_date DESC, c.id DESC
"""


@transaction.atomic
def prove(*, at: datetime) -> int:
    """Bring what disputes recovered in step with the ledger; return how many lines changed."""
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [State.DRAFT])
        ids = [line_id for (line_id,) in cursor.fetchall()]
        cursor.execute(_PROOF, [ids])
        proofs = {line_id: (payment_id, day) for line_id, payment_id, day in cursor.fetchall()}
    paid = paid_on(ids)
    changed = []
    for line in DisputedLine.objects.select_for_update().filter(pk__in=ids).order_by("pk"):
        more = paid[line.pk] - (line.paid_before_cents or 0)
        recovered = min(max(more, 0), line.sought_cents)
        if recovered == line.recovered_cents:
            continue
        line.recovered_cents = recovered
        line.state = _state(line)
        line.proof_payment_id, line.recovered_date = (
            proofs.get(line.pk, (None, None)) if recovered else (None, None)
        )
        changed.append(line)
    DisputedLine.objects.bulk_update(
        changed,
        ["recovered_cents", "state", "proof_payment_id", "recovered_date"],
        batch_size=500,
    )
    for project_id in sorted({line.project_id for line in changed}):
        project = UnderpaymentProject.objects.get(pk=project_id)
        record_event(
            action="underpayment_project.recovered",
            at=at,
            client_id=project.client_id,
            subject=("underpayment_project", project.pk),
            detail={"lines": sum(line.project_id == project_id for line in changed)},
        )
    return len(changed)


def _state(line: DisputedLine) -> str:
    if line.recovered_cents >= line.sought_cents:
        return LineState.RECOVERED
    return LineState.PARTLY if line.recovered_cents else LineState.SENT
