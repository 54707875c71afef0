"""The rows of one month of service of a made-up book: drawn at random, claim by claim in step."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from bench.analytic_book import CLASSES, DUPLICATE_REASON, REASONS, Book, Plant

Array = np.ndarray[Any, Any]
_REASON_NAMES: Final = (
    "category",
    "subcategory",
    "group_code",
    "reason_code",
    "remark_code",
    "preventable",
)
_EPOCH: Final = date(1970, 1, 1)
_NONE: Final = np.iinfo(np.int32).min // 2  # a day that never comes
_ABOUT: Final = [
    "claim_id", "client_id", "payer_id", "payer_type", "plan", "kind", "location", "rendering_npi",
    "diagnosis", "service_date",
]  # fmt: skip


def month_rows(
    book: Book, number: int, first: date, days: int, count: int, first_id: int
) -> dict[str, pl.DataFrame]:
    """Return the rows of all tables that follow from the claims of one month of service."""
    rng = np.random.default_rng([book.seed, number])
    last = _day(book.last_date)
    claims = _claims(book, rng, first, days, count, first_id)
    lines = _lines(book, rng, claims)
    fates = _fates(book, rng, claims, lines)
    payments, remit_lines = _payments(book, rng, claims, lines, fates)
    known = pl.col("received_date") <= last
    payments = _only_told(payments.filter(known), last)
    remit_lines = _only_told(remit_lines.filter(known), last)
    submissions = _submissions(claims, fates).filter(known)
    claims = claims.filter(pl.col("received_date") <= last)
    seen = claims.select("claim_id")
    lines = lines.join(seen, on="claim_id", how="semi")
    touches = _touches(rng, claims, fates).filter(pl.col("activity_date") <= last)
    ledger = _ledger(lines, remit_lines, first_id * 64)
    found = {
        "claims": claims,
        "lines": lines,
        "submissions": submissions,
        "payments": payments,
        "remit_lines": remit_lines,
        "ledger": ledger,
        "touches": touches,
    }
    return {name: _dated(frame, last) for name, frame in found.items()}


def _day(day: date) -> int:
    return (day - _EPOCH).days


def _dated(frame: pl.DataFrame, last: int) -> pl.DataFrame:
    """Return the frame with its days, counted since 1970 so far, as dates; null: not yet."""
    names = [name for name in frame.columns if name.endswith("_date")]
    return frame.with_columns(
        pl.when(pl.col(name).is_between(1, last))
        .then(name)
        .cast(pl.Int32)
        .cast(pl.Date)
        .alias(name)
        for name in names
    )


def _only_told(rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Take back only what has been taken back by the last day."""
    is_told = pl.col("taken_back_date").is_between(1, last)
    return rows.with_columns(
        is_taken_back=is_told, taken_back_date=pl.when(is_told).then("taken_back_date").otherwise(0)
    )


