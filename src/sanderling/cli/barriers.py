"""`sanderling barriers`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.command("barriers")
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@click.option(
    "--by-party",
    is_flag=True,
    help="A row for each party that owes (primary, secondary, tertiary, patient), with the codes"
    " behind it, instead of one for each claim.",
)
@click.option("--rebuild", is_flag=True, help="First work out today's barriers of all claims anew.")
@click.option(
    "--with-variance",
    is_flag=True,
    help="Also claims that a payer paid short and wrote down itself, at balance 0, with their"
    " variance_cents.",
)
@as_of_option
@output_options
@needs_database
def command(
    clients: tuple[str, ...],
    *,
    by_party: bool,
    rebuild: bool,
    with_variance: bool,
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Why each open balance is unpaid: one row for every claim that owes.

    The balances sum to all receivables of the day.
    """
    from sanderling.barriers import actions, queries
    from sanderling.clients.queries import client_ids_by_code

    wanted = chosen(form, output)
    known = client_ids_by_code() if clients else {}
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    today = datetime.now(UTC).date()
    if rebuild:
        actions.rebuild(today)
    sums: dict[str, Any] = {"claims" if not by_party else "parties": 0, "balance_cents": 0}

    if with_variance:
        sums["variance_cents"] = 0

    def counted() -> Iterator[dict[str, Any]]:
        for row in queries.barrier_rows(
            as_of,
            today=today,
            client_ids=[known[code] for code in clients] if clients else None,
            by_party=by_party,
            with_variance=with_variance,
        ):
            sums["claims" if not by_party else "parties"] += 1
            sums["balance_cents"] += row["balance_cents"]
            if with_variance:
                sums["variance_cents"] += row["variance_cents"]
            yield row

    print_rows(
        counted(),
        columns=(queries.DETAIL_COLUMNS if by_party else queries.COLUMNS)
        + (queries.VARIANCE_COLUMNS if with_variance else ()),
        as_of=as_of,
        output=wanted,
        totals=sums,
    )
