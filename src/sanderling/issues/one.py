"""What the page of one issue shows: what changed, for whom, since when, and what can be done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Sum

from sanderling.clients.models import Client
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.barriers.words import barrier_title, category_title
from sanderling.core.trends.edits import wilson_interval
from sanderling.core.trends.findings import values_of
from sanderling.issues.listing import RATE_MIN, rows_of, share
from sanderling.issues.models import (
    STEPS,
    Basis,
    FoundBy,
    Issue,
    IssueClaim,
    IssueReport,
    IssueState,
    State,
)
from sanderling.payers.models import Payer

WEEKS_SHOWN: Final = 40
CLAIM_COLUMNS: Final = (
    *("client", "claim", "patient", "payer_name", "service_date", "event_date", "amount_cents"),
    *("balance_cents", "barrier", "deadline_date", "is_open"),
)
DIMENSIONS: Final = {
    "payer_id": "Payer",
    "client_id": "Client",
    "plan": "Plan",
    "form": "Kind of claim",
    "location": "Location",
    "provider": "Rendering provider",
    "procedure": "Procedure",
    "code_family": "Codes",
    "modifier": "Modifier",
    "category": "Kind of denial",
    "carc": "Reason",
    "rarc": "Remark",
}
FORMS: Final = {"P": "professional", "I": "institutional", "D": "dental"}
# What a person does next, by the state that follows.
STEP_WORDS: Final = {
    ("new", "confirmed"): "Confirm",
    ("confirmed", "fixing"): "Begin to fix it",
    ("fixing", "verifying"): "It is fixed: verify",
    ("verifying", "closed"): "Close",
    ("closed", "verifying"): "Open it again",
    ("dismissed", "new"): "Take the dismissal back",
    ("confirmed", "new"): "Undo: back to new",
    ("fixing", "confirmed"): "Undo: back to confirmed",
    ("verifying", "fixing"): "Not fixed: back to fixing",
}
_SIBLINGS: Final = """
SELECT s.claim_id, c.number, k.code, c.patient_last_name || ', ' || c.patient_first_name, p.name,
       c.service_from_date, s.event_date, s.amount_cents, s.is_open,
       b.balance_cents, b.barrier, b.deadline_date, b.is_deadline_met
  FROM issues_claim s
  JOIN claims_claim c ON c.id = s.claim_id
  JOIN clients_client k ON k.id = s.client_id
  LEFT JOIN payers_payer p ON p.id = c.payer_id
  LEFT JOIN LATERAL (
       SELECT balance_cents, barrier, deadline_date, is_deadline_met FROM barriers_barrier
        WHERE claim_id = s.claim_id ORDER BY party LIMIT 1) b ON true
 WHERE s.issue_id = %(issue)s AND (NOT %(open)s OR s.is_open)
 ORDER BY s.is_open DESC, s.amount_cents DESC, s.claim_id
 LIMIT %(limit)s OFFSET %(offset)s
"""
_DEADLINES: Final = """
SELECT count(*) FILTER (WHERE b.deadline_date < %(today)s),
       coalesce(sum(b.balance_cents) FILTER (WHERE b.deadline_date < %(today)s), 0)::bigint,
       count(*) FILTER (WHERE b.deadline_date BETWEEN %(today)s AND %(soon)s),
       coalesce(sum(b.balance_cents) FILTER (
           WHERE b.deadline_date BETWEEN %(today)s AND %(soon)s), 0)::bigint,
       min(b.deadline_date) FILTER (WHERE b.deadline_date >= %(today)s),
       coalesce(sum(b.balance_cents), 0)::bigint, count(DISTINCT b.claim_id)
  FROM issues_claim s JOIN barriers_barrier b USING (claim_id)
 WHERE s.issue_id = %(issue)s AND b.balance_cents > 0 AND NOT b.is_deadline_met
"""
_ITEMS: Final = """
SELECT w.client_id, w.client_code, w.payer_id, coalesce(nullif(w.payer_name, ''), 'Unknown payer'),
       array_agg(w.id ORDER BY w.balance_cents DESC, w.id), sum(w.balance_cents)::bigint
  FROM issues_claim s JOIN worklists_work_item w USING (claim_id)
 WHERE s.issue_id = %(issue)s AND s.is_open AND w.balance_cents > 0 AND w.party <= 13
 GROUP BY 1, 2, 3, 4 ORDER BY 6 DESC
