"""`sanderling forecast`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

COLUMNS = ("week", "expected_cents", "low_cents", "high_cents")
WEEKS_MAX = 13


@click.command("forecast")
@click.option(
    "--weeks",
    type=click.IntRange(1, WEEKS_MAX),
    default=WEEKS_MAX,
    show_default=True,
    help="How many weeks ahead.",
)
@click.option("--by", type=click.Choice(["client"]), help="A row for each client and week.")
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@as_of_option
@output_options
@needs_database
def command(
    weeks: int,
    by: str | None,
    clients: tuple[str, ...],
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Insurance cash expected in each of the next weeks; four of five fall between low and high.

    A week is named by its first day; the first begins the day after --as-of. Worked out from what
    was known at the end of that day.
    """
    from django.utils import timezone

    from sanderling.clients.queries import client_ids_by_code
    from sanderling.forecast.making import forecast_rows
    from sanderling.mirror.actions import refresh

    wanted = chosen(form, output)
    known = client_ids_by_code()
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    refresh(today=timezone.localdate(), at=timezone.now())
    found = forecast_rows(
        as_of,
        weeks=weeks,
        by_client=by is not None,
        client_ids=[known[code] for code in clients] if clients else None,
    )
    codes = {pk: code for code, pk in known.items()}
    rows = [{**({"client": codes[row["client_id"]]} if by else {}), **_shown(row)} for row in found]
    rows.sort(key=lambda row: (str(row.get("client", "")), row["week"]))
    keys = ("expected_cents",)
    print_rows(
        rows,
        columns=(("client",) if by else ()) + COLUMNS,
        as_of=as_of,
        output=wanted,
        totals={key: sum(int(row[key]) for row in rows) for key in keys},
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in COLUMNS}
