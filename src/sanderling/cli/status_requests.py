"""`sanderling status-requests`."""

from __future__ import annotations

from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database, say

EXIT_REFUSED = 1


@click.command("status-requests")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go (default: status-requests in the data directory).",
)
@output_options
@needs_database
def command(folder: Path | None, form: str | None, output: Path | None) -> int:
    """Write the 276 files now due: what people queued, and claims whose status is to be checked.

    One file for each client and payer, at most 1,000 claims; a row for each claim asked about.
    Asking again on the same day asks about nothing twice. Status 1: some claims could not be
    asked about; each is named on stderr.
    """
    from django.conf import settings
    from django.utils import timezone

    from sanderling.inquiries.actions import write_requests
    from sanderling.inquiries.queries import COLUMNS, requests_of
    from sanderling.postgres.home import private_folder

    wanted = chosen(form, output)
    place = folder or private_folder(settings.SANDERLING_HOME, "status-requests")
    at = timezone.now()
    found = write_requests(place, at=at)
    print_rows(
        requests_of([file.pk for file in found.files]),
        columns=COLUMNS,
        as_of=at.date(),
        output=wanted,
        totals={
            "files": len(found.files),
            "claims": found.claims,
            "refused": len(found.refused),
        },
    )
    for one in found.refused:
        say(f"{one.client} {one.claim}: {one.fault}")
    return EXIT_REFUSED if found.refused else 0
