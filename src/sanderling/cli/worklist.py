"""`sanderling worklist`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.command("worklist")
@click.option("--user", "email", help="Only this user's work (e-mail address).")
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many rows.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Only what one person gets done in so many minutes; calls to one payer are batched.",
)
@as_of_option
@output_options
@needs_database
def command(
    email: str | None,
    clients: tuple[str, ...],
    limit: int | None,
    minutes: float | None,
    *,
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """What to work on, in order: the most expected extra dollars for each minute first.

    A row for each open balance of a party that is due and worth a touch. Of past days no owners,
    dates or flags that people set are known; --user then narrows to that user's clients.
    """
    from sanderling.accounts.models import User
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.worklists.ranking import COLUMNS, Wanted, ranked_rows

    wanted_output = chosen(form, output)
    known = client_ids_by_code() if clients else {}
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    user = None
    if email is not None:
        user = User.objects.filter(email=email.lower(), is_active=True).first()
        if user is None:
            raise click.UsageError(f"there is no user {email}")
    today = datetime.now(UTC).date()
    sums: dict[str, Any] = {"items": 0, "balance_cents": 0, "value_cents": 0, "effort_minutes": 0.0}

    def counted() -> Iterator[dict[str, Any]]:
        for row in ranked_rows(
            as_of,
            today=today,
            wanted=Wanted(
                user=user,
                client_ids=[known[code] for code in clients] if clients else None,
                limit=limit,
                minutes=minutes,
            ),
        ):
            sums["items"] += 1
            sums["balance_cents"] += row["balance_cents"]
            sums["value_cents"] += row["value_cents"]
            sums["effort_minutes"] = round(sums["effort_minutes"] + row["effort_minutes"], 1)
            yield row

    print_rows(counted(), columns=COLUMNS, as_of=as_of, output=wanted_output, totals=sums)
