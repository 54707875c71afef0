"""`sanderling issues`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

_STATES = ("new", "confirmed", "fixing", "verifying", "closed", "dismissed")


@click.command("issues")
@click.option("--client", "clients", multiple=True, help="Only issues that hit these (code).")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES), help="Only in these states."
)
@as_of_option
@output_options
@needs_database
def command(
    clients: tuple[str, ...],
    *,
    states: tuple[str, ...],
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Systemic issues: what began to go wrong, for whom, since when, with how much at stake.

    Of today: first searches when facts came since the last search (as the nightly job does), and
    stores what it finds. Of a past day: works out what a search on that evening would have found,
    and stores nothing.
    """
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.issues.actions import bring_in_step, rows_today
    from sanderling.issues.queries import COLUMNS, rows_as_of

    wanted = chosen(form, output)
    known = client_ids_by_code() if clients else {}
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    client_ids = [known[code] for code in clients] if clients else None
    now = datetime.now(UTC)
    console = Console(stderr=True)
    with console.status("Searching") as status:

        def tell(kind: str) -> None:
            status.update(f"Searching: {kind.replace('_', ' ')}")

        if as_of >= now.date():
            found = rows_today(now.date(), now, client_ids=client_ids, states=states, tell=tell)
        else:
            bring_in_step(now.date(), now, tell=tell)
            found = list(rows_as_of(as_of, client_ids=client_ids, states=states, tell=tell))
    sums: dict[str, Any] = {
        "issues": len(found),
        "claims": sum(row["claims"] for row in found),
        "at_stake_cents": sum(row["at_stake_cents"] for row in found),
    }
    print_rows(iter(found), columns=COLUMNS, as_of=as_of, output=wanted, totals=sums)
