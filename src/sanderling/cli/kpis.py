"""`sanderling kpis`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from sanderling.cli.output import ISODate, as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


class MonthName(click.ParamType[date]):
    """A month written as 2026-03."""

    name = "MONTH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Return the first day of the month, or refuse as wrong usage."""
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"{value!r} is no month like 2026-03", param, ctx)


@click.command("kpis")
@click.option(
    "--by",
    default="",
    help="Comma-separated: client, payer, payer_type, provider, location, team, user, month.",
)
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@click.option("--month", type=MonthName(), help="Of this month (2026-03).")
@click.option("--from", "from_date", type=ISODate(), help="From this day.")
@click.option("--to", "to_date", type=ISODate(), help="To this day.")
@click.option("--refresh", is_flag=True, help="First make the nightly sums of the pages anew.")
@as_of_option
@output_options
@needs_database
def command(  # noqa: PLR0913 - one for each option
    by: str,
    clients: tuple[str, ...],
    month: date | None,
    from_date: date | None,
    to_date: date | None,
    *,
    refresh: bool,
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Key figures: each with its numerator and denominator.

    Of the 90 days to --as-of, or of a month, or of days; by month: of the last 12. A figure that
    tells how things stand is that of the last day. Everything known by the end of a period counts
    and nothing later. What figures mean: docs/domain/kpis.md.
    """
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.kpis.asking import MONTH, WrongQuestion
    from sanderling.kpis.nightly import refresh_sums
    from sanderling.kpis.reporting import periods_of, report

    wanted = chosen(form, output)
    known = client_ids_by_code() if clients else {}
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    names = [part.strip() for part in by.split(",") if part.strip()]
    now = datetime.now(UTC)
    if refresh:
        refresh_sums(today=now.date(), at=now)
    try:
        found = report(
            periods_of(by_month=MONTH in names, month=month, from_date=from_date, to_date=to_date,
                       as_of=as_of),
            by=list(dict.fromkeys(names)),
            client_ids=[known[code] for code in clients] if clients else None,
            today=now.date(),
            at=now,
        )  # fmt: skip
    except WrongQuestion as error:
        raise click.UsageError(str(error)) from None
    print_rows(found.rows, columns=found.columns, as_of=as_of, output=wanted, totals=found.totals)
