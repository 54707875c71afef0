"""Shapes an aging for its page: labels, shares, the change, and a link for each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from sanderling.core.ages import bucket_labels
from sanderling.receivables.aging import (
    PATIENT_LABEL,
    UNKNOWN_LABEL,
    AgingAnswer,
    AgingQuestion,
)
from sanderling.receivables.forms import GROUP_NAMES, NO_VALUE

CHART_GROUPS: Final = 12
Key = tuple[str, ...]


def claims_query(asked: Mapping[str, str], question: AgingQuestion, values: Key) -> dict[str, str]:
    """Return the address parameters of the claims of a group: what was asked, and the group."""
    kept = ("as_of", "party", "basis", "buckets", *GROUP_NAMES)
    query = {name: asked[name] for name in kept if asked.get(name)}
    query |= {name: value or NO_VALUE for name, value in zip(question.by, values, strict=True)}
    return query


def table(
    *,
    question: AgingQuestion,
    answer: AgingAnswer,
    prior: AgingAnswer,
    asked: Mapping[str, str],
    names: Mapping[str, Mapping[str, str]],
    claims_url: str,
) -> dict[str, Any]:
    """Return the rows and the totals of the page's table.

    `names`: group -> value -> what to write beside the value (a payer's name).
    """
    before = {_key(question, row): row for row in prior.rows}
    rows = list(answer.rows)
    known = {_key(question, row) for row in rows}
    zeros: dict[str, Any] = dict.fromkeys(answer.columns, 0)
    rows += [zeros | dict(zip(question.by, key, strict=True)) for key in before if key not in known]
    rows.sort(key=lambda row: (-row["total_cents"], _key(question, row)))
    shown = [
        _row(
            row,
            answer,
            question=question,
            change=row["total_cents"]
            - before.get(_key(question, row), zeros).get("total_cents", 0),
            query=claims_query(asked, question, _key(question, row)),
            names=names,
            claims_url=claims_url,
        )
        for row in rows
    ]
    ungrouped = replace(question, by=())
    totals = _row(
        answer.totals,
        answer,
        question=ungrouped,
        change=answer.totals["total_cents"] - prior.totals["total_cents"],
        query=claims_query(asked, ungrouped, ()),
        names=names,
        claims_url=claims_url,
    )
    return {
        "groups": [GROUP_NAMES[name] for name in question.by],
        "buckets": bucket_labels(question.buckets),
        "rows": shown if question.by else [],
        "totals": totals,
        "has_credits": bool(answer.totals["credits_cents"]),
    }


def older_than(
    days: int, *, question: AgingQuestion, asked: Mapping[str, str], claims_url: str
) -> str:
    """Return the address of the claims older than `days`, whatever buckets the page shows."""
    query = claims_query(asked, replace(question, by=()), ())
    return f"{claims_url}?{urlencode({**query, 'buckets': days, 'bucket': 1})}"


def chart(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stacked bars of the largest groups, for app.js; ungrouped: one bar a bucket."""
    rows, labels = shown["rows"], shown["buckets"]
    if not rows:
        cells = shown["totals"]["cells"]
        return {
            "kind": "bars",
            "unit": "cents",
            "palette": "age",
            "categories": labels,
            "series": [{"name": "Owed", "values": [cell["cents"] for cell in cells]}],
            "links": [cell["url"] for cell in cells],
        }
    largest = [row for row in rows if row["total"]["cents"] > 0][:CHART_GROUPS]
    return {
        "kind": "bars",
        "unit": "cents",
        "stacked": True,
        "horizontal": True,
        "palette": "age",
        "categories": [row["title"] for row in largest],
        "series": [
            {"name": label, "values": [row["cells"][number]["cents"] for row in largest]}
            for number, label in enumerate(labels)
        ],
        "links": [row["total"]["url"] for row in largest],
    }


def _key(question: AgingQuestion, row: Mapping[str, Any]) -> Key:
    return tuple(row[name] or "" for name in question.by)


def _row(
    row: Mapping[str, Any],
    answer: AgingAnswer,
    *,
    question: AgingQuestion,
    change: int,
    query: Mapping[str, str],
    names: Mapping[str, Mapping[str, str]],
    claims_url: str,
) -> dict[str, Any]:
    total = row["total_cents"]

    def cell(cents: int, **more: str | int) -> dict[str, Any]:
        address = f"{claims_url}?{urlencode({**query, **more})}"
        share = cents / total if total else None
        return {"cents": cents, "share": share, "url": address if cents else ""}

    labels = [_label(name, row[name] or "", names) for name in question.by]
    everything = cell(total)
    return {
        "labels": labels,
        "title": " · ".join(label["note"] or label["text"] for label in labels),
        "count": row["count"],
        "cells": [
            cell(row[column], bucket=number) for number, column in enumerate(answer.bucket_columns)
        ],
        "total": everything,
        "credits": cell(row["credits_cents"], credits=1),
        "change_cents": change,
    }


def _label(name: str, value: str, names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    if name == "payer" and value == PATIENT_LABEL:
        return {"text": "Patients", "note": ""}
    if name == "payer" and value == UNKNOWN_LABEL:
        return {"text": "Unknown payer", "note": ""}
    if name in ("payer_type", "responsibility"):
        return {"text": value.replace("_", " ").capitalize(), "note": ""}
    return {"text": value or NO_VALUE, "note": names.get(name, {}).get(value, "")}
