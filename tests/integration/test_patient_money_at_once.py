"""Several people ask for, decide and make one refund or transfer at once: one of each stands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier as Gate

import pytest
from django.db import connection
from tests.builders import (
    NPI,
    TIN,
    Inbox,
    balances,
    check_identities,
    claims_file,
    paid,
    remittance_file,
    sent,
)
from tests.integration.pages import Visitor, make_client, make_people, text_of

from sanderling.accounts.actions import create_user
from sanderling.barriers.actions import refresh_stale
from sanderling.claims.models import Claim, DecidedFact
from sanderling.core.refusal import Refusal
from sanderling.refunds.actions import decide_refund, make_refund, request_refund
from sanderling.refunds.models import Identified, Refund
from sanderling.refunds.posting import post_made
from sanderling.transfers.actions import decide_transfer, request_transfer
from sanderling.transfers.models import Transfer
from sanderling.transfers.posting import post_approved

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment, each in a thread; return what those that were refused say."""
    gate = Gate(len(acts))

    def work(act: Callable[[], object]) -> str:
        try:
            gate.wait()
            act()
        except Refusal as refusal:
            return refusal.sentence
        else:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(said for said in pool.map(work, acts) if said)


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_counts(inbox: Inbox) -> None:
    inbox.at = AT
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(claims_file(sent("C1", 100), sent("P1", 50)), received_date=date(2026, 1, 5))
    inbox.take(
        remittance_file(paid("C1", 100, 100), paid("P1", 50, 0, "PR*26*50", share=50)),
        remittance_file(paid("C1", 100, 100), trace="EFT2", control=602),
        received_date=date(2026, 1, 20),
    )
    refresh_stale(AT.date())
    people = make_people(client)
    leads = [
        create_user(
            email=f"lead{number}@x.test", name=f"lead{number}", role="lead",
            password="correct-horse-battery", sees_all_clients=True,
        )
        for number in range(2)
    ]  # fmt: skip
    credit, denied = (
        Claim.objects.select_related("client").get(number=number) for number in ("C1", "P1")
    )
    page = text_of(Visitor(people.specialist).get("/claims/MINE/C1/"))
    assert f"/credits/{credit.pk}/11/" in page
    page = text_of(Visitor(people.specialist).get("/claims/MINE/P1/"))
    assert f"/patient-share/{denied.pk}/11/" in page

    def ask_refund() -> object:
        return request_refund(
            claim=credit, party=11, amount_cents=10_000, method="check", cause="paid_twice",
            note="", user=people.specialist, at=AT,
        )  # fmt: skip

    def ask_transfer() -> object:
        return request_transfer(
            claim=denied, party=11, amount_cents=5_000, note="", user=people.specialist, at=AT
        )

    said = at_once(ask_refund, ask_refund, ask_transfer, ask_transfer)
    assert len(said) == 2
    assert all("waits already" in one for one in said)
    refund, transfer = Refund.objects.get(), Transfer.objects.get()
    assert Identified.objects.count() == 1

    said = at_once(
        *(lambda user=user: decide_refund(refund.pk, approves=True, user=user, at=AT)
          for user in leads),
        *(lambda user=user: decide_transfer(transfer.pk, approves=True, user=user, at=AT)
          for user in leads),
    )  # fmt: skip
    assert len(said) == 2
    assert all("waits for no decision" in one for one in said)

    def make() -> object:
        return make_refund(
            refund.pk, made_date=AT.date(), reference="CHK 1", user=people.specialist, at=AT
        )

    assert at_once(make, make) == []
    at_once(
        lambda: post_made(at=AT), lambda: post_made(at=AT), lambda: post_approved(at=AT),
        lambda: post_approved(at=AT),
    )  # fmt: skip
    assert DecidedFact.objects.count() == 2
    assert balances() == {"P1": {14: 5_000}}
    check_identities()
