"""Blocks about why money is open or short, and what is in its way."""

from __future__ import annotations

from typing import Final

import polars as pl

from sanderling.claims.queries import claim_numbers
from sanderling.core.barriers.words import (
    BARRIERS,
    action_title,
    barrier_title,
    category_title,
)
from sanderling.core.contracts.variance import FINDINGS
from sanderling.issues.keeping import words_for
from sanderling.issues.queries import known_as
from sanderling.reports.book import Part
from sanderling.reports.kpi_sums import definitions
from sanderling.reports.shapes import (
    Block,
    Json,
    chart,
    column,
    figure,
    in_order,
    row,
    table,
    with_group,
)

GROUPS_KEPT: Final = 12
LINES_KEPT: Final = 10
TOP_KEPT: Final = 15
KPIS_USUAL: Final = (
    *("days_in_ar", "over_90_insurance_rate", "net_collection_rate", "denial_rate"),
    *("overturn_rate", "first_pass_rate", "acceptance_rate", "bill_to_pay_days"),
)


def barriers(part: Part, _options: Json) -> Block:
    """Why it is open, as `sanderling barriers --by-party`."""
    block = Block(
        "barriers", "Why it is open",
        "Every open balance has exactly one reason. A claim on which two parties owe counts once"
        " for each.",
    )  # fmt: skip
    found = part.of("barriers").select(
        "claim_id", "barrier", "category", cents="balance_cents", count=pl.lit(1, pl.Int64)
    )
    sums = {
        barrier: (count, cents)
        for barrier, count, cents in found.group_by("barrier")
        .agg(pl.col("count").sum(), pl.col("cents").sum())
        .iter_rows()
    }
    order = sorted(sums, key=lambda name: (sums[name][1] <= 0, -sums[name][1], name))
    order = [*[one for one in order if one in BARRIERS], *[o for o in order if o not in BARRIERS]]
    block.tables = [
        table(
            "barriers", "",
            [column("barrier", "Reason"), column("count", "Balances", "count", measure="count"),
             column("cents", "Open", "cents", measure="cents")],
            [row({"barrier": barrier_title(name), "count": sums[name][0], "cents": sums[name][1]},
                 where={"barrier": name}) for name in order],
            total=row({"barrier": "All", "count": sum(one[0] for one in sums.values()),
                       "cents": sum(one[1] for one in sums.values())}, where={}),
            empty="Nothing was open on that day.",
        ),
        _refused(found),
    ]  # fmt: skip
    block.charts = [
        chart("barriers", "Open by reason", "bars", of="barriers", x="barrier", series=["cents"])
    ]
    block.rows = found
    return block


def _refused(found: pl.DataFrame) -> Json:
    """Return the table of what payers refused or want, by kind."""
    refused = found.filter(
        pl.col("barrier").is_in(["denied", "rejected", "pended"]), pl.col("category") != ""
    )
    sums = refused.group_by("barrier", "category").agg(pl.col("count", "cents").sum())
    ordered = sums.sort(["cents", "barrier", "category"], descending=[True, False, False])
    rows = [
        row(
            {"category": category_title(one["category"]), "barrier": barrier_title(one["barrier"]),
             "count": one["count"], "cents": one["cents"]},
            where={"barrier": one["barrier"], "category": one["category"]},
        )
        for one in ordered[:GROUPS_KEPT].to_dicts()
    ]  # fmt: skip
    return table(
        "refused", "Denied, rejected or pended, by kind",
        [column("category", "Kind"), column("barrier", "Reason"),
         column("count", "Balances", "count", measure="count"),
         column("cents", "Open", "cents", measure="cents")],
        rows, empty="Nothing stands denied, rejected or pended.",
    )  # fmt: skip


def denials(part: Part, _options: Json) -> Block:
    """What was denied at first in the period, and what became of denials."""
    block = Block(
        "denials", "Denials",
        "Payers' first decisions received in the period; what was refused only as sent twice counts"
        " nowhere. Overturned: the same payer paid later, in part or whole, of denials that were"
        " settled in the period.",
    )  # fmt: skip
    _add_kpis(
        block, part, ["denial_rate", "denial_dollar_rate", "overturn_rate", "preventable_rate",
                      "denial_rework_rate", "appeal_success_rate"],
    )  # fmt: skip
    found = part.of_kpis("denials").with_columns(count=pl.lit(1, pl.Int64))
    found = found.with_columns(pl.col("category").replace({"": "other"}))
    sums = found.group_by("category").agg(pl.col("count", "cents").sum())
    ordered = sums.sort(["count", "cents", "category"], descending=[True, True, False])
    block.tables.append(
        table(
            "categories", "Denied at first, by kind",
            [column("category", "Kind"), column("count", "Claims", "count", measure="count"),
             column("cents", "Refused", "cents", measure="cents")],
            [row({"category": category_title(one["category"]), "count": one["count"],
                  "cents": one["cents"]}, where={"of": "denial", "category": one["category"]})
             for one in ordered.to_dicts()],
            total=row({"category": "All", "count": int(found["count"].sum()),
                       "cents": int(found["cents"].sum())}, where={"of": "denial"}),
            empty="Nothing was denied at first in these days.",
        )
    )  # fmt: skip
    block.charts.append(
        chart("categories", "Denied at first by kind", "bars", of="categories", x="category",
              series=["cents"])
    )  # fmt: skip
    assert block.rows is not None  # noqa: S101 - _add_kpis has set them
    block.rows = pl.concat(
        [
            block.rows.with_columns(of=pl.lit("figure")),
            found.select("claim_id", "category", "count", "cents", of=pl.lit("denial")),
        ],
        how="diagonal",
    )
    return block


