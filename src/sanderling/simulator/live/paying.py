"""The payers' payment runs: what was decided in a turn becomes 835s that balance.

A total below zero is carried forward with PLB FB and taken from the next payment to the same payee
(domain reference 2.8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sanderling.core.x12.write.parties import Provider
from sanderling.core.x12.write.remittance import ProviderAdjustment, Remittance
from sanderling.simulator.live.codec import load
from sanderling.simulator.live.store import Store
from sanderling.simulator.payers import BY_CODE
from sanderling.simulator.ruling import RuledPayment


@dataclass(frozen=True, slots=True)
class Due:
    """Claim payments of one claim that wait for the payment run."""

    payer: str
    client: str
    number: str
    partner: str  # to whom the file goes
    provider: Provider
    payments: tuple[RuledPayment, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What one payer pays one client in a turn."""

    payer: str
    client: str
    partner: str
    remittances: tuple[Remittance, ...]


def run_payments(store: Store, day: date) -> list[Run]:
    """Pay everything that is due, one remittance for each payee."""
    dues = [load(Due, row[0]) for row in store.rows("SELECT body FROM dues ORDER BY id")]
    store.run("DELETE FROM dues")
    by_client: dict[tuple[str, str, str], dict[str, list[Due]]] = {}
    for due in dues:
        payees = by_client.setdefault((due.payer, due.client, due.partner), {})
        payees.setdefault(due.provider.npi, []).append(due)
    runs = []
    for (payer, client, partner), payees in sorted(by_client.items()):
        made = tuple(_remit(store, payer, payees[npi], day) for npi in sorted(payees))
        runs.append(Run(payer, client, partner, made))
    return runs


def _remit(store: Store, payer: str, dues: list[Due], day: date) -> Remittance:
    payee = dues[0].provider
    number = store.next_number(f"trn:{payer}")
    remittance = Remittance(
        payer=BY_CODE[payer].on_remittance,
        payee=payee,
        trace=f"{payer}L{day:%y%m%d}{number:05d}",
        production_date=day,
        payment_date=day,
        claims=tuple(part.payment for due in dues for part in due.payments),
        provider_adjustments=_debts(store, payer, payee.npi, day),
    )
    if remittance.balanced_cents < 0:
        remittance = _carried_forward(store, payer, remittance, day)
    for due in dues:
        _note(store, due, remittance)
    return remittance


def _debts(store: Store, payer: str, npi: str, day: date) -> tuple[ProviderAdjustment, ...]:
    rows = store.rows(
        "SELECT reference, cents FROM debts WHERE payer = ? AND npi = ? ORDER BY id", payer, npi
    )
    store.run("DELETE FROM debts WHERE payer = ? AND npi = ?", payer, npi)
    year_end = date(day.year, 12, 31)
    return tuple(ProviderAdjustment(npi, year_end, "FB", row[0], int(row[1])) for row in rows)


def _carried_forward(store: Store, payer: str, remittance: Remittance, day: date) -> Remittance:
    short = remittance.balanced_cents
    npi = remittance.payee.npi
    forward = ProviderAdjustment(npi, date(day.year, 12, 31), "FB", remittance.trace, short)
    store.run(
        "INSERT INTO debts (payer, npi, reference, cents) VALUES (?, ?, ?, ?)",
        payer, npi, remittance.trace, -short,
    )  # fmt: skip
    return replace(remittance, provider_adjustments=(*remittance.provider_adjustments, forward))


def _note(store: Store, due: Due, remittance: Remittance) -> None:
    """Remember on the claim's file with which payment it was told."""
    record = store.record(due.payer, due.client, due.number)
    if record is not None:
        store.keep(replace(record, trace=remittance.trace, payment_date=remittance.payment_date))
