"""The list of issues: which ones, their rows, tiles and tabs; only with the parts one may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, QuerySet

from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.clients.queries import client_codes_by_id
from sanderling.core.barriers.words import team_title
from sanderling.issues.models import OPEN_STATES, CausedBy, Issue, Kind, State
from sanderling.payers.models import Payer

NEW_DAYS: Final = 7
TABS: Final[Mapping[str, str]] = {
    "open": "All open",
    **{state.value: str(state.label) for state in State},
}
FILTERS: Final = ("client", "payer", "kind", "team", "owner", "caused_by")
COLUMNS: Final = (
    *("id", "title", "kind", "client", "payer_name", "onset", "found", "age_days", "clients_hit"),
    *("claims", "open_claims", "at_stake_cents", "month_cents", "events_before"),
    *("outcomes_before", "events_after", "outcomes_after", "confidence", "caused_by", "team"),
    *("owner", "state", "found_by"),
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which issues are asked for: a tab and filters (empty: all)."""

    tab: str
    filters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tiles:
    """What stands above the list: of all open issues that may be seen."""

    open_count: int
    open_cents: int
    month_cents: int
    new_count: int
    saved_low_cents: int
    saved_cents: int
    saved_high_cents: int
    proven_count: int


def confidence_words(confidence: float | None) -> str:
    """Say how sure a finding is; None: a person reported it."""
    if confidence is None:
        return "reported"
    if confidence >= 0.95:  # noqa: PLR2004 - the bounds of the words
        return "almost certain"
    if confidence >= 0.8:  # noqa: PLR2004
        return "likely"
    return "rather likely" if confidence >= 0.6 else "uncertain"  # noqa: PLR2004


def found_issues(asked: Asked, user: User) -> list[Issue]:
    """Return the issues of a tab with their sums, most at stake first."""
    issues = Issue.objects.with_totals().select_related("owner")
    issues = issues.filter(state__in=OPEN_STATES if asked.tab == "open" else [asked.tab])
    for name in ("kind", "team", "caused_by"):
        if asked.filters.get(name):
            issues = issues.filter(**{name: asked.filters[name]})
    if asked.filters.get("payer"):
        issues = issues.filter(payer_id=_number(asked.filters["payer"]))
    if asked.filters.get("client"):
        client_id = _number(asked.filters["client"])
        issues = issues.filter(parts__client_id=client_id, parts__is_hit=True)
    if asked.filters.get("owner") == "me":
        issues = issues.filter(owner=user)
    elif asked.filters.get("owner") == "nobody":
        issues = issues.filter(owner=None)
    return list(issues.order_by("-at_stake_cents", "pk"))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def tabs() -> list[Row]:
    """Return each tab with how many issues it has."""
    counts = dict(Issue.objects.order_by().values_list("state").annotate(Count("pk")))
    counts["open"] = sum(counts.get(state, 0) for state in OPEN_STATES)
    return [
        {"key": key, "title": title, "count": counts.get(key, 0)} for key, title in TABS.items()
    ]


def tiles(*, today: date) -> Tiles:
    """Return the figures above the list."""
    issues = list(Issue.objects.with_totals().filter(state__in=OPEN_STATES))
    saved = [
        effect
        for issue in _with_proven()
        for action in issue.preventive_actions.filter(state="proven")
        if (effect := action.effects.order_by("-as_of_date").first()) is not None
    ]
    return Tiles(
        open_count=len(issues),
        open_cents=total_of(issues, "at_stake_cents"),
        month_cents=total_of(issues, "month_cents"),
        new_count=sum(issue.found_date > today - timedelta(days=NEW_DAYS) for issue in issues),
        saved_low_cents=sum(effect.saved_low_cents or 0 for effect in saved),
        saved_cents=sum(effect.saved_cents or 0 for effect in saved),
        saved_high_cents=sum(effect.saved_high_cents or 0 for effect in saved),
        proven_count=len(saved),
    )


def _with_proven() -> QuerySet[Issue]:
    """Return the issues with a proven preventive action, which the room above keeps."""
    wanted = {"preventive_actions__state": "proven"}
    return Issue.objects.filter(**wanted).distinct()


def total_of(issues: Sequence[Issue], name: str) -> int:
    """Return the sum of one of the figures that `with_totals` adds."""
    return sum(vars(issue)[name] for issue in issues)


def rows_of(issues: Sequence[Issue], *, today: date) -> list[Row]:
    """Return the rows of a list, in its order."""
    codes = client_codes_by_id()
    payers = dict(Payer.objects.values_list("pk", "name"))
    return [_row(issue, vars(issue), codes, payers, today) for issue in issues]


def _row(
    issue: Issue,
    sums: Mapping[str, Any],  # `with_totals` put them there
    codes: Mapping[int, str],
    payers: Mapping[int, str],
    today: date,
) -> Row:
    return {
        "id": issue.pk,
        "title": issue.title,
        "kind": issue.kind,
        "kind_text": Kind(issue.kind).label,
        "client": codes.get(issue.client_id or 0, ""),
        "payer_name": payers.get(issue.payer_id or 0, ""),
        "onset": issue.onset_date,
        "found": issue.found_date,
        "ended": issue.ended_date,
        "age_days": max((today - issue.found_date).days, 0),
        "clients_hit": sums["clients_hit"] or 0,
        "claims": sums["claims"],
        "open_claims": sums["open_claims"],
        "at_stake_cents": sums["at_stake_cents"],
        "month_cents": sums["month_cents"],
        "events_before": sums["events_before"],
        "outcomes_before": sums["outcomes_before"],
        "events_after": sums["events_after"],
        "outcomes_after": sums["outcomes_after"],
        "rate_before": share(sums["events_before"], sums["outcomes_before"]),
        "rate_after": share(sums["events_after"], sums["outcomes_after"]),
        "confidence": None if issue.confidence is None else round(issue.confidence, 4),
        "confidence_text": confidence_words(issue.confidence),
        "caused_by": issue.caused_by,
        "caused_by_text": CausedBy(issue.caused_by).label,
        "team": issue.team,
        "team_text": team_title(issue.team),
        "owner": issue.owner.name if issue.owner else "",
        "found_by": issue.found_by,
        "state": issue.state,
        "state_text": State(issue.state).label,
    }


def share(bad: int, count: int) -> float | None:
    """Return bad of count, None where there are too few to be a rate."""
    return bad / count if count >= RATE_MIN else None


RATE_MIN: Final = 10


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return what the filters offer: only what some issue has."""
    issues = Issue.objects.order_by()
    payers = Payer.objects.filter(pk__in=issues.values("payer_id")).order_by("name")
    teams = sorted(set(issues.values_list("team", flat=True)))
    return {
        "client": [
            (str(pk), code)
            for pk, code in Client.objects.order_by("code").values_list("pk", "code")
        ],
        "payer": [(str(pk), name) for pk, name in payers.values_list("pk", "name")],
        "kind": [(kind.value, str(kind.label)) for kind in Kind],
        "team": [(team, team_title(team)) for team in teams],
        "owner": [("me", "me"), ("nobody", "nobody")],
        "caused_by": [(one.value, str(one.label)) for one in CausedBy],
    }
