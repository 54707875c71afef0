"""Services that a contract pays by the month: no denial, and written off by a person.

DOMAIN 1.3 (CO-24 with a capitation contract), 3.3 rule 4, B1-16 and B1-17.
"""

from __future__ import annotations

from datetime import date

import pytest
from tests.builders import Inbox, claims_file, line, paid, remittance_file, rows, sent
from tests.integration.underpaid import TODAY, load_contract

from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.queries import barrier_rows

pytestmark = pytest.mark.django_db
BY_THE_MONTH = '[capitation]\ncodes = ["99213"]\n'
BY_OTHERS = '[capitation]\ncodes = ["99490"]\n'


def take(inbox: Inbox) -> None:
    """Bring in one claim of 150.00 that the payer answers with CO-24."""
    inbox.take(
        claims_file(sent("MONTH", 150, lines=(line("99213", 150, control="MONTHL1"),))),
        remittance_file(paid("MONTH", 150, 0, "CO*24*150")),
        received_date=date(2026, 1, 20),
    )
    refresh_stale(TODAY)


def barriers() -> list[tuple[str, str, int]]:
    refresh_stale(TODAY)
    return rows("SELECT barrier, next_action, balance_cents FROM barriers_barrier")


def denials() -> list[tuple[str]]:
    return rows("SELECT reason_code FROM barriers_denial")


def test_without_a_contract_the_plan_that_pays_is_to_be_found(inbox: Inbox) -> None:
    """B1-17."""
    take(inbox)
    assert barriers() == [("denied", "bill_secondary", 15000)]
    assert denials() == [("24",)]


def test_by_contract_it_is_no_denial(inbox: Inbox) -> None:
    """B1-16, whether the contract or the remittance came first."""
    take(inbox)
    load_contract(BY_THE_MONTH)
    assert barriers() == [("awaiting_internal", "write_off", 15000)]
    assert denials() == []
    (row,) = barrier_rows(date(2026, 2, 1), today=TODAY)  # worked out for a past day
    assert (row["barrier"], row["next_action"]) == ("awaiting_internal", "write_off")


def test_a_contract_for_other_services_changes_nothing(inbox: Inbox) -> None:
    take(inbox)
    load_contract(BY_OTHERS)
    assert barriers() == [("denied", "bill_secondary", 15000)]


def test_a_contract_that_ceases_to_pay_by_the_month_makes_it_a_denial(inbox: Inbox) -> None:
    take(inbox)
    load_contract(BY_THE_MONTH)
    assert barriers() == [("awaiting_internal", "write_off", 15000)]
    load_contract(BY_OTHERS)  # from the same day: it takes the place of the one before
    assert barriers() == [("denied", "bill_secondary", 15000)]
