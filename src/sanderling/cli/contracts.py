"""`sanderling contracts ...`."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.claims import given_columns
from sanderling.cli.imports import read_text
from sanderling.cli.naming import parties_named
from sanderling.cli.output import ISODate, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.contracts.importing import ContractImport

IMPORT_COLUMNS = (
    *("file", "status", "client", "payer_id", "plan", "from_date", "to_date", "version"),
    *("mapping", "rows", "rates", "problems"),
)


class Dollars(click.ParamType[Decimal]):
    """An amount of dollars with at most four decimal places."""

    name = "DOLLARS"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Return the amount, or refuse as wrong usage."""
        text = str(value)
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,4})?", text):
            self.fail(f"{text!r} is no amount like 33.4009", param, ctx)
        return Decimal(text)


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

    from sanderling.contracts.actions import VersionTerms
    from sanderling.contracts.importing import RateSheet, import_contract

    wanted = chosen(form, output)
    now = timezone.now()
    report = import_contract(
        parties_named(client_code, payer_id, plan),
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


REFERENCE_COLUMNS = (
    *("file", "status", "name", "kind", "year", "from_date", "rows", "taken", "problems"),
)


@command.command("reference")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="What terms call the schedule, such as medicare.")
@click.option("--kind", type=click.Choice(["rvu", "gpci", "fees"]), required=True)
@click.option("--year", type=click.IntRange(1992, 2200), required=True)
@click.option("--from", "from_date", type=ISODate(), default=None, help="Default: January 1.")
@click.option("--conversion-factor", type=Dollars(), default=None, help="Of RVU, in dollars.")
@click.option("--anesthesia-factor", type=Dollars(), default=None, help="Of RVU, in dollars.")
@output_options
@needs_database
def reference(  # noqa: PLR0913, PLR0917 - as many options
    file: Path,
    name: str,
    kind: str,
    year: int,
    from_date: date | None,
    conversion_factor: Decimal | None,
    anesthesia_factor: Decimal | None,
    form: str | None,
    output: Path | None,
) -> None:
    """Load a public schedule from FILE (CSV or XLSX) that contracts are a percentage of.

    Relative values (hcpcs, mod, work rvu, non-fac pe rvu, facility pe rvu, mp rvu, and Medicare's
    indicators), geographic factors (locality number, pw gpci, pe gpci, mp gpci) or fees (hcpcs,
    mod, locality, amount). Loading a file twice changes nothing; another of the same name, kind and
    first day takes its place.
    """
    from django.utils import timezone

    from sanderling.contracts.models import ReferenceKind
    from sanderling.contracts.reference_loading import NewReference, load_reference

    wanted = chosen(form, output)
    now = timezone.now()
    said = NewReference(
        name, ReferenceKind(kind), year, from_date, conversion_factor, anesthesia_factor
    )
    loaded = load_reference(said, file_name=file.name, content=_bytes(file), by=None, at=now)
    for problem in loaded.problems:
        click.echo(f"{file}: row {problem.row}, {problem.column}: {problem.message}", err=True)
    row = {
        "file": str(file),
        "status": loaded.status,
        "name": loaded.schedule.name,
        "kind": str(loaded.schedule.kind),
        "year": loaded.schedule.year,
        "from_date": loaded.schedule.from_date,
        "rows": loaded.rows,
        "taken": loaded.taken,
        "problems": [
            {"row": problem.row, "column": problem.column, "message": problem.message}
            for problem in loaded.problems
        ],
    }
    print_rows([row], columns=REFERENCE_COLUMNS, as_of=now.date(), output=wanted)
    if loaded.problems:
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
