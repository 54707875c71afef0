"""Projects: the same appeal for many claims, one packet and one conversation with the payer.

A project has claims of one client and one payer. Each claim keeps an appeal of its own, so that
its outcome is read from its own remittances; the packet is common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from sanderling.accounts.models import User
from sanderling.appeals.actions import finish as finish_one
from sanderling.appeals.actions import mark_sent as mark_one_sent
from sanderling.appeals.gathering import Gathered, Wanted, gather
from sanderling.appeals.letters import version_for
from sanderling.appeals.models import (
    DECIDED,
    WITH_PAYER,
    Appeal,
    AppealProject,
    Packet,
    State,
)
from sanderling.appeals.packets import build, keep_packet, prepare
from sanderling.appeals.writing import (
    AppealRefused,
    Asked,
    NotAppealable,
    begin_from,
    choice_of,
)
from sanderling.audit.actions import record_event
from sanderling.core.appeals.cases import GENERAL, cases
from sanderling.core.appeals.levels import level_of, minimum_cents
from sanderling.core.refusal import Refusal
from sanderling.followup.signals import work_recorded
from sanderling.payers.models import Payer
from sanderling.web.templatetags.sanderling import money
from sanderling.worklists.models import Project, WorkItem

CLAIMS_MAX: Final = 500
NAME_MAX: Final = 200
REFUSED_SHOWN: Final = 200
SEVERAL: Final = "several"  # of a project whose claims call for different cases


@dataclass(frozen=True, slots=True)
class Begun:
    """What came of beginning a project: it, how many appeals, and (claim number, why not)."""

    project: AppealProject
    appeals: int
    refused: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a project's appeals are, and its dollars."""

    claims: int
    to_write: int
    with_payer: int
    decided: int
    won: int
    asked_cents: int
    recovered_cents: int


def chosen_items(item_ids: Sequence[int]) -> list[WorkItem]:
    """Return the work items that the session may see, of payers only.

    Raises:
        AppealRefused: none, too many, or of more than one client or payer.
    """
    if not item_ids:
        raise AppealRefused("choose some claims first")
    if len(item_ids) > CLAIMS_MAX:
        raise AppealRefused(f"a project has at most {CLAIMS_MAX} claims; choose fewer")
    found = list(
        WorkItem.objects.filter(pk__in=item_ids, party__lte=13).order_by("claim_number", "pk")
    )
    if not found:
        raise AppealRefused("none of these is owed by a payer")
    if len({(one.client_id, one.payer_id) for one in found}) > 1:
        raise AppealRefused(
            "a project is one conversation with one payer for one client; choose claims of one"
        )
    return found


