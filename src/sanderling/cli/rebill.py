"""`sanderling rebill`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from sanderling.cli.naming import claim_named
from sanderling.cli.output import Output, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database, say

COLUMNS = (
    "client", "claim", "payer_name", "kind", "state", "needs", "changes", "charge_before_cents",
    "charge_after_cents", "file",
)  # fmt: skip
PARTIES = {"primary": 11, "secondary": 12, "tertiary": 13}


@click.command("rebill")
@click.argument("client")
@click.argument("claim")
@click.option(
    "--set",
    "corrections",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A correction; several may be given. --fields lists the fields.",
)
@click.option(
    "--kind",
    type=click.Choice(["auto", "replacement", "void", "first"]),
    default="auto",
    show_default=True,
    help="How it is sent; auto: as what the payer said asks for.",
)
@click.option("--reason", default="", help="Why it is sent again (needed to send).")
@click.option(
    "--party",
    type=click.Choice(list(PARTIES)),
    default="primary",
    show_default=True,
    help="To which of the claim's payers.",
)
@click.option(
    "--fields", "lists_fields", is_flag=True, help="List the claim's fields; send nothing."
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the file there; it counts as sent. Else the outbox sends it.",
)
@output_options
@needs_database
def command(  # noqa: PLR0913 - the options of the command
    client: str,
    claim: str,
    corrections: tuple[str, ...],
    kind: str,
    reason: str,
    party: str,
    *,
    lists_fields: bool,
    folder: Path | None,
    form: str | None,
    output: Path | None,
) -> int:
    """Send a claim again, corrected: as a new claim, a replacement or a void.

    The claim is taken as it was sent, the corrections are applied and checked, and it goes to the
    outbox, or waits there for approval where the policy asks for it. What is wrong is said on
    stderr, field by field, and nothing is sent (status 1). Sending the same version twice is
    refused.
    """
    from uuid import uuid4

    from django.utils import timezone

    from sanderling.core.resubmission.kinds import Kind
    from sanderling.resubmission.actions import Asked, send
    from sanderling.resubmission.models import Resubmission
    from sanderling.resubmission.preparing import ClaimFaulty
    from sanderling.resubmission.standing import rows_of

    wanted = chosen(form, output)
    found = claim_named(client, claim)
    at = timezone.now()
    if lists_fields:
        _print_fields(found.pk, PARTIES[party], at=at, output=wanted)
        return 0
    typed = _typed(corrections)
    try:
        made = send(
            claim=found,
            party=PARTIES[party],
            kind=None if kind == "auto" else Kind(kind),
            typed=typed,
            asked=Asked(reason, None, at),
            key=uuid4(),
        )
    except ClaimFaulty as refusal:
        for finding in refusal.findings:
            level = "error" if finding.is_error else "warning"
            say(f"{level}: {finding.path or 'claim'}: {finding.text}")
        return 1
    if folder is not None and made.file_id is not None:
        _write(made.file_id, folder, at=at)
    (row,) = rows_of(Resubmission.objects.filter(pk=made.pk))
    print_rows([row], columns=COLUMNS, as_of=at.date(), output=wanted, totals={})
    return 0


def _typed(corrections: tuple[str, ...]) -> dict[str, str]:
    typed = {}
    for text in corrections:
        path, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes FIELD=VALUE, not {text!r}")
        typed[path.strip()] = value
    return typed


def _print_fields(claim_id: int, party: int, *, at: datetime, output: Output) -> None:
    from sanderling.core.resubmission.edits import label_of
    from sanderling.core.resubmission.fields import fields_of
    from sanderling.resubmission.preparing import source_of

    source = source_of(claim_id, party)
    rows = [
        {
            "field": field.path,
            "label": label_of(field),
            "value": field.value(source.original),
            "kind": field.kind.value,
            "choices": " ".join(code for code, _ in field.choices),
            "at": field.at,
        }
        for field in fields_of(source.original)
    ]
    columns = ("field", "label", "value", "kind", "choices", "at")
    print_rows(rows, columns=columns, as_of=at.date(), output=output, totals={})


def _write(file_id: int, folder: Path, *, at: datetime) -> None:
    from sanderling.exchange.carrying import write_file
    from sanderling.exchange.releasing import release

    release(at=at)
    folder.mkdir(parents=True, exist_ok=True)
    name = write_file(file_id, folder, at=at)
    say(f"written: {folder / name}" if name else "a mailbox takes the file; it was not written")
