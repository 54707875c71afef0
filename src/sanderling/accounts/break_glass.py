"""Break-glass: a client that is not one's own, opened for a limited time and a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from sanderling.accounts.models import BreakGlass, User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal

MINUTES: Final = (15, 30, 60, 120, 240)
REASON_CHARACTERS_MIN: Final = 20  # the database asks for them, too


class GlassRefused(Refusal):
    """The client cannot be opened, or the break-glass not be ended or reviewed."""


@transaction.atomic
def break_glass(*, user: User, client_code: str, reason: str, minutes: int, at: datetime) -> int:
    """Open a client for the user's own sessions from now on; return the break-glass's number.

    The database says whether it may be: it knows the client, the asker does not.

    Raises:
        GlassRefused: no such client, open already, no reason, too long, a client's user.
    """
    if not user.may("break_glass.use"):
        raise GlassRefused("Only staff may open a client that is not assigned to them.")
    if len(reason.strip()) < REASON_CHARACTERS_MIN:
        raise GlassRefused(f"Say why in at least {REASON_CHARACTERS_MIN} characters.")
    if minutes not in MINUTES:
        raise GlassRefused(f"Choose one of {', '.join(map(str, MINUTES))} minutes.")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT sanderling_break_glass(%s, %s, %s)", [client_code.strip(), reason, minutes]
            )
            (made,) = cursor.fetchone()
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == "23505":
            raise GlassRefused("You see this client already.") from error
        raise
    if made is None:
        record_event(action="break_glass.refuse", at=at, detail={"fault": "no such client"})
        raise GlassRefused("No client has this code.")
    with connection.cursor() as cursor:  # this request sees it, too, and is marked
        cursor.execute(
            "SELECT set_config('sanderling.client_ids',"
            " sanderling_open_clients_of(%(user)s)::text, false),"
            " set_config('sanderling.break_glass', sanderling_broken_glass(%(user)s)::text, false)",
            {"user": user.pk},
        )
    opened = BreakGlass.objects.get(pk=made)
    record_event(
        action="break_glass.open",
        at=at,
        client_id=opened.client_id,
        subject=("break_glass", made),
        detail={"minutes": minutes},
    )
    return int(made)


@transaction.atomic
def end_glass(pk: int, *, user: User, at: datetime) -> BreakGlass:
    """End a break-glass before its time; a second call changes nothing.

    Raises:
        GlassRefused: it is another person's, and the user does not answer for compliance.
    """
    opened = BreakGlass.objects.select_for_update().get(pk=pk)
    if opened.user_id != user.pk and not user.may("compliance.edit"):
        raise GlassRefused("Only who opened the client, or compliance, may close it.")
    if opened.ends_at > at:
        opened.ends_at = at
        opened.save(update_fields=["ends_at"])
        record_event(
            action="break_glass.end",
            at=at,
            client_id=opened.client_id,
            subject=("break_glass", pk),
        )
    return opened


@transaction.atomic
def review_glass(pk: int, *, user: User, was_right: bool, note: str, at: datetime) -> BreakGlass:
    """Say whether a break-glass was right, once, when it is over; nobody reviews his own.

    Raises:
        GlassRefused: it goes on, was reviewed, is the user's own, or a wrong one has no note.
    """
    opened = BreakGlass.objects.select_for_update().get(pk=pk)
    if opened.user_id == user.pk:
        raise GlassRefused("Somebody else must review this: it is your own.")
    if opened.reviewed_at is not None:
        raise GlassRefused("It was reviewed already.")
    if opened.ends_at > at:
        raise GlassRefused("It goes on: end it first, then review it.")
    if not was_right and not note.strip():
        raise GlassRefused("Say what was not right and what follows from it.")
    opened.reviewed_by, opened.reviewed_at = user, at
    opened.was_right, opened.review_note = was_right, note.strip()
    opened.save(update_fields=["reviewed_by", "reviewed_at", "was_right", "review_note"])
    record_event(
        action="break_glass.review",
        at=at,
        client_id=opened.client_id,
        subject=("break_glass", pk),
        detail={"was_right": was_right},
    )
    return opened


def broken_glass(request: HttpRequest) -> dict[str, object]:
    """Say to the layout which clients the user opened by break-glass, and until when."""
    ids = getattr(request, "broken_glass", {}).values()
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.id, c.code, g.ends_at FROM accounts_break_glass g"
            " JOIN clients_client c ON c.id = g.client_id"
            " WHERE g.id = ANY (%s) AND g.ends_at > now() ORDER BY g.ends_at",
            [list(ids)],
        )
        rows = [{"id": pk, "code": code, "ends_at": at} for pk, code, at in cursor.fetchall()]
    return {"broken_glass": rows}
