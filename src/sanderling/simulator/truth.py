"""Write what is true about a world, for tests. The product must never read it.

Files: claims.jsonl (ledger with each day of change, identifiers, planted faults), barriers.csv (one
row for each party with a balance on the last day), variances.csv (lines not paid by contract),
files.csv (what each file adds up to), problems.json (planted systemic and single problems). A world
with a recipe has planted.csv besides: each claim or line that one of its problems has touched.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date, timedelta
from pathlib import Path

from sanderling.simulator.book import Snapshot
from sanderling.simulator.episodes import Episode, Track
from sanderling.simulator.files import OutFile
from sanderling.simulator.planted import FAMILIES, PlantedProblem, Struck
from sanderling.simulator.standing import PARTIES, Standing, standings
from sanderling.simulator.world import World

BARRIER_COLUMNS = (
    "client", "claim", "party", "payer_id", "balance_cents", "barrier", "category", "detail",
    "reason", "since_date", "next_action", "deadline", "deadline_kind",
)  # fmt: skip
VARIANCE_COLUMNS = (
    "client", "claim", "line", "payer_id", "code", "modifiers", "service_date", "allowed_cents",
    "expected_cents", "variance_cents", "cause",
)  # fmt: skip
STRUCK_COLUMNS = tuple(field.name for field in fields(Struck))
FIELDS_ALWAYS = 8  # of a problem; what comes after stands in problems of a recipe only
FILE_COLUMNS = (
    "file", "kind", "date", "transactions", "claims", "charge_cents", "paid_cents",
    "payment_cents", "provider_adjustment_cents",
)  # fmt: skip


def write_truth(world: World, files: list[OutFile], folder: Path) -> None:
    """Write all truth files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = world.state.settings
    as_of = settings.start_date + timedelta(days=settings.days - 1)
    with (folder / "claims.jsonl").open("w", encoding="utf-8") as stream:
        for episode in world.state.episodes:
            stream.write(json.dumps(claim_truth(episode), separators=(",", ":")) + "\n")
    rows = [row for episode in world.state.episodes for row in standings(episode, as_of)]
    _write_csv(folder / "barriers.csv", BARRIER_COLUMNS, [_barrier_row(row) for row in rows])
    variances = [row for episode in world.state.episodes for row in _variance_rows(episode)]
    _write_csv(folder / "variances.csv", VARIANCE_COLUMNS, variances)
    _write_csv(folder / "files.csv", FILE_COLUMNS, [_file_row(file) for file in files])
    problems = {
        "as_of": as_of.isoformat(),
        "settings": {**asdict(settings), "start_date": settings.start_date.isoformat()},
        "systemic": [
            _problem(problem, world.state.struck.values()) for problem in world.state.problems
        ],
        "single": world.state.notes,
    }
    if world.state.renewals:
        problems["renewals"] = [
            {key: _plain(value) for key, value in asdict(item).items()}
            for item in world.state.renewals
        ]
    if world.state.struck:
        _write_csv(folder / "planted.csv", STRUCK_COLUMNS, _struck_rows(world))
    (folder / "problems.json").write_text(json.dumps(problems, indent=1) + "\n", encoding="utf-8")


def _problem(problem: PlantedProblem, struck: Iterable[Struck]) -> dict[str, object]:
    """Answer a problem; one of a recipe with the claims it has touched and their dollars."""
    if not problem.name:
        return {key: _plain(value) for key, value in list(asdict(problem).items())[:FIELDS_ALWAYS]}
    answer = {key: _plain(value) for key, value in asdict(problem).items()}
    own = [item for item in struck if item.problem == problem.name]
    answer |= {
        "family": FAMILIES[problem.kind],
        "claims": len({(item.client, item.claim) for item in own}),
        "lines": len(own),
        "charge_cents": sum(item.charge_cents for item in own),
        "expected_cents": sum(item.expected_cents for item in own),
        "variance_cents": sum(item.variance_cents for item in own),
        "first_received_date": _plain(min((item.received_date for item in own), default=None)),
        "first_service_date": _plain(min((item.service_date for item in own), default=None)),
        "first_seen_date": _plain(min((item.seen_date for item in own), default=None)),
    }
    return answer


