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
    from sanderling.audit.actions import record_event
    from sanderling.transfers.statements import COLUMNS, statements

    wanted = chosen(form, output)
    found = statements(client=client)
    now = datetime.now(UTC)
    record_event(action="statements.export", at=now, detail={"rows": len(found.rows)})
    print_rows(
        found.rows,
        columns=COLUMNS,
        as_of=now.date(),
        output=wanted,
        totals={"claims": len(found.rows), "due_cents": found.due_cents},
    )
    if found.protected:
        click.echo(f"{len(found.protected)} left out: protected from bills", err=True)
