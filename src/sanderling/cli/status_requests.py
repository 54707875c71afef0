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

    One file for each client and payer, with as many claims as the payer takes; a row for each claim
    asked about. Files that wait to go out are written too; what is written counts as sent. Asking
    again on the same day asks about nothing twice. Status 1: some claims could not be asked about;
    each is named on stderr.
    """
    from django.conf import settings
    from django.utils import timezone

    from sanderling.inquiries.queries import COLUMNS, requests_of
    from sanderling.inquiries.writing import write_requests
    from sanderling.postgres.home import private_folder

    wanted = chosen(form, output)
    place = folder or private_folder(settings.SANDERLING_HOME, "status-requests")
    at = timezone.now()
    found = write_requests(place, at=at)
    print_rows(
        requests_of(found.files),
        columns=COLUMNS,
        as_of=at.date(),
        output=wanted,
        totals={
            "files": len(found.files),
            "claims": found.claims,
            "refused": len(found.sorted.refused),
            "waiting": len(found.sorted.waiting),
        },
    )
    for one, reason in (*found.sorted.refused, *found.sorted.waiting):
        say(f"{one.client} {one.claim}: {reason}")
    return EXIT_REFUSED if found.sorted.refused else 0
