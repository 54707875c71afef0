"""Write a simulated world: master data, contracts, the files of each day, and follow-up."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sanderling.simulator.activities import ActivityRow
from sanderling.simulator.clients import ClientProfile, payers_of
from sanderling.simulator.files import OutFile
from sanderling.simulator.payers import PAYERS, PayerProfile
from sanderling.simulator.planted import Renewal, renewed
from sanderling.simulator.pricing import (
    PERCENT_INPATIENT,
    PERCENT_OUTPATIENT,
    SURGERY_CODES,
    SURGERY_STEPS,
)
from sanderling.simulator.world import World

CLIENT_COLUMNS = ("code", "name", "npis", "tins", "tier", "follow_up_days", "high_dollar_cents")
PAYER_COLUMNS = (
    "payer_id", "name", "aliases", "type", "timely_filing_days", "corrected_claim_days",
    "appeal_days", "response_days", "phone", "portal_url",
)  # fmt: skip
ACTIVITY_COLUMNS = (
    "client", "claim", "date", "user", "channel", "action", "outcome", "reference", "next_date",
    "note",
)  # fmt: skip
CONTRACT_COLUMNS = ("code", "modifier", "place_of_service", "allowed_cents")


def write_world(
    world: World, folder: Path, on_day: Callable[[int], None] | None = None
) -> list[OutFile]:
    """Live through all days and write everything; answer the files without their text."""
    settings = world.state.settings
    folder.mkdir(parents=True, exist_ok=True)
    write_master_data(world, folder)
    manifest = []
    for offset in range(settings.days):
        day = settings.start_date + timedelta(days=offset)
        manifest += write_day(world.advance(day), folder, day)
        if on_day is not None:
            on_day(offset + 1)
    write_activities(world.state.activities, folder)
    return manifest


def write_activities(activities: list[ActivityRow], folder: Path) -> None:
    """Write follow-up of all days, sorted by day, client and claim."""
    rows = sorted(
        (row.on_date.isoformat(), row.client, row.claim, row.reference, row) for row in activities
    )
    with (folder / "activities.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(ACTIVITY_COLUMNS)
        for day, client, claim, reference, row in rows:
            next_date = row.next_date.isoformat() if row.next_date else ""
            writer.writerow(
                (client, claim, day, row.user, row.channel, row.action, row.outcome, reference,
                 next_date, row.note)
            )  # fmt: skip


def write_day(files: list[OutFile], folder: Path, day: date) -> list[OutFile]:
    """Write the files of a day; answer them without their text, to keep memory bounded."""
    if not files:
        return []
    target = folder / "days" / day.isoformat()
    target.mkdir(parents=True, exist_ok=True)
    kept = []
    for file in files:
        (target / file.name).write_bytes(file.text.encode("ascii"))
        kept.append(OutFile(file.name, file.kind, "", file.on_date, file.totals))
    return kept


def write_master_data(world: World, folder: Path) -> None:
    """Write clients.csv, payers.csv and the contracts."""
    with (folder / "clients.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(CLIENT_COLUMNS)
        writer.writerows(_client_row(client) for client in world.clients)
    with (folder / "payers.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(PAYER_COLUMNS)
        writer.writerows(_payer_row(payer) for payer in PAYERS)
    contracts = folder / "contracts"
    contracts.mkdir(exist_ok=True)
    for client in world.clients:
        for payer in payers_of(client):
            if not payer.is_secondary_only:
                rates = world.rates[payer.code][client.code]
                _write_contract(contracts, client, payer, rates)
                _write_renewals(contracts, client, payer, rates, world.state.renewals)


def _client_row(client: ClientProfile) -> tuple[str, ...]:
    return (
        client.code,
        client.name,
        ";".join(client.npis),
        ";".join(client.tins),
        client.tier,
        str(client.follow_up_days),
        str(client.high_dollar_cents),
    )


def _payer_row(payer: PayerProfile) -> tuple[str, ...]:
    return (
        payer.code,
        payer.name,
        f"1{payer.tax_id};{payer.tax_id}",
        payer.kind,
        str(payer.timely_days),
        str(payer.corrected_days),
        str(payer.appeal_days),
        str(payer.response_days),
        "555-555-0199",
        f"https://portal.{payer.code.lower()}.example",
    )


def _write_renewals(
    folder: Path,
    client: ClientProfile,
    payer: PayerProfile,
    rates: dict[str, int],
    renewals: tuple[Renewal, ...],
) -> None:
    """Write each later version of a contract; its file ends in the first day of service."""
    for item in renewals:
        if item.payer == payer.code:
            later = renewed(rates, payer.code, renewals, item.from_date)
            _write_contract(folder, client, payer, later, f"@{item.from_date.isoformat()}")


def _write_contract(
    folder: Path,
    client: ClientProfile,
    payer: PayerProfile,
    rates: dict[str, int],
    version: str = "",
) -> None:
    stem = f"{client.code}-{payer.code}{version}"
    with (folder / f"{stem}.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(CONTRACT_COLUMNS)
        writer.writerows((code, "", "", str(cents)) for code, cents in sorted(rates.items()))
    lines = [
        "lesser_of_charge = true",
        f"percent_of_charge = {PERCENT_OUTPATIENT}",
        "tolerance_cents = 100",
    ]
    if payer.sequestration:
        lines.append(f"sequestration = {payer.sequestration}")
    lines.append('order = ["rate", "lesser_of_charge", "multiple_procedure"]')
    surgical = sorted(SURGERY_CODES & rates.keys())
    if surgical:
        steps = ", ".join(str(step) for step in SURGERY_STEPS)
        codes = ", ".join(f'"{code}"' for code in surgical)
        lines += ["[multiple_procedure]", f"steps = [{steps}]", f"codes = [{codes}]"]
    lines += ["[inpatient]", f"percent_of_charge = {PERCENT_INPATIENT}"]
    (folder / f"{stem}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