"""
SOON_DAYS: Final = 14
_REPORTED: Final = {
    True: "a person reported it, and the nightly search sees it too",
    False: "a person reported it; the nightly search does not see it by itself",
}


def weeks_of(issue: Issue) -> list[dict[str, Any]]:
    """Return the weeks of the evidence, summed over the clients one may see, with intervals."""
    weeks = (
        issue.evidence.order_by()
        .values("week_date")
        .annotate(all=Sum("outcomes"), bad=Sum("events"), cents=Sum("event_cents"))
        .order_by("week_date")
    )
    rows = []
    for week in list(weeks)[-WEEKS_SHOWN:]:
        low, high = wilson_interval(week["bad"], week["all"])
        rows.append(
            {
                "week_date": week["week_date"],
                "outcomes": week["all"],
                "events": week["bad"],
                "cents": week["cents"],
                "rate": share(week["bad"], week["all"]),
                "low": low,
                "high": high,
            }
        )
    return rows


def chart_of(issue: Issue, weeks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the chart of the weekly rate, shaded by its interval, with onset and end marked."""
    marks = [
        {"at": _week_title(_monday(day)), "text": text}
        for day, text in ((issue.onset_date, "onset"), (issue.ended_date, "over"))
        if day is not None and any(week["week_date"] == _monday(day) for week in weeks)
    ]
    shown = [week["outcomes"] >= RATE_MIN for week in weeks]
    return {
        "kind": "lines",
        "unit": "rate",
        "categories": [_week_title(week["week_date"]) for week in weeks],
        "series": [{"name": "Share that went wrong", "values": [week["rate"] for week in weeks]}],
        "band": {
            "name": "95% interval",
            "low": [week["low"] if ok else None for week, ok in zip(weeks, shown, strict=True)],
            "high": [week["high"] if ok else None for week, ok in zip(weeks, shown, strict=True)],
        },
        "marks": marks,
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week_title(day: date) -> str:
    return f"{day:%b} {day.day}, {day:%y}"


def dimensions_of(issue: Issue) -> list[tuple[str, str]]:
    """Return the smallest description, in words."""
    found = []
    if issue.payer_id:
        name = Payer.objects.filter(pk=issue.payer_id).values_list("name", flat=True).first()
        found.append(("Payer", name or "Unknown payer"))
    if issue.client_id:
        code = Client.objects.filter(pk=issue.client_id).values_list("code", flat=True).first()
        found.append(("Client", code or "a client"))
    return [*found, *dimension_words(issue.dimensions)]


def dimension_words(dimensions: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the codes and places of a description, in words."""
    found = []
    for name, value in dimensions.items():
        if name in ("payer_id", "client_id"):
            continue
        text = str(value)
        if name == "form":
            text = FORMS.get(text, text)
        elif name == "category":
            text = category_title(text)
        found.append((DIMENSIONS.get(name, name.replace("_", " ").capitalize()), text))
    return found


def parts_of(issue: Issue) -> list[dict[str, Any]]:
    """Return each client's part that one may see, those hit first."""
    codes = client_codes_by_id()
    return [
        {
            "client": codes.get(part.client_id, ""),
            "is_hit": part.is_hit,
            "events_before": part.events_before,
            "outcomes_before": part.outcomes_before,
            "rate_before": share(part.events_before, part.outcomes_before),
            "events_after": part.events_after,
            "outcomes_after": part.outcomes_after,
            "rate_after": share(part.events_after, part.outcomes_after),
            "claims": part.claims,
            "open_claims": part.open_claims,
            "at_stake_cents": part.at_stake_cents,
        }
        for part in issue.parts.order_by("-is_hit", "-at_stake_cents", "client_id")
    ]


def evidence_of(
    issue: Issue, row: dict[str, Any], parts: Sequence[dict[str, Any]]
) -> dict[str, list[str]]:
    """Return sentences for the hypothesis and against it, out of the counts alone."""
    speaks_for, against = [], []
    before, after = row["rate_before"], row["rate_after"]
    is_steady = issue.basis == Basis.STEADY
    if before is not None and after is not None:
        was = "of comparable claims" if is_steady else "before"
        speaks_for.append(
            f"{after:.0%} ({row['events_after']:,} of {row['outcomes_after']:,}) instead of"
            f" {before:.0%} {was} ({row['events_before']:,} of {row['outcomes_before']:,})"
        )
    else:
        against.append(f"fewer than {RATE_MIN} outcomes on one side: too few for a rate")
    if issue.found_by == FoundBy.SEARCH and issue.onset_low_date and issue.onset_high_date:
        days = (issue.onset_high_date - issue.onset_low_date).days
        speaks_for.append(
            f"it sets in between {issue.onset_low_date} and {issue.onset_high_date}"
            if days
            else f"it sets in on {issue.onset_low_date}"
        )
    if issue.found_by == FoundBy.PERSON:
        is_seen = issue.confidence is not None
        (speaks_for if is_seen else against).append(_REPORTED[is_seen])
    hit = [part for part in parts if part["is_hit"]]
    spared = [part for part in parts if not part["is_hit"] and part["outcomes_after"] >= RATE_MIN]
    if len(hit) > 1:
        speaks_for.append(f"{len(hit)} clients are hit alike: rather the payer's change")
    elif spared and issue.caused_by == "client":
        speaks_for.append(f"{len(spared)} other clients with such claims are not hit")
    elif spared:
        against.append(f"{len(spared)} other clients with such claims are not hit")
    if not spared and len(hit) == 1:
        against.append("no other client that you see has such claims to compare with")
    if (issue.confidence or 1) < 0.8:  # noqa: PLR2004 - see confidence_words
        against.append("the finding is not certain: one in five such findings is chance, or more")
    if issue.ended_date:
        against.append(f"since {issue.ended_date} the rate is as before again")
    return {"for": speaks_for, "against": against}


def siblings_of(
    issue: Issue, *, limit: int | None, offset: int = 0, only_open: bool = False
) -> list[dict[str, Any]]:
    """Return the claims of the issue, the open and largest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SIBLINGS,
            {"issue": issue.pk, "open": only_open, "limit": limit, "offset": offset},
        )
        return [
            {
                "claim_id": claim_id,
                "claim": number,
                "client": code,
                "patient": patient,
                "payer_name": payer or "",
                "service_date": service,
                "event_date": event,
                "amount_cents": amount,
                "is_open": is_open,
                "balance_cents": balance,
                "barrier": barrier_title(barrier) if barrier else "",
                "deadline_date": None if is_met else deadline,
            }
            for (
                claim_id, number, code, patient, payer, service, event, amount, is_open, balance,
                barrier, deadline, is_met,
            ) in cursor.fetchall()
        ]  # fmt: skip


def siblings_count(issue: Issue, *, only_open: bool = False) -> int:
    """Return how many claims of the issue one may see."""
    found = IssueClaim.objects.filter(issue=issue)
    return (found.filter(is_open=True) if only_open else found).count()


def money_at_risk(issue: Issue, *, today: date) -> dict[str, Any]:
    """Return what of the open balances passes a deadline, and what they come to."""
    soon = today + timedelta(days=SOON_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_DEADLINES, {"issue": issue.pk, "today": today, "soon": soon})
        names = (
            *("past_count", "past_cents", "soon_count", "soon_cents", "next_date"),
            *("open_cents", "open_claims"),
        )
        return dict(zip(names, cursor.fetchone(), strict=True))


def groups_of(issue: Issue) -> list[dict[str, Any]]:
    """Return the open work items by client and payer: what one project or one question is about."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, {"issue": issue.pk})
        return [
            {
                "client": code,
                "payer_name": payer,
                "item_ids": items,
                "count": len(items),
                "cents": cents,
            }
            for _, code, _, payer, items, cents in cursor.fetchall()
        ]


def history_of(issue: Issue) -> list[IssueState]:
    """Return the steps, the latest first."""
    return list(issue.history.select_related("user").order_by("-pk"))


def steps_of(issue: Issue) -> list[dict[str, str]]:
    """Return what can be done next: the way forward first; dismissing has a form of its own."""
    return [
        {"to": to, "words": STEP_WORDS[issue.state, to], "is_forward": str(at == 0)}
        for at, to in enumerate(STEPS[issue.state])
        if to != State.DISMISSED
    ]


def reports_of(issue: Issue) -> list[IssueReport]:
    """Return what people reported that was kept with the issue, and that one may see."""
    joined = issue.reports.filter(step=IssueReport.Step.JOINED)
    return list(joined.select_related("reported_by").order_by("pk"))


def rule_address_parts(issue: Issue) -> dict[str, str]:
    """Return name and condition of a rule for the claims of the issue, as the rule form asks."""
    asked: list[str] = []
    payer = Payer.objects.filter(pk=issue.payer_id or 0).values_list("payer_id", flat=True).first()
    if payer:
        asked.append(f"payer_id == {_quoted(payer)}")
    code = Client.objects.filter(pk=issue.client_id or 0).values_list("code", flat=True).first()
    if code:
        asked.append(f"client == {_quoted(code)}")
    dimensions = issue.dimensions
    codes = values_of("carc", str(dimensions.get("carc", "")))
    if codes != [""] and not any(":" in code for code in codes):
        pairs = [code.rpartition("-") for code in codes]
        asked.append(_is_one_of("reason_code", [reason for _, _, reason in pairs]))
        if all(group for group, _, _ in pairs):
            asked.append(_is_one_of("group_code", [group for group, _, _ in pairs]))
    for name, fact in (("rarc", "remark_code"), ("category", "category"), ("provider", "provider")):
        if dimensions.get(name):
            asked.append(_is_one_of(fact, values_of(name, str(dimensions[name]))))
    return {"name": issue.title[:100], "condition": " && ".join(asked)}


def _is_one_of(fact: str, values: Sequence[str]) -> str:
    """Return the condition, in the language of rules, that a fact has one of the values."""
    several = sorted(set(values))
    if len(several) == 1:
        return f"{fact} == {_quoted(several[0])}"
    return f"{fact} in [{', '.join(_quoted(value) for value in several)}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def issue_page(issue: Issue, *, today: date) -> dict[str, Any]:
    """Return everything that the page shows but the claims."""
    row = rows_of([issue], today=today)[0]
    parts = parts_of(issue)
    weeks = weeks_of(issue)
    return {
        "row": row,
        "parts": parts,
        "weeks": weeks,
        "chart": chart_of(issue, weeks),
        "dimensions": dimensions_of(issue),
        "evidence": evidence_of(issue, row, parts),
        "risk": money_at_risk(issue, today=today),
        "groups": groups_of(issue),
        "reports": reports_of(issue),
        "history": history_of(issue),
        "steps": steps_of(issue),
        "may_dismiss": State.DISMISSED in STEPS[issue.state],
        "excess": math.floor(getattr(issue, "excess", 0) or 0),
        "rule": rule_address_parts(issue),
    }
