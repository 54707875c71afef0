"""What a demonstration has sent when it is opened, and that it is sent once."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.builders import NPI, TIN, Inbox
from tests.integration.next_payers import AT, TODAY, take_in
from tests.integration.pages import make_client

from sanderling.barriers.actions import refresh_stale
from sanderling.exchange.demo_sent import NEXT_PAYERS, send_demo_work
from sanderling.outbox.models import OutboundClaim, OutboundFile, Purpose, State

pytestmark = pytest.mark.django_db


def test_a_first_day_goes_out_once(inbox: Inbox) -> None:
    inbox.at = AT
    make_client("MINE", "Mine Clinic", NPI, TIN)
    take_in(inbox)
    refresh_stale(TODAY)

    send_demo_work(at=AT)
    first = set(OutboundClaim.objects.values_list("claim_id", "party", "file__purpose"))
    OutboundFile.objects.update(state=State.WAITING)
    send_demo_work(at=AT)

    billed = {one for one in first if one[2] == Purpose.SECONDARY}
    assert 1 <= len(billed) <= NEXT_PAYERS
    after = Counter(OutboundClaim.objects.values_list("claim_id", "party", "file__purpose"))
    assert {after[one] for one in first} == {1}
    assert not OutboundFile.objects.filter(state=State.QUEUED).exists()
