"""`sanderling proof`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from sanderling.cli.naming import claim_named
from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

COLUMNS = (
    "submission", "date", "received_date", "kind", "source", "codes", "text", "strength",
    "deadline", "file_name", "position", "file_sha256", "seal",
)  # fmt: skip


@click.command("proof")
@click.argument("client")
@click.argument("claim")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write an exhibit (PDF) for each claim as sent that anything proves.",
)
@as_of_option
@output_options
@needs_database
def command(
    client: str, claim: str, *, folder: Path | None, as_of: date, form: str | None,
    output: Path | None,
) -> None:  # fmt: skip
    """What proves that a claim was filed: its lineage, checked against the originals.

    CLIENT is the client's code, CLAIM the patient control number. Exit status 1 when an original is
    missing or differs from what was read.
    """
    from sanderling.proofs.chain import check, sealed
    from sanderling.proofs.lineage import best_filing, lineage
    from sanderling.proofs.page import rows

    wanted = chosen(form, output)
    found = claim_named(client, claim)
    filings = lineage(found.pk, as_of=as_of)
    findings = check(filings)
    seals = {} if findings else {one.link: one for one in sealed(filings)}
    shown = rows(filings, seals)
    print_rows(shown, columns=COLUMNS, as_of=as_of, output=wanted, totals={"links": len(shown)})
    best = best_filing(filings)
    click.echo(best.verdict if best else "Nothing on hand proves that it was filed.", err=True)
    for one in findings:
        click.echo(f"{one.link.kind} in {one.link.file_sha256}: {one.text}", err=True)
    if findings:
        raise SystemExit(1)
    if folder:
        _write([one.submission_id for one in filings if one.best], folder, as_of)


def _write(submission_ids: list[int], folder: Path, as_of: date) -> None:
    from sanderling.proofs.exhibit import exhibit_pdf

    folder.mkdir(parents=True, exist_ok=True)
    for number in submission_ids:
        path = folder / f"proof-{number}.pdf"
        path.write_bytes(exhibit_pdf(number, as_of=as_of))
        click.echo(str(path), err=True)
