"""What became of appeals: said by a person or by later remittances, and taken back when wrong."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from sanderling.accounts.models import User
from sanderling.appeals.gathering import Wanted, gather
from sanderling.appeals.models import DECIDED, WITH_PAYER, Appeal, State
from sanderling.appeals.telling import record_step, tell, tell_items
from sanderling.appeals.writing import AppealRefused, locked
from sanderling.core.appeals.outcomes import LaterPayment, Outcome, Proposal, propose
from sanderling.core.codes.names import NextAction
from sanderling.core.deadlines.rules import LEVELS_MAX
from sanderling.followup.actions import record
from sanderling.followup.models import Channel
from sanderling.followup.models import Outcome as Heard
from sanderling.remits.models import Adjustment, ClaimPayment

TEXT_MAX: Final = 500
ONCE: Final = 500  # appeals looked at in one go
_SAID: Final = {
    State.LOST: Heard.DENIED,
    State.WON: Heard.PROMISED,
    State.PARTLY: Heard.PROMISED,
}


@transaction.atomic
def decide(
    appeal_id: int,
    *,
    outcome: str,
    decided_date: date,
    recovered_cents: int,
    note: str,
    user: User | None,
    at: datetime,
) -> Appeal:
    """Say how the appeal ended: by the payer's letter, or as remittances propose it.

    What no remittance says yet is recorded as heard from the payer, so that the claim waits for
    the payment, or its next level is due.

    Raises:
        AppealRefused: it is not with the payer, no such outcome, a day that cannot be, or an
            amount that does not fit the outcome.
    """
    found = locked(appeal_id)
    if found.state in DECIDED and found.state == outcome:
        return found
    _check(found, outcome, decided_date, recovered_cents, at)
    by_remittance = found.proposed == outcome
    _close(
        found, outcome, decided_date, recovered_cents, note=note, user=user, at=at, automatic=False
    )
    if not by_remittance:
        record(
            claim=found.claim,
            activity_date=decided_date,
            channel=Channel.MAIL,
            action=NextAction.APPEAL,
            outcome=_SAID[State(outcome)],
            at=at,
            user=user,
            reference=found.reference[:100],
            note=f"Appeal {found.control_number}: {State(outcome).label.lower()}.",
        )
    return found


def _check(
    found: Appeal, outcome: str, decided_date: date, recovered_cents: int, at: datetime
) -> None:
    if found.state not in WITH_PAYER or found.sent_date is None:
        raise AppealRefused("only what is with the payer can be decided")
    if outcome not in DECIDED:
        raise AppealRefused("choose how it ended")
    if not found.sent_date <= decided_date <= at.date():
        raise AppealRefused("it was decided on a day from its sending until today")
    if recovered_cents < 0 or (outcome == State.LOST and recovered_cents):
        raise AppealRefused("an upheld decision recovers nothing")


def _close(
    found: Appeal,
    outcome: str,
    decided_date: date,
    recovered_cents: int,
    *,
    note: str,
    user: User | None,
    at: datetime,
    automatic: bool,
) -> None:
    found.state, found.decided_date = State(outcome), decided_date
    found.recovered_cents, found.decided_by = recovered_cents, user
    found.closing_note = " ".join(note.split())[:TEXT_MAX]
    found.is_automatic = automatic
    found.next_deadline_date = _next_deadline(found) if outcome != State.WON else None
    found.save()
    record_step(
        found, "decide", at=at, outcome=outcome, cents=recovered_cents, automatic=int(automatic)
    )
    tell_items(found)
    if user is None or user.pk != found.created_by_id:
        tell(found, [found.created_by_id], f"is {found.get_state_display().lower()}",
             f"decided:{outcome}:{decided_date}", at=at)  # fmt: skip


def _next_deadline(found: Appeal) -> date | None:
    if found.level >= LEVELS_MAX:
        return None
    wanted = Wanted(
        found.claim_id, found.party, found.level + 1, found.payment_id, found.decided_date
    )
    known = gather([wanted], with_documents=False).get(wanted.key)
    return known.appeal.day if known else None


@transaction.atomic
def undo_decision(appeal_id: int, *, at: datetime) -> Appeal:
    """Open a decided appeal again; remittances that said so are not believed a second time.

    Raises:
        AppealRefused: it is not decided, or its next level has begun.
    """
    found = locked(appeal_id)
    if found.state in WITH_PAYER:
        return found
    if found.state not in DECIDED:
        raise AppealRefused("it is not decided")
    if found.next.exclude(state=State.WITHDRAWN).exists():
        raise AppealRefused("its next level has begun; withdraw that first")
    if Appeal.objects.filter(
        claim_id=found.claim_id, party=found.party, state__in=[*WITH_PAYER, "draft", "ready",
                                                               "approved"]
    ).exists():  # fmt: skip
        raise AppealRefused("another appeal of this balance is open; withdraw that first")
    found.state = State.ACKNOWLEDGED if found.acknowledged_date else State.SENT
    found.dismissed_payment_id = found.proposed_payment_id
    found.proposed, found.proposed_cents, found.proposed_why = "", 0, ""
    found.decided_date, found.decided_by, found.is_automatic = None, None, False
    found.recovered_cents, found.next_deadline_date = 0, None
    found.save()
    record_step(found, "undo_decision", at=at)
    tell_items(found)
    return found


@transaction.atomic
def dismiss_proposal(appeal_id: int, *, at: datetime) -> Appeal:
    """Say that the remittance does not answer the appeal; a later one is looked at again."""
    found = locked(appeal_id)
    if found.proposed:
        found.dismissed_payment_id = found.proposed_payment_id
        found.proposed, found.proposed_cents, found.proposed_why = "", 0, ""
        found.save()
        record_step(found, "dismiss", at=at)
    return found


def read_outcomes(*, at: datetime) -> tuple[int, int]:
    """Read later remittances of appeals with payers; return how many are decided and proposed.

    What is certain is decided at once, and can be undone; the rest waits for a person. Run again
    it changes nothing.
    """
    decided = proposed = 0
    open_ = Appeal.objects.filter(state__in=WITH_PAYER, sent_date__isnull=False).order_by("pk")
    ids = list(open_.values_list("pk", flat=True))
    for start in range(0, len(ids), ONCE):
        part = ids[start : start + ONCE]
        for appeal_id, said in _proposals(part).items():
            with transaction.atomic():
                done = _take(locked(appeal_id), said, at)
            decided += done == "decided"
            proposed += done == "proposed"
    return decided, proposed


def _proposals(appeal_ids: list[int]) -> dict[int, Proposal]:
    """Return what later remittances say of these appeals, of those that they say something of."""
    appeals = list(Appeal.objects.filter(pk__in=appeal_ids))
    payments: dict[int, list[ClaimPayment]] = defaultdict(list)
    for one in ClaimPayment.objects.filter(
        Q(claim_id__in={appeal.claim_id for appeal in appeals}), is_held=False
    ):
        if one.claim_id is not None:
            payments[one.claim_id].append(one)
    codes: dict[int, set[str]] = defaultdict(set)
    ids = [one.pk for rows in payments.values() for one in rows]
    for payment_id, code in Adjustment.objects.filter(payment_id__in=ids).values_list(
        "payment_id", "reason_code"
    ):
        codes[payment_id].add(code)
    found = {}
    for appeal in appeals:
        later = [
            LaterPayment(
                one.pk, one.received_date, one.status, one.paid_cents, frozenset(codes[one.pk])
            )
            for one in payments[appeal.claim_id]
            if _is_later(one, appeal)
        ]
        said = propose(later, asked_cents=appeal.asked_cents)
        if said is not None and said.payment_id != appeal.dismissed_payment_id:
            found[appeal.pk] = said
    return found


def _is_later(one: ClaimPayment, appeal: Appeal) -> bool:
    """Say whether a payment can answer the appeal: the party's own, and decided after it went."""
    own = (one.sequence or 1) == appeal.party - 10
    decided = one.payment_date or one.received_date
    return (
        own
        and one.pk != appeal.payment_id
        and appeal.sent_date is not None
        and one.received_date >= appeal.sent_date
        and decided >= appeal.sent_date
    )


def _take(found: Appeal, said: Proposal, at: datetime) -> str:
    """Take over what remittances say of an appeal; return what was done: "" for nothing new."""
    if found.state not in WITH_PAYER:
        return ""
    same = (found.proposed, found.proposed_cents, found.proposed_payment_id)
    if same == (said.outcome.value, said.recovered_cents, said.payment_id):
        return ""
    found.proposed, found.proposed_cents = said.outcome.value, said.recovered_cents
    found.proposed_payment_id, found.proposed_why = said.payment_id, said.why
    found.save()
    if said.is_certain:
        _close(
            found, said.outcome.value, said.decided_date, said.recovered_cents,
            note=said.why, user=None, at=at, automatic=True,
        )  # fmt: skip
        return "decided"
    word = {Outcome.WON: "won", Outcome.PARTLY: "partly won", Outcome.LOST: "upheld"}[said.outcome]
    tell(
        found, [found.created_by_id], f"looks {word}; confirm it",
        f"proposed:{said.payment_id}", at=at,
    )  # fmt: skip
    return "proposed"
