"""`sanderling claims show`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from sanderling.cli.naming import claim_named
from sanderling.cli.output import as_of_option, chosen, output_options, print_rows
from sanderling.cli.runtime import needs_database
from sanderling.web.exporting import dollars

MONEY_KEYS = (
    "charge_cents",
    "taken_over_cents",
    "paid_cents",
    "adjusted_cents",
    "written_off_cents",
    "refunded_cents",
    "insurance_cents",
    "patient_cents",
    "balance_cents",
)


@click.command("show")
@click.argument("client")
@click.argument("claim")
@as_of_option
@output_options
@needs_database
def show(client: str, claim: str, as_of: date, form: str | None, output: Path | None) -> None:
    """Everything about one claim: balances, why it is open, lines, remittances, timeline.

    CLIENT is the client's code, CLAIM the patient control number. JSON has it all; the table, CSV
    and XLSX have the timeline.

    In JSON, `activities` has what was done, each with its note's scenario, disposition,
    next_action, representative, contact, answers, minutes, is_avoidable, addenda and attachments,
    and `withdrawn`; `promises` and `escalations` have what payers promised and the steps on the
    ladder.
    """
    from sanderling.barriers.of_claim import known_barriers
    from sanderling.receivables.claim import claim_detail

    wanted = chosen(form, output)
    found = claim_named(client, claim)
    today = datetime.now(UTC).date()
    rows = known_barriers(found.pk, as_of=as_of, today=today)
    detail = claim_detail(found, as_of=as_of, barriers=rows)
    if wanted.form == "json":
        print_rows([detail], columns=list(detail), as_of=as_of, output=wanted)
        return
    totals = {key: detail[key] for key in MONEY_KEYS}
    columns = ("date", "event", "text", "amount_cents", "position", "file_name")
    if wanted.form == "table":
        for line in header(detail):
            click.echo(line, err=True)
    print_rows(
        detail["timeline"],
        columns=columns,
        as_of=as_of,
        output=wanted,
        totals={"amount_cents": detail["balance_cents"]} if wanted.form == "table" else totals,
    )


def header(detail: dict[str, Any]) -> list[str]:
    """Return the lines above the table: which claim it is, and its sums."""
    is_silent = {
        "taken_over_cents": not detail["snapshots"],
        "written_off_cents": not detail["written_off_cents"],
        "refunded_cents": not detail["refunded_cents"],
    }
    keys = [key for key in MONEY_KEYS if not is_silent.get(key, False)]
    return [
        f"{detail['client']} {detail['claim']} ({detail['kind']})",
        *(f"  {_title(key).ljust(10)} {dollars(detail[key]):>14}" for key in keys),
        *(line for row in detail["barrier"] or [] for line in _why(row)),
    ]


def _why(row: dict[str, Any]) -> list[str]:
    """Return why a party owes, and what comes next."""
    lines = [f"  {row['party']} {dollars(row['balance_cents'])}: {row['sentence']}"]
    if row["next_action"]:
        lines.append(f"    next: {row['next_action']} by {row['team']}, {row['next_date']}")
    if row["deadline"]:
        met = " (met)" if row["is_deadline_met"] else ""
        lines.append(f"    deadline: {row['deadline_kind']} {row['deadline']}{met}")
    pay = row["prompt_pay"]
    if pay:
        late = f", {pay['late_days']} days late" if pay["late_days"] else ""
        cents = pay["interest_cents"]
        interest = f", interest estimate {dollars(cents)}" if cents else ""
        lines.append(f"    prompt pay: due {pay['due']}{late} ({pay['jurisdiction']}){interest}")
    return lines


def _title(key: str) -> str:
    return key.removesuffix("_cents").replace("_", " ")
