"""Work given to another system, and taken in there: the same activities, with their notes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.builders import rows
from tests.integration.desk import AT, CALL, Desk, make_desk

from sanderling.audit.models import AuditEvent
from sanderling.cli.activities import command
from sanderling.followup.actions import record, withdraw
from sanderling.followup.importing import import_activities
from sanderling.followup.models import Note
from sanderling.followup.notes import record_note

ACTIVITIES = """
SELECT c.number, a.activity_date, a.user_name, a.user_id, a.channel, a.action, a.outcome,
       a.reference, a.next_date, a.note, a.source_key, n.scenario, n.disposition, n.next_action,
       n.representative, n.contact, n.minutes, n.is_avoidable, n.party, n.narrative
  FROM followup_activity a JOIN claims_claim c ON c.id = a.claim_id
  LEFT JOIN followup_note n ON n.activity_id = a.id
 WHERE NOT EXISTS (SELECT FROM followup_withdrawal w WHERE w.activity_id = a.id)
 ORDER BY a.id
"""


@pytest.fixture
def desk(db: None, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("sanderling.cli.runtime.start_database", lambda: None)
    return make_desk()


def work(desk: Desk) -> None:
    """Three that stand, in all shapes, and one taken back."""
    record_note(
        claim=desk.claim,
        scenario="paid_not_posted",
        answers={**CALL, "trace": "9", "paid_date": "3/1", "paid_cents": "5",
                 "remarks": 'first line\n=second, "quoted"'},
        user=desk.specialist,
        contact="+1 555 0100",
        minutes=4,
        at=AT,
    )  # fmt: skip
    record(
        claim=desk.foreign,
        activity_date=date(2026, 3, 1),
        channel="fax",
        action="appeal",
        outcome="sent",
        reference="-17",
        note="@home",
        at=AT,
    )
    gone = record_note(
        claim=desk.claim, scenario="in_process", answers=CALL, user=None, at=AT
    ).activity
    assert gone is not None
    withdraw(gone, user=None, at=AT, reason="x")
    record_note(
        claim=desk.claim, scenario="portal_down", answers={}, user=None, at=AT + timedelta(days=1)
    )


def export(*options: str) -> None:
    command.main(args=["export", *options], standalone_mode=False)


def forget() -> None:
    """Be another installation: the same claims, and nothing done."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("promise", "withdrawal", "note", "activity"):
            cursor.execute(f"ALTER TABLE followup_{table} DISABLE TRIGGER append_only_rows")
            cursor.execute(f"DELETE FROM followup_{table}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE followup_{table} ENABLE TRIGGER append_only_rows")


def test_exported_and_imported_they_are_the_same(desk: Desk, tmp_path: Path) -> None:
    work(desk)
    before = rows(ACTIVITIES)
    assert len(before) == 3
    path = tmp_path / "work.csv"
    export("--format", "csv", "--output", str(path))
    same = import_activities(text=path.read_text(encoding="utf-8"), at=AT)
    assert (same.created, same.unchanged, same.problems) == (0, 3, [])
    forget()
    assert rows(ACTIVITIES) == []
    taken = import_activities(text=path.read_text(encoding="utf-8"), at=AT)
    assert (taken.created, taken.problems) == (3, [])
    assert rows(ACTIVITIES) == before
    again = tmp_path / "again.csv"
    export("--format", "csv", "--output", str(again))
    assert again.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_only_of_a_client_and_since_a_day(desk: Desk, tmp_path: Path) -> None:
    work(desk)

    def exported(*options: str) -> list[tuple[str, str]]:
        path = tmp_path / "x.json"
        export("--format", "json", "--output", str(path), *options)
        return [(row["claim"], row["date"]) for row in json.loads(path.read_text())["rows"]]

    assert exported() == [("A1", "2026-03-05"), ("B1", "2026-03-01"), ("A1", "2026-03-06")]
    assert exported("--client", "MINE", "--since", "2026-03-06") == [("A1", "2026-03-06")]
    assert exported("--client", "THEIRS") == [("B1", "2026-03-01")]
    assert AuditEvent.objects.filter(action="activities.export").count() == 3


def test_an_unknown_client_is_refused_by_name(desk: Desk) -> None:
    with pytest.raises(Exception, match="there is no client NOBODY"):
        export("--client", "NOBODY", "--format", "csv")


HEADER = "client,claim,date,channel,action,outcome,scenario,minutes,is_avoidable,party\n"


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ("dance,,,", "scenario"),
        ("in_process,soon,,", "minutes"),
        ("in_process,601,,", "minutes"),
        ("in_process,,perhaps,", "is_avoidable"),
        ("in_process,,,fourth", "party"),
    ],
)
def test_a_notes_fault_refuses_its_row(desk: Desk, cells: str, column: str) -> None:
    row = f"MINE,A1,2026-03-01,call,check_status,in_process,{cells}\n"
    taken = import_activities(text=HEADER + row, at=AT)
    assert [problem.column for problem in taken.problems] == [column]
    assert (taken.created, Note.objects.count()) == (0, 0)


def test_a_row_without_a_scenario_has_no_note(desk: Desk) -> None:
    row = "MINE,A1,2026-03-01,call,check_status,in_process,,5,true,primary\n"
    taken = import_activities(text=HEADER + row, at=AT)
    assert (taken.created, Note.objects.count()) == (1, 0)


def test_the_same_act_twice_in_a_file_has_one_note(desk: Desk) -> None:
    row = "MINE,A1,2026-03-01,call,check_status,in_process,in_process,{},true,primary\n"
    taken = import_activities(text=HEADER + row.format(5) + row.format(6), at=AT)
    assert (taken.created, taken.unchanged) == (1, 1)
    note: Any = Note.objects.get()
    assert (note.minutes, note.party, note.is_avoidable) == (5, 11, True)