@transaction.atomic
def begin_project(
    items: Sequence[WorkItem],
    *,
    name: str,
    case: str,
    level: int,
    letter: str,
    despite_choice: bool,
    user: User,
    at: datetime,
) -> Begun:
    """Begin a draft for each claim; those that cannot be appealed are named and left out.

    Raises:
        AppealRefused: no name, nothing can be appealed, or a level needs more in dispute.
        TemplateRefused: no such letter. Nothing was written.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise AppealRefused("give the project a name")
    found = gather([Wanted(one.claim_id, one.party, level) for one in items], with_documents=False)
    usable, refused = _sorted_out(items, found, case=case, despite=despite_choice)
    if not usable:
        why = sorted({reason for _, reason in refused})
        raise AppealRefused(f"nothing can be appealed. {' '.join(why[:3])}".removesuffix("."))
    _check_minimum(usable, level, at)
    called_for = {choice_of(one).case.key for one in usable}
    key = case or (called_for.pop() if len(called_for) == 1 else SEVERAL)
    version = version_for(key if key in cases() else GENERAL, key=letter, at=at)
    project = AppealProject.objects.create(
        project=_worklist_project(name, usable[0].payer, user=user, at=at),
        client_id=usable[0].claim.client_id,
        payer_id=usable[0].payer.pk if usable[0].payer else None,
        case=key,
        level=level,
        template_version=version,
        made_by=user,
        made_at=at,
    )
    made = _begin_all(project, usable, refused, case=case, letter=letter, despite=despite_choice)
    _join_items(project)
    record_event(
        action="appeal_project.begin",
        at=at,
        client_id=project.client_id,
        subject=("appeal_project", project.pk),
        detail={"claims": made, "refused": len(refused)},
    )
    return Begun(project, made, refused[:REFUSED_SHOWN])


def _begin_all(
    project: AppealProject,
    usable: Sequence[Gathered],
    refused: list[tuple[str, str]],
    *,
    case: str,
    letter: str,
    despite: bool,
) -> int:
    """Begin an appeal of each claim; add to `refused` why not. Return how many were begun.

    Raises:
        AppealRefused: none could be begun.
    """
    made, level, at = 0, project.level, project.made_at
    asked = Asked(case=case or None, level=level, despite_choice=despite)
    for one in usable:
        own = None if (case or letter) else version_for(choice_of(one).case.key, at=at)
        try:
            with transaction.atomic():
                begin_from(
                    one,
                    level=level,
                    before=None,
                    user=project.made_by,
                    at=at,
                    asked=asked,
                    project=project,
                    version=own or project.template_version,
                )
            made += 1
        except Refusal as refusal:
            refused.append((one.claim.number, refusal.sentence))
    if not made:
        raise AppealRefused(f"nothing can be appealed. {refused[0][1]}".removesuffix("."))
    return made


def _sorted_out(
    items: Sequence[WorkItem],
    found: dict[tuple[int, int], Gathered],
    *,
    case: str,
    despite: bool,
) -> tuple[list[Gathered], list[tuple[str, str]]]:
    """Return what can be appealed, and why each other claim cannot."""
    usable: list[Gathered] = []
    refused: list[tuple[str, str]] = []
    for item in items:
        one = found.get((item.claim_id, item.party))
        if one is None:
            continue
        choice = choice_of(one)
        if choice.is_appealable or despite or (case and choice.vehicle is None and one.decision):
            usable.append(one)
        else:
            refused.append((one.claim.number, str(NotAppealable(choice)) + "."))
    return usable, refused


def _check_minimum(usable: Sequence[Gathered], level: int, at: datetime) -> None:
    payer = usable[0].payer
    kind = payer.type if payer else "other"
    least = minimum_cents(kind, level, filed_date=at.date())
    total = sum(one.balance_cents for one in usable)
    if least is not None and total < least:
        named = level_of(kind, level)
        raise AppealRefused(
            f"level {level} ({named.name if named else ''}) needs {money(least)} in dispute, and"
            f" these come to {money(total)}"
        )


def _worklist_project(name: str, payer: Payer | None, *, user: User, at: datetime) -> Project:
    if Project.objects.filter(name=name).exists():
        raise AppealRefused("there is a project of this name; choose another one")
    return Project.objects.create(
        name=name, payer_id=payer.pk if payer else None, owner=user, created_at=at
    )


def _join_items(project: AppealProject) -> None:
    """Let the work items of the claims say which project they are in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE worklists_work_item w SET project_id = %s FROM appeals_appeal a"
            " WHERE a.project_id = %s AND w.claim_id = a.claim_id AND w.party = a.party",
            [project.project_id, project.pk],
        )


def projects() -> QuerySet[AppealProject]:
    """Return the projects that the session may see, with where their appeals are."""
    return (
        AppealProject.objects.select_related("project__owner", "template_version__template")
        .annotate(
            claims=Count("appeals"),
            written=Count("appeals", filter=~Q(appeals__state=State.DRAFT)),
            with_payer=Count("appeals", filter=Q(appeals__state__in=WITH_PAYER)),
            decided=Count("appeals", filter=Q(appeals__state__in=DECIDED)),
            asked_cents=Sum("appeals__asked_cents"),
            recovered_cents=Sum("appeals__recovered_cents"),
        )
        .order_by("-made_at", "-pk")
    )


