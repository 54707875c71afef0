"""Everything the reports of many clients are made of, each read or worked out once for all of them.

What a report says is asked of the questions behind the command line (`aging`, `barriers`, `kpis`,
`underpayments`, `issues`, `forecast`), for all clients at once and as known at the end of a day
that is over; a block then takes its client's part. Never for pages: it reads with the rights of
the installation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import polars as pl

from sanderling.barriers.working import barriers_on
from sanderling.core.kpis.frames import Period, add_months, month_start
from sanderling.core.ledger.accounts import (
    ADJUSTMENT_KINDS,
    CHARGE_KINDS,
    PAYMENT_KINDS,
    REFUND_KINDS,
    WRITE_OFF_KINDS,
    Kind,
)
from sanderling.core.trends.findings import Finding
from sanderling.forecast.making import forecast_rows
from sanderling.issues.searching import look
from sanderling.payers.models import Payer
from sanderling.postgres.frames import read_frame
from sanderling.pricing.queries import listed, variances_on
from sanderling.receivables.aging import AgingQuestion, aged_rows, aging
from sanderling.reports.kpi_sums import KpiRows, kpi_rows
from sanderling.reports.shapes import OTHERS
from sanderling.workload.credited import cash_rows

TREND_MONTHS: Final = 12
OVER_90: Final = (90,)
Tell = Callable[[str], None]
BALANCES: Final = {
    "client_id": pl.Int64,
    "payer_id": pl.Int64,  # -1 the patient, 0 unknown
    "responsibility": pl.String,
    "provider": pl.String,
    "claim_id": pl.Int64,
    "age_days": pl.Int64,
    "cents": pl.Int64,
}
FORECAST: Final = {
    "client_id": pl.Int64,
    "week": pl.Date,
    "expected_cents": pl.Int64,
    "low_cents": pl.Int64,
    "high_cents": pl.Int64,
}
# How an entry of a kind moves receivables, in the words of the roll-forward.
MOVES: Final = {
    **dict.fromkeys((int(kind) for kind in CHARGE_KINDS), "charges"),
    **dict.fromkeys((int(kind) for kind in PAYMENT_KINDS), "payments"),
    **dict.fromkeys((int(kind) for kind in ADJUSTMENT_KINDS), "adjustments"),
    **dict.fromkeys((int(kind) for kind in WRITE_OFF_KINDS), "write_offs"),
    **dict.fromkeys((int(kind) for kind in REFUND_KINDS), "refunds"),
    int(Kind.OPENING_BALANCE): "taken_over",
}
_MOVED: Final = """
SELECT client_id, claim_id, kind,
       sum(CASE WHEN debit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END
         - CASE WHEN credit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END)::bigint
  FROM ledger_entry
 WHERE posted_date BETWEEN %(from)s AND %(to)s AND claim_id IS NOT NULL
   AND (debit BETWEEN 11 AND 14 OR credit BETWEEN 11 AND 14)
   AND (%(clients)s::int[] IS NULL OR client_id = ANY (%(clients)s::int[]))
 GROUP BY 1, 2, 3
"""
_TOUCHES: Final = """
SELECT a.client_id, a.claim_id, a.action, a.channel, count(*)
  FROM followup_standing_activity a
 WHERE a.activity_date BETWEEN %(from)s AND %(to)s AND a.channel <> 'internal'
   AND (%(clients)s::int[] IS NULL OR a.client_id = ANY (%(clients)s::int[]))
 GROUP BY 1, 2, 3, 4
"""
_RECOVERED: Final = """
SELECT p.client_id, l.claim_id, p.payer_id, sum(l.recovered_cents)::bigint
  FROM underpayments_line l JOIN underpayments_project p ON p.id = l.project_id
 WHERE l.recovered_date BETWEEN %(from)s AND %(to)s AND l.recovered_cents > 0
   AND (%(clients)s::int[] IS NULL OR p.client_id = ANY (%(clients)s::int[]))
 GROUP BY 1, 2, 3
