"""`sanderling contracts ...`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.claims import given_columns
from sanderling.cli.imports import read_text
from sanderling.cli.output import ISODate, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.contracts.importing import ContractImport

IMPORT_COLUMNS = (
    *("file", "status", "client", "payer_id", "plan", "from_date", "to_date", "version"),
    *("mapping", "rows", "rates", "problems"),
)


@click.group("contracts")
def command() -> None:
    """Contracts with payers: fee schedules and terms."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--client", "client_code", required=True, help="The client, by its code.")
@click.option("--payer", "payer_id", required=True, metavar="ID", help="The payer, by its id.")
@click.option("--from", "from_date", type=ISODate(), required=True, help="First day of service.")
@click.option("--to", "to_date", type=ISODate(), default=None, help="Last day (default: open).")
@click.option(
    "--terms",
    "terms_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="A terms file (TOML).",
)
@click.option("--plan", default="", help="Plan, product or network as claims name it (any).")
@click.option("--mapping", "mapping_name", default="", help="Use, or keep, the columns under NAME.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=HEADER",
    help="Say what a column means, where its header does not tell.",
)
@output_options
@needs_database
def import_(  # noqa: PLR0913, PLR0917 - as many options
    file: Path,
    client_code: str,
    payer_id: str,
    from_date: date,
    to_date: date | None,
    terms_file: Path | None,
    plan: str,
    mapping_name: str,
    columns: tuple[str, ...],
    form: str | None,
    output: Path | None,
) -> None:
    """Load a payer's fee schedule from FILE (CSV or XLSX) as a version of a contract.

    Columns: code, modifier, place_of_service, allowed_cents, in any order; or as the payer calls
    them ("CPT", "Mod", "POS", "Allowed Amount" in dollars). What is empty is any. A version that
    begins inside another ends it the day before; one from the same day takes its place. Loading
    the same content twice changes nothing. Exit status 1 when a row was refused: the problems say
    which and why, the other rows are taken.
    """
    from django.utils import timezone

    from sanderling.contracts.actions import Parties, VersionTerms
    from sanderling.contracts.importing import RateSheet, import_contract
    from sanderling.contracts.queries import client_of, payer_of

    wanted = chosen(form, output)
    now = timezone.now()
    report = import_contract(
        Parties(client_of(client_code), payer_of(payer_id), plan),
        sheet=RateSheet(file.name, _bytes(file), mapping_name, given_columns(columns)),
        says=VersionTerms(from_date, to_date, terms=read_text(terms_file) if terms_file else ""),
        by=None,
        at=now,
        source="cli",
    )
    for problem in report.problems:
        click.echo(f"{file}: row {problem.row}, {problem.column}: {problem.message}", err=True)
    for sentence in report.said:
        click.echo(f"{file}: {sentence}", err=True)
    print_rows([_row(file, report)], columns=IMPORT_COLUMNS, as_of=now.date(), output=wanted)
    if report.problems:
        raise click.exceptions.Exit(1)


def _bytes(file: Path) -> bytes:
    from sanderling.core.sheets import FILE_BYTES_MAX, UnreadableSheet

    if file.stat().st_size > FILE_BYTES_MAX:
        raise UnreadableSheet(f"the file is larger than {FILE_BYTES_MAX // 2**20} MB; split it")
    return file.read_bytes()


def _row(file: Path, report: ContractImport) -> dict[str, object]:
    from sanderling.contracts.queries import days_of_version

    contract = report.version.contract
    from_date, to_date = days_of_version(report.version)
    return {
        "file": str(file),
        "status": report.status,
        "client": contract.client.code,
        "payer_id": contract.payer.payer_id,
        "plan": contract.plan,
        "from_date": from_date,
        "to_date": to_date,
        "version": report.version.pk,
        "mapping": report.mapping,
        "rows": report.rows,
        "rates": report.rates,
        "problems": [
            {"row": problem.row, "column": problem.column, "message": problem.message}
            for problem in report.problems
        ],
    }
