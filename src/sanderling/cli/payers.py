"""`sanderling payers ...`."""

from __future__ import annotations

from pathlib import Path

import click

from sanderling.cli.imports import print_import, read_text
from sanderling.cli.output import Output, chosen, output_options
from sanderling.cli.runtime import needs_database


@click.group("payers")
def command() -> None:
    """Payers: the insurers who owe."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output_options
@needs_database
def import_(file: Path, form: str | None, output: Path | None) -> None:
    """Load payers from FILE (CSV).

    Columns: payer_id, name, aliases, type, timely_filing_days, corrected_claim_days, appeal_days,
    response_days, phone, portal_url, call_hours, claims_per_call; lists are separated by
    semicolons; an empty number: not set. Loading a file twice changes nothing.
    """
    from django.utils import timezone

    from sanderling.payers.actions import import_payers

    wanted: Output = chosen(form, output)
    print_import(import_payers(text=read_text(file), at=timezone.now()), file=file, output=wanted)