def _claims(
    book: Book, rng: np.random.Generator, first: date, days: int, count: int, first_id: int
) -> pl.DataFrame:
    client = rng.choice(book.clients, count, p=book.client_weight)
    payer = (book.client_payers[client] < rng.random(count)[:, None]).sum(1)
    payer = np.minimum(payer, len(book.payer_class) - 1)
    kinds = np.array(list(CLASSES))
    of_class = book.payer_class[payer]
    about = np.array(list(CLASSES.values()))
    service = _day(first) + rng.integers(0, days, count)
    lag = np.minimum(rng.lognormal(np.log(3), 0.86, count), 120).astype(np.int64)
    sent = service + lag
    has_second = rng.random(count) < about[of_class, 4]
    second = np.where(has_second, rng.integers(9, len(book.payer_class), count) + 1, 0)
    provider = (rng.random(count) ** 1.6 * book.providers[client]).astype(np.int64)
    location = rng.integers(0, 1 + client % 4)
    return pl.DataFrame(
        {
            "claim_id": first_id + np.arange(count),
            "client_id": client + 1,
            "payer_id": payer + 1,
            "payer_class": of_class,
            "payer_type": kinds[of_class],
            "plan_number": np.minimum(rng.geometric(0.45, count), 5),
            "kind": "P",
            "location_number": location,
            "provider": provider,
            "diagnosis_number": (rng.random(count) ** 2 * 60).astype(np.int64),
            "service_date": service,
            "secondary_payer_id": second,
            "received_date": sent,
        }
    ).with_columns(
        secondary_payer_id=pl.when(pl.col("secondary_payer_id") > 0).then("secondary_payer_id"),
        plan=pl.format("PLAN {}-{}", "payer_id", "plan_number"),
        location=pl.format("OFFICE {}-{}", "client_id", "location_number"),
        rendering_npi=pl.format("1{}{}", pl.col("client_id") + 10_000, pl.col("provider") + 1000),
        billing_npi=pl.format("1{}0000", pl.col("client_id") + 10_000),
        diagnosis=pl.format("M{}", pl.col("diagnosis_number") + pl.col("client_id") % 12 * 60),
        first_billed_date=pl.col("received_date"),
        last_billed_date=pl.col("received_date"),
    )


