"""After how many days what happens when a client does not answer, and who is written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.document_requests.models import Contact, Cycle

NAME_CHARACTERS_MAX: Final = 120
CONTACTS_MAX: Final = 20


class SettingRefused(Refusal):
    """Days that make no sense, or an address that is none."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a cycle (DOMAIN 9.8), counted from the first mail; `link`: a link is good."""

    reminder: int = 3
    lead: int = 5
    manager: int = 7
    risk: int = 10
    link: int = 30


LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "reminder": (1, 60),
    "lead": (1, 60),
    "manager": (1, 60),
    "risk": (1, 90),
    "link": (1, 180),
}


def cycles() -> dict[int | None, Days]:
    """Return the cycles that were set, by client; None: of all the others."""
    return {
        one.client_id: Days(
            **{part.name: getattr(one, f"{part.name}_days") for part in fields(Days)}
        )
        for one in Cycle.objects.all()
    }


def days_of(client_id: int) -> Days:
    """Return the days of a client: its own, else those of all, else the usual ones."""
    known = cycles()
    return known.get(client_id) or known.get(None) or Days()


@transaction.atomic
def set_days(client_id: int | None, days: Mapping[str, int], *, at: datetime) -> Days:
    """Set the days of a client, or (None) of all that have none of their own.

    Raises:
        SettingRefused: a number outside its limits, or steps out of order; nothing is changed.
    """
    made = Days(**days)
    for name, number in asdict(made).items():
        least, most = LIMITS[name]
        if not least <= number <= most:
            raise SettingRefused(f"write from {least} to {most} days for {name}")
    if not made.reminder <= made.lead <= made.manager:
        raise SettingRefused("the reminder comes first, then the lead, then the account manager")
    Cycle.objects.update_or_create(
        client_id=client_id,
        defaults={f"{name}_days": number for name, number in asdict(made).items()},
    )
    record_event(action="document_cycle.set", at=at, client_id=client_id, detail=asdict(made))
    return made


@transaction.atomic
def add_contact(client_id: int, *, name: str, email: str, at: datetime) -> Contact:
    """Write to this address from now on; adding it twice changes its name only.

    Raises:
        SettingRefused: no address, no name, too many.
    """
    name, email = " ".join(name.split()), email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise SettingRefused("write an address like records@clinic.example") from None
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise SettingRefused(f"write a name of at most {NAME_CHARACTERS_MAX} characters")
    if Contact.objects.filter(client_id=client_id).count() >= CONTACTS_MAX:
        raise SettingRefused(f"a client has at most {CONTACTS_MAX} contacts")
    made, _ = Contact.objects.update_or_create(
        client_id=client_id, email=email, defaults={"name": name}
    )
    record_event(
        action="document_contact.add",
        at=at,
        client_id=client_id,
        subject=("document_contact", made.pk),
    )
    return made


@transaction.atomic
def remove_contact(contact: Contact, *, at: datetime) -> None:
    """Write to this address no more."""
    record_event(
        action="document_contact.remove",
        at=at,
        client_id=contact.client_id,
        subject=("document_contact", contact.pk),
    )
    contact.delete()


def addresses_of(client_id: int) -> list[str]:
    """Return to whom requests go: the client's contacts, else its own users, else nobody."""
    named = Contact.objects.filter(client_id=client_id).order_by("email")
    found = list(named.values_list("email", flat=True))
    if found:
        return found
    return [user.email for user in people_of(client_id, [Role.CLIENT_USER])]


def people_of(client_id: int, roles: Sequence[str]) -> list[User]:
    """Return the active users of these roles who are assigned to the client."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE is_active AND role = ANY (%s)"
            " AND %s = ANY (sanderling_clients_of(id)) ORDER BY email",
            [list(roles), client_id],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(User.objects.filter(pk__in=ids).order_by("email"))
