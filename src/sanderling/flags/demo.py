"""Flags of a demonstration: what its client's user flagged, one in each state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.flags.actions import close_flag, flag_claim
from sanderling.flags.answering import answer_flag, ask_client, take_up, write_to_client
from sanderling.flags.models import Flag
from sanderling.ledger.models import OpenBalance
from sanderling.web.actor import current_actor, set_actor

# reason, urgency, words, hours ago, how far it is
_FLAGS: Final = (
    ("large", "urgent", "This one pays our rent. Where is it?", 2, "received"),
    ("not_clear", "normal", "Why does the payer not find it? You sent it in time.", 26, "working"),
    ("new_information", "normal", "The patient has a second insurance.", 50, "waiting"),
    ("too_old", "normal", "It has been open since summer.", 75, "answered"),
    ("paid", "normal", "Our bank shows a deposit of this payer.", 200, "closed"),
)
_ANSWERS: Final = {
    "waiting": "Please tell us the name of the plan and the member number on the card.",
    "answered": "The payer had it turned back for a wrong plan code. We sent it again yesterday; an"
    " answer is due within three weeks. We look again in ten days.",
    "closed": "The deposit is of another claim of the same patient; both are posted now.",
}


def ensure_demo_flags(*, at: datetime) -> int:
    """Flag claims of the demonstration's client, where nothing is flagged yet; return how many.

    The demo's users and the ledger must be there already.
    """
    cleo = User.objects.filter(role=Role.CLIENT_USER, is_active=True).order_by("pk").first()
    lena = User.objects.filter(role=Role.LEAD, is_active=True).order_by("pk").first()
    if cleo is None or lena is None or Flag.objects.exists():
        return 0
    claims = (
        OpenBalance.objects.filter(
            client_id__in=cleo.assignments.values("client_id"), balance_cents__gt=0
        )
        .order_by("party", "-balance_cents", "claim_id")
        .values_list("claim_id", flat=True)
    )
    wanted = list(dict.fromkeys(claims))[: len(_FLAGS)]
    with transaction.atomic():
        for claim_id, (reason, urgency, text, ago, state) in zip(wanted, _FLAGS, strict=False):
            begun_at = at - timedelta(hours=ago)
            with _acting_as(cleo):
                flag = flag_claim(
                    claim_id, reason=reason, urgency=urgency, text=text, user=cleo, at=begun_at
                )
            _live(flag, state, cleo=cleo, owner=flag.owner or lena, at=begun_at)
    return len(wanted)


def _live(flag: Flag, state: str, *, cleo: User, owner: User, at: datetime) -> None:
    """Let a flag come as far as its state."""
    if state == "received":
        return
    with _acting_as(owner):
        take_up(flag.pk, user=owner, at=at + timedelta(minutes=20))
        if state == "working":
            note = "Proof of filing is on hand; ask the payer for a supervisor."
            later = at + timedelta(minutes=40)
            write_to_client(flag.pk, text=note, user=owner, at=later, is_internal=True)
            return
        step = ask_client if state == "waiting" else answer_flag
        step(flag.pk, text=_ANSWERS[state], user=owner, at=at + timedelta(hours=3))
    if state == "closed":
        with _acting_as(cleo):
            close_flag(flag.pk, user=cleo, at=at + timedelta(hours=20))


@contextmanager
def _acting_as(user: User) -> Iterator[None]:
    actor, role = current_actor()
    set_actor(f"user:{user.pk}", role=user.role)
    try:
        yield
    finally:
        set_actor(actor, role=role)
