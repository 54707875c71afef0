"""`sanderling reviews`."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from sanderling.cli.output import ISODate, as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.group("reviews")
def command() -> None:
    """Weekly reviews: list, make, movement."""


@command.command("list")
@output_options
@needs_database
def list_reviews(form: str | None, output: Path | None) -> None:
    """The reviews that were made, the latest day first."""
    from django.utils import timezone

    from sanderling.reviews.listing import COLUMNS, review_rows

    wanted = chosen(form, output)
    print_rows(
        review_rows(limit=10_000),
        columns=COLUMNS,
        as_of=timezone.localdate(),
        output=wanted,
        totals={},
    )


@command.command("make")
@click.option("--series", "names", multiple=True, help="Only these series (name).")
@as_of_option
@needs_database
def make(names: tuple[str, ...], as_of: date) -> None:
    """Make the packs of a day, and what waits, as the worker does by itself every week.

    A pack that is there is not made again: its numbers are frozen.
    """
    from django.utils import timezone

    from sanderling.barriers.queries import bring_up_to_date
    from sanderling.reviews.making import ask_for_review, make_waiting
    from sanderling.reviews.models import Series

    now = timezone.now()
    found = Series.objects.filter(is_active=True).order_by("pk")
    if names:
        found = found.filter(name__in=names)
        missing = sorted(set(names) - set(found.values_list("name", flat=True)))
        if missing:
            raise click.UsageError(f"there is no series {missing[0]}")
    bring_up_to_date(now.date())
    for series in found:
        ask_for_review(series, as_of, user=None, at=now)
    count = make_waiting(at=now)
    click.echo(f"{count} pack{'' if count == 1 else 's'} made", err=True)


@command.command("movement")
@click.option("--since", type=ISODate(), help="Default: a week before.")
@click.option("--by", type=click.Choice(["reason", "age"]), default="reason", show_default=True)
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@as_of_option
@output_options
@needs_database
def movement(
    since: date | None, by: str, clients: tuple[str, ...], as_of: date, form: str | None,
    output: Path | None,
) -> None:  # fmt: skip
    """How receivables moved between two days, by reason or age; each row adds up to the cent.

    opening + charges + payments + adjustments + write-offs + refunds + transfers + taken over
    + moved in + moved out = closing.
    """
    from django.utils import timezone

    from sanderling.barriers.queries import bring_up_to_date
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.core.reviews.bridge import SUMMED
    from sanderling.reviews.movement import balances_on, movement
    from sanderling.reviews.page import MOVEMENT_COLUMNS

    wanted = chosen(form, output)
    known = client_ids_by_code()
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    ids = sorted(known[code] for code in clients or known)
    first = since or as_of - timedelta(days=7)
    if first >= as_of:
        raise click.UsageError("--since is a day before --as-of")
    today = timezone.localdate()
    bring_up_to_date(today)
    opening, closing = (balances_on(day, today=today, client_ids=ids) for day in (first, as_of))
    found = movement(opening, closing, since=first, until=as_of, client_ids=ids)
    if not found["tie"]["is_tied"]:
        click.echo(f"does not tie to the ledger: {found['tie']['off']}", err=True)
    print_rows(
        found["reasons" if by == "reason" else "ages"],
        columns=MOVEMENT_COLUMNS,
        as_of=as_of,
        output=wanted,
        totals={name: found["total"][name] for name in SUMMED},
    )
