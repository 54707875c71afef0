"""The nightly search: looks, and writes issues. One at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Final

from django.db import transaction

from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.core.trends.findings import Finding
from sanderling.issues.keeping import (
    Context,
    Kept,
    follow,
    supersede,
    write_new,
    write_parts,
    write_seen,
)
from sanderling.issues.matching import known_of, matched, superseded
from sanderling.issues.models import FoundBy, Issue, SearchRun, State
from sanderling.issues.queries import Row, latest_run, stored_rows
from sanderling.issues.searching import Seen, Tell, look
from sanderling.issues.telling import tell_back, tell_found
from sanderling.mirror.actions import refresh
from sanderling.payers.queries import payer_names_by_id
from sanderling.postgres.locks import Lock, session_lock
from sanderling.pricing.actions import bring_up_to_date

_DONE: Final = (State.CLOSED, State.DISMISSED)
_REMEMBERED_DAYS: Final = 400  # how long closed ones still count as known


class SearchBusy(Refusal):
    """Another process is searching."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a search did."""

    run: SearchRun
    new: int
    updated: int
    back: int
    over: int


def search(today: date, at: datetime, *, tell: Tell = lambda _: None) -> Result:
    """Bring prices and mirror in step, search, write the issues as of today, and tell people.

    A second time on the same day it finds the same issues and tells nothing new. Killed in between
    nothing of it is written but a run without an end.

    Raises:
        SearchBusy: another process is searching.
        MirrorBusy: another process is refreshing the mirror.
    """
    bring_in_step(today, at, tell=tell)
    return _searched(today, at, tells=True, tell=tell)


def bring_in_step(today: date, at: datetime, *, tell: Tell = lambda _: None) -> bool:
    """Bring prices and the mirror in step with the facts; return whether anything had changed.

    Raises:
        MirrorBusy: another process is refreshing the mirror.
    """
    tell("prices")
    bring_up_to_date(today, at=at)
    tell("mirror")
    return refresh(today, at).claim_count > 0


def rows_today(
    today: date,
    at: datetime,
    *,
    client_ids: Sequence[int] | None = None,
    states: Sequence[str] = (),
    tell: Tell = lambda _: None,
) -> list[Row]:
    """Return today's issues; searches first when facts came since the last search of today.

    Raises:
        SearchBusy: another process is searching.
        MirrorBusy: another process is refreshing the mirror.
    """
    changed = bring_in_step(today, at, tell=tell)
    last = latest_run()
    if changed or last is None or last.as_of_date < today:
        _searched(today, at, tells=True, tell=tell)
    return list(stored_rows(client_ids=client_ids, states=states))


def search_as_of(day: date, *, tell: Tell = lambda _: None) -> Result:
    """Search as on the evening of a past day, by the mirror as it is; tells nobody.

    To replay days they must come in order: an issue is written as of the day that found it.

    Raises:
        SearchBusy: another process is searching.
        MirrorMissing: there is no mirror.
        Refusal: a later day was searched already.
    """
    at = datetime.combine(day, clock(23, 0), tzinfo=UTC)
    return _searched(day, at, tells=False, tell=tell)


def _searched(today: date, at: datetime, *, tells: bool, tell: Tell) -> Result:
    with session_lock(Lock.ISSUES) as is_ours:
        if not is_ours:
            raise SearchBusy("another search for issues is running; try again in a few minutes")
        later = SearchRun.objects.filter(as_of_date__gt=today, finished_at__isnull=False).first()
        if later is not None:
            raise Refusal(
                f"issues were searched as of {later.as_of_date} already; an earlier day can be"
                " looked at with: sanderling issues --as-of, which writes nothing"
            )
        run = SearchRun.objects.create(as_of_date=today, started_at=at)
        begun = time.monotonic()
        known = _issues_to_know(today)
        seen = look(today, known=known_of(known), tell=tell)
        with transaction.atomic():
            kept = _write(seen, known, today, at)
            _finish(run, seen, time.monotonic() - begun, at)
            if tells:
                tell_found(kept.new, at=at)
                tell_back(kept.back, at=at)
            record_event(
                action="issue.search",
                at=at,
                subject=("search", run.pk),
                detail={"day": str(today), "new": len(kept.new), "back": len(kept.back)},
            )
    return Result(run, len(kept.new), len(kept.updated), len(kept.back), len(kept.over))


def _issues_to_know(today: date) -> list[Issue]:
    """Return the issues that a finding may be, oldest first."""
    done_since = today - timedelta(days=_REMEMBERED_DAYS)
    return list(
        Issue.objects.exclude(state__in=_DONE, last_seen_date__lt=done_since).order_by("pk")
    )


def _write(seen: Seen, known: list[Issue], today: date, at: datetime) -> Kept:
    """Write what was seen, in the caller's transaction."""
    # What people did while the search was looking stands: rows are read again, and locked.
    issues = list(
        Issue.objects.select_for_update().filter(pk__in=[one.pk for one in known]).order_by("pk")
    )
    context = Context(today, at, seen.open_balances, payer_names_by_id())
    kept = Kept()
    written: dict[int, Finding] = {}
    for match in matched(seen.searched.findings, issues):
        if match.issue is None:
            kept.new.append(write_new(match.finding, context))
            continue
        write_seen(match, context)
        kept.updated.append(match.issue)
        if not match.is_told and match.issue.found_by == FoundBy.SEARCH:
            written[match.issue.pk] = match.finding
    for issue in issues:
        finding = written.get(issue.pk) or seen.searched.again.get(issue.pk)
        if finding is None or issue.state in _DONE:
            continue
        if issue.pk not in written:
            write_parts(issue, finding, context)
        change = follow(issue, finding, context)
        if change == "back":
            kept.back.append(issue)
        elif change == "over":
            kept.over.append(issue)
    for issue, larger in superseded([*issues, *kept.new]):
        supersede(issue, larger, context)
        kept.new = [one for one in kept.new if one.pk != issue.pk]
    return kept


def _finish(run: SearchRun, seen: Seen, seconds: float, at: datetime) -> None:
    run.finished_at = at + timedelta(seconds=seconds)
    run.seconds = round(seconds, 2)
    run.claims = seen.claims
    run.hypotheses = seen.searched.hypotheses
    run.settings = {
        "claims_min": seen.settings.claims_min,
        "at_stake_min_cents": seen.settings.at_stake_min_cents,
        "false_per_client_week": seen.settings.false_per_client_week,
    }
    run.save()