def _lines(book: Book, rng: np.random.Generator, claims: pl.DataFrame) -> pl.DataFrame:
    counts = 1 + np.minimum(rng.poisson(1.1, claims.height), 11)
    row = np.repeat(np.arange(claims.height), counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    client = claims["client_id"].to_numpy()[row] - 1
    payer = claims["payer_id"].to_numpy()[row] - 1
    rank = np.minimum((rng.random(len(row)) ** 2.2 * 40).astype(np.int64), 39)
    code = book.codes[book.specialty[client], rank]
    charge = (book.fees[code] * book.client_charges[client] / 100).round().astype(np.int64) * 100
    allowed = (book.fees[code] * book.payer_factor[payer]).round().astype(np.int64)
    modifier = np.array(["", "25", "59", "RT"])[rng.choice(4, len(row), p=[0.88, 0.07, 0.03, 0.02])]
    lines = pl.DataFrame(
        {
            "row": row,
            "line": np.arange(len(row)) - starts + 1,
            "procedure": book.code_names[code],
            "modifiers": modifier,
            "revenue_code": "",
            "place_of_service": np.where(rank > 25, "22", "11"),
            "units": 1.0,
            "charge_cents": charge,
            "allowed_cents": np.minimum(allowed, charge),
        }
    )
    charges = lines.group_by("row").agg(pl.col("charge_cents").sum(), line_count=pl.len())
    charges = charges.sort("row")
    claims.insert_column(len(claims.columns), charges["charge_cents"])
    claims.insert_column(len(claims.columns), charges["line_count"])
    of_claim = claims.select(*_ABOUT, "received_date").with_row_index("row")
    return lines.join(of_claim.with_columns(pl.col("row").cast(pl.Int64)), on="row")


def _hit(plant: Plant, claims: pl.DataFrame, day: str) -> Array:
    """Return which claims a plant is about, by a day of theirs."""
    fits = (pl.col("payer_id") == plant.payer_id) & (pl.col(day) >= _day(plant.from_date))
    if plant.to_date is not None:
        fits &= pl.col(day) <= _day(plant.to_date)
    if plant.client_id is not None:
        fits &= pl.col("client_id") == plant.client_id
    if plant.plan is not None:
        fits &= pl.col("plan") == plant.plan
    found: Array = claims.select(fits).to_series().to_numpy()
    return found


def _has_code(plant: Plant, lines: pl.DataFrame, count: int) -> Array:
    if plant.procedure is None:
        return np.ones(count, dtype=bool)
    rows = lines.filter(pl.col("procedure") == plant.procedure)["row"].to_numpy()
    found = np.zeros(count, dtype=bool)
    found[rows] = True
    return found


def _fates(
    book: Book, rng: np.random.Generator, claims: pl.DataFrame, lines: pl.DataFrame
) -> dict[str, Array]:
    """Return what becomes of each claim: days and flags, one of each for a claim."""
    count = claims.height
    about = np.array(list(CLASSES.values()))[claims["payer_class"].to_numpy()]
    sent = claims["received_date"].to_numpy()
    denies = book.payer_denies[claims["payer_id"].to_numpy() - 1]
    denies = denies * book.client_denies[claims["client_id"].to_numpy() - 1]
    is_rejected = rng.random(count) < about[:, 2]
    is_denied = rng.random(count) < about[:, 3] * denies
    weights = np.array([reason[-1] for reason in REASONS], dtype=float)
    reason = rng.choice(len(REASONS), count, p=weights / weights.sum())
    wait = rng.gamma(3, about[:, 5] / 3).astype(np.int64) + 2
    wait += np.where(rng.random(count) < 0.03, 30, 0)
    is_silent = rng.random(count) < 0.04
    is_billed = rng.random(count) < 0.97  # the next payer, where it is not told by the first
    for plant in book.plants:
        hit = _hit(plant, claims, "received_date") & _has_code(plant, lines, count)
        drawn = hit & (rng.random(count) < plant.size)
        if plant.kind in ("denial", "documentation_hold"):
            is_denied |= drawn
            reason = np.where(drawn, plant.reason, reason)
        elif plant.kind == "rejection":
            is_rejected |= drawn
        elif plant.kind == "slow_payment":
            wait = wait + np.where(hit, int(plant.size), 0)
        elif plant.kind == "missing_remittance":
            is_silent |= drawn
        elif plant.kind == "unbilled_secondary":
            is_billed &= ~hit
    is_sent_again = is_rejected & (rng.random(count) < 0.9)
    rejected = np.where(is_rejected, sent + rng.integers(1, 4, count), _NONE)
    again = np.where(is_sent_again, rejected + rng.integers(2, 21, count), _NONE)
    counted = np.where(is_rejected, again, sent)
    silent_answer = np.where(rng.random(count) < 0.6, counted + rng.integers(45, 120, count), _NONE)
    answered = np.where(is_silent, silent_answer, counted + wait)
    answered = np.where(counted > 0, answered, _NONE)
    is_whole = rng.random(count) < 0.6
    recovers = is_denied & is_whole & (rng.random(count) < 0.5)
    corrected = np.where(recovers, answered + rng.integers(8, 60, count), _NONE)
    corrected = np.where(corrected > 0, corrected, _NONE)
    paid_later = np.where(corrected > 0, corrected + wait + 6, _NONE)
    is_forwarded = claims["secondary_payer_id"].is_not_null().to_numpy() & (
        rng.random(count) < 0.88
    )
    return {
        "rejected": rejected,
        "rejected_by": rng.integers(0, 2, count),
        "again": again,
        "counted": counted,
        "answered": answered,
        "is_silent": is_silent,
        "is_denied": is_denied & (answered > 0),
        "is_whole": is_whole,
        "reason": reason,
        "corrected": corrected,
        "paid_later": paid_later,
        "is_forwarded": is_forwarded & is_billed,
        "is_billed": is_billed,
        "second_wait": rng.gamma(3, 6, count).astype(np.int64) + 4,
        "is_duplicate": rng.random(count) < 0.025,
        "taken_back": np.where(
            (rng.random(count) < 0.015) & ~is_denied & (answered > 0),
            answered + 20 + rng.exponential(210, count).astype(np.int64),
            _NONE,
        ),
    }


def _submissions(claims: pl.DataFrame, fates: dict[str, Array]) -> pl.DataFrame:
    """Return the claims as sent: the first, again after a rejection, corrected, to the second."""
    base = claims.select(*_ABOUT, "charge_cents", "secondary_payer_id", "received_date")
    base = base.with_columns(**{name: pl.Series(values) for name, values in fates.items()})
    key = pl.col("claim_id") * 8
    nothing = {"rejected_date": pl.lit(0), "rejected_by": pl.lit(""), "forwarded_date": pl.lit(0)}
    never = pl.lit(0)
    by = (
        pl.when(pl.col("rejected_by") == 0).then(pl.lit("clearinghouse")).otherwise(pl.lit("payer"))
    )
    is_rejected = pl.col("rejected") > 0
    first = base.with_columns(
        submission_id=key, sequence=pl.lit(1), frequency=pl.lit("1"),
        submitted_date=pl.col("received_date"),
        accepted_date=pl.when(is_rejected).then(never).otherwise(pl.col("received_date") + 2),
        rejected_date=pl.when(is_rejected).then("rejected").otherwise(never),
        rejected_by=pl.when(is_rejected).then(by).otherwise(pl.lit("")),
        answered_date=pl.when(is_rejected).then(never).otherwise("answered"),
        forwarded_date=never,
    )  # fmt: skip
    again = base.filter(pl.col("again") > 0).with_columns(
        submission_id=key + 1, sequence=pl.lit(1), frequency=pl.lit("1"),
        submitted_date=pl.col("again"), received_date=pl.col("again"),
        accepted_date=pl.col("again") + 2, answered_date=pl.col("answered"), **nothing,
    )  # fmt: skip
    corrected = base.filter(pl.col("corrected") > 0).with_columns(
        submission_id=key + 2, sequence=pl.lit(1), frequency=pl.lit("7"),
        submitted_date=pl.col("corrected"), received_date=pl.col("corrected"),
        accepted_date=pl.col("corrected") + 2, answered_date=pl.col("paid_later"),
        **nothing,
    )  # fmt: skip
    second = base.filter(
        pl.col("secondary_payer_id").is_not_null(), ~pl.col("is_forwarded"), "is_billed",
        pl.col("answered") > 0, ~pl.col("is_denied"),
    ).with_columns(
        payer_id=pl.col("secondary_payer_id"), payer_type=pl.lit("commercial"),
        submission_id=key + 3, sequence=pl.lit(2), frequency=pl.lit("1"),
        submitted_date=pl.col("answered") + 5, received_date=pl.col("answered") + 5,
        accepted_date=pl.col("answered") + 7,
        answered_date=pl.col("answered") + pl.col("second_wait"), **nothing,
    )  # fmt: skip
    columns = [
        *_ABOUT, "submission_id", "sequence", "frequency", "charge_cents", "submitted_date",
        "received_date", "accepted_date", "rejected_date", "rejected_by", "answered_date",
        "forwarded_date",
    ]  # fmt: skip
    is_refused = pl.col("rejected_by") != ""
    return pl.concat(
        [frame.select(columns) for frame in (first, again, corrected, second)],
        how="vertical_relaxed",
    ).with_columns(
        status_category=pl.when(is_refused).then(pl.lit("A3")).otherwise(pl.lit("")),
        status_code=pl.when(is_refused).then(pl.lit("21")).otherwise(pl.lit("")),
    )


def _payments(
    book: Book,
    rng: np.random.Generator,
    claims: pl.DataFrame,
    lines: pl.DataFrame,
    fates: dict[str, Array],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what payers decide: claim payments and their lines."""
    priced = _priced(book, rng, claims, lines, fates)
    row = priced["row"].to_numpy()
    first = priced.filter(pl.Series(fates["answered"][row] > 0))
    rows = first["row"].to_numpy()
    refused = fates["is_denied"][rows] & (fates["is_whole"][rows] | (first["line"] == 1).to_numpy())
    number = fates["reason"][rows]
    told = _decision(first, 0, fates["answered"][rows], refused, _reasons(number))
    told = told.with_columns(
        taken_back_date=pl.Series(np.maximum(fates["taken_back"][rows], 0)),
        sent_date=pl.Series(fates["counted"][rows]),
        is_forwarded=pl.Series(fates["is_forwarded"][rows]),
        is_first=pl.lit(value=True),
    )
    parts = [told]
    later = first.filter(pl.Series(fates["paid_later"][rows] > 0))
    again = later["row"].to_numpy()
    parts.append(
        _decision(later, 1, fates["paid_later"][again], None, None).with_columns(
            sent_date=pl.Series(fates["corrected"][again])
        )
    )
    twice = first.filter(pl.Series(fates["is_duplicate"][rows]))
    double = twice["row"].to_numpy()
    names = {
        name: np.full(len(double), value)
        for name, value in zip(_REASON_NAMES, DUPLICATE_REASON, strict=True)
    }
    parts.append(
        _decision(
            twice, 2, fates["answered"][double] + 20, np.ones(len(double), dtype=bool), names
        ).with_columns(
            is_duplicate=pl.lit(value=True), sent_date=pl.Series(fates["answered"][double] + 8)
        )
    )
    parts.append(_reversals(told))
    second = first.filter(
        pl.col("secondary_payer_id").is_not_null(),
        pl.Series(
            (fates["is_forwarded"][rows] | fates["is_billed"][rows]) & ~fates["is_denied"][rows]
        ),
    )
    parts.append(_second(second, fates))
    remit_lines = pl.concat(parts, how="diagonal_relaxed").with_columns(
        pl.col("is_forwarded", "is_first", "is_duplicate", "is_reversal").fill_null(value=False),
        pl.col("taken_back_date").fill_null(0),
        is_held=pl.lit(value=False),
    )
    return _of_lines(remit_lines), remit_lines


def _priced(
    book: Book,
    rng: np.random.Generator,
    claims: pl.DataFrame,
    lines: pl.DataFrame,
    fates: dict[str, Array],
) -> pl.DataFrame:
    """Return the lines with what is allowed of each, and the patient's share of it."""
    row = lines["row"].to_numpy()
    count = lines.height
    allowed = lines["allowed_cents"].to_numpy().astype(float)
    allowed = np.where(rng.random(count) < 0.015, allowed * rng.uniform(0.85, 0.98, count), allowed)
    answered = claims.select("client_id", "payer_id", "plan").with_columns(
        answered_date=pl.Series(fates["answered"])
    )
    for plant in book.plants:
        if plant.kind != "underpayment":
            continue
        hit = _hit(plant, answered, "answered_date")[row]
        if plant.procedure is not None:
            hit &= (lines["procedure"] == plant.procedure).to_numpy()
        allowed = np.where(hit, lines["allowed_cents"].to_numpy() * (1 - plant.size), allowed)
    allowed = allowed.round().astype(np.int64)
    month = (np.asarray(lines["service_date"].to_numpy(), dtype="datetime64[D]")).astype(
        "datetime64[M]"
    )
    early = (month.astype(np.int64) % 12) < 3
    has_deductible = rng.random(claims.height)[row] < np.where(early, 0.14, 0.06)
    rate = np.array([0.2, 0.1, 0.0, 0.0, 0.2, 0.2, 0.25, 0.1, 0.0])
    part = rate[claims["payer_class"].to_numpy()][row]
    share = np.where(
        has_deductible & (part > 0), allowed, (allowed * part).round().astype(np.int64)
    )
    cut = np.where(
        (claims["payer_class"].to_numpy() == 0)[row],
        ((allowed - share) * 0.02).round().astype(np.int64),
        0,
    )
    seconds = claims["secondary_payer_id"].to_numpy()[row]
    return lines.with_columns(
        allowed_cents=pl.Series(allowed),
        share_cents=pl.Series(share),
        cut_cents=pl.Series(cut),
        secondary_payer_id=pl.Series(seconds).fill_nan(None).cast(pl.Int64),
    )


def _reasons(number: Array) -> dict[str, Array]:
    return {
        name: np.array([reason[place] for reason in REASONS])[number]
        for place, name in enumerate(_REASON_NAMES)
    }


def _decision(
    lines: pl.DataFrame,
    part: int,
    day: Array,
    refused: Array | None,
    reasons: dict[str, Array] | None,
) -> pl.DataFrame:
    """Return the lines of one decision of the first payer on each of these lines' claims."""
    is_denied = pl.Series(np.zeros(lines.height, dtype=bool) if refused is None else refused)
    told = {
        name: pl.Series(
            np.where(is_denied.to_numpy(), reasons[name], "") if reasons else [""] * lines.height,
            dtype=pl.String,
        )
        for name in _REASON_NAMES
    }
    open_ = pl.col("is_denied")
    allowed = pl.col("allowed_cents")

    def unless(value: pl.Expr) -> pl.Expr:
        return pl.when(open_).then(0).otherwise(value)

    return lines.with_columns(is_denied=is_denied, **told).select(
        *_ABOUT,
        "row",
        "line",
        "procedure",
        "modifiers",
        "revenue_code",
        "place_of_service",
        "charge_cents",
        "is_denied",
        *_REASON_NAMES,
        payment_id=pl.col("claim_id") * 8 + part,
        line_index=pl.col("line"),
        sequence=pl.lit(1),
        status=pl.lit("1"),
        submitted_procedure=pl.lit(""),
        units_paid=unless(pl.lit(1.0)),
        units_billed=pl.lit(1.0),
        stated_allowed_cents=unless(allowed),
        paid_cents=unless(allowed - pl.col("share_cents") - pl.col("cut_cents")),
        patient_cents=unless(pl.col("share_cents")),
        sequestration_cents=unless(pl.col("cut_cents")),
        contractual_cents=unless(pl.col("charge_cents") - allowed),
        denied_cents=pl.when(open_).then("charge_cents").otherwise(0),
        next_party=pl.when(pl.col("secondary_payer_id").is_null()).then(14).otherwise(12),
        withhold_cents=pl.lit(0),
        prior_payer_cents=pl.lit(0),
        other_reduction_cents=pl.lit(0),
        payment_date=pl.Series(day),
        received_date=pl.Series(day),
    )


_AMOUNTS: Final = [
    "charge_cents", "paid_cents", "stated_allowed_cents", "patient_cents", "sequestration_cents",
    "contractual_cents", "denied_cents",
]  # fmt: skip


def _reversals(told: pl.DataFrame) -> pl.DataFrame:
    return told.filter(pl.col("taken_back_date") > 0).with_columns(
        *[-pl.col(name) for name in _AMOUNTS],
        payment_id=pl.col("payment_id") + 3,
        status=pl.lit("22"),
        is_reversal=pl.lit(value=True),
        is_first=pl.lit(value=False),
        is_denied=pl.lit(value=False),
        payment_date=pl.col("taken_back_date"),
        received_date=pl.col("taken_back_date"),
        taken_back_date=pl.lit(0),
        **{name: pl.lit("") for name in _REASON_NAMES},
    )


def _second(lines: pl.DataFrame, fates: dict[str, Array]) -> pl.DataFrame:
    """Return what second payers pay: nine tenths of the share that the first one left."""
    row = lines["row"].to_numpy()
    day = fates["answered"][row] + fates["second_wait"][row]
    settled = pl.col("charge_cents") - pl.col("share_cents")
    paid = (pl.col("share_cents") * 0.9).round(0).cast(pl.Int64)
    return (
        _decision(lines, 4, day, None, None)
        .with_columns(lines["share_cents"], lines["secondary_payer_id"])
        .with_columns(
            payer_id=pl.col("secondary_payer_id"),
            payer_type=pl.lit("commercial"),
            sequence=pl.lit(2),
            status=pl.lit("2"),
            next_party=pl.lit(14),
            paid_cents=paid,
            patient_cents=pl.col("share_cents") - paid,
            prior_payer_cents=settled,
            contractual_cents=pl.lit(0),
            sequestration_cents=pl.lit(0),
            stated_allowed_cents=pl.lit(None, pl.Int64),
            is_first=pl.lit(value=True),
            sent_date=pl.when(pl.Series(fates["is_forwarded"][row]))
            .then(pl.lit(0))
            .otherwise(pl.Series(fates["answered"][row] + 5)),
        )
        .drop("share_cents", "secondary_payer_id")
    )


def _of_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the claim payments that the lines sum to."""
    same = [
        *_ABOUT[1:], "sequence", "status", "payment_date", "received_date", "sent_date", "is_first",
        "is_reversal", "taken_back_date", "is_held", "is_forwarded", "is_duplicate",
    ]  # fmt: skip
    refused = pl.col("is_denied")
    return (
        lines.group_by("payment_id", "claim_id", maintain_order=True)
        .agg(
            *[pl.col(name).first() for name in same],
            *[pl.col(name).filter(refused).first().fill_null("") for name in _REASON_NAMES],
            pl.col("charge_cents", "paid_cents", "denied_cents").sum(),
            patient_share_cents=pl.col("patient_cents").sum(),
            is_denied=refused.any(),
        )
        .with_columns(payer_received_date=pl.col("sent_date"))
    )


def _ledger(lines: pl.DataFrame, remit_lines: pl.DataFrame, first_id: int) -> pl.DataFrame:
    """Return the entries that the charges and the decisions make."""
    party = pl.col("sequence") + 10
    base = ["claim_id", "client_id", "payer_id", "payer_type", "service_date"]

    def entries(
        rows: pl.DataFrame, kind: int, debit: pl.Expr, credit: pl.Expr, amount: str, day: str
    ) -> pl.DataFrame:
        return rows.filter(pl.col(amount) != 0).select(
            *base, party=party, kind=pl.lit(kind), debit=debit, credit=credit,
            amount_cents=pl.col(amount), posted_date=pl.col("received_date"),
            effective_date=pl.col(day), group_code=pl.lit(None, pl.String),
            reason_code=pl.lit(None, pl.String),
        )  # fmt: skip

    charged = lines.with_columns(sequence=pl.lit(1))
    decided = remit_lines.filter(~pl.col("is_duplicate"))
    first = decided.filter(pl.col("sequence") == 1)
    found = pl.concat(
        [
            entries(charged, 1, party, pl.lit(20), "charge_cents", "received_date"),
            entries(decided, 3, pl.lit(30), party, "paid_cents", "payment_date"),
            entries(first, 4, pl.lit(40), party, "contractual_cents", "payment_date"),
            entries(first, 5, pl.lit(41), party, "sequestration_cents", "payment_date"),
            entries(decided, 8, pl.col("next_party"), party, "patient_cents", "payment_date"),
        ],
        how="vertical_relaxed",
    )
    return found.with_columns(entry_id=first_id + pl.int_range(pl.len()))


def _touches(
    rng: np.random.Generator, claims: pl.DataFrame, fates: dict[str, Array]
) -> pl.DataFrame:
    """Return what people did: about refusals and silence, some days after."""
    of = claims["claim_id"].to_numpy() - claims["claim_id"].min()
    refused = fates["is_denied"][of] & (rng.random(len(of)) < 0.7)
    silent = fates["is_silent"][of] & (rng.random(len(of)) < 0.8)
    late = np.where(refused, fates["answered"][of] + rng.integers(1, 30, len(of)), 0)
    late = np.where(~refused & silent, claims["received_date"].to_numpy() + 40, late)
    action = pl.when(pl.Series(refused)).then(pl.lit("appeal")).otherwise(pl.lit("check_status"))
    return (
        claims.select("claim_id", "client_id", "payer_id", "payer_type")
        .with_columns(
            activity_id=pl.col("claim_id") * 8,
            user_id=pl.Series(rng.integers(1, 60, len(of))),
            activity_date=pl.Series(late),
            channel=pl.lit("call"),
            action=action,
            outcome=pl.lit("in_process"),
        )
        .filter(pl.col("activity_date") > 0)
    )
