"""Tells people and machines of flags. Never patient data: client, claim number, words of ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from sanderling.accounts.models import User
from sanderling.flags.models import Flag
from sanderling.flags.owners import people_of_client
from sanderling.flags.signals import flag_changed
from sanderling.flags.words import OURS
from sanderling.mail.actions import queue_mail
from sanderling.news.actions import NewEvent, notify, record_events
from sanderling.web.addresses import full_address

_MAIL: Final = """There is news about a claim that you flagged. Log in to read it:

{address}

This mail holds nothing about the claim on purpose.
"""


def name_of(flag: Flag) -> str:
    """Return client and claim as a notice names them."""
    return f"{flag.claim.client.code} {flag.claim.number}"


def tell_us(
    flag: Flag,
    user_ids: Iterable[int],
    said: str,
    what: str,
    *,
    at: datetime,
    is_urgent: bool = False,
    but: int | None = None,
) -> None:
    """Tell people of the house, each thing (`what`) once."""
    _tell(
        flag,
        [user_id for user_id in user_ids if user_id != but],
        f"{name_of(flag)}: {said}",
        what,
        at=at,
        url=reverse("flag", args=[flag.pk]),
        is_urgent=is_urgent,
    )


def tell_owner(
    flag: Flag, said: str, what: str, *, at: datetime, but: int | None, is_urgent: bool = False
) -> None:
    """Tell the owner, unless he did it himself."""
    heard = [flag.owner_id] if flag.owner_id is not None else []
    tell_us(flag, heard, said, what, at=at, is_urgent=is_urgent, but=but)


def tell_client(flag: Flag, said: str, what: str, *, at: datetime, but: int | None = None) -> None:
    """Tell the client's people: a notice on a page of their own, and a mail that there is news."""
    heard = [user_id for user_id in people_of_client(flag) if user_id != but]
    _tell(flag, heard, f"Claim {flag.claim.number}: {said}", what, at=at, url=_portal(flag))
    _mail(flag, heard, what, at=at)


def _tell(
    flag: Flag,
    user_ids: list[int],
    text: str,
    what: str,
    *,
    at: datetime,
    url: str,
    is_urgent: bool = False,
) -> None:
    notify(
        user_ids=user_ids,
        kind="flag",
        key=f"flag:{flag.pk}:{what}",
        text=text,
        at=at,
        url=url,
        client_id=flag.client_id,
        claim_id=flag.claim_id,
        is_urgent=is_urgent,
    )


def _mail(flag: Flag, user_ids: list[int], what: str, *, at: datetime) -> None:
    """Let them know by mail. What the news is, and of which claim, is behind the log-in."""
    for user in User.objects.filter(pk__in=user_ids, is_active=True).exclude(email=""):
        queue_mail(
            kind="flag",
            to=user.email,
            subject="News about a claim that you flagged",
            body=_MAIL.format(address=full_address(_portal(flag))),
            key=f"flag:{flag.pk}:{what}:{user.pk}",
            at=at,
            client_id=flag.client_id,
        )


def _portal(flag: Flag) -> str:
    """Return the client's own page of the flag, of a room above."""
    return reverse("portal-flag", args=[flag.pk])


def event_of(kind: str, flag: Flag, *, at: datetime, **detail: Any) -> None:  # noqa: ANN401 - JSON
    """Record the event for rules and webhooks."""
    record_events(
        [
            NewEvent(
                kind,
                flag.client_id,
                flag.claim_id,
                detail={
                    "flag": flag.pk,
                    "reason": flag.reason,
                    "urgency": flag.urgency,
                    "state": flag.state,
                    **detail,
                },
            )
        ],
        at=at,
    )


def tell_items(flag: Flag, *, at: datetime) -> None:
    """Let the worklist know whether the claim waits for an answer of ours."""
    flag_changed.send(
        sender=Flag, claim_id=flag.claim_id, is_ours=flag.state in OURS, today=at.date()
    )
