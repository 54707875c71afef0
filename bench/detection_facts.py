"""What the billing company had seen of a planted world, and when evidence of a problem was enough.

Facts come out of the product's mirror (which the product ties to its ledger every night), with names
instead of keys; what is true comes out of the simulator's truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl
from scipy.stats import binom

from bench.planted_worlds import PlantedWorld, in_process

LEVEL = 0.01  # of the test of somebody who knows the scope
EVENTS_MIN = 3  # one denied claim is no shift, however rare it was before
PRIOR_WEIGHT = 20.0  # claims that the rate over all scopes counts for, where there is little before
SHARE_LATE = 0.10  # of answers before: later than that is late
UNBILLED_DAYS = 21
TOLERANCE_CENTS = 100  # of the contracts' terms
TABLES = ("claims", "lines", "submissions", "payments", "remit_lines")
DENIAL, HOLD = "denial", "documentation_hold"


def dump(world: PlantedWorld) -> None:
    """Refresh the mirror and write its tables with names; call it with the world's environment."""
    from sanderling.cli.runtime import start_database

    start_database()
    from django.utils import timezone

    from sanderling.mirror.actions import refresh
    from sanderling.mirror.reading import scan
    from sanderling.postgres.frames import read_frame

    refresh(world.last_date, timezone.now())
    names = read_frame(
        "SELECT c.id, l.code, c.number FROM claims_claim c JOIN clients_client l ON l.id = c.client_id",
        {"claim_id": pl.Int64, "client": pl.String, "claim": pl.String},
    )
    payers = read_frame(
        "SELECT id, payer_id FROM payers_payer", {"payer_id": pl.Int64, "payer": pl.String}
    )
    folder = world.folder / "facts"
    folder.mkdir(exist_ok=True)
    for table in TABLES:
        rows = scan(table, None).collect().join(names, on="claim_id", how="inner")
        rows = rows.join(payers, on="payer_id", how="left")
        if table == "claims":
            further = payers.rename({"payer_id": "secondary_payer_id", "payer": "secondary"})
            rows = rows.join(further, on="secondary_payer_id", how="left")
        rows.write_parquet(folder / f"{table}.parquet")


