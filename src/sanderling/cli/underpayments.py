"""`sanderling underpayments`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.command("underpayments")
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@click.option("--payer", "payers", multiple=True, help="Only these payers (payer id).")
@click.option("--over", "is_over", is_flag=True, help="What was paid over instead of short.")
@as_of_option
@output_options
@needs_database
def command(
    clients: tuple[str, ...],
    payers: tuple[str, ...],
    *,
    is_over: bool,
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Lines that payers did not pay by contract, or not as they always did where there is none.

    variance_cents is allowed less expected: negative is paid short.
    """
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.payers.models import Payer
    from sanderling.pricing.queries import COLUMNS, variance_rows

    wanted = chosen(form, output)
    known = client_ids_by_code() if clients else {}
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    known_payers = dict(
        Payer.objects.filter(payer_id__in=payers).values_list("payer_id", "pk") if payers else []
    )
    for code in payers:
        if code not in known_payers:
            raise click.UsageError(f"there is no payer {code}")
    now = datetime.now(UTC)
    sums: dict[str, Any] = {
        "lines": 0,
        "allowed_cents": 0,
        "expected_cents": 0,
        "variance_cents": 0,
    }

    def counted() -> Iterator[dict[str, Any]]:
        for row in variance_rows(
            as_of,
            today=now.date(),
            at=now,
            client_ids=[known[code] for code in clients] if clients else None,
            payer_ids=[known_payers[code] for code in payers] if payers else None,
            is_over=is_over,
        ):
            sums["lines"] += 1
            for name in ("allowed_cents", "expected_cents", "variance_cents"):
                sums[name] += row[name]
            yield row

    print_rows(counted(), columns=COLUMNS, as_of=as_of, output=wanted, totals=sums)
