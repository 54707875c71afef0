"""Drafts of appeals: begun for a claim, written with facts and evidence, until they are finished.

Every step locks the appeal first; a step that is repeated changes nothing. A second appeal of the
same balance is refused while one is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.appeals.gathering import Gathered, Wanted, gather
from sanderling.appeals.letters import version_for
from sanderling.appeals.models import (
    DECIDED,
    Appeal,
    AppealProject,
    ChecklistMark,
    State,
    StatedFact,
    TemplateVersion,
)
from sanderling.appeals.telling import record_step
from sanderling.claims.models import Claim
from sanderling.core.appeals.cases import Case, Vehicle, cases
from sanderling.core.appeals.facts import KINDS, NotAFact, read, stored
from sanderling.core.appeals.levels import level_of, minimum_cents
from sanderling.core.appeals.vehicles import Choice, Decision, choose
from sanderling.core.deadlines.rules import LEVELS_MAX
from sanderling.core.refusal import Refusal
from sanderling.web.actor import current_actor
from sanderling.web.templatetags.sanderling import money

NOTE_MAX: Final = 500
_PROVED: Final = ("timely_filing", "late_answer")  # cases whose packet has the exhibit


class AppealRefused(Refusal):
    """The appeal cannot be begun, changed or moved on so."""


class NotAppealable(AppealRefused):
    """Another way is the right one; `choice` says which and why."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.why.removesuffix("."))
        self.choice = choice


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person chose in place of what follows from the claim; None: what follows."""

    case: str | None = None
    level: int | None = None
    template: str = ""  # key of a letter
    asked_cents: int | None = None
    despite_choice: bool = False  # appeal although another way is the right one


def choice_of(found: Gathered) -> Choice:
    """Return the way in which the decision is disputed, and why."""
    barrier = found.barrier
    remarks = tuple(one.code for one in found.decision.remarks) if found.decision else ()
    if barrier is None:
        return choose(Decision("denied" if found.decision else "awaiting_payer", remarks=remarks))
    return choose(
        Decision(
            barrier=barrier.barrier,
            category=barrier.category,
            subcategory=barrier.subcategory,
            next_action=barrier.next_action,
            reason_code=barrier.reason_code,
            remarks=remarks,
        )
    )


def gathered(claim: Claim, party: int, *, level: int = 1) -> Gathered:
    """Return what is known of one party's decision.

    Raises:
        AppealRefused: the party is no payer.
    """
    if party not in (11, 12, 13):
        raise AppealRefused("choose the payer whose decision is appealed")
    wanted = Wanted(claim.pk, party, level)
    found = gather([wanted], with_documents=False).get(wanted.key)
    if found is None:
        raise AppealRefused("the claim cannot be seen; ask who assigns clients")
    return found


def begin_appeal(
    *,
    claim: Claim,
    party: int,
    user: User | None,
    at: datetime,
    asked: Asked | None = None,
    project: AppealProject | None = None,
) -> Appeal:
    """Begin a draft: case, way, level, amount, deadline and letter follow from the claim.

    Raises:
        NotAppealable: another way is the right one, and nobody said to appeal all the same.
        AppealRefused: nothing is owed, an appeal is open, or the level asks for a larger amount.
        TemplateRefused: there is no such letter.
    """
    asked = asked or Asked()
    before = latest_decided(claim.pk, party)
    level = asked.level or (before.level + 1 if before and before.state == State.LOST else 1)
    if not 1 <= level <= LEVELS_MAX:
        raise AppealRefused(f"there are levels 1 to {LEVELS_MAX}")
    found = gathered(claim, party, level=level)
    return begin_from(
        found, level=level, before=before, user=user, at=at, asked=asked, project=project
    )


@transaction.atomic
def begin_from(
    found: Gathered,
    *,
    level: int,
    before: Appeal | None,
    user: User | None,
    at: datetime,
    asked: Asked,
    project: AppealProject | None = None,
    version: TemplateVersion | None = None,
) -> Appeal:
    """Begin a draft of what was gathered already; see `begin_appeal`."""
    choice = choice_of(found)
    case, vehicle = _what(choice, asked)
    amount = asked.asked_cents if asked.asked_cents is not None else found.balance_cents
    if amount <= 0:
        raise AppealRefused("the payer owes nothing on this claim; say which amount is in dispute")
    if project is None:
        _check_minimum(found, level, amount, at)
    version = version or version_for(case.key, key=asked.template, at=at)
    payment = found.decision.payment if found.decision else None
    decided = before.decided_date if before and level > 1 else None
    if decided is not None:
        found.wanted = Wanted(
            found.claim.pk, found.wanted.party, level, payment.pk if payment else None, decided
        )
        relimited = gather([found.wanted], with_documents=False)[found.wanted.key]
        found.appeal = relimited.appeal
    try:
        with transaction.atomic():
            made = Appeal.objects.create(
                claim=found.claim,
                client_id=found.claim.client_id,
                party=found.wanted.party,
                payer=found.payer,
                case=case.key,
                vehicle=vehicle.value,
                level=level,
                previous=before if level > 1 else None,
                project=project,
                why=choice.why,
                asked_cents=amount,
                payment_id=payment.pk if payment else None,
                decision_date=decided or (payment.payment_date if payment else None),
                reason_code=found.barrier.reason_code if found.barrier else "",
                deadline_date=_deadline(found, vehicle),
                deadline_rule=_deadline_rule(found, vehicle),
                template_version=version,
                with_proof=case.key in _PROVED,
                created_by=user,
                created_at=at,
                actor=f"user:{user.pk}" if user else current_actor()[0] or "unknown",
            )
    except IntegrityError as error:
        raise AppealRefused(
            "an appeal of this balance is open already; go on with that one"
        ) from error
    record_step(made, "begin", at=at, level=level, case=case.key, cents=amount)
    return made


def _what(choice: Choice, asked: Asked) -> tuple[Case, Vehicle]:
    """Return case and way: what a person chose, else what follows.

    Raises:
        NotAppealable: another way is the right one.
        AppealRefused: there is no such case.
    """
    if not choice.is_appealable and not asked.despite_choice:
        raise NotAppealable(choice)
    key = asked.case or choice.case.key
    if key not in cases():
        raise AppealRefused("choose what the appeal is about")
    case = cases()[key]
    if case.vehicle is Vehicle.CORRECTED_CLAIM:
        case = cases()["general"]
    if asked.case or not choice.is_appealable or choice.vehicle is None:
        return case, case.vehicle
    return case, choice.vehicle


def _check_minimum(found: Gathered, level: int, cents: int, at: datetime) -> None:
    kind = found.payer.type if found.payer else "other"
    least = minimum_cents(kind, level, filed_date=at.date())
    if least is not None and cents < least:
        named = level_of(kind, level)
        raise AppealRefused(
            f"level {level} ({named.name if named else ''}) needs {money(least)} in dispute;"
            " put several claims together in a project"
        )


def _deadline(found: Gathered, vehicle: Vehicle) -> date | None:
    """Return the last day: records have the barrier's, a complaint has none."""
    if vehicle is Vehicle.COMPLAINT:
        return None
    if vehicle is Vehicle.RECORDS_SUBMISSION and found.barrier is not None:
        return found.barrier.deadline_date or found.appeal.day
    return found.appeal.day