def kpis(part: Part, options: Json) -> Block:
    """Key figures of the period beside those of the one before."""
    before = part.book.span.before
    block = Block(
        "kpis", "Key figures",
        f"Each by what was known at the end of its period; before: {before.from_date} to"
        f" {before.to_date}. Shares of few outcomes are shown as the outcomes.",
    )  # fmt: skip
    _add_kpis(block, part, list(options.get("keys", KPIS_USUAL)))
    return block


def _add_kpis(block: Block, part: Part, keys: list[str]) -> None:
    """Add figures with numerator and denominator, and the rows behind them."""
    sums = {
        (key, period): (above, below)
        for key, period, above, below in part.of_kpis("sums")
        .group_by("key", "period")
        .agg(pl.col("numerator", "denominator").sum())
        .iter_rows()
    }
    wanted = definitions(keys)
    for one in wanted:
        above, below = sums.get((one.key, 1), (0, 0))
        then = one.value(*sums.get((one.key, 0), (0, 0)))
        told = figure(
            one.key, one.title, one.unit, one.value(above, below), of=(above, below),
            before=then, where={"figure": one.key}, measure="numerator",
            about=f"{one.numerator}. Of: {one.denominator[0].lower()}{one.denominator[1:]}.",
        )  # fmt: skip
        told["of_units"] = [one.numerator_unit, one.denominator_unit]
        told["before_of"] = list(sums.get((one.key, 0), (0, 0)))
        block.figures.append(told)
    behind = part.of_kpis("rows").filter(pl.col("key").is_in([one.key for one in wanted]))
    block.rows = (
        behind.group_by("claim_id", "key")
        .agg(pl.col("numerator", "denominator").sum())
        .rename({"key": "figure"})
        .sort("figure", "claim_id")
    )


def underpayments(part: Part, _options: Json) -> Block:
    """Lines that payers paid short, as `sanderling underpayments`."""
    block = Block(
        "underpayments", "Paid short",
        "Lines for which payers allowed less than the contract says, or than they always did where"
        " there is no contract, as it stood at the end of the day. Receivables do not contain them:"
        " the payer has written them down itself.",
    )  # fmt: skip
    found = part.of("variances").select(
        "claim_id", "code", "finding", "basis", "allowed_cents", "expected_cents", "service_date",
        pl.col("payer_id").fill_null(0), "line", cents=-pl.col("variance_cents"),
        count=pl.lit(1, pl.Int64),
    ).pipe(with_group, "payer_id", GROUPS_KEPT)  # fmt: skip
    won = part.of("recovered")
    short = int(found["cents"].sum())
    block.figures = [
        figure("short_cents", "Paid short", "cents", short, where={"of": "line"}, measure="cents"),
        figure("lines", "Lines", "count", found.height, where={"of": "line"}, measure="count"),
        figure("recovered_cents", "Recovered in the period", "cents", int(won["cents"].sum()),
               where={"of": "recovered"}, measure="cents"),
    ]  # fmt: skip
    sums = {
        group: (count, cents)
        for group, count, cents in found.group_by("group")
        .agg(pl.col("count", "cents").sum())
        .iter_rows()
    }
    block.tables = [
        table(
            "payers", "By payer",
            [column("payer", "Payer"), column("count", "Lines", "count", measure="count"),
             column("cents", "Paid short", "cents", measure="cents")],
            [row({"payer": part.payer_label(group), "count": sums[group][0],
                  "cents": sums[group][1]}, where={"of": "line", "group": group})
             for group in in_order({group: one[1] for group, one in sums.items()})],
            total=row({"payer": "All", "count": found.height, "cents": short},
                      where={"of": "line"}),
            empty="No line departs from its price.",
        ),
        _dearest(part, found),
    ]  # fmt: skip
    kept = ["claim_id", "group", "line", "code", "finding", "count", "cents"]
    block.rows = pl.concat(
        [
            found.select(kept).with_columns(of=pl.lit("line")),
            won.select("claim_id", "cents").with_columns(of=pl.lit("recovered")),
        ],
        how="diagonal",
    )
    return block


