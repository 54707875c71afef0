"""The nightly search, night after night over the days of a planted world.

Each night sees what had come in by that evening (`issues.actions.search_as_of`); found_date of an issue
is the night that first said it. The issues are then read as they stand: with their onset as first
said, their claims and what they are about.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bench.detection_issues import WARM_UP_DAYS, Said
from bench.planted_worlds import START, PlantedWorld, in_process

if TYPE_CHECKING:
    from sanderling.issues.models import Issue

STEP_DAYS = 1


def issues_said(world: PlantedWorld) -> list[Said]:
    """Search every night that was not searched yet, and answer the issues."""
    code = (
        "from bench.detection_nights import search_nights; from bench.planted_worlds import PlantedWorld;"
        f"search_nights(PlantedWorld({world.seed}, {world.claims}, {world.days}))"
    )
    lines = list(in_process(world, code))
    return [_said(row) for row in json.loads(lines[-1])]


def _said(row: dict[str, Any]) -> Said:
    onset = row["onset_date"]
    return Said(
        str(row["id"]),
        row["kind"],
        date.fromisoformat(row["found_date"]),
        date.fromisoformat(onset) if onset else None,
        row["at_stake_cents"],
        row["title"],
        frozenset((client, claim) for client, claim in row["claims"]),
        row["basis"],
        row["onset_axis"],
    )


def search_nights(world: PlantedWorld) -> None:
    """Search the nights of the world; print the issues as JSON. In the world's environment."""
    from sanderling.cli.runtime import start_database

    start_database()
    from django.utils import timezone

    from sanderling.issues.actions import search_as_of
    from sanderling.issues.models import SearchRun
    from sanderling.mirror.actions import refresh
    from sanderling.pricing.actions import bring_up_to_date

    bring_up_to_date(world.last_date, at=timezone.now())
    refresh(world.last_date, timezone.now())
    done = {run.as_of_date for run in SearchRun.objects.filter(finished_at__isnull=False)}
    began = time.perf_counter()
    for offset in range(WARM_UP_DAYS, world.days, STEP_DAYS):
        day = START + timedelta(days=offset)
        if day not in done:
            search_as_of(day)
            sys.stderr.write(f"{day} {time.perf_counter() - began:.0f} s\n")
    print_issues()


def print_issues() -> None:
    """Print the issues that are kept as JSON."""
    from sanderling.issues.models import Issue

    issues = Issue.objects.with_totals().order_by("pk")
    sys.stdout.write(json.dumps([_row(issue) for issue in issues]) + "\n")


def _row(issue: Issue) -> dict[str, Any]:
    import polars as pl

    from sanderling.postgres.frames import read_frame

    claims = read_frame(
        "SELECT l.code, c.number FROM issues_claim i JOIN claims_claim c ON c.id = i.claim_id"
        " JOIN clients_client l ON l.id = c.client_id WHERE i.issue_id = %s",
        {"client": pl.String, "claim": pl.String},
        [issue.pk],
    )
    return {
        "id": issue.pk, "kind": issue.kind, "basis": issue.basis, "onset_axis": issue.onset_axis,
        "found_date": issue.found_date.isoformat(),
        "onset_date": issue.onset_date.isoformat() if issue.onset_date else None,
        "at_stake_cents": getattr(issue, "at_stake_cents", 0),
        "title": f"{issue.title} {issue.dimensions}", "claims": claims.rows(),
    }  # fmt: skip
