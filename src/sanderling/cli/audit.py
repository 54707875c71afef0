"""`sanderling audit ...`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sanderling.cli.output import chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database, say

COLUMNS = (
    *("id", "at", "actor", "role", "client_id", "claim_id", "action"),
    *("subject_kind", "subject_id", "detail", "ip"),
)


@click.group("audit")
def command() -> None:
    """The audit trail: who did and saw what."""


@command.command("verify")
@needs_database
def verify() -> None:
    """Seal what is new, then check the whole chain; status 1 when a row was tampered with."""
    from sanderling.audit.actions import seal_events
    from sanderling.audit.queries import verify_chain

    report = verify_chain()
    if report.is_intact and report.unsealed:
        seal_events(at=datetime.now(UTC))
        report = verify_chain()
    if report.is_intact:
        say(f"intact: {report.sealed} events sealed, {report.unsealed} waiting")
        return
    say(f"event {report.bad_event_id}: {report.fault}; {report.sealed} events before it are right")
    raise click.exceptions.Exit(1)


@command.command("list")
@click.option("--text", default="", help="Words of the subject or action, or a claim's key.")
@click.option("--action", default="", help="Beginning of the action, such as claim.")
@click.option("--actor", default="", help="Such as user:17 or cli:alice.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
@output_options
@needs_database
def list_(
    *, text: str, action: str, actor: str, limit: int, form: str | None, output: Path | None
) -> None:
    """List events, latest first."""
    from sanderling.audit.queries import found_events

    wanted = chosen(form, output)
    found = found_events(text=text, action=action, actor=actor)[:limit]
    rows = ({name: getattr(event, name) for name in COLUMNS} for event in found)
    print_rows(rows, columns=COLUMNS, as_of=datetime.now(UTC).date(), output=wanted)
