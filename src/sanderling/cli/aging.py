"""`sanderling aging`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.command("aging")
@click.option(
    "--by",
    default="",
    help="Comma-separated: client, payer, payer_name, payer_type, plan, provider, location,"
    " responsibility.",
)
@click.option(
    "--basis",
    type=click.Choice(["service", "first_billed", "last_billed", "responsibility"]),
    default="service",
    help="The day from which a balance ages.",
)
@click.option("--buckets", default="30,60,90,120", help="Upper bounds in days, rising.")
@click.option(
    "--party",
    type=click.Choice(["insurance", "patient", "all"]),
    default="insurance",
    help="Who owes (default: insurance).",
)
@click.option("--client", "clients", multiple=True, help="Only these clients (code).")
@click.option(
    "--with-variance",
    is_flag=True,
    help="Beside receivables: claims that payers paid short and wrote down themselves"
    " (variance_count, variance_cents). No bucket contains them.",
)
@as_of_option
@output_options
@needs_database
def command(  # noqa: PLR0913 - its options
    by: str,
    basis: str,
    buckets: str,
    party: str,
    clients: tuple[str, ...],
    *,
    with_variance: bool,
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Receivables by age: what was owed at the end of a day, by whom, since when.

    Credit balances are shown apart, never netted against debits.
    """
    from sanderling.clients.queries import client_ids_by_code
    from sanderling.receivables.aging import AgingQuestion, WrongQuestion, aging
    from sanderling.receivables.aging_variance import aging_with_variance

    wanted = chosen(form, output)
    try:
        bounds = tuple(int(part) for part in buckets.split(","))
    except ValueError:
        raise click.UsageError("--buckets takes whole numbers: 30,60,90,120") from None
    known = client_ids_by_code() if clients else {}
    for code in clients:
        if code not in known:
            raise click.UsageError(f"there is no client {code}")
    try:
        question = AgingQuestion(
            as_of=as_of,
            by=tuple(dict.fromkeys(part.strip() for part in by.split(",") if part.strip())),
            basis=basis,
            buckets=bounds,
            party=party,
            client_ids=tuple(known[code] for code in clients) if clients else None,
        )
    except WrongQuestion as error:
        raise click.UsageError(str(error)) from None
    if with_variance:
        answer = aging_with_variance(question, today=datetime.now(UTC).date())
    else:
        answer = aging(question)
    print_rows(
        answer.rows, columns=answer.columns, as_of=as_of, output=wanted, totals=answer.totals
    )
