"""What counts as an outcome and as an event, kind by kind, over a few rows of the mirror."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from sanderling.core.trends import kinds
from sanderling.core.trends.standing import is_back, is_over
from sanderling.mirror.tables import TABLES

TODAY = date(2026, 6, 30)
ANSWERS = {
    "claim_id": pl.Int64, "payer_id": pl.Int64, "received_date": pl.Date, "category": pl.String,
    "code": pl.String, "stage": pl.String, "meaning": pl.String,
}  # fmt: skip

NOTHING: dict[Any, Any] = {pl.String: "", pl.Boolean: False, pl.Int64: 0, pl.Float64: 0.0}


def rows(table: str, *given: dict[str, Any]) -> pl.LazyFrame:
    """Return rows of a table of the mirror, what is not given empty."""
    schema = TABLES[table].schema
    full = [
        {name: row.get(name, NOTHING.get(kind)) for name, kind in schema.items()} for row in given
    ]
    return pl.LazyFrame(full, schema=dict(schema))


def paid(claim: int, **more: Any) -> dict[str, Any]:
    base = {
        "claim_id": claim, "payment_id": claim, "client_id": 1, "payer_id": 2, "is_first": True,
        "payment_date": date(2026, 3, 3), "received_date": date(2026, 3, 4), "sequence": 1,
        "sent_date": date(2026, 2, 20), "denied_cents": 0,
    }  # fmt: skip
    return base | more


def denied(claim: int, category: str = "coding", **more: Any) -> dict[str, Any]:
    said = {"is_denied": True, "denied_cents": 500, "category": category, "group_code": "CO"}
    return paid(claim, **said, **{"reason_code": "4", **more})


def sent(claim: int, **more: Any) -> dict[str, Any]:
    base = {
        "claim_id": claim, "submission_id": claim, "client_id": 1, "payer_id": 2, "sequence": 1,
        "frequency": "1", "submitted_date": date(2026, 2, 1), "charge_cents": 900,
    }  # fmt: skip
    return base | more


def events(found: pl.DataFrame) -> dict[int, bool]:
    return dict(found.sort("claim_id").select("claim_id", "is_event").rows())


def test_first_decisions_count_and_no_duplicates_reversals_or_documents() -> None:
    found = kinds.denial_claims(
        rows(
            "payments", paid(1), denied(2), denied(3, is_duplicate=True), denied(4, is_first=False),
            denied(5, "documentation"), denied(6, received_date=date(2026, 7, 1)),
        ),
        pl.Series([2], dtype=pl.Int64), TODAY,
    )  # fmt: skip
    assert events(found) == {1: False, 2: True, 5: False}
    assert found.filter("is_event").select("carc", "cents", "is_open").row(0) == ("CO-4", 500, True)


def test_a_rejection_known_only_later_is_none_yet() -> None:
    submissions = rows(
        "submissions",
        sent(1, accepted_date=date(2026, 2, 2)),
        sent(2, rejected_date=date(2026, 2, 2), status_category="A7", status_code="21"),
        sent(3, accepted_date=date(2026, 2, 2), rejected_date=date(2026, 7, 9)),
        sent(4),
    )
    found = kinds.rejections(submissions, TODAY)
    assert events(found) == {1: False, 2: True, 3: False}
    assert found.filter("is_event")["carc"].to_list() == ["A7:21"]


def test_what_waits_longer_than_usual_is_late_and_what_is_young_counts_for_nothing() -> None:
    usual = [sent(n, answered_date=date(2026, 2, 11)) for n in range(1, 41)]
    found = kinds.slow_payments(
        rows(
            "submissions", *usual, sent(50), sent(51, answered_date=date(2026, 3, 20)),
            sent(52, submitted_date=date(2026, 6, 25)), sent(53, rejected_date=date(2026, 2, 3)),
        ),
        TODAY,
    )  # fmt: skip
    late = {claim: said for claim, said in events(found).items() if claim >= 50}
    assert late == {50: True, 51: True}
    assert found["day"].unique().to_list() == [date(2026, 2, 11)]
    assert dict(found.filter("is_event").select("claim_id", "cents").rows()) == {50: 900, 51: 0}


def test_a_remittance_is_missing_unless_the_payer_said_that_the_claim_waits() -> None:
    usual = [sent(n, answered_date=date(2026, 2, 11)) for n in range(1, 41)]
    said = pl.DataFrame(
        [
            (51, 2, date(2026, 3, 1), "P1", "20", "PEND", "other"),
            (52, 2, date(2026, 3, 1), "P1", "20", "PEND", "other"),
            (52, 2, date(2026, 3, 9), "F1", "65", "FINAL_PAID", "other"),
        ],
        schema=ANSWERS,
        orient="row",
    )
    found = kinds.missing_remittances(
        rows("submissions", *usual, *(sent(n) for n in (50, 51, 52))), said, TODAY
    )
    assert {n: said for n, said in events(found).items() if n >= 50} == {
        50: True, 51: False, 52: True,
    }  # fmt: skip


def test_a_share_for_a_known_next_payer_is_billed_forwarded_or_missed() -> None:
    share = {"patient_share_cents": 300}
    payments = rows(
        "payments", paid(1, **share), paid(2, is_forwarded=True, **share), paid(3, **share),
        paid(4), paid(5, payment_date=TODAY - timedelta(days=3), **share), paid(6, **share),
    )  # fmt: skip
    claims = rows("claims", *({"claim_id": n, "secondary_payer_id": 9} for n in range(1, 6)))
    billed = rows("submissions", sent(3, sequence=2, submitted_date=date(2026, 3, 10)), sent(1))
    found = kinds.unbilled_secondaries(payments, billed, claims, TODAY)
    # 4 leaves no share, 5 is too young, 6 has no next payer.
    assert events(found) == {1: True, 2: False, 3: False}


def test_the_first_reaction_of_a_payer_asks_for_documents_or_not() -> None:
    asked = pl.DataFrame(
        [(1, 2, date(2026, 2, 25), "R4", "294", "ACTION", "documentation")],
        schema=ANSWERS,
        orient="row",
    )
    found = kinds.documentation_holds(
        rows("payments", paid(1), denied(2, "documentation", reason_code="252"), paid(3)),
        asked,
        rows("claims", {"claim_id": 1, "client_id": 1, "charge_cents": 700}),
        pl.Series([1], dtype=pl.Int64),
        TODAY,
    )
    assert events(found) == {1: True, 2: True, 3: False}
    assert dict(found.select("claim_id", "cents").rows()) == {1: 700, 2: 500, 3: 0}


def weeks(*given: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "week_date": [date(2026, 5, 4) + timedelta(weeks=n) for n in range(len(given))],
            "outcomes": [n for n, _ in given],
            "events": [x for _, x in given],
        }
    )


def test_an_issue_is_over_when_its_last_weeks_are_as_before() -> None:
    assert is_over(weeks((20, 12), (20, 1), (20, 0), (20, 1), (20, 0)), 0.03, 0.6)
    assert not is_over(weeks((20, 12), (20, 11), (20, 9), (20, 1), (20, 8)), 0.03, 0.6)
    assert not is_over(weeks((20, 12), (1, 0), (1, 0), (1, 0), (1, 0)), 0.03, 0.6)


def test_what_was_fixed_is_back_only_by_weeks_after_the_fix() -> None:
    seen = weeks((20, 12), (20, 12), (20, 12))
    assert is_back(seen, 0.03, 0.6, since=date(2026, 5, 10))
    assert not is_back(seen, 0.03, 0.6, since=date(2026, 5, 18))
