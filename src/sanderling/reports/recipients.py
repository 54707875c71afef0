"""Who gets a report: the client's own people by log-in, anybody else by a link of his own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may
from sanderling.mail.actions import check_address
from sanderling.reports.approving import ReportRefused
from sanderling.reports.delivery_models import Delivery, Due
from sanderling.reports.models import Report


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person: with an account that sees the client, or an address outside."""

    address: str
    user: User | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is to get a report: as a schedule or a form says it."""

    to_client_users: bool
    addresses: tuple[str, ...] = ()
    attaches_pdf: bool = False


def addresses_in(text: str) -> tuple[str, ...]:
    """Return the addresses of a form's field, separated by lines, commas or semicolons, each once.

    Raises:
        MailRefused: one is none.
    """
    found = [one.strip().lower() for one in text.replace(",", "\n").replace(";", "\n").split("\n")]
    kept = tuple(dict.fromkeys(one for one in found if one))
    for one in kept:
        check_address(one)
    return kept


def recipients(client_id: int, choice: Choice) -> list[Recipient]:
    """Return the people of a choice, each once.

    Raises:
        MailRefused: an address is none.
        ReportRefused: an address belongs to an account that may not see the client: a link would
            show its owner what the account must not.
    """
    people = {user.email: user for user in _with_account(client_id)}
    found: dict[str, Recipient] = {}
    if choice.to_client_users:
        for user in who_may("portal.view", client_id):
            found[user.email] = Recipient(user.email, user)
    strangers = _accounts(choice.addresses).exclude(pk__in=[one.pk for one in people.values()])
    if stranger := strangers.first():
        raise ReportRefused(
            f"{stranger.email} has an account that may not see this client; assign the client to it"
            " first, or leave it out"
        )
    for address in choice.addresses:
        check_address(address)
        found[address] = Recipient(address, people.get(address))
    return list(found.values())


def _with_account(client_id: int) -> list[User]:
    return [*who_may("portal.view", client_id), *who_may("reports.view", client_id)]


def _accounts(addresses: Iterable[str]) -> QuerySet[User]:
    return User.objects.filter(email__in=list(addresses)).order_by("pk")


def suggested(report: Report) -> Choice:
    """Return who is to get a report: as its schedule says, else who got the one before."""
    due = Due.objects.filter(report=report).select_related("schedule").first()
    if due is not None:
        schedule = due.schedule
        return Choice(schedule.to_client_users, tuple(schedule.addresses), schedule.attaches_pdf)
    before = (
        Delivery.objects.filter(
            client_id=report.client_id, report__definition_id=report.definition_id
        )
        .order_by("-queued_at", "-pk")
        .first()
    )
    if before is None:
        return Choice(to_client_users=True)
    last = Delivery.objects.filter(report_id=before.report_id)
    own = {user.pk for user in who_may("portal.view", report.client_id)}
    addresses = {one.address for one in last if one.user_id not in own}
    return Choice(
        to_client_users=any(one.user_id in own for one in last),
        addresses=tuple(sorted(addresses)),
        attaches_pdf=before.has_pdf,
    )
