"""Laws of the posting rules, whatever payers send (core.ledger)."""

from __future__ import annotations

import os
import random
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.core.ledger.facts_of import facts

from sanderling.core.ledger.accounts import RECEIVABLES, Account, Kind
from sanderling.core.ledger.facts import ENTRIES, ClaimFacts
from sanderling.core.ledger.offsets import party_balances
from sanderling.core.ledger.rules import claim_entries

SLOW_START = settings(
    max_examples=int(os.environ.get("SANDERLING_TEST_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
START = date(2026, 1, 5)
WRITE_DOWNS = [
    int(k) for k in (Kind.CONTRACTUAL, Kind.SEQUESTRATION, Kind.WITHHOLD, Kind.INCENTIVE)
]
CODES = ["45", "1", "2", "3", "16", "18", "22", "23", "24", "29", "50", "59", "94", "96", "97",
         "100", "104", "109", "131", "133", "144", "187", "197", "237", "253", "257", "XX9", ""]  # fmt: skip  # noqa: E501
GROUPS = ["CO", "PR", "OA", "PI", "CR", "XX"]
cents = st.integers(-50_000, 50_000)
amounts = st.integers(0, 50_000)


@st.composite
def lines_of(draw: st.DrawFn, /, charges: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "line": number,
            "charge_cents": charge,
            "procedure": draw(st.sampled_from(["99213", "99214", "97110", None])),
            "modifiers": draw(st.sampled_from(["25", None])),
            "line_control_number": draw(st.sampled_from([f"L{number}", None])),
            "service_from_date": START,
        }
        for number, charge in enumerate(charges, start=1)
    ]


@st.composite
def snapshots_of(draw: st.DrawFn, /, claim_id: int) -> list[dict[str, Any]]:
    """Return up to two balances taken over from another system; mostly none."""
    return [
        {
            "claim_id": claim_id,
            "transaction_id": 9000 + claim_id * 10 + number,
            "snapshot_date": START + timedelta(days=draw(st.integers(0, 30))),
            "received_date": START,
            "order_key": f"n{number}",
            "insurance_cents": draw(cents),
            "patient_cents": draw(cents),
        }
        for number in range(draw(st.sampled_from([0, 0, 0, 1, 2])))
    ]


@st.composite
def write_offs_of(draw: st.DrawFn, /, claim_id: int) -> list[dict[str, Any]]:
    """Return up to three approved write-offs of any party; mostly none."""
    return [
        {
            "claim_id": claim_id,
            "write_off_id": 100 * claim_id + number,
            "party": draw(st.sampled_from([11, 11, 12, 13, 14])),
            "amount_cents": draw(st.integers(1, 50_000)),
            "approved_date": START + timedelta(days=draw(st.integers(0, 40))),
            "order_key": f"w{draw(st.integers(0, 1))}",
        }
        for number in range(draw(st.sampled_from([0, 0, 1, 2, 3])))
    ]


@st.composite
def decided_of(draw: st.DrawFn, /, claim_id: int) -> list[dict[str, Any]]:
    """Return up to three refunds, or transfers, of any party; mostly none."""
    return [
        {
            "claim_id": claim_id,
            "decision_id": 100 * claim_id + number,
            "party": draw(st.sampled_from([11, 11, 12, 13, 14])),
            "amount_cents": draw(st.integers(1, 50_000)),
            "decided_date": START + timedelta(days=draw(st.integers(0, 40))),
            "order_key": f"d{draw(st.integers(0, 1))}",
        }
        for number in range(draw(st.sampled_from([0, 0, 1, 2, 3])))
    ]


@st.composite
def claims(draw: st.DrawFn, /, *, claim_id: int, may_be_unsent: bool = True) -> dict[str, Any]:
    """Return the facts of one claim as lists of rows, balanced or not, sane or not."""
    base = claim_id * 100
    charges = draw(st.lists(st.integers(0, 40_000), min_size=1, max_size=3))
    submissions: list[dict[str, Any]] = []
    submitted: list[dict[str, Any]] = []
    versions = draw(st.integers(0 if may_be_unsent else 1, 3))
    for version in range(versions):
        submission = {
            "claim_id": claim_id,
            "submission_id": base + version,
            "transaction_id": 1000 + base + version,
            "position": 20,
            "sequence": draw(st.sampled_from([1, 1, 1, 2])),
            "frequency": draw(st.sampled_from(["1", "1", "7", "8", "2", "3"])),
            "submitted_date": START + timedelta(days=draw(st.integers(0, 9))),
            "order_key": f"s{version}",
            "charge_cents": sum(charges),
        }
        if submission["sequence"] == 2:
            submission["prior_paid_cents"] = draw(st.none() | amounts)
            submission["prior_contractual_cents"] = draw(st.none() | amounts)
            submission["prior_share_cents"] = draw(st.none() | amounts)
        submissions.append(submission)
        for row in draw(lines_of(charges)):
            submitted.append({**row, "submission_id": base + version})  # noqa: PERF401
    payments: list[dict[str, Any]] = []
    payment_lines: list[dict[str, Any]] = []
    adjustments: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 4))):
        payment_id = base + 50 + number
        status = draw(st.sampled_from(["1", "2", "3", "4", "19", "22", "22", "25", "", "23"]))
        payment = {
            "claim_id": claim_id,
            "payment_id": payment_id,
            "transaction_id": 5000 + base + number,
            "position": 12,
            "status": status,
            "sequence": draw(st.none() | st.integers(1, 3)),
            "payment_date": draw(st.none() | st.just(START + timedelta(days=20 + number))),
            "order_key": f"p{number}",
            "charge_cents": draw(cents),
            "paid_cents": draw(st.just(0) | cents),
            "payer_claim_number": draw(st.sampled_from(["I1", "I2", None])),
            "is_forwarded": draw(st.booleans()),
            "is_held": draw(st.sampled_from([False, False, False, True])),
        }
        is_exact: bool = draw(st.booleans())
        if status == "22" and payments and is_exact:
            undone = payments[draw(st.integers(0, len(payments) - 1))]
            payment["charge_cents"] = -undone["charge_cents"]
            payment["paid_cents"] = -undone["paid_cents"]
            payment["payer_claim_number"] = undone["payer_claim_number"]
        payments.append(payment)
        for index in range(1, draw(st.integers(0, 3)) + 1):
            payment_lines.append(  # noqa: PERF401
                {
                    "payment_id": payment_id,
                    "line_index": index,
                    "position": 12 + index * 10,
                    "charge_cents": draw(st.sampled_from([*charges, 0])),
                    "paid_cents": draw(st.just(0) | cents),
                    "procedure": draw(st.sampled_from(["99213", "99214", None])),
                    "line_control_number": draw(st.sampled_from([f"L{index}", "L1", None])),
                    "service_from_date": START,
                }
            )
        for part in range(draw(st.integers(0, 4))):
            index = draw(st.integers(0, 2))
            adjustments.append(
                {
                    "payment_id": payment_id,
                    "line_index": index,
                    "position": 13 + index * 10,
                    "part": part + 1,
                    "group_code": draw(st.sampled_from(GROUPS)),
                    "reason_code": draw(st.sampled_from(CODES)),
                    "amount_cents": draw(cents),
                }
            )
    return {
        "submissions": submissions,
        "lines": submitted,
        "coverages": [
            {"claim_id": claim_id, "sequence": sequence}
            for sequence in sorted(draw(st.sets(st.integers(1, 3))))
        ],
        "payments": payments,
        "payment_lines": payment_lines,
        "adjustments": adjustments,
        "snapshots": draw(snapshots_of(claim_id)),
        "write_offs": draw(write_offs_of(claim_id)),
        "refunds": draw(decided_of(claim_id)),
        "transfers": draw(decided_of(claim_id)),
    }


