"""Several people bill one claim at once; the file then goes out by the way of all files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier as Gate

import pytest
from django.db import connection
from tests.builders import NPI, TIN, Inbox, balances
from tests.integration.next_payers import AT, TODAY, named, take_in
from tests.integration.pages import make_client, make_people

from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Submission
from sanderling.exchange.releasing import release
from sanderling.outbox.actions import OutboxRefused
from sanderling.outbox.models import OutboundFile, State
from sanderling.resubmission.secondary_actions import bill_next_payers, undo_file
from sanderling.resubmission.secondary_listing import Narrowed, listed


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_bills_and_the_file_comes_in_as_what_we_sent(inbox: Inbox) -> None:
    inbox.at = AT
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    take_in(inbox)
    people = make_people(client)
    key = (named("R1").pk, 12)
    gate = Gate(4)

    def work(_: int) -> tuple[int, list[str]]:
        try:
            gate.wait()
            billed = bill_next_payers([key], user=people.specialist, at=AT)
            return len(billed.claims), [sentence for _, sentence in billed.refused]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(work, range(4)))

    assert [count for count, _ in found] == [0, 0, 0, 1]
    assert {sentence for _, said in found for sentence in said} == {
        "It was billed on 2026-03-05; it goes to this payer once."
    }
    file = OutboundFile.objects.get()
    before = balances()

    release(at=AT)

    file.refresh_from_db()
    assert (file.state, file.stored_file_id is not None) == (State.WAITING, True)
    sent = Submission.objects.get(claim_id=key[0], sequence=2)
    assert (sent.claim_number, sent.frequency, sent.prior_paid_cents) == ("R1", "1", 96_00)
    refresh_stale(TODAY)
    assert Barrier.objects.get(claim_id=key[0], party=12).barrier == "awaiting_payer"
    assert balances() == before
    with pytest.raises(OutboxRefused, match="on its way or sent"):
        undo_file(file.pk, user=people.specialist, at=AT)
    assert "R1" not in {row["claim"] for row in listed("ready", Narrowed(), today=TODAY)}
