"""The payers' web portal shows what the living world has decided."""

from __future__ import annotations

import pytest
from tests.live_side import Side, opened

from sanderling.simulator.live.faults import Faults
from sanderling.simulator.live.portal_desk import finder
from sanderling.simulator.live.store import FINAL, SILENT
from sanderling.simulator.portal import Search


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Side:
    beginning = opened(tmp_path_factory.mktemp("beginning"))
    return Side(beginning, tmp_path_factory.mktemp("portal") / "world", Faults())


def by_person(record: object) -> Search:
    claim = record.claim  # type: ignore[attr-defined]  # a Record
    return Search(
        member_id=claim.member_id,
        birth_date=f"{claim.patient_person.birth_date:%m/%d/%Y}",
        service_date=f"{claim.service_date:%m/%d/%Y}",
    )


def test_a_paid_claim_shows_its_payment_by_number_and_by_person(side: Side) -> None:
    record = side.records(
        lambda one: one.state == FINAL and sum(part.payment.paid_cents for part in one.payments) > 0
    )[0]
    find = finder(side.folder)

    (shown,) = find(Search(claim_number=record.icn))

    assert (shown.status, shown.patient_account, shown.trace) == (
        "Paid",
        record.number,
        record.trace,
    )
    assert shown.paid_cents == sum(part.payment.paid_cents for part in record.payments)
    assert record.number in [one.patient_account for one in find(by_person(record))]


def test_a_denied_claim_shows_why(side: Side) -> None:
    record = side.records(lambda one: one.state == FINAL and one.denial is not None)[0]
    denial = record.denial
    assert denial is not None

    (shown,) = finder(side.folder)(Search(claim_number=record.icn))

    assert shown.reason_code == f"{denial.group}-{denial.code}"


def test_what_the_payer_never_got_is_not_there(side: Side) -> None:
    silent = side.records(lambda one: one.state == SILENT)

    assert all(
        record.number not in [one.patient_account for one in finder(side.folder)(by_person(record))]
        for record in silent
    )
    assert finder(side.folder)(Search(claim_number="NOBODY")) == []
    assert finder(side.folder)(Search(member_id="X", birth_date="nonsense")) == []
