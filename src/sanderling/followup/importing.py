"""Takes in activities of another system's file, with what its notes say, and adds what is new."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from django.db import connection, transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.clients.queries import client_ids_by_code
from sanderling.core.csv_rows import CsvRow, RowProblem, choice, read_rows, whole_number
from sanderling.core.followup.scenarios import BY_KEY
from sanderling.core.identifiers import number_key_expr
from sanderling.core.ledger.accounts import PARTY_NAMES
from sanderling.followup.actions import VOCABULARIES
from sanderling.followup.content import (
    AHEAD,
    Content,
    clean_note,
    clean_text,
    faults_of,
    source_key,
    written_day,
)
from sanderling.followup.models import ACTIONS, Activity, Source
from sanderling.followup.notes import MINUTES_MAX
from sanderling.followup.signals import activities_recorded, work_recorded
from sanderling.news.actions import NewEvent, record_events
from sanderling.postgres.frames import keep_frame, read_frame, refresh_statistics
from sanderling.postgres.locks import Lock, hold_lock
from sanderling.web.exporting import FORMULA_STARTS

REQUIRED: Final = ("client", "claim", "date", "channel", "action", "outcome")
OPTIONAL: Final = ("user", "reference", "next_date", "note")
# What a note says beside its activity; a row without a scenario has none.
OF_NOTE: Final = (
    *("scenario", "disposition", "next_action", "representative", "contact", "minutes"),
    *("is_avoidable", "party"),
)
EVENTS_MAX: Final = 2_000  # more at once are no news about single claims
_PARTIES: Final = {name: int(party) for party, name in PARTY_NAMES.items()}
_NOTE_TEXT_MAX: Final = 200

_TABLE: Final = "followup_activity"
_NAMED: Final = {"client_id": pl.Int32, "number": pl.String}
# A claim whose facts went to another one is no claim any more. Equal numbers have equal keys.
_CLAIMS: Final = """
SELECT w.client_id, w.number, c.id, c.number = w.number
  FROM named_claims w
  JOIN claims_claim c ON c.client_id = w.client_id AND c.number_key = w.number_key AND c.has_facts
 WHERE w.number_key <> '' OR c.number = w.number
"""
_ROWS: Final = {
    "claim_id": ("bigint", pl.Int64),
    "client_id": ("int", pl.Int32),
    "activity_date": ("date", pl.Date),
    "user_name": ("text", pl.String),
    "user_id": ("int", pl.Int32),
    "channel": ("text", pl.String),
    "action": ("text", pl.String),
    "outcome": ("text", pl.String),
    "reference": ("text", pl.String),
    "next_date": ("date", pl.Date),
    "note": ("text", pl.String),
    "source_key": ("uuid", pl.String),
    "row": ("int", pl.Int32),
    "scenario": ("text", pl.String),
    "disposition": ("text", pl.String),
    "next_action": ("text", pl.String),
    "representative": ("text", pl.String),
    "contact": ("text", pl.String),
    "minutes": ("smallint", pl.Int16),
    "is_avoidable": ("boolean", pl.Boolean),
    "party": ("smallint", pl.Int16),
}
_STORED: Final = ", ".join(name for name in _ROWS if name not in {"row", *OF_NOTE})
_INSERT: Final = f"""
INSERT INTO followup_activity ({_STORED}, source, recorded_at)
SELECT {_STORED}, %s, %s FROM new_activities ORDER BY row
    ON CONFLICT (claim_id, source_key) DO NOTHING
RETURNING claim_id, client_id, activity_date, id
"""  # noqa: S608 - names of ours
# The notes of those that are new: one that was known keeps the note that it has.
_INSERT_NOTES: Final = """
INSERT INTO followup_note
    (claim_id, client_id, party, activity_id, scenario, result, disposition, next_action, channel,
     contact, representative, answers, narrative, minutes, is_avoidable, user_id, user_name,
     form_key, recorded_at)
SELECT a.claim_id, a.client_id, n.party, a.id, n.scenario, '', n.disposition, n.next_action,
       a.channel, n.contact, n.representative, '{}', a.note, n.minutes, n.is_avoidable, a.user_id,
       a.user_name, gen_random_uuid(), a.recorded_at
  FROM followup_activity a
  JOIN (SELECT DISTINCT ON (claim_id, source_key) * FROM new_activities
         ORDER BY claim_id, source_key, row) n USING (claim_id, source_key)
 WHERE a.id = ANY (%s) AND n.scenario <> ''
