"""A few claims that a payer paid by contract, short, and over, for tests of pricing."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.builders import Inbox, claims_file, line, paid, remittance_file, sent

from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.importing import RateSheet, import_contract
from sanderling.payers.models import Payer

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = AT.date()
RATES = b"code,modifier,place_of_service,allowed_cents\n99213,,,9210\n99214,,,13000\n"
TERMS = 'lesser_of_charge = true\ntolerance_cents = 100\norder = ["rate", "lesser_of_charge"]\n'
# number: (paid, CAS segments); every claim is charged 150.00 for 99213.
SAID = {
    "RIGHT": ("74.10", ("CO*45*57.90", "PR*2*18")),
    "SHORT": ("62", ("CO*45*70", "PR*2*18")),  # allowed 80.00, 12.10 short
    "LITTLE": ("72", ("CO*45*60", "PR*2*18")),  # allowed 90.00, 2.10 short
    "OVER": ("100", ("CO*45*50",)),
    "DENIED": ("0", ("CO*50*150",)),
}


def take_claims(inbox: Inbox) -> None:
    """Bring in the claims and what the payer said of them."""
    inbox.take(
        claims_file(*(sent(name, 150, lines=(line("99213", 150, control=f"{name}L1"),))
                      for name in SAID)),
        remittance_file(*(
            paid(name, 150, cents, *adjustments, payer_number=f"ICN{name}")
            for name, (cents, adjustments) in SAID.items()
        )),
        received_date=date(2026, 1, 20),
    )  # fmt: skip


def load_contract(terms: str = TERMS, rates: bytes = RATES) -> None:
    """Load the contract of the only client with the only payer."""
    import_contract(
        Parties(Client.objects.get(), Payer.objects.get(payer_id="ACME1")),
        sheet=RateSheet("rates.csv", rates),
        says=VersionTerms(date(2025, 1, 1), None, terms=terms),
        by=None,
        at=AT,
        source="cli",
    )


def reversal_and_correction(number: str = "SHORT") -> str:
    """Return an 835 that takes a payment back and pays by contract instead."""
    cents, adjustments = SAID[number]
    backwards = ["*".join([*item.split("*")[:2], f"-{item.split('*')[2]}"]) for item in adjustments]
    return remittance_file(
        paid(number, -150, f"-{cents}", *backwards, status="22", payer_number=f"ICN{number}"),
        paid(number, 150, "74.10", "CO*45*57.90", "PR*2*18", payer_number=f"ICN{number}B"),
        trace="EFT2",
        control=602,
    )