@dataclass(frozen=True)
class Facts:
    """The tables of one world and its truth."""

    world: PlantedWorld

    @classmethod
    def of(cls, world: PlantedWorld) -> Facts:
        """Read the facts of a world, written first if they are not there."""
        if not (world.folder / "facts" / f"{TABLES[-1]}.parquet").exists():
            code = (
                "from bench.detection_facts import dump; from bench.planted_worlds import PlantedWorld;"
                f"dump(PlantedWorld({world.seed}, {world.claims}, {world.days}))"
            )
            list(in_process(world, code))
        return cls(world)

    def table(self, name: str) -> pl.DataFrame:
        """Read one table."""
        return pl.read_parquet(self.world.folder / "facts" / f"{name}.parquet")

    @cached_property
    def first_payments(self) -> pl.DataFrame:
        """First decisions of first payers, without those that are held or answer a duplicate."""
        payments = self.table("payments")
        return payments.filter(
            pl.col("is_first"), pl.col("sequence") == 1, ~pl.col("is_held"),
            ~pl.col("is_duplicate"), ~pl.col("is_reversal"),
        ).with_columns(day=pl.coalesce("payer_received_date", "sent_date", "received_date"))  # fmt: skip

    @cached_property
    def first_submissions(self) -> pl.DataFrame:
        """The first submission of each claim to its first payer."""
        rows = self.table("submissions").filter(pl.col("sequence") == 1, pl.col("frequency") == "1")
        rows = rows.sort("submitted_date", "submission_id")
        return rows.unique("claim_id", keep="first", maintain_order=True)

    @cached_property
    def lines(self) -> pl.DataFrame:
        """Lines as billed to the first payer."""
        return self.table("lines")

    @cached_property
    def struck(self) -> pl.DataFrame:
        """Claims and lines that planted problems touched."""
        rows = self.world.rows("planted.csv")
        days = [pl.col(n).str.to_date() for n in ("received_date", "service_date", "seen_date")]
        cents = [
            pl.col(n).cast(pl.Int64)
            for n in ("line", "charge_cents", "expected_cents", "variance_cents")
        ]
        return pl.DataFrame(rows).with_columns(*days, *cents)

    @cached_property
    def variances(self) -> pl.DataFrame:
        """Lines not paid by contract."""
        cents = ("line", "allowed_cents", "expected_cents", "variance_cents")
        return pl.DataFrame(self.world.rows("variances.csv")).with_columns(
            [pl.col(name).cast(pl.Int64) for name in cents]
        )

    @cached_property
    def problems(self) -> list[dict[str, Any]]:
        """Planted problems, days as dates."""
        import json

        truth = json.loads((self.world.truth / "problems.json").read_text("utf-8"))
        for problem in truth["systemic"]:
            for name in ("from_date", "until_date"):
                problem[name] = date.fromisoformat(problem[name])
        systemic: list[dict[str, Any]] = truth["systemic"]
        return systemic

    def scope_claims(self, problem: dict[str, Any]) -> pl.DataFrame:
        """Answer claim_id of the claims with a line within the problem's scope, whenever."""
        rows = self.lines
        for name, value in (("payer", problem["payer"]), ("client", problem["client"])):
            rows = rows.filter(pl.col(name) == value) if value else rows
        if problem["codes"]:
            rows = rows.filter(pl.col("procedure").is_in(problem["codes"]))
        if problem["modifiers"]:
            rows = rows.filter(pl.col("modifiers").str.contains("|".join(problem["modifiers"])))
        if problem["providers"]:
            rows = rows.filter(pl.col("rendering_npi").is_in(problem["providers"]))
        return rows.select("claim_id").unique()


@dataclass(frozen=True, slots=True)
class Evidence:
    """When somebody who knew the scope would have been sure."""

    enough_date: date | None
    events: int  # until the end of the world
    outcomes: int
    rate_before: float


def evidence(facts: Facts, problem: dict[str, Any]) -> Evidence:
    """Answer the first day on which a one-sided binomial test over the true scope rejects.

    Outcomes count from the onset, by the day on which each was known; the rate before is that of the
    same scope before the onset.
    """
    series = _series(facts, problem)
    scope = facts.scope_claims(problem)
    own = series.join(scope, on="claim_id", how="semi")
    overall = float(series["event"].mean() or 0.0)  # type: ignore[arg-type]
    before = own.filter(pl.col("day") < problem["from_date"])
    after = own.filter(
        pl.col("day") >= problem["from_date"], pl.col("day") < problem["until_date"]
    ).filter(pl.col("known") <= facts.world.last_date)
    rate = (int(before["event"].sum()) + PRIOR_WEIGHT * overall) / (before.height + PRIOR_WEIGHT)
    daily = (
        after.group_by("known")
        .agg(events=pl.col("event").sum(), outcomes=pl.len())
        .sort("known")
        .with_columns(pl.col("events").cum_sum(), pl.col("outcomes").cum_sum())
    )
    enough = next(
        (
            row["known"]
            for row in daily.iter_rows(named=True)
            if row["events"] >= EVENTS_MIN
            and binom.sf(row["events"] - 1, row["outcomes"], rate) < LEVEL
        ),
        None,
    )
    return Evidence(enough, int(after["event"].sum()), after.height, rate)


