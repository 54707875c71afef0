"""Blocks about what we did, what was agreed, what we prevent, and what is to come."""

from __future__ import annotations

from typing import Final

import polars as pl
from django.db.models import F

from sanderling.agreements.queries import service_levels as service_levels_of
from sanderling.core.barriers.words import action_title
from sanderling.core.service_levels import KIND_WORDS
from sanderling.prevention.models import ActionEffect, ActionStep, PreventiveAction
from sanderling.prevention.words import VERDICTS
from sanderling.reports.book import Part
from sanderling.reports.shapes import Block, Json, chart, column, figure, row, table

PROVEN: Final = "proven"
CANCELLED: Final = "cancelled"


def forecast(part: Part, options: Json) -> Block:
    """Cash that insurers are expected to pay, as `sanderling forecast --by client`."""
    weeks = int(options.get("rows", 13))
    block = Block(
        "forecast", "Cash to come",
        "Insurance cash expected in each of the next weeks, by what was known at the end of the"
        " day. Four of five weeks fall between low and high.",
    )  # fmt: skip
    found = part.forecast.sort("week")[:weeks]
    if part.provider:
        block.notes.append(
            "Learned from this provider's claims alone: forecasts of single providers need not add"
            " up to the client's."
        )
    rows = [
        row({name: one[name] for name in ("week", "expected_cents", "low_cents", "high_cents")})
        for one in found.to_dicts()
    ]
    block.figures = [
        figure("expected_cents", f"Expected in {found.height} weeks", "cents",
               int(found["expected_cents"].sum()) if found.height else None),
    ]  # fmt: skip
    block.tables = [
        table(
            "weeks", "",
            [column("week", "Week from", "date"), column("expected_cents", "Expected", "cents"),
             column("low_cents", "Low", "cents"), column("high_cents", "High", "cents")],
            rows,
            empty=f"There is too little history of this"
            f" {'provider' if part.provider else 'client'} for a forecast.",
        )
    ]  # fmt: skip
    block.charts = [
        chart("weeks", "Expected cash by week", "band", of="weeks", x="week",
              series=["expected_cents", "low_cents", "high_cents"])
    ]  # fmt: skip
    return block


def work(part: Part, _options: Json) -> Block:
    """What was done about claims in the period, with somebody outside."""
    block = Block(
        "work", "What we did",
        "Follow-up recorded in the period with payers, patients and the client: calls, portals,"
        " letters, claims and appeals sent. Notes among ourselves are none.",
    )  # fmt: skip
    found = part.of("touches").with_columns(count=pl.col("touches"))
    sums = found.group_by("action").agg(
        pl.col("count").sum(), claims=pl.col("claim_id").n_unique()
    ).sort(["count", "action"], descending=[True, False])  # fmt: skip
    block.tables = [
        table(
            "actions", "",
            [column("action", "What"), column("count", "Times", "count", measure="count"),
             column("claims", "Claims", "count", measure="claims")],
            [row({"action": action_title(one["action"]), "count": one["count"],
                  "claims": one["claims"]}, where={"action": one["action"]})
             for one in sums.to_dicts()],
            total=row({"action": "All", "count": int(found["count"].sum()),
                       "claims": found["claim_id"].n_unique()}, where={}),
            empty="Nothing was recorded in these days.",
        )
    ]  # fmt: skip
    block.charts = [
        chart("actions", "What we did", "bars", of="actions", x="action", series=["count"])
    ]
    block.rows = found.select("claim_id", "action", "channel", "count")
    return block


