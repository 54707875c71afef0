"""`sanderling clients ...`."""

from __future__ import annotations

from pathlib import Path

import click

from sanderling.cli.imports import print_import, read_text
from sanderling.cli.output import Output, chosen, output_options
from sanderling.cli.runtime import needs_database


@click.group("clients")
def command() -> None:
    """Clients: the practices and hospitals we bill for."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output_options
@needs_database
def import_(file: Path, form: str | None, output: Path | None) -> None:
    """Load clients from FILE (CSV).

    Columns: code, name, npis, tins, tier (standard or key), follow_up_days, high_dollar_cents;
    lists are separated by semicolons. Loading a file twice changes nothing.
    """
    from django.utils import timezone

    from sanderling.clients.actions import import_clients

    wanted: Output = chosen(form, output)
    print_import(import_clients(text=read_text(file), at=timezone.now()), file=file, output=wanted)
