"""Money that belongs to no posted claim payment: what waits, why, and its tie to the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from sanderling.core.ledger.accounts import Account
from sanderling.files.models import FileProblem, StoredFile, TransactionSet
from sanderling.remits.models import ProviderAdjustment, Remittance

_HELD: Final = """
WITH waiting AS (
    SELECT transaction_id, position, sum(amount_cents)::bigint AS cents
      FROM ledger_entry WHERE kind = 20 GROUP BY transaction_id, position
)
SELECT p.id, p.transaction_id, p.position, p.end_position, p.remittance_id, k.code, c.number,
       p.claim_number, p.status, p.charge_cents, p.paid_cents, p.gap_cents, p.payment_date,
       p.received_date, coalesce(w.cents, 0)
  FROM remits_claim_payment p
  LEFT JOIN waiting w ON w.transaction_id = p.transaction_id AND w.position = p.position
  LEFT JOIN clients_client k ON k.id = p.client_id
  LEFT JOIN claims_claim c ON c.id = p.claim_id AND c.has_facts
 WHERE p.is_held OR p.claim_id IS NULL OR w.cents <> 0
 ORDER BY abs(p.paid_cents) DESC, p.received_date, p.id
"""
_HELD_COLUMNS: Final = (
    "id",
    "transaction_id",
    "position",
    "end_position",
    "remittance_id",
    "client",
    "claim",
    "claim_number",
    "status",
    "charge_cents",
    "paid_cents",
    "gap_cents",
    "payment_date",
    "received_date",
    "suspense_cents",
)
_REVERSAL: Final = "22"
PROVIDER_ACCOUNTS: Final = {
    Account.RECOUPMENT: "Recoupment",
    Account.FORWARDING_BALANCE: "Forwarding balance",
    Account.INTEREST: "Interest",
    Account.PROVIDER_LEVEL: "Other provider-level adjustments",
}
# Our words for the PLB codes that occur; others are shown as they are. Source: DOMAIN 2.8.
PLB_TITLES: Final = {
    "50": "late filing penalty",
    "51": "interest penalty",
    "72": "refund acknowledged",
    "90": "early payment allowance",
    "AH": "origination fee",
    "AM": "applied to a loan",
    "AP": "advance payment",
    "B2": "rebate",
    "B3": "recovery allowance",
    "BD": "bad-debt pass-through",
    "BN": "bonus",
    "C5": "temporary allowance",
    "CR": "capitation interest",
    "CS": "adjustment, see reference",
    "CT": "capitation payment",
    "CV": "capital pass-through",
    "DM": "medical education pass-through",
    "E3": "withholding",
    "FB": "balance carried forward",
    "FC": "fund allocation",
    "IP": "incentive",
    "IR": "tax withheld",
    "IS": "interim settlement",
    "J1": "offset of amounts not paid",
    "L3": "penalty",
    "L6": "interest",
    "LE": "levy",
    "LS": "lump sum",
    "OB": "offset for an affiliated provider",
    "PI": "periodic interim payment",
    "PL": "final settlement",
    "RA": "retroactive adjustment",
    "SL": "student loan repayment",
    "TL": "third-party liability",
    "WO": "overpayment taken back",
    "WU": "recovery, cause not said",
}


@dataclass(frozen=True, slots=True)
class Suspense:
    """Held claim payments and provider-level adjustments, with the ledger's own sums of both."""

    held: list[dict[str, Any]]
    held_cents: int
    ledger_cents: int  # the suspense account
    provider: list[dict[str, Any]]
    provider_cents: int
    provider_ledger_cents: int
    provider_accounts: list[tuple[str, int]]

    @property
    def difference_cents(self) -> int:
        """Return the suspense account less what is listed; 0, or something is wrong."""
        return self.ledger_cents - self.held_cents

    @property
    def provider_difference_cents(self) -> int:
        """Return the provider accounts less what is listed."""
        return self.provider_ledger_cents - self.provider_cents