def prevention(part: Part, _options: Json) -> Block:
    """Preventive actions for this client alone, as they were measured by that day."""
    as_of = part.book.span.as_of
    block = Block(
        "prevention", "What we prevent",
        "Preventive actions for this client, measured by comparing claims sent after the day of"
        " effect with those before and with clients that were not touched. An action over several"
        " clients is measured over all of them together and not shown here. What was saved is an"
        " estimate, given as a range; it is not cash that came in.",
    )  # fmt: skip
    rows = []
    low = high = saved = proven = 0
    actions = PreventiveAction.objects.filter(client_ids=[part.client_id]).order_by("pk")
    if part.provider:
        block.notes.append(
            "Only actions about this provider's claims alone: one over several providers is"
            " measured over all of them together and not shown here."
        )
        actions = actions.filter(scope__provider=part.provider)
    for action in actions:
        step = ActionStep.objects.filter(action=action, at__date__lte=as_of).order_by("-pk").first()
        if step is None or step.to_state == CANCELLED:
            continue
        effect = (
            ActionEffect.objects.filter(
                action=action,
                as_of_date__lte=as_of,
                effective_date=F("action__effective_date"),
            )
            .order_by("-as_of_date")
            .first()
        )
        if step.to_state == PROVEN and effect is not None and effect.saved_cents is not None:
            proven += 1
            saved += effect.saved_cents
            low += effect.saved_low_cents or 0
            high += effect.saved_high_cents or 0
        rows.append(row(
            {"title": action.title, "state": step.to_state.capitalize(),
             "effective_date": action.effective_date,
             "before": _share(effect.bad_before, effect.count_before) if effect else "",
             "after": _share(effect.bad_after, effect.count_after) if effect else "",
             "verdict": str(VERDICTS.get(effect.verdict, effect.verdict)) if effect else "",  # type: ignore[call-overload]  # a StrEnum's key
             "saved_cents": effect.saved_cents if effect else None},
            link={"page": "preventive-action", "id": action.pk},
        ))  # fmt: skip
    block.figures = [
        figure("proven", "Proven actions", "count", proven),
        figure("saved_cents", "Saved by them, estimated", "cents", saved if proven else None,
               about="Between low and high of the estimate: see the note." if proven else ""),
    ]  # fmt: skip
    if proven:
        block.notes.append(f"The estimate lies between ${low / 100:,.0f} and ${high / 100:,.0f}.")
    block.tables = [
        table(
            "actions", "",
            [column("title", "Action"), column("state", "State"),
             column("effective_date", "In effect", "date"), column("before", "Before"),
             column("after", "After"), column("verdict", "What was found"),
             column("saved_cents", "Saved, estimated", "cents")],
            rows,
            empty=f"There are no preventive actions for this"
            f" {'provider' if part.provider else 'client'} alone.",
        )
    ]  # fmt: skip
    return block


def _share(bad: int, count: int) -> str:
    return f"{bad} of {count}" if count else ""


def service_levels(part: Part, _options: Json) -> Block:
    """What was agreed, and how often it was kept in time."""
    block = Block(
        "service_levels", "Service levels",
        "What was due in the period by the agreement with the client, or by what is usual for its"
        " tier, and how much of it was done in time. What need not be done any more counts"
        " nowhere.",
    )  # fmt: skip
    found = part.of("clocks").with_columns(count=pl.lit(1, pl.Int64))
    if part.provider:
        block.notes.append(
            "Only what was due about single claims of this provider: reports, and requests over"
            " several providers' claims, are not counted."
        )
    levels = service_levels_of(part.client_id)
    sums = {
        kind: (due, met)
        for kind, due, met in found.group_by("clock")
        .agg(pl.len(), pl.col("is_met").sum())
        .iter_rows()
    }
    rows = []
    for kind, (due, met) in sorted(sums.items()):
        level = levels.get(kind)
        rows.append(row(
            {"kind": KIND_WORDS.get(kind, kind), "agreed": level.words if level else "",
             "due": due, "met": met, "share": round(met / due, 6),
             "goal": level.goal_percent / 100 if level else None},
            where={"clock": kind},
        ))  # fmt: skip
    block.tables = [
        table(
            "levels", "",
            [column("kind", "Service"), column("agreed", "Within"),
             column("due", "Due", "count", measure="count"),
             column("met", "In time", "count", where={"is_met": True}, measure="count"),
             column("share", "Share", "rate"), column("goal", "Goal", "rate")],
            rows, empty="Nothing was due by an agreement in these days.",
        )
    ]  # fmt: skip
    block.rows = found.select("claim_id", "clock", "is_met", "count")
    return block
