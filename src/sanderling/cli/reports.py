"""`sanderling reports ...`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from sanderling.cli.kpis import MonthName
from sanderling.cli.output import ISODate, chosen, output_options, print_document, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.reports.models import Definition, Report

COLUMNS = (
    *("id", "definition", "audience", "client", "provider", "from_date", "to_date", "as_of"),
    *("state", "numbers_hash", "made_at"),
)
DEFINITION_COLUMNS = ("id", "name", "preset", "audience", "client", "blocks", "archived")
DIFFERENCE_COLUMNS = ("id", "block", "figure", "was", "is")
FORMS = ("pdf", "xlsx", "json")


@click.group("reports")
def command() -> None:
    """Reports to clients: compositions, reports made, the same numbers again."""


@command.command("list")
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@output_options
@needs_database
def list_(clients: tuple[str, ...], form: str | None, output: Path | None) -> None:
    """Reports made, the latest first."""
    from sanderling.reports.models import Report

    wanted = chosen(form, output)
    found = Report.objects.select_related("client", "definition").order_by("-pk").defer("numbers")
    if clients:
        found = found.filter(client__in=_client_ids(clients))
    rows = (_row(one) for one in found)
    print_rows(rows, columns=COLUMNS, as_of=_today(), output=wanted)


@command.command("definitions")
@output_options
@needs_database
def definitions(form: str | None, output: Path | None) -> None:
    """Compositions: which blocks a report has, for whom."""
    from sanderling.reports.models import Definition

    wanted = chosen(form, output)
    rows = (
        {
            "id": one.pk,
            "name": one.name,
            "preset": one.preset,
            "audience": one.audience,
            "client": one.client.code if one.client else "",
            "blocks": [block["kind"] for block in one.blocks],
            "archived": one.is_archived,
        }
        for one in Definition.objects.select_related("client").order_by("pk")
    )
    print_rows(rows, columns=DEFINITION_COLUMNS, as_of=_today(), output=wanted)


@command.command("make")
@click.argument("definition")
@click.option("--client", "clients", multiple=True, help="Only these clients (code); else all.")
@click.option("--month", type=MonthName(), help="Of this month (2026-03).")
@click.option("--from", "from_date", type=ISODate(), help="From this day.")
@click.option("--to", "to_date", type=ISODate(), help="To this day.")
@click.option("--as-of", type=ISODate(), help="As known at the end of that day (the last one).")
@click.option("--provider", default="", metavar="NPI", help="Of one provider's claims.")
@output_options
@needs_database
def make(  # noqa: PLR0913, PLR0917 - one for each option
    definition: str,
    clients: tuple[str, ...],
    month: date | None,
    from_date: date | None,
    to_date: date | None,
    as_of: date | None,
    provider: str,
    form: str | None,
    output: Path | None,
) -> None:
    """Make drafts by a composition (its id, its name, or executive, practice_manager, provider).

    All clients together. A report that stands for the same days is returned, not made again.
    """
    from sanderling.clients.models import Client
    from sanderling.core.refusal import Refusal
    from sanderling.reports.making import make_reports

    wanted = chosen(form, output)
    first, last = _days(month, from_date, to_date)
    found = _definition(definition)
    ids = _client_ids(clients) if clients else (
        [found.client_id] if found.client_id else list(Client.objects.values_list("pk", flat=True))
    )  # fmt: skip
    now = datetime.now(UTC)
    with Console(stderr=True).status("Working out") as status:

        def tell(words: str) -> None:
            status.update(f"Working out: {words}")

        try:
            made = make_reports(
                found, client_ids=ids, from_date=first, to_date=last, as_of=as_of or last, by=None,
                at=now, provider=provider, tell=tell,
            )  # fmt: skip
        except Refusal as refusal:
            raise click.UsageError(refusal.sentence) from None
    print_rows(
        (_row(one) for one in made), columns=COLUMNS, as_of=as_of or last, output=wanted,
        totals={"reports": len(made)},
    )  # fmt: skip


@command.command("render")
@click.argument("report_id", type=int)
@click.option("--as", "kind", type=click.Choice(FORMS), default="pdf", show_default=True)
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file.",
)
@needs_database
def render(report_id: int, kind: str, output: Path) -> None:
    """Write a report as PDF, workbook, or its frozen numbers as JSON."""
    from sanderling.cli.output import Output
    from sanderling.reports.rendering import pdf_of
    from sanderling.reports.workbook import xlsx_of

    report = _report(report_id)
    if kind == "json":
        print_document(report.numbers, output=Output("json", output))
        return
    temporary = output.with_name(f"{output.name}.part")
    temporary.write_bytes(pdf_of(report) if kind == "pdf" else xlsx_of(report))
    temporary.replace(output)


@command.command("again")
@click.argument("report_id", type=int)
@output_options
@needs_database
def again(report_id: int, form: str | None, output: Path | None) -> None:
    """Work a report out again for its own day; rows: the numbers that would be another now.

    Exit status 1 when there are any. The report stays as it is.
    """
    from sanderling.reports.comparing import make_again

    wanted = chosen(form, output)
    report = _report(report_id)
    with Console(stderr=True).status("Working out") as status:
        found = make_again(
            report, by=None, at=datetime.now(UTC),
            tell=lambda words: status.update(f"Working out: {words}"),
        )  # fmt: skip
    rows: Iterator[dict[str, Any]] = ({"id": report.pk, **one} for one in found.differences)
    print_rows(
        rows, columns=DIFFERENCE_COLUMNS, as_of=report.as_of_date, output=wanted,
        totals={"differences": len(found.differences)},
    )  # fmt: skip
    if not found.is_same:
        raise click.exceptions.Exit(1)


def _today() -> date:
    return datetime.now(UTC).date()


def _days(month: date | None, from_date: date | None, to_date: date | None) -> tuple[date, date]:
    """Return the first and the last day: a month, days, or the last month that is over."""
    from sanderling.core.kpis.frames import add_months, month_start

    if month is not None:
        if from_date or to_date:
            raise click.UsageError("give a month, or a first and a last day, not both")
        return month, add_months(month, 1) - timedelta(days=1)
    if (from_date is None) != (to_date is None):
        raise click.UsageError("give a first and a last day")
    if from_date is not None and to_date is not None:
        return from_date, to_date
    first = add_months(month_start(_today()), -1)
    return first, add_months(first, 1) - timedelta(days=1)


def _definition(name: str) -> Definition:
    from django.db.models import Q

    from sanderling.reports.models import Definition

    asked = Q(name=name) | Q(preset=name)
    if name.isascii() and name.isdigit():
        asked |= Q(pk=int(name))
    found = list(Definition.objects.filter(asked, is_archived=False)[:2])
    if len(found) != 1:
        what = "several compositions are" if found else "there is no composition"
        raise click.UsageError(f"{what} called {name}; see: sanderling reports definitions")
    return found[0]


def _report(report_id: int) -> Report:
    from sanderling.reports.models import Report

    found = Report.objects.select_related("client", "definition").filter(pk=report_id).first()
    if found is None:
        raise click.UsageError(f"there is no report {report_id}; see: sanderling reports list")
    return found


def _client_ids(codes: tuple[str, ...]) -> list[int]:
    from sanderling.clients.queries import client_ids_by_code

    known = client_ids_by_code()
    for code in codes:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    return [known[code] for code in codes]


def _row(one: Report) -> dict[str, Any]:
    return {
        "id": one.pk,
        "definition": one.title,
        "audience": one.audience,
        "client": one.client.code,
        "provider": one.provider,
        "from_date": one.from_date,
        "to_date": one.to_date,
        "as_of": one.as_of_date,
        "state": one.state,
        "numbers_hash": one.numbers_hash,
        "made_at": one.made_at,
    }
