"""What several figures stand on: periods as days, movements, balances, decisions, settlements.

Everything known by the end of a period counts for it and nothing later, so that a period is the
same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import polars as pl

from sanderling.core.kpis.definitions import COHORT_MONTHS, DAYS_OF_CHARGES
from sanderling.core.kpis.frames import PATIENT, UNKNOWN_PAYER, Book, Period, add_months
from sanderling.core.ledger.accounts import (
    CHARGE_KINDS,
    PAYMENT_KINDS,
    REFUND_KINDS,
    Account,
    Kind,
)

CONTRACTUAL_KINDS: Final = (Kind.CONTRACTUAL, Kind.SEQUESTRATION)
_PATIENT_PARTY: Final = int(Account.PATIENT)
_FIRST_PARTY: Final = int(Account.PRIMARY)


def _days(from_date: date, to_date: date) -> list[date]:
    return [from_date + timedelta(days=n) for n in range((to_date - from_date).days + 1)]


def _calendar(spans: Sequence[tuple[int, date, date]]) -> pl.DataFrame:
    """Return a row for each day of each span: day, period."""
    rows = [(day, period) for period, first, last in spans for day in _days(first, last)]
    return pl.DataFrame(rows, schema={"day": pl.Date, "period": pl.Int32}, orient="row")


@dataclass(frozen=True)
class Bases:
    """A book as it is asked: by periods, which follow each other without overlap."""

    book: Book
    periods: tuple[Period, ...]
    claims_of: Bases | None = None  # whose claims are taken, instead of reading them again

    @cached_property
    def in_period(self) -> pl.LazyFrame:
        """The days of each period."""
        spans = [(n, p.from_date, p.to_date) for n, p in enumerate(self.periods)]
        return _calendar(spans).lazy()

    @cached_property
    def before_end(self) -> pl.LazyFrame:
        """The days whose charges are behind days in AR: 90 up to each period's end."""
        back = timedelta(days=DAYS_OF_CHARGES - 1)
        spans = [(n, p.to_date - back, p.to_date) for n, p in enumerate(self.periods)]
        return _calendar(spans).lazy()

    @cached_property
    def cohort_days(self) -> pl.LazyFrame:
        """The days of service that are six months old in each period."""
        day = timedelta(days=1)
        spans = [
            (
                n,
                add_months(p.from_date, -COHORT_MONTHS),
                add_months(p.to_date + day, -COHORT_MONTHS) - day,
            )
            for n, p in enumerate(self.periods)
        ]
        return _calendar(spans).lazy()

    @cached_property
    def ends(self) -> pl.LazyFrame:
        """The last day of each period."""
        return pl.LazyFrame(
            [(n, p.to_date) for n, p in enumerate(self.periods)],
            schema={"period": pl.Int32, "end": pl.Date},
            orient="row",
        )

    @cached_property
    def claims(self) -> pl.DataFrame:
        """The claims, with the provider that a group is named by."""
        if self.claims_of is not None:
            return self.claims_of.claims
        provider = pl.when(pl.col("rendering_npi").fill_null("") != "").then("rendering_npi")
        return self.book.claims.select(
            "claim_id",
            "client_id",
            first_payer_id=pl.col("payer_id"),
            secondary_payer_id=pl.col("secondary_payer_id"),
            provider=provider.otherwise("billing_npi").fill_null(""),
            location=pl.col("location").fill_null(""),
            service_date=pl.col("service_date"),
            first_billed_date=pl.col("first_billed_date"),
            received_date=pl.col("received_date"),
        ).collect()

    @cached_property
    def entries(self) -> pl.LazyFrame:
        """The ledger's entries that move what is owed on claims, signed by party."""
        entries = self.book.ledger.filter(pl.col("claim_id").is_not_null())
        shared = ["claim_id", "client_id", "payer_id", "posted_date", "kind"]
        sides = [
            entries.select(*shared, party=pl.col("debit"), cents=pl.col("amount_cents")),
            entries.select(*shared, party=pl.col("credit"), cents=-pl.col("amount_cents")),
        ]
        return pl.concat(sides).filter(pl.col("party").is_between(_FIRST_PARTY, _PATIENT_PARTY))

    @cached_property
    def movements(self) -> pl.DataFrame:
        """What was charged, paid and so on, by claim, payer and day, in cents.

        Payments and contractual adjustments are positive when they lower what is owed; refunds are
        taken off payments.
        """
        kind, cents = pl.col("kind"), pl.col("cents")

        def of(kinds: Sequence[Kind], sign: int) -> pl.Expr:
            return sign * cents.filter(kind.is_in([int(one) for one in kinds])).sum()

        wanted = (*CHARGE_KINDS, *PAYMENT_KINDS, *REFUND_KINDS, *CONTRACTUAL_KINDS)
        return (
            self.entries.filter(kind.is_in([int(one) for one in wanted]))
            .group_by("claim_id", "client_id", "payer_id", day=pl.col("posted_date"))
            .agg(
                charges=of(CHARGE_KINDS, 1),
                payments=of((*PAYMENT_KINDS, *REFUND_KINDS), -1),
                contractual=of(CONTRACTUAL_KINDS, -1),
            )
            .collect()
        )

    @cached_property
    def balances(self) -> pl.DataFrame:
        """What each party of a claim owed at each period's end: balance_cents, age_days, payer_id.

        The payer of a patient's balance is PATIENT.
        """
        if not self.periods:
            return pl.DataFrame(schema=_BALANCES)
        last = len(self.periods)
        party = ["claim_id", "client_id", "party"]
        changes = (
            self.entries.join(self._period_after, left_on="posted_date", right_on="day")
            .group_by(*party, "period")
            .agg(pl.col("cents").sum())
            .filter(pl.col("cents") != 0)
            .sort(*party, "period")
            .with_columns(
                balance_cents=pl.col("cents").cum_sum().over(party),
                until=pl.col("period").shift(-1).over(party).fill_null(last),
            )
            .filter(pl.col("balance_cents") != 0)
            .with_columns(period=pl.int_ranges("period", "until", dtype=pl.Int32))
            .explode("period")
            .select(*party, "period", "balance_cents")
        )
        first_posted = self.entries.group_by("claim_id").agg(
            first_posted=pl.col("posted_date").min()
        )
        claims = self.claims.lazy().select(
            "claim_id", "first_payer_id", "secondary_payer_id", "service_date", "first_billed_date"
        )
        since = pl.coalesce("service_date", "first_billed_date", "first_posted")
        payer = (
            pl.when(pl.col("party") == _PATIENT_PARTY)
            .then(PATIENT)
            .when(pl.col("party") == Account.PRIMARY)
            .then("first_payer_id")
            .when(pl.col("party") == Account.SECONDARY)
            .then("secondary_payer_id")
            .otherwise(None)
            .fill_null(UNKNOWN_PAYER)
        )
        return (
            changes.join(claims, on="claim_id", how="left")
            .join(first_posted, on="claim_id", how="left")
            .join(self.ends, on="period")
            .select(
                *party,
                "period",
                "balance_cents",
                payer_id=payer.cast(pl.Int64),
                age_days=(pl.col("end") - since).dt.total_days().clip(0),
            )
            .collect()
        )

    @cached_property
    def _period_after(self) -> pl.LazyFrame:
        """For each day of the ledger, the first period at whose end it is known."""
        first_day = self.book.ledger.select(pl.col("posted_date").min()).collect().item()
        spans, start = [], first_day or self.periods[0].from_date
        for number, period in enumerate(self.periods):
            spans.append((number, start, period.to_date))
            start = max(start, period.to_date + timedelta(days=1))
        return _calendar(spans).lazy()

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """The first decision of each payer on each claim; `denied`: refused, not as a duplicate."""
        return (
            self.book.payments.filter(
                pl.col("is_first"), ~pl.col("is_reversal"), ~pl.col("is_held")
            )
            .filter(pl.col("claim_id").is_not_null())
            .with_columns(
                denied=(pl.col("is_denied") & ~pl.col("is_duplicate")).cast(pl.Int64),
                day=pl.col("received_date"),
            )
            .collect()
        )

    @cached_property
    def denials(self) -> pl.DataFrame:
        """The first decisions that refused."""
        return self.decisions.filter(pl.col("denied") == 1)

    @cached_property
    def insurance_days(self) -> pl.DataFrame:
        """What all insurers of a claim owed after each day that changed it: claim_id, day, left."""
        return (
            self.entries.filter(pl.col("party") != _PATIENT_PARTY)
            .group_by("claim_id", "client_id", day=pl.col("posted_date"))
            .agg(pl.col("cents").sum())
            .filter(pl.col("cents") != 0)
            .sort("claim_id", "day")
            .with_columns(left=pl.col("cents").cum_sum().over("claim_id"))
            .collect()
        )

    @cached_property
    def closings(self) -> pl.DataFrame:
        """The days on which insurers came to owe nothing (or less) on a claim."""
        left, cents = pl.col("left"), pl.col("cents")
        return self.insurance_days.filter(left <= 0, left - cents > 0).select(
            "claim_id", "client_id", "day"
        )

    @cached_property
    def settled_denials(self) -> pl.DataFrame:
        """Denials that came to an end: the day, and whether the same payer paid."""
        denials = self.denials.select("claim_id", "client_id", "payer_id", denied_day="day").sort(
            "denied_day"
        )
        paid = (
            self.book.payments.filter(
                ~pl.col("is_reversal"), ~pl.col("is_held"), pl.col("paid_cents") > 0
            )
            .filter(~pl.col("is_first"))
            .select("claim_id", "payer_id", won_day="received_date")
            .collect()
            .sort("won_day")
        )
        closings = self.closings.select("claim_id", closed_day="day").sort("closed_day")
        won, closed = pl.col("won_day"), pl.col("closed_day")
        return (
            denials.join_asof(
                paid,
                left_on="denied_day",
                right_on="won_day",
                by=["claim_id", "payer_id"],
                strategy="forward",
                check_sortedness=False,
            )
            .sort("denied_day")
            .join_asof(
                closings,
                left_on="denied_day",
                right_on="closed_day",
                by="claim_id",
                strategy="forward",
                check_sortedness=False,
            )
            .with_columns(day=pl.min_horizontal("won_day", "closed_day"))
            .filter(pl.col("day").is_not_null())
            .with_columns(
                is_won=won.is_not_null() & (closed.is_null() | (won <= closed)),
                days=(pl.col("day") - pl.col("denied_day")).dt.total_days(),
            )
        )

    @cached_property
    def touches(self) -> pl.DataFrame:
        """The touches, in order of their day."""
        return (
            self.book.touches.filter(pl.col("claim_id").is_not_null())
            .select("claim_id", "client_id", "payer_id", "activity_id", "user_id", "action",
                    "outcome", day="activity_date")
            .collect()
            .sort("day", "activity_id")
        )  # fmt: skip

    @cached_property
    def first_sent(self) -> pl.DataFrame:
        """Each claim as first sent to its first payer, and how that was first answered."""
        rejected, accepted = pl.col("rejected_date"), pl.col("accepted_date")
        return (
            self.book.submissions.filter(pl.col("sequence") == 1)
            .sort("claim_id", "submitted_date", "submission_id", nulls_last=True)
            .unique("claim_id", keep="first", maintain_order=True)
            .with_columns(
                is_rejected=rejected.is_not_null(),
                day=pl.coalesce(rejected, accepted, "answered_date"),
            )
            .collect()
        )


_BALANCES: Final = {
    "claim_id": pl.Int64,
    "client_id": pl.Int64,
    "party": pl.Int64,
    "period": pl.Int32,
    "balance_cents": pl.Int64,
    "payer_id": pl.Int64,
    "age_days": pl.Int64,
}
