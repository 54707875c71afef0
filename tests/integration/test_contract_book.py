"""What pricing reads of contracts: versions in force, their rates and terms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sanderling.clients.models import Client
from sanderling.contracts.models import Contract, ContractVersion, FeeSchedule, Rate
from sanderling.contracts.queries import contract_book, references
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)
ONE_PERCENT = Decimal("0.01")


def version(contract: Contract, from_date: date, to_date: date | None = None, **rates: int) -> int:
    schedule = FeeSchedule.objects.create(
        client_id=contract.client_id, name="rates.csv", sha256="a", size_bytes=1,
        content_sha256=str(from_date), rate_count=len(rates), made_at=AT,
    )  # fmt: skip
    for row, (code, cents) in enumerate(rates.items(), start=2):
        Rate.objects.create(
            schedule_id=schedule.pk, client_id=contract.client_id, code=code[1:],
            allowed_cents=cents, row=row,
        )  # fmt: skip
    made = ContractVersion.objects.create(
        contract=contract, client_id=contract.client_id, from_date=from_date, to_date=to_date,
        schedule=schedule, terms="lesser_of_charge = true\ntolerance_cents = 250\n", source="cli",
        made_at=AT,
    )  # fmt: skip
    return made.pk


def test_a_version_ends_the_day_before_the_next_begins_and_the_book_has_both() -> None:
    client = Client.objects.create(code="A", name="A", created_at=AT)
    payer = Payer.objects.create(payer_id="P", name="P", created_at=AT)
    contract = Contract.objects.create(client=client, payer=payer, made_at=AT)
    old = version(contract, date(2025, 1, 1), C99213=9_000)
    new = version(contract, date(2026, 2, 1), date(2026, 12, 31), C99213=9_500, C99214=12_000)
    book = contract_book([client.pk])
    assert book.assignments.rows() == [
        (client.pk, payer.pk, "", date(2025, 1, 1), date(2026, 1, 31), old, 250, ONE_PERCENT),
        (client.pk, payer.pk, "", date(2026, 2, 1), date(2026, 12, 31), new, 250, ONE_PERCENT),
    ]
    assert sorted(book.rates.select("contract_id", "code", "allowed_cents").rows()) == [
        (old, "99213", 9_000),
        (new, "99213", 9_500),
        (new, "99214", 12_000),
    ]
    assert book.terms[new].lesser_of == "line"
    assert contract_book([client.pk + 1]).assignments.is_empty()
    ContractVersion.objects.filter(pk=new).update(withdrawn_at=AT)
    assert contract_book(None).assignments.rows() == [
        (client.pk, payer.pk, "", date(2025, 1, 1), None, old, 250, ONE_PERCENT)
    ]
    assert references().rvus.is_empty()
