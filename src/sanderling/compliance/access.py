"""Access reviews: who may do and see what, frozen on a day, certified or revoked by a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q

from sanderling.accounts.actions import change_user
from sanderling.accounts.models import BreakGlass, User
from sanderling.accounts.roles import Role
from sanderling.audit.actions import record_event
from sanderling.clients.queries import client_codes_by_id
from sanderling.compliance.models import AccessRow, Campaign, Decision
from sanderling.core.refusal import Refusal

IDLE: Final = timedelta(days=90)
YEAR: Final = timedelta(days=365)
# Who is expected to see every client.
SEES_ALL_ROLES: Final = (Role.ADMIN, Role.COMPLIANCE)
COLUMNS: Final = (
    *("name", "email", "role", "is_active", "sees_all_clients", "client_codes"),
    *("tokens", "last_login_at", "unusual", "decision", "note", "decided_by", "decided_at"),
)


class ReviewRefused(Refusal):
    """A campaign cannot begin or end, or a row not be decided."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules of the unusual look at."""

    role: str
    is_active: bool
    sees_all_clients: bool
    clients: int
    created_at: datetime
    last_login_at: datetime | None
    tokens: int
    token_used_at: datetime | None
    glasses: int  # opened by break-glass within a year
    wrong_glasses: int  # of these, not right
    was: AccessRow | None  # in the review before


def unusual(facts: Facts, *, at: datetime) -> list[str]:
    """Return what a reviewer should look at twice, in words; none for the most part."""
    found = []
    if facts.last_login_at is None and at - facts.created_at > IDLE:
        found.append("never logged in")
    elif facts.last_login_at is not None and at - facts.last_login_at > IDLE:
        found.append(f"not logged in for {(at - facts.last_login_at).days} days")
    if facts.sees_all_clients and facts.role not in SEES_ALL_ROLES:
        found.append("sees all clients")
    if facts.role == Role.CLIENT_USER and not facts.sees_all_clients and facts.clients != 1:
        found.append(f"client's user with {facts.clients} clients")
    if facts.tokens and not facts.is_active:
        found.append("may not log in but has tokens")
    elif facts.tokens and (facts.token_used_at is None or at - facts.token_used_at > IDLE):
        found.append("tokens that nobody uses")
    if facts.glasses:
        wrong = f", {facts.wrong_glasses} not right" if facts.wrong_glasses else ""
        found.append(f"{facts.glasses} by break-glass in a year{wrong}")
    if facts.was is not None and facts.was.role != facts.role:
        found.append(f"was {facts.was.role} at the last review")
    return found


@transaction.atomic
def begin_campaign(*, name: str, due_date: date, user: User, at: datetime) -> Campaign:
    """Freeze what everybody may do and see who may log in or has tokens that work.

    Raises:
        ReviewRefused: no name, a day that has passed, or a review that is not closed yet.
    """
    if not name.strip():
        raise ReviewRefused("Give the review a name.")
    if due_date < at.date():
        raise ReviewRefused("Choose a day that is still to come.")
    try:
        with transaction.atomic():
            made = Campaign.objects.create(
                name=name.strip(), begun_by=user, begun_at=at, due_date=due_date
            )
    except IntegrityError as error:
        raise ReviewRefused("A review is going on: close it first.") from error
    rows = _frozen(made, at=at)
    AccessRow.objects.bulk_create(rows)
    record_event(
        action="access_review.begin", at=at, subject=("campaign", made.pk),
        detail={"people": len(rows)},
    )  # fmt: skip
    return made


def _frozen(campaign: Campaign, *, at: datetime) -> list[AccessRow]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT owner_id, tokens, last_used_at FROM compliance_tokens()")
        tokens = {owner: (count, used) for owner, count, used in cursor.fetchall()}
    people = User.objects.filter(Q(is_active=True) | Q(pk__in=tokens)).order_by("name", "pk")
    codes = client_codes_by_id()
    glasses = _glasses(at=at)
    before = {row.user_id: row for row in _rows_before(campaign)}
    rows = []
    for person in people.prefetch_related("assignments"):
        ids = sorted(one.client_id for one in person.assignments.all())
        count, used = tokens.get(person.pk, (0, None))
        opened, wrong = glasses.get(person.pk, (0, 0))
        facts = Facts(
            person.role, person.is_active, person.sees_all_clients, len(ids), person.created_at,
            person.last_login, count, used, opened, wrong, before.get(person.pk),
        )  # fmt: skip
        rows.append(
            AccessRow(
                campaign=campaign,
                user=person,
                email=person.email,
                name=person.name,
                role=person.role,
                is_active=person.is_active,
                sees_all_clients=person.sees_all_clients,
                client_ids=ids,
                client_codes=[codes.get(pk, f"#{pk}") for pk in ids],
                tokens=count,
                last_login_at=person.last_login,
                unusual=unusual(facts, at=at),
            )
        )
    return rows


