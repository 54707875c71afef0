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
    """Check the whole chain, then seal what is new; status 1 when a row was tampered with."""
    from sanderling.audit.actions import seal_events
    from sanderling.audit.chain import verify_chain
    from sanderling.audit.heads import keep_head, known_heads

    report = verify_chain(heads=known_heads())
    for one in report.findings:
        say(f"event {one.event_id}: {one.words}")
    if not report.is_intact:
        count = len(report.findings)
        say(f"tampered with: {count} row{'' if count == 1 else 's'} not as sealed")
        raise click.exceptions.Exit(1)
    sealed = seal_events(at=datetime.now(UTC))
    keep_head()
    say(f"intact: {report.sealed + sealed} events sealed, {report.unsealed - sealed} waiting")
    if report.dated_back:
        say(
            f"{report.dated_back} of them name a time more than a day before they were written,"
            f" the first is event {report.first_dated_back}"
        )


@command.command("list")
@click.option("--text", default="", help="Part of the action, a subject, or a claim's key.")
@click.option("--action", default="", help="Such as claim.view, or claim. for all of claims.")
@click.option("--actor", default="", help="Such as user:17, or cli: for every command line.")
@click.option("--client", default="", help="Code of a client.")
@click.option("--claim", default="", help="Number of a claim of the client.")
@click.option("--from", "from_day", type=click.DateTime(["%Y-%m-%d"]), help="First day (UTC).")
@click.option("--to", "to_day", type=click.DateTime(["%Y-%m-%d"]), help="Last day (UTC).")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
@output_options
@needs_database
def list_(  # noqa: PLR0913 - an option each
    *,
    text: str,
    action: str,
    actor: str,
    client: str,
    claim: str,
    from_day: datetime | None,
    to_day: datetime | None,
    limit: int,
    form: str | None,
    output: Path | None,
) -> None:
    """List events, latest first."""
    from sanderling.audit.searching import Question, found

    wanted = chosen(form, output)
    client_id, claim_ids = _keys(client, claim)
    question = Question(
        text=text,
        action=action,
        actor=actor,
        client_id=client_id,
        claim_ids=claim_ids,
        from_date=from_day.date() if from_day else None,
        to_date=to_day.date() if to_day else None,
    )
    events = found(question)[:limit]
    rows = ({name: getattr(event, name) for name in COLUMNS} for event in events)
    print_rows(rows, columns=COLUMNS, as_of=datetime.now(UTC).date(), output=wanted)


def _keys(client: str, claim: str) -> tuple[int | None, tuple[int, ...] | None]:
    """Return the keys of a client and of a claim of it.

    Raises:
        UsageError: there is none.
    """
    from sanderling.claims.models import Claim
    from sanderling.clients.models import Client

    if not client:
        if claim:
            raise click.UsageError("--claim needs --client")
        return None, None
    found = Client.objects.filter(code=client).first()
    if found is None:
        raise click.UsageError(f"there is no client {client}")
    if not claim:
        return found.pk, None
    ids = tuple(Claim.objects.filter(client=found, number=claim).values_list("pk", flat=True))
    if not ids:
        raise click.UsageError(f"client {client} has no claim {claim}")
    return found.pk, ids
