"""The made-up company's contracts, from the files that the simulator writes beside its world."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.importing import RateSheet, import_contract
from sanderling.contracts.queries import client_of, payer_of
from sanderling.core.refusal import Refusal

SOURCE: Final = "demo"
# Most contracts are open; of every nine, two come to their end within a quarter.
_ENDS: Final = {4: timedelta(days=40), 8: timedelta(days=75)}


class DemoContractRefused(Exception):
    """A contract of the simulator was refused: a bug of ours."""


def ensure_demo_contracts(folder: Path, *, today: date, at: datetime) -> int:
    """Load CLIENT-PAYER.csv and .toml of the folder; return how many. Again changes nothing."""
    from_date = date(today.year - 1, 1, 1)
    sheets = sorted(folder.glob("*.csv"))
    for place, path in enumerate(sheets):
        client_code, _, payer_id = path.stem.partition("-")
        ends = _ENDS.get(place % 9)
        try:
            report = import_contract(
                Parties(client_of(client_code), payer_of(payer_id)),
                sheet=RateSheet(path.name, path.read_bytes()),
                says=VersionTerms(
                    from_date,
                    today + ends if ends else None,
                    terms=path.with_suffix(".toml").read_text(encoding="utf-8"),
                ),
                by=None,
                at=at,
                source=SOURCE,
            )
        except Refusal as refusal:
            raise DemoContractRefused(path.name, str(refusal)) from refusal
        if report.problems:
            raise DemoContractRefused(path.name, report.problems)
    return len(sheets)