def _series(facts: Facts, problem: dict[str, Any]) -> pl.DataFrame:
    """Answer claim_id, day (by which the window counts), known, event of every claim."""
    family = problem["family"]
    if problem["kind"] in {"slow_payment", "missing_remittances", "documentation_pends"}:
        return _late(facts, problem)
    if family == "rejection":
        told = pl.concat_str("status_category", "status_code", separator=":")
        return facts.first_submissions.select(
            "claim_id",
            day="submitted_date",
            known=pl.coalesce("rejected_date", "accepted_date", "answered_date"),
            event=(told == problem["carc"]).fill_null(value=False),
        ).filter(pl.col("known").is_not_null())
    if family == "unbilled_secondary":
        return _unbilled(facts)
    if family in {"underpayment", "overpayment"}:
        return _wrong_prices(facts, problem)
    day = "service_date" if problem["by_service"] else "day"
    return facts.first_payments.select(
        "claim_id", day=day, known="received_date",
        event=(pl.col("reason_code") == problem["carc"]).fill_null(value=False),
    )  # fmt: skip


def _late(facts: Facts, problem: dict[str, Any]) -> pl.DataFrame:
    """Late: no answer by the day by which nine of ten of the same scope had one before."""
    sent = facts.first_submissions.filter(pl.col("rejected_date").is_null())
    scope = facts.scope_claims(problem)
    before = sent.join(scope, on="claim_id", how="semi").filter(
        pl.col("submitted_date") < problem["from_date"] - timedelta(days=45),
        pl.col("answered_date").is_not_null(),
    )
    waits = (before["answered_date"] - before["submitted_date"]).dt.total_days()
    days = int(waits.quantile(1 - SHARE_LATE) or 30)
    due = pl.col("submitted_date") + pl.duration(days=days)
    is_run = problem["kind"] == "missing_remittances"
    return sent.select(
        "claim_id",
        day=due if is_run else pl.col("submitted_date"),
        known=due,
        event=pl.col("answered_date").is_null() | (pl.col("answered_date") > due),
    )


def _unbilled(facts: Facts) -> pl.DataFrame:
    """Unbilled: nothing sent to, or forwarded to, the second payer in three weeks."""
    second = (
        facts.table("submissions")
        .filter(pl.col("sequence") == 2)  # noqa: PLR2004 - secondary
        .group_by("claim_id")
        .agg(sent=pl.col("submitted_date").min())
    )
    further = facts.table("claims").filter(pl.col("secondary").is_not_null()).select("claim_id")
    owed = facts.first_payments.filter(pl.col("patient_share_cents") > 0, ~pl.col("is_denied"))
    known = pl.col("received_date") + pl.duration(days=UNBILLED_DAYS)
    return (
        owed.join(further, on="claim_id", how="semi")
        .join(second, on="claim_id", how="left")
        .select(
            "claim_id",
            day="received_date",
            known=known,
            event=~pl.col("is_forwarded") & (pl.col("sent").is_null() | (pl.col("sent") > known)),
        )
    )


def _wrong_prices(facts: Facts, problem: dict[str, Any]) -> pl.DataFrame:
    """Lines paid at least the tolerance below (above) the contract, as the truth says."""
    sign = -1 if problem["family"] == "underpayment" else 1
    wrong = facts.variances.filter(pl.col("variance_cents") * sign > TOLERANCE_CENTS)
    wrong = wrong.select("client", "claim", "line", is_wrong=pl.lit(value=True))
    lines = facts.lines.select(
        "claim_id", "client", "claim", "line", "procedure", "modifiers", "service_date"
    )
    if problem["codes"]:
        lines = lines.filter(pl.col("procedure").is_in(problem["codes"]))
    if problem["modifiers"]:
        lines = lines.filter(pl.col("modifiers").str.contains("|".join(problem["modifiers"])))
    paid = facts.first_payments.filter(pl.col("paid_cents") > 0)
    day = "service_date" if problem["by_service"] else "day"
    return (
        lines.join(paid.select("claim_id", "day", "received_date"), on="claim_id")
        .join(wrong, on=["client", "claim", "line"], how="left")
        .select(
            "claim_id",
            day=day,
            known="received_date",
            event=pl.col("is_wrong").fill_null(value=False),
        )
    )
