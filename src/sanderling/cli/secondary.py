"""`sanderling secondary`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database

TABS = ("ready", "waits", "asks")
_SECOND, _THIRD = 12, 13


@click.group("secondary")
def command() -> None:
    """Claims to the next payer: list, bill."""


@command.command("list")
@click.option("--state", type=click.Choice(TABS), default="ready", show_default=True)
@click.option("--client", default="", help="Only this client, by its code.")
@output_options
@needs_database
def list_claims(state: str, client: str, form: str | None, output: Path | None) -> None:
    """What can be billed to a next payer now, what waits, or what a person must answer first."""
    from sanderling.clients.models import Client
    from sanderling.resubmission.secondary_listing import COLUMNS, Narrowed, listed

    wanted = chosen(form, output)
    today = datetime.now(UTC).date()
    found = Client.objects.filter(code=client).first() if client else None
    if client and found is None:
        raise click.UsageError("no such client")
    rows = listed(state, Narrowed(client_id=found.pk if found else None), today=today)
    print_rows(
        rows,
        columns=COLUMNS,
        as_of=today,
        output=wanted,
        totals={"claims": len(rows), "balance_cents": sum(row["balance_cents"] for row in rows)},
    )


@command.command("bill")
@click.argument("client")
@click.argument("claims", nargs=-1)
@click.option("--third", is_flag=True, help="To the third payer; else to the second.")
@click.option("--all", "is_all", is_flag=True, help="All claims of the client that can be billed.")
@needs_database
def bill(client: str, claims: tuple[str, ...], *, third: bool, is_all: bool) -> None:
    """Put claims of CLIENT (its code) into files to their next payers, into the outbox.

    CLAIMS are patient control numbers. What cannot go says why and stops nothing else; then the
    exit code is 1. Run twice, a claim goes once.
    """
    from sanderling.claims.models import Claim
    from sanderling.clients.models import Client
    from sanderling.core.refusal import Refusal
    from sanderling.resubmission.secondary_actions import BATCH_MAX, bill_next_payers
    from sanderling.resubmission.secondary_listing import Narrowed, listed

    now = datetime.now(UTC)
    found = Client.objects.filter(code=client).first()
    if found is None:
        raise click.UsageError("no such client")
    if is_all == bool(claims):
        raise click.UsageError("name claims, or say --all")
    if is_all:
        rows = listed("ready", Narrowed(client_id=found.pk), today=now.date(), limit=BATCH_MAX)
        keys = [(int(row["claim_id"]), int(row["party"])) for row in rows]
    else:
        known = Claim.objects.filter(client=found, number__in=claims, has_facts=True)
        by_number = dict(known.values_list("number", "pk"))
        missing = [number for number in claims if number not in by_number]
        if missing:
            raise click.UsageError(f"no such claim: {', '.join(missing)}")
        keys = [(by_number[number], _THIRD if third else _SECOND) for number in claims]
    if not keys:
        click.echo("nothing to bill", err=True)
        return
    try:
        billed = bill_next_payers(keys, user=None, at=now)
    except Refusal as refusal:
        raise click.ClickException(refusal.sentence) from None
    for file in billed.files:
        click.echo(f"{file.name}\t{file.claim_count}")
    for one, sentence in billed.refused:
        click.echo(f"{one.claim.number}: {sentence}", err=True)
    click.echo(f"{len(billed.claims)} claims billed, {billed.due_cents} cents", err=True)
    if billed.refused:
        raise SystemExit(1)