def _dearest(part: Part, found: pl.DataFrame) -> Json:
    """Return the table of the dearest lines."""
    top = found.sort(["cents", "claim_id", "line"], descending=[True, False, False])[:LINES_KEPT]
    numbers = dict(claim_numbers(top["claim_id"]).iter_rows())
    rows = [
        row(
            {"claim": numbers.get(one["claim_id"], ""), "payer": part.payer_name(one["payer_id"]),
             "code": one["code"], "service_date": one["service_date"],
             "finding": FINDINGS[one["finding"]].title if one["finding"] in FINDINGS else "",
             "allowed_cents": one["allowed_cents"], "expected_cents": one["expected_cents"],
             "cents": one["cents"]},
            link={"page": "claim-page", "claim_id": one["claim_id"]},
        )
        for one in top.to_dicts()
    ]  # fmt: skip
    return table(
        "lines", "The dearest lines",
        [column("claim", "Claim"), column("payer", "Payer"), column("code", "Code"),
         column("service_date", "Service", "date"), column("finding", "What it looks like"),
         column("allowed_cents", "Allowed", "cents"), column("expected_cents", "Expected", "cents"),
         column("cents", "Short", "cents")],
        rows, empty="No line departs from its price.",
    )  # fmt: skip


def issues(part: Part, _options: Json) -> Block:
    """Systemic issues that hit the client, with its own part of each."""
    block = Block(
        "issues", "What went wrong again and again",
        "Systemic issues found by that evening: what began to go wrong, since when, on how many of"
        " this client's claims, with how much at stake.",
    )  # fmt: skip
    names = {pk: name for pk, (_, name) in part.book.payers.items()}
    rows, behind = [], []
    for number, finding in enumerate(part.book.findings):
        mine = finding.siblings.filter(pl.col("client_id") == part.client_id)
        if mine.is_empty():
            continue
        known, state = known_as(finding, part.book.span.as_of)
        words = words_for(finding, names)
        if state in ("dismissed", "closed"):
            continue
        rows.append(row(
            {"title": words["title"], "payer": names.get(finding.description.payer_id or 0, "")
             if finding.description.payer_id else "", "onset": finding.onset,
             "claims": mine["claim_id"].n_unique(), "cents": int(mine["amount_cents"].sum()),
             "state": state.capitalize(), "why": words["cause_hypothesis"]},
            where={"issue": number},
            link={"page": "issue", "id": int(known)} if known.isdigit() and len(known) < 10 else None,  # noqa: E501, PLR2004 - a digest is longer
        ))  # fmt: skip
        behind.append(mine.select(pl.lit(number, pl.Int64).alias("issue"), "claim_id",
                                  cents="amount_cents"))  # fmt: skip
    rows.sort(key=lambda one: -int(one["cells"]["cents"]))
    whole = pl.concat(behind) if behind else pl.DataFrame(
        schema={"issue": pl.Int64, "claim_id": pl.Int64, "cents": pl.Int64}
    )  # fmt: skip
    block.figures = [
        figure("issues", "Open issues", "count", len(rows)),
        figure("at_stake", "Claims they hit", "count", whole["claim_id"].n_unique(), where={},
               measure="claims"),
    ]  # fmt: skip
    block.tables = [
        table(
            "issues", "",
            [column("title", "Issue"), column("payer", "Payer"), column("onset", "Since", "date"),
             column("claims", "Claims", "count", measure="claims"),
             column("cents", "At stake", "cents", measure="cents"), column("state", "State"),
             column("why", "What it looks like")],
            rows, empty="No systemic issue was known on that day.",
        )
    ]  # fmt: skip
    block.rows = whole
    return block


def top_claims(part: Part, options: Json) -> Block:
    """The largest balances that insurers owe, with the reason and what is done next."""
    keep = int(options.get("rows", TOP_KEPT))
    block = Block(
        "top_claims", "The largest open claims",
        "The largest balances that insurers owe, why each is open, and what is done next.",
    )  # fmt: skip
    found = part.of("barriers").filter(pl.col("party") < 14, pl.col("balance_cents") > 0)  # noqa: PLR2004 - the patient
    ages = part.of("balances").filter(pl.col("cents") > 0).group_by("claim_id").agg(
        pl.col("age_days").max()
    )  # fmt: skip
    top = found.sort(["balance_cents", "claim_id", "party"], descending=[True, False, False])[
        :keep
    ].join(ages, on="claim_id", how="left", maintain_order="left")
    numbers = dict(claim_numbers(top["claim_id"]).iter_rows())
    rows = [
        row(
            {"claim": numbers.get(one["claim_id"], ""), "payer": part.payer_name(one["payer_id"]),
             "age_days": one["age_days"], "cents": one["balance_cents"],
             "barrier": barrier_title(one["barrier"]), "since": one["since_date"],
             "action": action_title(one["next_action"]), "next_date": one["next_date"],
             "deadline": one["deadline_date"]},
            where={"claim_id": one["claim_id"], "party": one["party"]},
            link={"page": "claim-page", "claim_id": one["claim_id"]},
        )
        for one in top.to_dicts()
    ]  # fmt: skip
    block.tables = [
        table(
            "claims", "",
            [column("claim", "Claim"), column("payer", "Payer"),
             column("age_days", "Days old", "count"),
             column("cents", "Open", "cents", measure="cents"),
             column("barrier", "Reason"), column("since", "Since", "date"),
             column("action", "Next"), column("next_date", "On", "date"),
             column("deadline", "Limit", "date")],
            rows, empty="Insurers owed nothing on that day.",
        )
    ]  # fmt: skip
    block.rows = top.select("claim_id", "party", cents="balance_cents")
    return block