def _struck_rows(world: World) -> list[tuple[object, ...]]:
    return [
        tuple(_plain(value) for value in asdict(item).values())
        for item in world.state.struck.values()
    ]


def claim_truth(episode: Episode) -> dict[str, object]:
    """Answer everything true about one claim."""
    account = episode.account
    return {
        "client": account.client.code,
        "claim": account.control_number,
        "form": account.department.form.value,
        "service_date": account.service_date.isoformat(),
        "charge_cents": account.charge_cents,
        "payers": [coverage.payer.code for coverage in account.patient.coverages],
        "is_voided": episode.is_voided,
        "noise": sorted(set(episode.noise)),
        "changes": [_snapshot(item) for item in episode.book.history],
        "tracks": [_track(track) for track in episode.tracks],
    }


def _snapshot(item: Snapshot) -> dict[str, object]:
    balances = dict(zip(PARTIES, item.balances_cents, strict=True))
    return {
        "date": item.on_date.isoformat(),
        "charge_cents": item.charge_cents,
        "paid_cents": item.paid_cents,
        "contractual_cents": item.contractual_cents,
        "sequestration_cents": item.sequestration_cents,
        "balance_cents": sum(item.balances_cents),
        **{f"{party}_cents": cents for party, cents in balances.items()},
    }


def _track(track: Track) -> dict[str, object]:
    ruling = track.ruling
    status = track.latest_status
    return {
        "stage": track.stage.value,
        "sent_dates": [day.isoformat() for day in track.sent_dates],
        "accepted_date": _plain(track.accepted_date),
        "posted_date": _plain(track.posted_date),
        "payment_date": _plain(track.payment_date),
        "crossover_date": _plain(track.crossover_date),
        "status": f"{status.category}:{status.code}" if status else "",
        "status_date": _plain(status.received_date) if status else "",
        "payer_claim_number": track.payer_claim_number,
        "hidden": track.hidden,
        "rejected_by": track.rejected_by if track.rejection else "",
        "outcome": ruling.outcome.value if ruling else "",
        "category": ruling.category if ruling else "",
        "denied_cents": ruling.denied_cents if ruling else 0,
        "reason": ruling.reason if ruling else "",
        "planted": list(ruling.planted) if ruling else [],
    }


def _variance_rows(episode: Episode) -> list[tuple[object, ...]]:
    account = episode.account
    rows: list[tuple[object, ...]] = []
    ruling = episode.tracks[0].ruling
    if ruling is None or episode.is_voided:
        return rows
    for item in ruling.short_lines:
        line = account.lines[item.line_number - 1]
        rows.append(
            (
                account.client.code,
                account.control_number,
                item.line_number,
                account.patient.coverages[0].payer.code,
                line.code,
                ";".join(line.modifiers),
                line.service_date.isoformat(),
                item.allowed_cents,
                item.expected_cents,
                item.allowed_cents - item.expected_cents,
                item.cause,
            )
        )
    return rows


def _barrier_row(row: Standing) -> tuple[object, ...]:
    return tuple(_plain(value) for value in asdict(row).values())


def _file_row(file: OutFile) -> tuple[object, ...]:
    totals = file.totals
    return (
        f"{file.on_date.isoformat()}/{file.name}",
        file.kind,
        file.on_date.isoformat(),
        totals.transactions,
        totals.claims,
        totals.charge_cents,
        totals.paid_cents,
        totals.payment_cents,
        totals.provider_adjustment_cents,
    )


def _plain(value: object) -> object:
    """Make a value fit for JSON and CSV."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return "" if value is None else value


def _write_csv(path: Path, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
