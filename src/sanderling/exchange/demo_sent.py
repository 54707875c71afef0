"""What a demonstration has sent when it is opened: its counterparts answer while one looks.

Each step is one that a person can do on a page, through the same actions. Done again (the filling
was interrupted) it does nothing twice: claims that were sent, asked about or appealed are no longer
in the state that the step looks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sanderling.accounts.models import User
from sanderling.appeals.by_command import make_appeal
from sanderling.appeals.writing import Asked as AppealAsked
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim
from sanderling.core.barriers.rows import PATIENT
from sanderling.core.refusal import Refusal
from sanderling.exchange.releasing import release
from sanderling.inquiries.actions import plan_requests
from sanderling.resubmission.actions import Asked, save_draft, send
from sanderling.resubmission.secondary_actions import bill_next_payers
from sanderling.worklists.models import WorkItem

SPECIALIST: Final = "specialist@demo.example"
_KEY: Final = uuid5(NAMESPACE_URL, "sanderling/demonstration")
NEXT_PAYERS: Final = 5
SENT_ANEW: Final = 3
APPEALS: Final = 2
_BUNDLED: Final = {"line.1.modifiers": "25"}


def send_demo_work(*, at: datetime) -> int:
    """Send, ask and appeal what a first day would; return how many claims that moved.

    What one claim does not allow is left to a person: the demonstration shows that, too.
    """
    user = User.objects.filter(email=SPECIALIST).first()
    moved = _bill_next_payers(user, at) + plan_requests(at=at).claims
    anew = _items(next_action="resubmit", barrier="not_on_file")[:SENT_ANEW]
    moved += sum(_send(item, {}, "not on file at the payer", user, at) for item in anew)
    for item in _items(category="bundling", next_action="correct_and_rebill"):
        moved += _send(item, _BUNDLED, "separate service: modifier 25", user, at)
    _keep_draft(user, at)
    for item in _items(category="documentation", next_action="send_records")[:APPEALS]:
        claim = Claim.objects.get(pk=item.claim_id)
        moved += make_appeal(claim, asked=AppealAsked(), facts={}, at=at).appeal is not None
    release(at=at)
    refresh_stale(at.date())
    return moved


def _items(**wanted: str) -> list[WorkItem]:
    found = WorkItem.objects.filter(balance_cents__gt=0, party__lt=PATIENT, **wanted)
    return list(found.order_by("-balance_cents", "claim_id"))


def _bill_next_payers(user: User | None, at: datetime) -> int:
    items = _items(barrier="secondary_unbilled")[:NEXT_PAYERS]
    if not items:
        return 0
    billed = bill_next_payers([(one.claim_id, one.party) for one in items], user=user, at=at)
    return len(billed.claims)


def _send(
    item: WorkItem, typed: Mapping[str, str], reason: str, user: User | None, at: datetime
) -> bool:
    try:
        send(
            claim=Claim.objects.get(pk=item.claim_id),
            party=item.party,
            kind=None,
            typed=typed,
            asked=Asked(reason, user, at),
            key=uuid5(_KEY, f"send/{item.claim_id}/{item.party}"),
        )
    except Refusal:
        return False
    return True


def _keep_draft(user: User | None, at: datetime) -> None:
    """Leave the largest denial for coding half done."""
    for item in _items(category="coding", next_action="correct_and_rebill")[:1]:
        try:
            save_draft(
                claim=Claim.objects.get(pk=item.claim_id),
                party=item.party,
                kind=None,
                typed={},
                asked=Asked("the coder looks at the modifiers", user, at),
                key=uuid5(_KEY, f"draft/{item.claim_id}/{item.party}"),
            )
        except Refusal:
            continue