@st.composite
def fact_sets(draw: st.DrawFn, /, **options: Any) -> ClaimFacts:
    """Return the facts of one to three claims."""
    rows: dict[str, list[dict[str, Any]]] = {
        item.name.replace("submission_lines", "lines"): [] for item in fields(ClaimFacts)
    }
    for claim_id in range(1, draw(st.integers(1, 3)) + 1):
        for name, found in draw(claims(claim_id=claim_id, **options)).items():
            rows[name] += found
    made = facts(**rows)
    if not rows["coverages"]:
        return replace(made, coverages=made.coverages.clear())
    return made


def shuffled(of: ClaimFacts, seed: int) -> ClaimFacts:
    dice = random.Random(seed)
    frames = {}
    for item in fields(of):
        frame: pl.DataFrame = getattr(of, item.name)
        order = list(range(frame.height))
        dice.shuffle(order)
        frames[item.name] = frame[order] if order else frame
    return ClaimFacts(**frames)


def summed(entries: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(map(repr, entries.iter_rows()))  # type: ignore[arg-type]


def cash_of(entries: pl.DataFrame) -> int:
    cash = int(Account.CASH)
    brought = entries.filter(pl.col("debit") == cash)["amount_cents"].sum()
    return int(brought) - int(entries.filter(pl.col("credit") == cash)["amount_cents"].sum())


def of_kinds(entries: pl.DataFrame, kinds: list[int]) -> pl.DataFrame:
    return (
        entries.filter(pl.col("kind").is_in(kinds))
        .group_by("claim_id")
        .agg(pl.col("amount_cents").sum())
    )


@SLOW_START
@given(fact_sets())
def test_entries_move_money_between_two_accounts_and_name_their_source_once(of: ClaimFacts) -> None:
    entries = claim_entries(of)

    assert entries.columns == list(ENTRIES)
    assert entries.filter(pl.col("amount_cents") == 0).is_empty()
    assert entries.filter(pl.col("debit") == pl.col("credit")).is_empty()
    required = [name for name in ENTRIES if name not in ("group_code", "reason_code")]
    assert entries.select(pl.col(required).null_count()).row(0) == (0,) * len(required)
    key = ["claim_id", "transaction_id", "position", "part", "line", "kind", "debit", "credit"]
    assert entries.select(key).is_duplicated().sum() == 0


@SLOW_START
@given(fact_sets(), st.integers(0, 2**32))
def test_the_order_of_rows_does_not_matter(of: ClaimFacts, seed: int) -> None:
    assert summed(claim_entries(of)) == summed(claim_entries(shuffled(of, seed)))


@SLOW_START
@given(fact_sets())
def test_a_claim_s_entries_do_not_depend_on_its_neighbors(of: ClaimFacts) -> None:
    together = claim_entries(of)
    for claim_id in sorted({*of.submissions["claim_id"], *of.payments["claim_id"]}):
        mine = pl.col("claim_id") == claim_id
        payments = of.payments.filter(mine)
        submissions = of.submissions.filter(mine)
        alone = ClaimFacts(
            submissions=submissions,
            submission_lines=of.submission_lines.join(submissions, on="submission_id", how="semi"),
            coverages=of.coverages.filter(mine),
            payments=payments,
            payment_lines=of.payment_lines.join(payments, on="payment_id", how="semi"),
            adjustments=of.adjustments.join(payments, on="payment_id", how="semi"),
            snapshots=of.snapshots.filter(mine),
            write_offs=of.write_offs.filter(mine),
            refunds=of.refunds.filter(mine),
            transfers=of.transfers.filter(mine),
        )
        assert summed(claim_entries(alone)) == summed(together.filter(mine))


@SLOW_START
@given(fact_sets())
def test_the_cash_is_what_all_claim_payments_paid(of: ClaimFacts) -> None:
    assert cash_of(claim_entries(of)) == int(of.payments["paid_cents"].sum())


@SLOW_START
@given(fact_sets())
def test_the_parties_owe_charges_less_payments_and_reductions(of: ClaimFacts) -> None:
    entries = claim_entries(of)
    opening = int(Kind.OPENING_BALANCE)
    added = of_kinds(entries, [int(Kind.CHARGE), int(Kind.CHARGE_VOID), int(Kind.REFUND), opening])
    taken_from = entries.filter(pl.col("credit") != int(Account.OPENING))
    taken = of_kinds(
        taken_from,
        [int(Kind.INSURANCE_PAYMENT), int(Kind.PRIOR_PAYER), int(Kind.WRITE_OFF), *WRITE_DOWNS],
    )
    owed = party_balances(entries).group_by("claim_id").agg(pl.col("balance_cents").sum())
    for claim_id, balance in owed.iter_rows():
        mine = pl.col("claim_id") == claim_id
        assert balance == int(added.filter(mine)["amount_cents"].sum()) - int(
            taken.filter(mine)["amount_cents"].sum()
        )


@SLOW_START
@given(fact_sets())
def test_transfers_and_offsets_only_move_between_parties(of: ClaimFacts) -> None:
    parties = [int(account) for account in RECEIVABLES]
    moves = claim_entries(of).filter(pl.col("kind").is_in([int(Kind.TRANSFER), int(Kind.OFFSET)]))
    assert moves.filter(
        ~pl.col("debit").is_in(parties) | ~pl.col("credit").is_in(parties)
    ).is_empty()
    offsets = moves.filter(pl.col("kind") == int(Kind.OFFSET))
    assert offsets.filter(pl.col("amount_cents") < 0).is_empty()


@SLOW_START
@given(fact_sets())
def test_held_claim_payments_change_no_balance(of: ClaimFacts) -> None:
    entries = claim_entries(of)
    held = of.payments.filter("is_held")["transaction_id"].to_list()
    rows = entries.filter(pl.col("transaction_id").is_in(held))
    # What a snapshot of another system contains is set against it, held or not.
    waiting = {int(Account.CASH), int(Account.SUSPENSE), int(Account.OPENING)}
    assert {*rows["debit"], *rows["credit"]} <= waiting


@SLOW_START
@given(fact_sets(may_be_unsent=False), st.integers(0, 10_000))
def test_reversing_everything_leaves_what_was_charged(of: ClaimFacts, number: int) -> None:
    """Every claim payment is followed by its exact reversal under its own payer number."""
    plain = of.payments.filter(
        ~pl.col("status").is_in(["22", "25"]), ~pl.col("is_held")
    ).with_columns(
        payer_claim_number=pl.format("N{}", "payment_id"), is_forwarded=pl.lit(value=False)
    )
    undoing = plain.with_columns(
        payment_id=pl.col("payment_id") + 50_000,
        transaction_id=pl.col("transaction_id") + 50_000,
        status=pl.lit("22"),
        charge_cents=-pl.col("charge_cents"),
        paid_cents=-pl.col("paid_cents"),
        payment_date=pl.lit(START + timedelta(days=100)),
    )
    undone = ClaimFacts(
        submissions=of.submissions.with_columns(
            pl.lit(None, pl.Int64).alias(name)
            for name in ("prior_paid_cents", "prior_contractual_cents", "prior_share_cents")
        ),
        submission_lines=of.submission_lines,
        coverages=of.coverages,
        payments=pl.concat([plain, undoing]),
        payment_lines=of.payment_lines.join(plain, on="payment_id", how="semi"),
        adjustments=of.adjustments.join(plain, on="payment_id", how="semi"),
        snapshots=of.snapshots.clear(),
    )
    entries = claim_entries(undone)

    assert cash_of(entries) == 0
    without = claim_entries(
        replace(
            undone,
            payments=plain.clear(),
            payment_lines=of.payment_lines.clear(),
            adjustments=of.adjustments.clear(),
        )
    )
    expected = {row[:2]: row[2] for row in party_balances(without).iter_rows() if row[2]}
    found = {row[:2]: row[2] for row in party_balances(entries).iter_rows() if row[2]}
    assert found == expected


@SLOW_START
@given(fact_sets())
def test_a_write_off_takes_what_is_owed_without_it_and_no_more(of: ClaimFacts) -> None:
    """Balances without write-offs, less the smaller of what is owed and what was approved."""
    without = claim_entries(replace(of, write_offs=of.write_offs.clear()))
    entries = claim_entries(of)
    given_up = entries.filter(pl.col("kind") == int(Kind.WRITE_OFF))
    assert summed(entries.filter(pl.col("kind") != int(Kind.WRITE_OFF))) == summed(without)
    assert given_up.filter(pl.col("amount_cents") <= 0).is_empty()
    latest = dict(of.snapshots.group_by("claim_id").agg(pl.col("snapshot_date").max()).iter_rows())
    approved: dict[tuple[int, int], int] = {}
    for row in of.write_offs.iter_rows(named=True):
        contained = row["claim_id"] in latest and row["approved_date"] <= latest[row["claim_id"]]
        key = (row["claim_id"], row["party"])
        approved[key] = approved.get(key, 0) + (0 if contained else row["amount_cents"])
    after = {row[:2]: row[2] for row in party_balances(entries).iter_rows()}
    for claim_id, party, owed in party_balances(without).iter_rows():
        key = (claim_id, party)
        assert after[key] == owed - min(max(owed, 0), approved.get(key, 0))


@SLOW_START
@given(fact_sets(), st.integers(1, 60_000))
def test_a_write_off_never_makes_a_credit(of: ClaimFacts, cents_approved: int) -> None:
    """Whatever is approved of whichever party: a party that owed owes nothing, never less."""
    before = party_balances(claim_entries(replace(of, write_offs=of.write_offs.clear())))
    more = before.select(
        "claim_id",
        (pl.int_range(pl.len(), dtype=pl.Int64) + 9_000).alias("write_off_id"),
        "party",
        pl.lit(cents_approved, pl.Int64).alias("amount_cents"),
        pl.lit(START + timedelta(days=60)).alias("approved_date"),
        pl.lit("z").alias("order_key"),
    )
    entries = claim_entries(replace(of, write_offs=pl.concat([of.write_offs, more])))
    after = {row[:2]: row[2] for row in party_balances(entries).iter_rows()}
    for claim_id, party, owed in before.iter_rows():
        assert min(owed, 0) <= after[(claim_id, party)] <= owed


@SLOW_START
@given(fact_sets())
def test_a_refund_gives_back_what_is_in_credit_without_it_and_no_more(of: ClaimFacts) -> None:
    without = claim_entries(replace(of, refunds=of.refunds.clear()))
    entries = claim_entries(of)
    assert summed(entries.filter(pl.col("kind") != int(Kind.REFUND))) == summed(without)
    made = standing_amounts(of, of.refunds)
    after = {row[:2]: row[2] for row in party_balances(entries).iter_rows()}
    for claim_id, party, owed in party_balances(without).iter_rows():
        key = (claim_id, party)
        assert after[key] == owed + min(max(-owed, 0), made.get(key, 0))


@SLOW_START
@given(fact_sets())
def test_a_transfer_moves_what_an_insurer_owes_without_it_and_no_more(of: ClaimFacts) -> None:
    of = replace(of, write_offs=of.write_offs.clear(), refunds=of.refunds.clear())
    before = party_balances(claim_entries(replace(of, transfers=of.transfers.clear())))
    approved = standing_amounts(of, of.transfers)
    after = {row[:2]: row[2] for row in party_balances(claim_entries(of)).iter_rows()}
    wanted: dict[int, int] = {}
    moved: dict[int, int] = {}
    net: dict[int, int] = {}
    for claim_id, party, owed in before.iter_rows():
        if party != int(Account.PATIENT):
            most = min(max(owed, 0), approved.get((claim_id, party), 0))
            cents = owed - after[(claim_id, party)]
            assert 0 <= cents <= most
            wanted[claim_id] = wanted.get(claim_id, 0) + most
            moved[claim_id] = moved.get(claim_id, 0) + cents
            net[claim_id] = net.get(claim_id, 0) + owed
    for claim_id, most in wanted.items():
        # What another payer paid meanwhile (its credit) is not the patient's.
        assert moved[claim_id] == min(most, max(net[claim_id], 0))
    had = {row[0]: row[2] for row in before.iter_rows() if row[1] == int(Account.PATIENT)}
    for claim_id, cents in moved.items():
        assert after.get((claim_id, int(Account.PATIENT)), 0) == had.get(claim_id, 0) + cents


def standing_amounts(of: ClaimFacts, decided: pl.DataFrame) -> dict[tuple[int, int], int]:
    """Return by claim and party what was decided after the claim's latest snapshot."""
    latest = dict(of.snapshots.group_by("claim_id").agg(pl.col("snapshot_date").max()).iter_rows())
    found: dict[tuple[int, int], int] = {}
    for row in decided.iter_rows(named=True):
        contained = row["claim_id"] in latest and row["decided_date"] <= latest[row["claim_id"]]
        key = (row["claim_id"], row["party"])
        found[key] = found.get(key, 0) + (0 if contained else row["amount_cents"])
    return found
