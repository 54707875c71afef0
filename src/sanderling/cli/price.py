"""`sanderling price`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanderling.cli.naming import claim_named, parties_named
from sanderling.cli.output import ISODate, as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

if TYPE_CHECKING:
    from sanderling.contracts.explaining import PricedClaim


@click.command("price")
@click.argument("client", required=False)
@click.argument("claim", required=False)
@click.option("--client", "client_code", default="", help="Without CLAIM: the client.")
@click.option("--payer", "payer_id", default="", metavar="ID", help="Without CLAIM: the payer.")
@click.option("--plan", default="", help="Without CLAIM: plan, product or network.")
@click.option("--code", default="", help="Without CLAIM: the code to be priced.")
@click.option("--modifiers", default="", help="Of --code, parted by colons.")
@click.option("--pos", default="11", help="Place of service of --code (11).")
@click.option("--units", type=click.FloatRange(min=0, min_open=True), default=1.0)
@click.option("--charge-cents", type=click.IntRange(0), default=None, help="Charge of --code.")
@click.option("--date", "on_date", type=ISODate(), default=None, help="Day of service of --code.")
@as_of_option
@output_options
@needs_database
def command(  # noqa: PLR0913, PLR0917 - the options of the command
    client: str | None,
    claim: str | None,
    client_code: str,
    payer_id: str,
    plan: str,
    code: str,
    modifiers: str,
    pos: str,
    units: float,
    charge_cents: int | None,
    on_date: date | None,
    as_of: date,
    form: str | None,
    output: Path | None,
) -> None:
    """Explain what each line of a claim should bring: which contract, which rate, each step.

    CLIENT CLAIM prices a claim as its first payer answered it (unanswered: as sent last), beside
    what that payer allowed; or --client, --payer, --code and --date price one code. A row is a
    line; `steps` add up to expected_cents; variance_cents is allowed less expected, negative is
    paid short; `not_compared` says why there is none. Exit status 1 when no contract covers the
    claim.
    """
    wanted = chosen(form, output)
    if client and claim:
        priced = _of_claim(client, claim, as_of)
    elif code and payer_id and client_code and not client:
        priced = _of_code(
            (client_code, payer_id, plan),
            (code, modifiers, pos, units, charge_cents),
            on_date or as_of,
        )
    else:
        raise click.UsageError("say CLIENT and CLAIM, or --client, --payer and --code")
    from sanderling.contracts.explaining import COLUMNS

    print_rows(priced.rows(), columns=COLUMNS, as_of=as_of, output=wanted, totals=priced.totals)


def _of_claim(client: str, number: str, as_of: date) -> PricedClaim:
    from sanderling.contracts.explaining import price_claim

    return price_claim(claim_named(client, number), as_of=as_of)


def _of_code(
    parties: tuple[str, str, str],
    line: tuple[str, str, str, float, int | None],
    on_date: date,
) -> PricedClaim:
    from sanderling.contracts.claim_lines import BilledLine
    from sanderling.contracts.explaining import price_by_hand

    client_code, payer_id, plan = parties
    code, modifiers, pos, units, charge = line
    billed = BilledLine(
        1, code.upper(), modifiers.upper().replace(",", ":"), "", pos, units, charge or 0, on_date
    )
    return price_by_hand(
        parties_named(client_code, payer_id, plan),
        "P",
        [billed],
        without_charge=frozenset({1} if charge is None else ()),
    )