"""


@dataclass(slots=True)
class ActivityImport:
    """What an import did: counts of activities, each row refused, and the claims touched."""

    rows: int = 0
    created: int = 0
    updated: int = 0  # always 0: what was done is history
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    claim_ids: list[int] = field(default_factory=list)  # those with new activities, sorted


@transaction.atomic
def import_activities(*, text: str, at: datetime) -> ActivityImport:
    """Add the activities of a CSV text; importing it twice adds nothing.

    A row with a fault is refused as a whole, the others are taken. Sends `activities_recorded`.
    """
    hold_lock(Lock.ACTIVITIES)
    rows, problems = read_rows(text, required=REQUIRED, optional=(*OPTIONAL, *OF_NOTE))
    result = ActivityImport(rows=len(rows), problems=problems)
    activities = _with_claims(_readable(rows, at=at, problems=problems), problems)
    result.problems = _one_for_each_row(problems)
    added = _add(activities, at=at)
    result.created = len(added)
    result.unchanged = activities.height - result.created
    result.claim_ids = sorted({claim_id for claim_id, _, _, _ in added})
    _record_import(result, added, text=text, at=at)
    if added:
        activities_recorded.send(
            sender=Activity,
            claim_ids=result.claim_ids,
            known_date=min(activity_date for _, _, activity_date, _ in added),
        )
        work_recorded.send(sender=Activity, claim_ids=result.claim_ids)
        if len(added) <= EVENTS_MAX:
            record_events(
                [
                    NewEvent("activity.recorded", client_id, claim_id, detail={"source": "import"})
                    for claim_id, client_id, _, _ in added
                ],
                at=at,
            )
    return result


def _readable(rows: list[CsvRow], *, at: datetime, problems: list[RowProblem]) -> pl.DataFrame:
    """Return the rows without fault but for their claim: `number` stands for it."""
    clients = client_ids_by_code()
    users = _users()
    kept: dict[str, list[Any]] = {name: [] for name in (*_ROWS, "number") if name != "claim_id"}
    for row in rows:
        faults: list[RowProblem] = []
        content = _content(row, at=at, faults=faults)
        of_note = _of_note(row, faults)
        client_id = clients.get(row.text("client"))
        if client_id is None:
            faults.append(
                RowProblem(
                    row.number, "client", "no client has this code; correct it or import the client"
                )
            )
        problems.extend(faults)
        if faults or content is None:
            continue
        values = {
            "client_id": client_id,
            "number": row.text("claim"),
            "activity_date": content.activity_date,
            "user_name": content.user_name,
            "user_id": users.get(content.user_name.lower()),
            "channel": content.channel,
            "action": content.action,
            "outcome": content.outcome,
            "reference": content.reference,
            "next_date": content.next_date,
            "note": content.note,
            "source_key": source_key(content).hex,
            "row": row.number,
            **of_note,
        }
        for name, cells in kept.items():
            cells.append(values[name])
    schema = {name: kind for name, (_, kind) in _ROWS.items() if name in kept}
    return pl.DataFrame(kept, schema={**schema, "number": pl.String})


def _content(row: CsvRow, *, at: datetime, faults: list[RowProblem]) -> Content | None:
    """Return what the row says, None when it cannot be read."""
    words = {
        name: choice(row, name, known=known, default="", problems=faults)
        for name, known in VOCABULARIES.items()
    }
    activity_date = _day(row, "date", faults)
    next_date = _day(row, "next_date", faults)
    if activity_date is None:
        return None
    content = Content(
        activity_date=activity_date,
        user_name=clean_text(_bare(row, "user")),
        channel=words["channel"],
        action=words["action"],
        outcome=words["outcome"],
        reference=clean_text(_bare(row, "reference")),
        next_date=next_date,
        note=clean_note(_bare(row, "note")),
    )
    # Made-up worlds run ahead of the clock, and an as-of day may; a wrong century is refused.
    latest_day = at.date() + AHEAD
    faults.extend(
        RowProblem(row.number, column, message)
        for column, message in faults_of(content, latest_day=latest_day)
    )
    return content


def _of_note(row: CsvRow, faults: list[RowProblem]) -> dict[str, Any]:
    """Return what the row says of the note; nothing is asked of a row without a scenario."""
    actions = [value for value, _ in ACTIONS]
    found: dict[str, Any] = {
        "scenario": choice(row, "scenario", known=list(BY_KEY), default="", problems=faults),
        "next_action": choice(row, "next_action", known=actions, default="", problems=faults),
    }
    for name in ("disposition", "representative", "contact"):
        found[name] = clean_text(_bare(row, name))
        if len(found[name]) > _NOTE_TEXT_MAX:
            message = f"is longer than {_NOTE_TEXT_MAX} characters; shorten it"
            faults.append(RowProblem(row.number, name, message))
    minutes = whole_number(row, "minutes", minimum=0, maximum=MINUTES_MAX, problems=faults)
    avoidable = choice(row, "is_avoidable", known=["true", "false"], default="", problems=faults)
    party = choice(row, "party", known=list(_PARTIES), default="", problems=faults)
    return found | {
        "minutes": minutes or 0,
        "is_avoidable": avoidable == "true",
        "party": _PARTIES.get(party),
    }


def _bare(row: CsvRow, column: str) -> str:
    """Return the cell without the apostrophe that our exports put before =, +, - and @."""
    text = row.text(column)
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA_STARTS else text


def _day(row: CsvRow, column: str, faults: list[RowProblem]) -> date | None:
    text = clean_text(row.text(column))
    if not text and column == "next_date":
        return None
    day = written_day(text)
    if day is None:
        faults.append(RowProblem(row.number, column, "must be a day like 2026-03-05"))
    return day


def _users() -> dict[str, int]:
    """Return who an e-mail address or a name means, in lower case; a name of two is nobody's."""
    users = list(User.objects.values_list("pk", "name", "email"))
    named = Counter(name.lower() for _, name, _ in users)
    found = {name.lower(): pk for pk, name, _ in users if named[name.lower()] == 1}
    return found | {email.lower(): pk for pk, _, email in users}