"""
_CLOCKS: Final = """
SELECT client_id, claim_id, kind, ended_at IS NOT NULL AND ended_at <= due_at
  FROM agreements_clock
 WHERE due_at >= %(from)s::date AND due_at < %(to)s::date + 1 AND dropped_at IS NULL
   AND (%(clients)s::int[] IS NULL OR client_id = ANY (%(clients)s::int[]))
"""
_OF_PROVIDER: Final = """
SELECT id FROM claims_claim
 WHERE client_id = %s AND coalesce(nullif(rendering_npi, ''), billing_npi) = %s
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report, and the day at whose end it stands."""

    from_date: date
    to_date: date
    as_of: date

    @property
    def period(self) -> Period:
        """The days as key figures have them."""
        return Period(self.from_date, self.to_date)

    @property
    def before(self) -> Period:
        """As many days before: the whole months before where these are whole months."""
        first, last = self.from_date, self.to_date
        next_day = last + timedelta(days=1)
        if first.day == 1 and next_day.day == 1:
            months = (next_day.year - first.year) * 12 + next_day.month - first.month
            return Period(add_months(first, -months), first - timedelta(days=1))
        return Period(first - (next_day - first), first - timedelta(days=1))

    @property
    def trend_days(self) -> list[date]:
        """The ends of the last months and the day itself, in order."""
        first = month_start(self.as_of)
        ends = [add_months(first, -n) - timedelta(days=1) for n in range(TREND_MONTHS - 1, -1, -1)]
        return [*ends, self.as_of] if (self.as_of + timedelta(days=1)).day != 1 else [
            *ends[1:], self.as_of
        ]  # fmt: skip


@dataclass
class Book:
    """The frames, each made when the first block asks; all have `client_id`.

    `client_ids`: whose reports are made; None: all. `tell`: is told what is being worked out.
    """

    span: Span
    client_ids: list[int] | None
    tell: Tell = lambda _: None
    _parts: dict[str, dict[int, pl.DataFrame]] = field(default_factory=dict)

    @property
    def _of(self) -> dict[str, Any]:
        return {"from": self.span.from_date, "to": self.span.to_date, "clients": self.client_ids}

    @cached_property
    def payers(self) -> dict[int, tuple[str, str]]:
        """Code and name of each payer."""
        known = {pk: (code, name) for pk, code, name in
                 Payer.objects.values_list("pk", "payer_id", "name")}  # fmt: skip
        return {**known, -1: ("PATIENT", "Patients"), 0: ("UNKNOWN", "Unknown payer")}

    @cached_property
    def balances(self) -> pl.DataFrame:
        """What each party of a claim owed, with its age (BALANCES)."""
        self.tell("what is owed")
        rows = aged_rows(
            AgingQuestion(
                as_of=self.span.as_of,
                party="all",
                client_ids=None if self.client_ids is None else tuple(self.client_ids),
            )
        )
        return pl.DataFrame(rows, schema=BALANCES, orient="row")

    @cached_property
    def trend(self) -> pl.DataFrame:
        """What insurers owed at month ends: client, day, total_cents, over_90_cents."""
        return self.trend_of(self.client_ids)

    def trend_of(self, client_ids: Sequence[int] | None, provider: str = "") -> pl.DataFrame:
        """Return the trend of these clients (None: of all), of one provider's claims if named."""
        rows = []
        for day in self.span.trend_days:
            self.tell(f"what was owed on {day}")
            question = AgingQuestion(
                as_of=day,
                by=("client",),
                buckets=OVER_90,
                client_ids=None if client_ids is None else tuple(client_ids),
                filters={"provider": provider} if provider else {},
            )
            rows += [
                (row["client"], day, row["total_cents"], row["b90_plus_cents"])
                for row in aging(question).rows
            ]
        schema = {
            "client": pl.String, "day": pl.Date, "total_cents": pl.Int64, "over_90_cents": pl.Int64,
        }  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def barriers(self) -> pl.DataFrame:
        """Why each open balance was unpaid (core.barriers.rows.ROWS)."""
        self.tell("why it is open")
        kept = [
            *("client_id", "claim_id", "party", "payer_id", "balance_cents", "barrier"),
            *("category", "team", "next_action", "next_date", "deadline_date", "since_date"),
        ]
        schema = {
            name: pl.Date if name.endswith("_date")
            else pl.Int64 if name.endswith(("_id", "party", "_cents")) else pl.String
            for name in kept
        }  # fmt: skip
        parts = barriers_on(self.span.as_of, self.client_ids, two_connections=True)
        return pl.concat([pl.DataFrame(schema=schema), *(part.select(kept) for part in parts)])

    @cached_property
    def moved(self) -> pl.DataFrame:
        """How receivables moved in the period: client_id, claim_id, move (of MOVES), cents."""
        self.tell("what moved")
        schema = {
            "client_id": pl.Int64, "claim_id": pl.Int64, "kind": pl.Int64, "cents": pl.Int64
        }  # fmt: skip
        found = read_frame(_MOVED, schema, self._of)
        return (
            found.with_columns(
                move=pl.col("kind").replace_strict(MOVES, default=None, return_dtype=pl.String)
            )
            .filter(pl.col("move").is_not_null())
            .group_by("client_id", "claim_id", "move")
            .agg(pl.col("cents").sum())
        )

    @cached_property
    def cash(self) -> pl.DataFrame:
        """What insurers paid in the period (workload.credited.CASH)."""
        self.tell("cash")
        return cash_rows(self.client_ids, from_date=self.span.from_date, to_date=self.span.to_date)

    @cached_property
    def cash_before(self) -> pl.DataFrame:
        """What insurers paid in the period before: client_id, cents."""
        before = self.span.before
        found = cash_rows(self.client_ids, from_date=before.from_date, to_date=before.to_date)
        return found.group_by("client_id").agg(pl.col("cents").sum())

    @cached_property
    def denied_first(self) -> pl.DataFrame:
        """Which claims a payer denied at first, and when: claim_id, payer_id, denied_date."""
        from sanderling.mirror.reading import scan

        return (
            scan("payments", self.client_ids, to_date=self.span.to_date)
            .filter("is_first", "is_denied", ~pl.col("is_duplicate"), ~pl.col("is_held"))
            .group_by("claim_id", "payer_id")
            .agg(denied_date=pl.col("received_date").min())
            .collect()
        )

    @cached_property
    def recovered(self) -> pl.DataFrame:
        """What disputes of underpayments recovered in the period."""
        schema = {
            "client_id": pl.Int64, "claim_id": pl.Int64, "payer_id": pl.Int64, "cents": pl.Int64
        }  # fmt: skip
        return read_frame(_RECOVERED, schema, self._of)

    @cached_property
    def touches(self) -> pl.DataFrame:
        """What was done in the period with somebody outside, counted by claim."""
        schema = {
            "client_id": pl.Int64, "claim_id": pl.Int64, "action": pl.String,
            "channel": pl.String, "touches": pl.Int64,
        }  # fmt: skip
        return read_frame(_TOUCHES, schema, self._of)

    @cached_property
    def clocks(self) -> pl.DataFrame:
        """What was due in the period by agreements, and whether it was done in time."""
        schema = {
            "client_id": pl.Int64, "claim_id": pl.Int64, "clock": pl.String, "is_met": pl.Boolean
        }  # fmt: skip
        return read_frame(_CLOCKS, schema, self._of)

    @cached_property
    def variances(self) -> pl.DataFrame:
        """Lines that payers paid short by contract or history, as `sanderling underpayments`."""
        self.tell("what was paid short")
        found = listed(variances_on(self.span.as_of, self.client_ids))
        return found.filter(pl.col("variance_cents") < 0)

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """Systemic issues of all clients, as `sanderling issues`."""
        self.tell("systemic issues")
        return look(self.span.as_of).searched.findings

    @cached_property
    def forecast(self) -> pl.DataFrame:
        """Cash of the weeks ahead by client, as `sanderling forecast --by client`."""
        self.tell("cash to come")
        return pl.DataFrame(forecast_rows(self.span.as_of, by_client=True), schema=FORECAST)

    @cached_property
    def kpis(self) -> KpiRows:
        """Key figures of the period and the one before, with the claims behind them."""
        self.tell("key figures")
        return kpi_rows((self.span.before, self.span.period), self.client_ids)

    def opening(self, client_id: int, client_code: str, provider: str) -> int:
        """Return what was owed by all parties before the period, credits netted, in cents."""
        day = self.span.from_date - timedelta(days=1)
        if provider:
            asked = AgingQuestion(
                as_of=day, party="all", client_ids=(client_id,), filters={"provider": provider}
            )
            totals = aging(asked).totals
            return int(totals["total_cents"] + totals["credits_cents"])
        return self._openings.get(client_code, 0)

    @cached_property
    def _openings(self) -> dict[str, int]:
        question = AgingQuestion(
            as_of=self.span.from_date - timedelta(days=1),
            by=("client",),
            party="all",
            client_ids=None if self.client_ids is None else tuple(self.client_ids),
        )
        return {
            row["client"]: row["total_cents"] + row["credits_cents"] for row in aging(question).rows
        }

    def of_client(self, name: str, client_id: int) -> pl.DataFrame:
        """Return a client's rows of one of the frames."""
        frame: pl.DataFrame = getattr(self, name)
        if name not in self._parts:
            self._parts[name] = {
                int(key[0]): part
                for key, part in frame.partition_by("client_id", as_dict=True).items()
            }
        return self._parts[name].get(client_id, frame.clear())

    def of_kpis(self, name: str, client_id: int) -> pl.DataFrame:
        """Return a client's rows of `kpis`: sums, rows or denials."""
        key = f"kpis.{name}"
        frame: pl.DataFrame = getattr(self.kpis, name)
        if key not in self._parts:
            self._parts[key] = {
                int(one[0]): part
                for one, part in frame.partition_by("client_id", as_dict=True).items()
            }
        return self._parts[key].get(client_id, frame.clear())