def _deadline_rule(found: Gathered, vehicle: Vehicle) -> str:
    if vehicle is Vehicle.COMPLAINT:
        return ""
    if (
        vehicle is Vehicle.RECORDS_SUBMISSION
        and found.barrier is not None
        and found.barrier.deadline_date is not None
    ):
        return found.barrier.deadline_rule
    return found.appeal.rule


def latest_decided(claim_id: int, party: int) -> Appeal | None:
    """Return the latest appeal of a balance that was decided."""
    found = Appeal.objects.filter(claim_id=claim_id, party=party, state__in=DECIDED)
    return found.order_by("-decided_date", "-pk").first()


def open_appeal(claim_id: int, party: int) -> Appeal | None:
    """Return the open appeal of a balance."""
    found = Appeal.objects.filter(claim_id=claim_id, party=party)
    return found.filter(
        state__in=[*(State.DRAFT, State.READY, State.APPROVED, State.SENT, State.ACKNOWLEDGED)]
    ).first()


def locked(appeal_id: int) -> Appeal:
    """Return an appeal, locked.

    Raises:
        Appeal.DoesNotExist: there is none, or it is not for the one who asks.
    """
    return (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("claim__client", "payer", "template_version__template")
        .get(pk=appeal_id)
    )


def draft(appeal_id: int) -> Appeal:
    """Return a draft, locked.

    Raises:
        AppealRefused: it is finished.
    """
    found = locked(appeal_id)
    if found.state != State.DRAFT:
        raise AppealRefused("the appeal is finished; open it again to change it")
    return found