def _with_claims(rows: pl.DataFrame, problems: list[RowProblem]) -> pl.DataFrame:
    """Return the rows with the claim that each names: by the very number, else by its key."""
    named = rows.select("client_id", "number").unique()
    keep_frame(
        "named_claims",
        {"client_id": "int", "number": "text", "number_key": "text"},
        named.with_columns(number_key=number_key_expr("number")),
    )
    found = read_frame(_CLAIMS, {**_NAMED, "claim_id": pl.Int64, "is_exact": pl.Boolean})
    best = (
        found.filter(pl.col("is_exact") | ~pl.col("is_exact").any().over("client_id", "number"))
        .group_by("client_id", "number")
        .agg(pl.col("claim_id").min(), pl.len().alias("claims"))
    )
    joined = rows.join(best, on=["client_id", "number"], how="left", maintain_order="left")
    for number, claims in joined.filter(pl.col("claims").is_null() | (pl.col("claims") > 1))[
        ["row", "claims"]
    ].iter_rows():
        message = (
            "the client has no claim of this number; correct it, or bring in the claim first"
            if claims is None
            else f"{claims} claims of the client have numbers like this; write it as it was sent"
        )
        problems.append(RowProblem(number, "claim", message))
    return joined.filter(pl.col("claims") == 1)


def _add(activities: pl.DataFrame, *, at: datetime) -> list[tuple[int, int, date, int]]:
    """Store what is new, with its notes; return claim, client, day and key of each."""
    if activities.is_empty():
        return []
    columns = {name: kind for name, (kind, _) in _ROWS.items()}
    keep_frame("new_activities", columns, activities)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [Source.IMPORT.value, at])
        added: list[tuple[int, int, date, int]] = cursor.fetchall()
        cursor.execute(_INSERT_NOTES, [[pk for _, _, _, pk in added]])
    refresh_statistics(_TABLE, len(added))
    return added


def _record_import(
    result: ActivityImport, added: list[tuple[int, int, date, int]], *, text: str, at: datetime
) -> None:
    """Tell the audit trail: of the file, and of each client for those who see only that client."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    record_event(
        action="activities.import",
        at=at,
        subject=("activities", sha256),
        detail={
            "rows": result.rows,
            "created": result.created,
            "unchanged": result.unchanged,
            "problems": len(result.problems),
        },
    )
    for client_id, count in sorted(Counter(client_id for _, client_id, _, _ in added).items()):
        record_event(
            action="activities.import",
            at=at,
            client_id=client_id,
            subject=("activities", sha256),
            detail={"created": count},
        )


def _one_for_each_row(problems: Iterable[RowProblem]) -> list[RowProblem]:
    """Return one problem for each row, with all that is wrong in it; in the order of the file.

    The header's stay as they are: one for each column.
    """
    header: list[RowProblem] = []
    merged: dict[int, RowProblem] = {}
    for problem in sorted(problems, key=lambda found: found.row):
        if problem.row == 1:
            header.append(problem)
            continue
        first = merged.get(problem.row)
        if first is None:
            merged[problem.row] = problem
            continue
        also = f"{problem.column} {problem.message}".strip()
        merged[problem.row] = replace(first, message=f"{first.message}; {also}")
    return header + list(merged.values())
