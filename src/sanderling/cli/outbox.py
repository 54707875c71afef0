"""`sanderling outbox`: files of ours that go out, or wait to be carried by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database


@click.group("outbox")
def command() -> None:
    """Files of ours: list, show, write, cancel, retry."""


@command.command("list")
@click.option(
    "--state",
    type=click.Choice(["held", "waiting", "open", "late", "rejected", "accepted", "cancelled"]),
)
@output_options
@needs_database
def list_files(state: str | None, form: str | None, output: Path | None) -> None:
    """Files of ours: where they are, and what was said of them."""
    from sanderling.exchange.queries import COLUMNS, files_of, rows_of
    from sanderling.outbox.models import OutboundFile

    today = datetime.now(UTC).date()
    found = files_of(state, today=today) if state else OutboundFile.objects.order_by("-pk")
    print_rows(rows_of(found), columns=COLUMNS, as_of=today, output=chosen(form, output), totals={})


@command.command("show")
@click.argument("name")
@output_options
@needs_database
def show(name: str, form: str | None, output: Path | None) -> None:
    """The claims of one file, with what was said of each."""
    from sanderling.exchange.queries import claims_of

    file = _file(name)
    rows = [
        {
            "client": one.client,
            "claim": one.claim,
            "party": one.party,
            "reference": one.reference,
            "standing": one.standing,
            "answered_at": one.answered_at.isoformat() if one.answered_at else "",
            "charge_cents": one.charge_cents,
        }
        for one in claims_of(file)
    ]
    columns = ("client", "claim", "party", "reference", "standing", "answered_at", "charge_cents")
    print_rows(
        rows,
        columns=columns,
        as_of=datetime.now(UTC).date(),
        output=chosen(form, output),
        totals={},
    )


@command.command("write")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@needs_database
def write(folder: Path) -> None:
    """Write the files that no mailbox takes into a folder; they count as sent.

    Killed in between, the next call writes the rest under the same names.
    """
    from sanderling.exchange.carrying import carry_out

    names = carry_out(folder, at=datetime.now(UTC))
    for name in names:
        click.echo(name)
    click.echo(f"{len(names)} file{'' if len(names) == 1 else 's'} written", err=True)


@command.command("cancel")
@click.argument("name")
@needs_database
def cancel(name: str) -> None:
    """Keep a file from going out."""
    from sanderling.outbox.actions import cancel as cancel_file

    cancel_file(_file(name).pk, at=datetime.now(UTC))


@command.command("retry")
@click.argument("name")
@needs_database
def retry(name: str) -> None:
    """Try a file again that was not delivered."""
    from sanderling.outbox.actions import retry as retry_file

    retry_file(_file(name).pk, at=datetime.now(UTC))


def _file(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a model, loaded late
    from sanderling.outbox.models import OutboundFile

    number = name.removeprefix("SL").split(".")[0]
    found = OutboundFile.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if found is None:
        raise click.UsageError(f"there is no file {name}: sanderling outbox list")
    return found
