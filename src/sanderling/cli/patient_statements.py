"""`sanderling patient-statements`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.command("patient-statements")
@click.option("--client", help="Only this client's patients (its code).")
@output_options
@needs_database
def command(client: str | None, form: str | None, output: Path | None) -> None:
    """What patients owe, ready for statements: one row a claim, with the address as on the claim.

    Claims of patients who are protected from bills (QMB) are left out and counted on standard
    error.
    """
    from sanderling.transfers.statements import COLUMNS, statements

    wanted = chosen(form, output)
    found = statements(client=client)
    print_rows(
        found.rows,
        columns=COLUMNS,
        as_of=datetime.now(UTC).date(),
        output=wanted,
        totals={"claims": len(found.rows), "due_cents": found.due_cents},
    )
    if found.protected:
        click.echo(f"{len(found.protected)} left out: protected from bills", err=True)