@dataclass
class Part:
    """What of the book concerns one report: a client's, or of it one provider's claims."""

    book: Book
    client_id: int
    client_code: str
    provider: str = ""

    @cached_property
    def _claims(self) -> pl.Series:
        found = read_frame(_OF_PROVIDER, {"claim_id": pl.Int64}, [self.client_id, self.provider])
        return found["claim_id"]

    @property
    def opening_cents(self) -> int:
        """What was owed by all parties before the period, credits netted."""
        return self.book.opening(self.client_id, self.client_code, self.provider)

    @cached_property
    def trend(self) -> pl.DataFrame:
        """What insurers owed at month ends (Book.trend), of the report's claims."""
        if self.provider:
            return self.book.trend_of([self.client_id], self.provider)
        return self.book.trend.filter(pl.col("client") == self.client_code)

    @cached_property
    def forecast(self) -> pl.DataFrame:
        """Cash of the weeks ahead; of one provider, learned from that one's claims alone."""
        if not self.provider:
            return self.of("forecast")
        self.book.tell("cash to come")
        rows = forecast_rows(
            self.book.span.as_of, by_client=True, client_ids=[self.client_id],
            claim_ids=self._claims,
        )  # fmt: skip
        return pl.DataFrame(rows, schema=FORECAST)

    def of(self, name: str) -> pl.DataFrame:
        """Return the rows of a frame of the book that concern the report."""
        return self._narrowed(self.book.of_client(name, self.client_id))

    def of_kpis(self, name: str) -> pl.DataFrame:
        """Return the rows of the key figures that concern the report."""
        found = self.book.of_kpis(name, self.client_id)
        if name == "sums":
            return found.filter(pl.col("provider") == self.provider) if self.provider else found
        return self._narrowed(found)

    def _narrowed(self, found: pl.DataFrame) -> pl.DataFrame:
        if not self.provider:
            return found
        return found.filter(pl.col("claim_id").is_in(self._claims.implode()))

    def payer_name(self, payer_id: int | None) -> str:
        """Return what a payer is called."""
        return self.book.payers.get(payer_id or 0, ("", "Unknown payer"))[1]

    def payer_label(self, group: str) -> str:
        """Return what a group by payer is called (shapes.with_group)."""
        return "Other payers" if group == OTHERS else self.payer_name(int(group))
