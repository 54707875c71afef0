"""The chart of accounts, the kinds of entry and the parties of a claim.

An entry moves an amount from one account (credit) to another (debit), so it balances by
construction. Receivable accounts are kept by claim and party; a claim's balance is the sum of its
receivable accounts. A negative amount moves the other way: a reversal is the negative of what it
reverses.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Account(IntEnum):
    """Where money owed, paid or given up stands."""

    PRIMARY = 11  # receivable from the first payer
    SECONDARY = 12
    TERTIARY = 13
    PATIENT = 14
    REVENUE = 20
    CASH = 30
    CONTRACTUAL = 40
    SEQUESTRATION = 41
    WITHHOLD = 42
    INCENTIVE = 43
    PRIOR_PAYER = 44  # what another payer did, known only from the secondary claim we sent
    WRITE_OFF = 45  # what people gave up, approved
    REFUND = 46  # what was given back of a credit, by check or in a portal
    SUSPENSE = 50  # cash that belongs to no posted claim payment yet
    RECOUPMENT = 51
    FORWARDING_BALANCE = 52
    INTEREST = 53
    PROVIDER_LEVEL = 54
    OPENING = 60  # balances taken over from another billing system


class Kind(IntEnum):
    """Why an entry was made."""

    CHARGE = 1
    CHARGE_VOID = 2
    INSURANCE_PAYMENT = 3
    CONTRACTUAL = 4
    SEQUESTRATION = 5
    WITHHOLD = 6
    INCENTIVE = 7
    TRANSFER = 8  # the patient share moves to the next party
    OFFSET = 9  # a party's credit is set against what another party of the claim owes
    PRIOR_PAYER = 10
    OPENING_BALANCE = 11
    WRITE_OFF = 12
    REFUND = 13
    TO_PATIENT = 14  # people moved what a payer leaves to the patient
    SUSPENSE = 20
    INTEREST = 30
    RECOUPMENT = 31
    FORWARDING_BALANCE = 32
    PROVIDER_ADJUSTMENT = 33


RECEIVABLES: Final = (
    Account.PRIMARY,
    Account.SECONDARY,
    Account.TERTIARY,
    Account.PATIENT,
)
INSURANCE_RECEIVABLES: Final = RECEIVABLES[:3]
PARTY_NAMES: Final = {
    Account.PRIMARY: "primary",
    Account.SECONDARY: "secondary",
    Account.TERTIARY: "tertiary",
    Account.PATIENT: "patient",
}
# Kinds a roll-forward counts, by the heading a reader expects.
CHARGE_KINDS: Final = (Kind.CHARGE, Kind.CHARGE_VOID)
PAYMENT_KINDS: Final = (Kind.INSURANCE_PAYMENT, Kind.PRIOR_PAYER)
ADJUSTMENT_KINDS: Final = (
    Kind.CONTRACTUAL,
    Kind.SEQUESTRATION,
    Kind.WITHHOLD,
    Kind.INCENTIVE,
)
WRITE_OFF_KINDS: Final = (Kind.WRITE_OFF,)
REFUND_KINDS: Final = (Kind.REFUND,)
TRANSFER_KINDS: Final = (Kind.TRANSFER, Kind.OFFSET, Kind.TO_PATIENT)  # move nothing in sum

_WRITE_DOWNS: Final[dict[str, tuple[Account, Kind]]] = {
    "253": (Account.SEQUESTRATION, Kind.SEQUESTRATION),
    "104": (Account.WITHHOLD, Kind.WITHHOLD),
    "143": (Account.WITHHOLD, Kind.WITHHOLD),
    "245": (Account.WITHHOLD, Kind.WITHHOLD),
    "105": (Account.WITHHOLD, Kind.WITHHOLD),
    "144": (Account.INCENTIVE, Kind.INCENTIVE),
    "161": (Account.INCENTIVE, Kind.INCENTIVE),
    "237": (Account.INCENTIVE, Kind.INCENTIVE),
}


def write_down_target(reason_code: str) -> tuple[Account, Kind]:
    """Return the account and kind of a normal reduction (DOMAIN 1.3)."""
    return _WRITE_DOWNS.get(reason_code, (Account.CONTRACTUAL, Kind.CONTRACTUAL))


_PROVIDER_LEVEL: Final[dict[str, tuple[Account, Kind]]] = {
    "L6": (Account.INTEREST, Kind.INTEREST),
    "WO": (Account.RECOUPMENT, Kind.RECOUPMENT),
    "WU": (Account.RECOUPMENT, Kind.RECOUPMENT),
    "72": (Account.RECOUPMENT, Kind.RECOUPMENT),
    "B3": (Account.RECOUPMENT, Kind.RECOUPMENT),
    "FB": (Account.FORWARDING_BALANCE, Kind.FORWARDING_BALANCE),
}


def provider_level_target(code: str) -> tuple[Account, Kind]:
    """Return the account and kind of a PLB code (DOMAIN 2.8)."""
    return _PROVIDER_LEVEL.get(code, (Account.PROVIDER_LEVEL, Kind.PROVIDER_ADJUSTMENT))