def _glasses(*, at: datetime) -> Mapping[int, tuple[int, int]]:
    rows = (
        BreakGlass.objects.filter(begun_at__gte=at - YEAR)
        .values_list("user_id")
        .annotate(opened=Count("pk"), wrong=Count("pk", filter=Q(was_right=False)))
    )
    return {user_id: (opened, wrong) for user_id, opened, wrong in rows}


def _rows_before(campaign: Campaign) -> list[AccessRow]:
    last = Campaign.objects.filter(pk__lt=campaign.pk).order_by("-pk").first()
    return list(last.rows.all()) if last else []


@transaction.atomic
def decide_rows(
    campaign: Campaign,
    row_ids: Collection[int],
    *,
    decision: str,
    note: str,
    user: User,
    at: datetime,
) -> tuple[int, list[str]]:
    """Certify or revoke; return how many were decided and why others were not.

    Who is revoked may not log in any more, from his next request on, and his tokens stop with him.

    Raises:
        ReviewRefused: nothing chosen, a revocation without a reason, a closed review.
    """
    if decision not in (Decision.CERTIFIED, Decision.REVOKED):
        raise ReviewRefused("Certify or revoke.")
    if decision == Decision.REVOKED and not note.strip():
        raise ReviewRefused("Say why the access is revoked.")
    if not campaign.is_open:
        raise ReviewRefused("This review is closed.")
    rows = campaign.rows.select_for_update().filter(pk__in=row_ids).order_by("pk")
    done, refused = 0, []
    for row in rows.select_related("user"):
        fault = _fault(row, decision, user)
        if fault:
            refused.append(f"{row.name}: {fault}")
            continue
        row.decision, row.note, row.decided_by, row.decided_at = decision, note.strip(), user, at
        row.save(update_fields=["decision", "note", "decided_by", "decided_at"])
        if decision == Decision.REVOKED:
            _revoke(row.user)
        record_event(
            action=f"access_review.{'certify' if decision == Decision.CERTIFIED else 'revoke'}",
            at=at,
            subject=("user", row.user_id),
            detail={"campaign": campaign.pk},
        )
        done += 1
    if not done and not refused:
        raise ReviewRefused("Choose at least one person.")
    return done, refused


def _fault(row: AccessRow, decision: str, user: User) -> str:
    if row.decision:
        return "was decided already"
    if row.user_id == user.pk:
        return "somebody else must decide about you"
    if decision == Decision.REVOKED and row.user.role == Role.ADMIN:
        # Locked, so that two reviewers do not revoke the last two.
        admins = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True)
        if {one.pk for one in admins} <= {row.user_id}:
            return "is the last administrator"
    return ""


def _revoke(person: User) -> None:
    change_user(
        user=person,
        name=person.name,
        role=person.role,
        is_active=False,
        sees_all_clients=person.sees_all_clients,
    )


@transaction.atomic
def close_campaign(campaign_id: int, *, user: User, at: datetime) -> Campaign:
    """Close a review in which everybody was decided; afterwards nothing of it changes.

    Raises:
        ReviewRefused: somebody is open, or it is closed.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if not campaign.is_open:
        raise ReviewRefused("This review is closed.")
    left = campaign.rows.filter(decision="").count()
    if left:
        raise ReviewRefused(f"{left} {'person is' if left == 1 else 'people are'} not decided yet.")
    campaign.is_open, campaign.closed_by, campaign.closed_at = False, user, at
    campaign.save(update_fields=["is_open", "closed_by", "closed_at"])
    record_event(action="access_review.close", at=at, subject=("campaign", campaign.pk))
    return campaign


def codes_shown(row: AccessRow, visible: Mapping[int, str]) -> list[str]:
    """Return the codes of the clients that the session sees, and whether there are others."""
    shown = [visible[pk] for pk in row.client_ids if pk in visible]
    return [*shown, "others"] if len(shown) < len(row.client_ids) else shown


def evidence_rows(campaign: Campaign) -> list[dict[str, Any]]:
    """Return the rows as the evidence holds them, with the codes of visible clients."""
    visible = client_codes_by_id()
    return [
        {
            "name": row.name,
            "email": row.email,
            "role": row.role,
            "is_active": row.is_active,
            "sees_all_clients": row.sees_all_clients,
            "client_codes": codes_shown(row, visible),
            "tokens": row.tokens,
            "last_login_at": row.last_login_at,
            "unusual": row.unusual,
            "decision": row.decision,
            "note": row.note,
            "decided_by": row.decided_by.name if row.decided_by else "",
            "decided_at": row.decided_at,
        }
        for row in campaign.rows.select_related("decided_by").order_by("name", "pk")
    ]