def suspense() -> Suspense:
    """Return all money visible to the session that stands on no claim."""
    held = _held()
    accounts = _account_balances((Account.SUSPENSE, *PROVIDER_ACCOUNTS))
    provider = _provider()
    return Suspense(
        held=held,
        held_cents=sum(row["suspense_cents"] for row in held),
        ledger_cents=-accounts.get(Account.SUSPENSE, 0),  # a credit account
        provider=provider,
        provider_cents=sum(row["amount_cents"] for row in provider),
        provider_ledger_cents=sum(accounts.get(account, 0) for account in PROVIDER_ACCOUNTS),
        provider_accounts=[
            (title, accounts.get(account, 0)) for account, title in PROVIDER_ACCOUNTS.items()
        ],
    )


def _account_balances(accounts: Iterable[Account]) -> dict[int, int]:
    """Return account -> debits less credits, in cents."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account, sum(cents)::bigint
              FROM ledger_entry e
              CROSS JOIN LATERAL (VALUES (e.debit, e.amount_cents), (e.credit, -e.amount_cents))
                   AS side(account, cents)
             WHERE (e.debit = ANY (%(wanted)s) OR e.credit = ANY (%(wanted)s))
               AND account = ANY (%(wanted)s)
             GROUP BY account
            """,
            {"wanted": [int(account) for account in accounts]},
        )
        return dict(cursor.fetchall())


def _held() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        rows = [dict(zip(_HELD_COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    remittances = Remittance.objects.in_bulk({row["remittance_id"] for row in rows})
    files = files_of_sets({row["transaction_id"] for row in rows})
    problems = _problems({row["transaction_id"] for row in rows})
    for row in rows:
        remittance = remittances.get(row["remittance_id"])
        row["payer_name"] = remittance.payer_name if remittance else ""
        row["trace"] = remittance.trace if remittance else ""
        row["file"] = files.get(row["transaction_id"])
        row["reason"] = _reason(row, problems[row["transaction_id"]])
    return rows


def _problems(transaction_ids: set[int]) -> defaultdict[int, list[tuple[int, str]]]:
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = FileProblem.objects.filter(transaction_id__in=transaction_ids, severity="claim")
    for transaction_id, position, message in rows.order_by("position").values_list(
        "transaction_id", "position", "message"
    ):
        found[transaction_id].append((position, message))
    return found


def _reason(row: dict[str, Any], problems: list[tuple[int, str]]) -> str:
    for position, message in problems:
        if row["position"] <= position <= row["end_position"]:
            return message
    if row["claim"] is None:
        return "No claim fits its number, its patient or its day and charge."
    if row["gap_cents"]:
        return "Billed less adjustments is not what was paid."
    if row["status"] == _REVERSAL:
        return "It reverses a payment that was never received or is held itself."
    return "The claim number is known, but neither day nor charge fits what was sent under it."


def files_of_sets(transaction_ids: Iterable[int]) -> dict[int, StoredFile]:
    """Return transaction set -> its file, where both are visible."""
    sets = TransactionSet.objects.in_bulk(set(transaction_ids))
    files = StoredFile.objects.in_bulk({row.file_id for row in sets.values()})
    return {pk: files[row.file_id] for pk, row in sets.items() if row.file_id in files}


def _provider() -> list[dict[str, Any]]:
    rows = list(ProviderAdjustment.objects.order_by("-received_date", "transaction_id", "position"))
    remittances = Remittance.objects.in_bulk({row.remittance_id for row in rows})
    files = files_of_sets({row.transaction_id for row in rows})
    return [
        {
            "received_date": row.received_date,
            "code": row.code,
            "title": PLB_TITLES.get(row.code, ""),
            "reference": row.reference,
            "amount_cents": row.amount_cents,
            "payer_name": _name(remittances.get(row.remittance_id)),
            "payee_name": _payee(remittances.get(row.remittance_id)),
            "trace": _trace(remittances.get(row.remittance_id)),
            "file": files.get(row.transaction_id),
            "position": row.position,
        }
        for row in rows
    ]


def _name(remittance: Remittance | None) -> str:
    return remittance.payer_name if remittance else ""


def _payee(remittance: Remittance | None) -> str:
    return remittance.payee_name if remittance else ""


def _trace(remittance: Remittance | None) -> str:
    return remittance.trace if remittance else ""
