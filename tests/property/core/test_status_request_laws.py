"""Every 276 we write reads back to the same facts, and a stranger's checker takes it.

Of the claims in an answer the same one is chosen, in whatever order they stand.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from x12sdk.io import X12ModelReader

from sanderling.core.inquiries.replies import REPLY_COLUMNS, judge_replies
from sanderling.core.x12.batches import Batch
from sanderling.core.x12.read import read_bytes
from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    status_request_transaction,
)
from sanderling.core.x12.write.envelope import Group, Interchange, render_interchange
from sanderling.core.x12.write.parties import Payer, Person, Provider, TradingPartner

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
NPIS = ("1234567893", "1245319599")
names = st.text("ABCDEFGHIJ' -", min_size=2, max_size=20).map(
    lambda text: " ".join(f"A{text}B".split())
)
numbers = st.text("ABC0123456789-", min_size=1, max_size=18).map(lambda text: f"N{text}")
days = st.dates(date(2020, 1, 1), date(2026, 3, 1))


@st.composite
def claims(draw: st.DrawFn) -> StatusClaim:
    begin = draw(days)
    return StatusClaim(
        trace=f"SR{draw(st.integers(1, 10**10 - 1)):010d}",
        control_number=draw(numbers),
        charge_cents=draw(st.integers(1, 10**8)),
        subscriber=Person(draw(names), draw(names), draw(st.dates(date(1930, 1, 1), begin)), ""),
        member_id=draw(numbers),
        service_from_date=begin,
        service_to_date=draw(st.dates(begin, date(2026, 3, 1))),
        payer_claim_number=draw(st.one_of(st.just(""), numbers)),
        bill_type=draw(st.sampled_from(["", "11", "13"])),
        clearinghouse_trace=draw(st.one_of(st.just(""), numbers)),
    )


providers = st.lists(
    st.tuples(st.sampled_from(NPIS), st.lists(claims(), min_size=1, max_size=3)),
    min_size=1,
    max_size=2,
    unique_by=lambda one: one[0],
)


def text_of(asked: list[tuple[str, list[StatusClaim]]]) -> str:
    batch = StatusBatch(
        "SL000000001",
        AT,
        Payer("ACME HEALTH", "ACME1"),
        TradingPartner("BILLCO", "BILLCO"),
        tuple((Provider("MAPLE CLINIC", npi), tuple(found)) for npi, found in asked),
    )
    group = Group(7, (status_request_transaction(batch, "0001"),))
    return render_interchange(Interchange("BILLCO", "CLEARHOUSE", 7, AT, (group,)))


@settings(max_examples=25, deadline=None)
@given(providers)
def test_a_request_reads_back_to_the_same_facts_and_a_stranger_takes_it(
    asked: list[tuple[str, list[StatusClaim]]],
) -> None:
    text = text_of(asked)
    (batch,) = [one for one in read_bytes(text.encode()) if isinstance(one, Batch)]
    assert batch.problems == []
    found = batch.tables["status_claims"].select(
        "provider_npi", "trace", "claim_number", "charge_cents", "patient_last_name",
        "patient_first_name", "patient_id", "patient_birth_date", "service_from_date",
        "service_to_date", "payer_claim_number", "bill_type", "clearinghouse_trace",
    )  # fmt: skip
    assert found.rows() == [
        (
            *(npi, one.trace, one.control_number, one.charge_cents, one.subscriber.last_name),
            *(one.subscriber.first_name, one.member_id, one.subscriber.birth_date),
            *(one.service_from_date, one.service_to_date, one.payer_claim_number or None),
            *(one.bill_type or None, one.clearinghouse_trace or None),
        )
        for npi, group in asked
        for one in group
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".276") as file:
        Path(file.name).write_text(text, encoding="ascii")
        with X12ModelReader(file.name) as reader:
            assert sum(1 for _ in reader.models()) == 1


replies = st.fixed_dictionaries(
    {
        "status_date": st.sampled_from([None, date(2026, 3, 1), date(2026, 3, 4)]),
        "number_key": st.sampled_from(["", "A1", "B2"]),
        "payer_key": st.sampled_from(["", "ICN1", "ICN2"]),
        "clearinghouse_key": st.sampled_from(["", "D9"]),
        "charge_cents": st.sampled_from([None, 15_000, 20_000]),
        "service_from_date": st.sampled_from([None, date(2026, 1, 2), date(2026, 1, 9)]),
        "provider_client_id": st.sampled_from([None, 1, 2]),
    }
)
ASKED: dict[str, Any] = {
    "answer_set": 1,
    "request_id": 5,
    "asked_client_id": 1,
    "asked_number_key": "A1",
    "asked_payer_key": "ICN1",
    "asked_clearinghouse_key": "D9",
    "asked_charge_cents": 15_000,
    "asked_service_from_date": date(2026, 1, 2),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(replies, min_size=1, max_size=5), st.integers())
def test_one_of_the_claims_told_is_chosen_whatever_their_order_and_never_a_foreign_one(
    told: list[dict[str, Any]], seed: int
) -> None:
    rows = [
        {**ASKED, **one, "claim_index": place, "position": place} for place, one in enumerate(told)
    ]
    frame = pl.DataFrame(rows, schema=REPLY_COLUMNS, orient="row")
    verdicts = judge_replies(frame).sort("claim_index")
    turned = judge_replies(frame.sample(fraction=1, shuffle=True, seed=abs(seed) % 2**32)).sort(
        "claim_index"
    )
    assert verdicts.equals(turned)
    by_place = dict(zip(verdicts["claim_index"], verdicts["verdict"], strict=True))
    ours = [place for place, verdict in by_place.items() if verdict != "foreign"]
    assert [by_place[place] for place in ours].count("chosen") == bool(ours)
    for place, one in enumerate(told):
        if one["provider_client_id"] == ASKED["asked_client_id"] + 1:
            assert by_place[place] == "foreign"
        elif one["number_key"] == "A1" or one["payer_key"] == "ICN1":
            assert by_place[place] != "foreign"