def progress_of(project: AppealProject) -> Progress:
    """Return where a project's appeals are; what was withdrawn counts in no dollars."""
    standing = ~Q(state=State.WITHDRAWN)
    row = project.appeals.aggregate(
        claims=Count("pk", filter=standing),
        to_write=Count("pk", filter=Q(state=State.DRAFT)),
        with_payer=Count("pk", filter=Q(state__in=WITH_PAYER)),
        decided=Count("pk", filter=Q(state__in=DECIDED)),
        won=Count("pk", filter=Q(state__in=[State.WON, State.PARTLY])),
        asked_cents=Sum("asked_cents", filter=standing),
        recovered_cents=Sum("recovered_cents", filter=standing),
    )
    return Progress(**{name: value or 0 for name, value in row.items()})


def control_of(project: AppealProject) -> str:
    """Return the control number of a project's packet."""
    return f"SL{project.pk:09d}P"


@transaction.atomic
def finish_project(
    project: AppealProject, *, user: User, at: datetime
) -> tuple[Packet, list[tuple[str, str]]]:
    """Make the packet of each claim and the common one; name the claims that are not complete.

    Those that are not complete stay drafts and are not in the common packet.

    Raises:
        AppealRefused: no claim is complete; nothing was made.
    """
    refused: list[tuple[str, str]] = []
    drafts = project.appeals.filter(state=State.DRAFT).select_related("claim")
    for one in drafts.order_by("claim__number", "pk"):
        try:
            with transaction.atomic():
                finish_one(one.pk, user=user, at=at)
        except Refusal as refusal:
            refused.append((one.claim.number, refusal.sentence))
    ready = list(
        project.appeals.filter(state__in=[State.READY, State.APPROVED])
        .select_related("claim__client", "payer", "template_version__template")
        .order_by("claim__number", "pk")
    )
    if not ready:
        why = refused[0][1] if refused else "every claim is sent or withdrawn"
        raise AppealRefused(f"no claim is complete. {why}".removesuffix("."))
    joined = build(
        prepare(ready),
        made_date=at.date(),
        control=control_of(project),
        about=f"{len(ready)} claims, level {project.level}",
    )
    packet = keep_packet(
        joined, client_id=project.client_id, claim_id=None, project=project, user=user, at=at
    )
    record_event(
        action="appeal_project.finish",
        at=at,
        client_id=project.client_id,
        subject=("appeal_project", project.pk),
        detail={"claims": len(ready), "sha256": packet.sha256, "pages": packet.pages},
    )
    return packet, refused


@transaction.atomic
def send_project(
    project: AppealProject,
    *,
    channel: str,
    sent_date: date,
    tracking: str,
    user: User,
    at: datetime,
) -> tuple[int, list[tuple[str, str]]]:
    """Say that the common packet was sent: all its claims that are ready wait for the payer.

    Raises:
        AppealRefused: no claim is ready to send; nothing was written.
    """
    refused: list[tuple[str, str]] = []
    sent = 0
    ready = project.appeals.filter(state=State.APPROVED).select_related("claim")
    for one in ready.order_by("claim__number", "pk"):
        try:
            with transaction.atomic():
                mark_one_sent(
                    one.pk, channel=channel, sent_date=sent_date, tracking=tracking, user=user,
                    at=at,
                )  # fmt: skip
            sent += 1
        except Refusal as refusal:
            refused.append((one.claim.number, refusal.sentence))
    if not sent:
        why = refused[0][1] if refused else "make the packet first, and have it approved"
        raise AppealRefused(f"no claim is ready to send. {why}".removesuffix("."))
    work_recorded.send(
        sender=Appeal, claim_ids=sorted(project.appeals.values_list("claim_id", flat=True))
    )
    return sent, refused


def case_title(project: AppealProject) -> str:
    """Return what a project is about."""
    found = cases().get(project.case)
    return found.title if found else "Several"


def latest_packet(project: AppealProject) -> Packet | None:
    """Return the latest common packet."""
    return project.packets.order_by("-pk").first()