@transaction.atomic
def state_facts(
    appeal_id: int,
    values: Sequence[tuple[str, str]],
    *,
    user: User | None,
    at: datetime,
    source_text: str = "",
) -> Appeal:
    """State facts for the letter, or take them back with an empty text; the same again adds none.

    Raises:
        AppealRefused: it is finished, no such fact, or a text that is no value; nothing was kept.
    """
    found = draft(appeal_id)
    latest = {one.name: one.value for one in found.stated.order_by("pk")}
    kept: list[StatedFact] = []
    for name, typed in values:
        value = ""
        if name not in KINDS:
            raise AppealRefused("choose a fact of the list")
        if typed.strip():
            try:
                value = stored(read(name, typed))
            except NotAFact as error:
                raise AppealRefused(f"{KINDS[name].title}: {error}") from error
        if latest.get(name, "") != value:
            kept.append(
                StatedFact(
                    appeal=found,
                    client_id=found.client_id,
                    name=name,
                    value=value,
                    source_text=" ".join(source_text.split())[:NOTE_MAX],
                    user=user,
                    at=at,
                )
            )
    StatedFact.objects.bulk_create(kept)
    if kept:
        record_step(found, "state", at=at, facts=len(kept))
    return found


@transaction.atomic
def mark_item(
    appeal_id: int, item: str, *, is_there: bool, note: str, user: User | None, at: datetime
) -> ChecklistMark:
    """Say of a piece of evidence that it is in the packet, or why there is none.

    Raises:
        AppealRefused: it is finished, no such item, or no reason why there is none.
    """
    found = draft(appeal_id)
    if item not in {one.key for one in cases()[found.case].items}:
        raise AppealRefused("choose a piece of evidence of the list")
    note = " ".join(note.split())
    if len(note) > NOTE_MAX or (not is_there and not note):
        raise AppealRefused(f"say why there is none, in at most {NOTE_MAX} characters")
    made, _ = ChecklistMark.objects.update_or_create(
        appeal=found,
        item=item,
        defaults={
            "client_id": found.client_id,
            "is_there": is_there,
            "note": note,
            "user": user,
            "at": at,
        },
    )
    return made


@transaction.atomic
def change_draft(
    appeal_id: int,
    *,
    case: str,
    asked_cents: int,
    template: str,
    with_proof: bool,
    at: datetime,
) -> Appeal:
    """Choose what the appeal is about, for how much, and with which letter.

    Raises:
        AppealRefused: it is finished, no such case, or an amount that asks for nothing.
        TemplateRefused: no such letter.
    """
    found = draft(appeal_id)
    if case not in cases() or cases()[case].vehicle is Vehicle.CORRECTED_CLAIM:
        raise AppealRefused("choose what the appeal is about")
    if asked_cents <= 0:
        raise AppealRefused("say how much the payer should pay")
    if case != found.case:
        found.vehicle = cases()[case].vehicle.value
        found.marks.all().delete()
    found.case, found.asked_cents, found.with_proof = case, asked_cents, with_proof
    found.template_version = version_for(case, key=template, at=at)
    found.save(update_fields=["case", "vehicle", "asked_cents", "with_proof", "template_version"])
    record_step(found, "change", at=at, case=case, cents=asked_cents)
    return found
