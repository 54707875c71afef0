"""Activities imported and recorded: taken, refused, known again, shown."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from tests.builders import Inbox, rows
from tests.integration.pages import AS_OF, People, Visitor, fill, text_of, web_role

from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.cli.activities import command
from sanderling.cli.claims_show import show
from sanderling.core.codes.names import NextAction
from sanderling.followup.actions import InvalidActivity, record
from sanderling.followup.importing import ActivityImport, import_activities
from sanderling.followup.models import Activity
from sanderling.followup.queries import ACTIVITY_COLUMNS, load_activities
from sanderling.followup.signals import activities_recorded
from sanderling.receivables.claim import claim_detail, find_claim
from sanderling.remits.facts import load_facts

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
HEADER = "client,claim,date,user,channel,action,outcome,reference,next_date,note\n"
CALL = "MINE,A2,2026-02-02,Ann Lee,call,check_status,in_process,R17,2026-02-16,Spoke with Joy\n"
APPEAL = "MINE,A3,2026-02-03,specialist@x.test,fax,appeal,sent,,,\n"
FOREIGN = "THEIRS,B1,2026-02-04,,mail,request_documents,sent,,2026-02-18,\n"
Told = list[tuple[list[int], date]]
# An activity that no form was filled in for, and that stands.
NO_NOTE: dict[str, object] = {
    **dict.fromkeys(["scenario", "disposition", "next_action", "representative", "contact"], ""),
    **dict.fromkeys(["minutes", "is_avoidable", "withdrawn"]),
    "answers": {},
    "addenda": [],
    "attachments": [],
}
TEXT = HEADER + CALL + APPEAL + FOREIGN


@pytest.fixture
def people(inbox: Inbox) -> People:
    return fill(inbox)


@pytest.fixture
def told() -> Iterator[Told]:
    """The claims and the day that `activities_recorded` told of, call by call."""
    calls: Told = []

    def listen(claim_ids: list[int], known_date: date, **_: object) -> None:
        calls.append((claim_ids, known_date))

    activities_recorded.connect(listen)
    yield calls
    activities_recorded.disconnect(listen)


def take(text: str) -> ActivityImport:
    return import_activities(text=text, at=AT)


def counts(result: ActivityImport) -> tuple[int, int, int, int]:
    return result.rows, result.created, result.unchanged, len(result.problems)


def claim(number: str) -> Claim:
    return Claim.objects.get(number=number)


def test_rows_become_activities_of_their_claims(people: People, told: Told) -> None:
    result = take(TEXT)
    assert counts(result) == (3, 3, 0, 0)
    assert result.claim_ids == sorted(claim(number).pk for number in ("A2", "A3", "B1"))
    assert told == [(result.claim_ids, date(2026, 2, 2))]
    call = Activity.objects.get(claim__number="A2")
    assert (call.activity_date, call.next_date) == (date(2026, 2, 2), date(2026, 2, 16))
    assert (call.channel, call.action, call.outcome) == ("call", "check_status", "in_process")
    assert (call.user_name, call.user, call.reference) == ("Ann Lee", None, "R17")
    assert (call.note, call.source, call.recorded_at) == ("Spoke with Joy", "import", AT)
    assert call.client_id == claim("A2").client_id
    appeal = Activity.objects.get(claim__number="A3")
    assert appeal.user == people.specialist
    assert (appeal.next_date, appeal.note, appeal.reference) == (None, "", "")


def test_the_same_again_changes_nothing(people: People, told: Told) -> None:
    take(TEXT)
    before = rows("SELECT * FROM followup_activity ORDER BY id")
    again = take(TEXT)
    other_order = take(
        "\ufeffNote;Claim;Client;Date;User;Channel;Action;Outcome;Reference;Next_Date\r\n"
        "Spoke  with Joy;a-2;MINE;2/2/2026; Ann Lee ;Call;Check Status;in process;R17;2/16/2026\r\n"
    )
    assert counts(again) == (3, 0, 3, 0)
    assert counts(other_order) == (1, 0, 1, 0)
    assert (again.claim_ids, len(told)) == ([], 1)
    assert rows("SELECT * FROM followup_activity ORDER BY id") == before


def test_two_calls_of_one_day_are_one_unless_the_reference_differs(people: People) -> None:
    result = take(HEADER + CALL + CALL + CALL.replace("R17", "R18"))
    assert counts(result) == (3, 2, 1, 0)
    assert sorted(Activity.objects.values_list("reference", flat=True)) == ["R17", "R18"]


def test_a_claim_is_found_by_its_number_however_a_spreadsheet_wrote_it(people: People) -> None:
    result = take(
        HEADER
        + CALL.replace(",A2,", ",a2,")
        + CALL.replace(",A2,", ",00A-2 ,").replace("R17", "R18")
        + CALL.replace(",A2,", ",A/1 1,")
        + CALL.replace(",A2,", ",A11,").replace("R17", "R18")
    )
    assert counts(result) == (4, 4, 0, 0)
    numbers = Activity.objects.order_by("pk").values_list("claim__number", flat=True)
    assert list(numbers) == ["A2", "A2", "A/1 1", "A/1 1"]


def test_the_very_number_goes_before_one_like_it(people: People) -> None:
    mine = claim("A2").client_id
    for number in ("0A2", "X-1", "X.1", "--"):
        Claim.objects.create(
            client_id=mine, number=number, number_key={"0A2": "A2", "--": ""}.get(number, "X1")
        )
    result = take(
        HEADER
        + CALL
        + CALL.replace(",A2,", ",0A2,")
        + CALL.replace(",A2,", ",X1,")
        + CALL.replace(",A2,", ",X.1,")
        + CALL.replace(",A2,", ",--,")
        + CALL.replace(",A2,", ",---,")
    )
    numbers = Activity.objects.order_by("pk").values_list("claim__number", flat=True)
    assert list(numbers) == ["A2", "0A2", "X.1", "--"]
    (like, unknown) = result.problems
    assert (like.row, like.column, like.message[:8]) == (4, "claim", "2 claims")
    assert (unknown.row, unknown.column) == (7, "claim")


def test_a_claim_whose_facts_went_elsewhere_takes_none(people: People) -> None:
    Claim.objects.filter(number="A2").update(has_facts=False)
    result = take(HEADER + CALL)
    assert [(p.row, p.column) for p in result.problems] == [(2, "claim")]
    assert Activity.objects.count() == 0


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        ("MINE", "NOBODY", "client", "no client has this code"),
        ("MINE", "THEIRS", "claim", "no claim of this number"),
        (",A2,", ",A9,", "claim", "no claim of this number"),
        (",A2,", ",,", "claim", "is empty; it is required"),
        ("2026-02-02", "soon", "date", "must be a day like 2026-03-05"),
        ("2026-02-02", "", "date", "is empty; it is required"),
        ("2026-02-02", "2062-02-02", "date", "must be from 2000-01-01 to 2027-03-06"),
        ("2026-02-16", "2026-02-31", "next_date", "must be a day like 2026-03-05"),
        ("2026-02-16", "2026-01-16", "next_date", "must be the day of the activity"),
        ("call", "pigeon", "channel", "must be one of call, portal, electronic, fax, mail"),
        ("check_status", "shout", "action", "must be one of wait, check_status, call_payer"),
        ("in_process", "great", "outcome", "must be one of sent, in_process, paid, denied"),
        ("R17", "R" * 201, "reference", "is longer than 200 characters"),
        ("Spoke with Joy", "x" * 10_001, "note", "is longer than 10000 characters"),
        ("Spoke with Joy", "Spoke, with Joy", "", "quote commas"),
    ],
)
def test_a_faulty_row_is_refused_and_its_neighbors_are_taken(
    old: str, new: str, column: str, words: str, people: People
) -> None:
    result = take(HEADER + APPEAL + CALL.replace(old, new) + FOREIGN)
    (problem,) = result.problems
    assert (problem.row, problem.column) == (3, column)
    assert words in problem.message
    assert result.created == 2
    assert not Activity.objects.filter(claim__number="A2").exists()
    assert counts(take(HEADER + CALL)) == (1, 1, 0, 0)


def test_all_that_is_wrong_with_a_row_is_one_message(people: People) -> None:
    faulty = "NOBODY,A2,2026-02-30,,pigeon,shout,sent,,never,\n"
    (problem,) = take(HEADER + faulty).problems
    for column in ("channel", "action", "date", "next_date", "client"):
        assert column in (problem.column, *problem.message.replace(";", " ").split())
    (missing,) = take(HEADER + "MINE,A2,,,call,,sent,,,\n").problems
    assert (missing.row, missing.column) == (2, "date")
    assert "action is empty" in missing.message


def test_a_row_is_counted_as_a_spreadsheet_does(people: People) -> None:
    long = APPEAL.rstrip("\n") + '"one\ntwo\n\nthree"\n'
    result = take(HEADER + long + "\n" + CALL.replace("call", "pigeon"))
    assert [problem.row for problem in result.problems] == [4]
    assert Activity.objects.get().note == "one\ntwo\n\nthree"


def test_a_header_without_a_required_column_refuses_the_file(people: People) -> None:
    result = take("client,claim,date,channel,action\nMINE,A2,2026-02-02,call,wait\n")
    assert [(p.row, p.column) for p in result.problems] == [(1, "outcome")]
    assert Activity.objects.count() == 0
    result = take("client,claim,date,channel,action,outcome\nMINE,A2,2026-02-02,call,wait,done\n")
    assert counts(result) == (1, 1, 0, 0)


def test_cells_that_look_like_commands_to_the_database_are_text(people: People) -> None:
    note = '"\\.\n\\N\nit\'s ""quoted""; DROP TABLE x --"'
    result = take(HEADER + CALL.replace("Spoke with Joy", note).replace("R17", "\\N"))
    assert counts(result) == (1, 1, 0, 0)
    activity = Activity.objects.get()
    assert activity.note.splitlines()[-1] == 'it\'s "quoted"; DROP TABLE x --'
    assert activity.reference == ""


def test_a_name_of_two_people_is_nobodys(people: People) -> None:
    user = people.specialist
    user.name = "Ann Lee"
    user.save()
    take(HEADER + CALL)
    assert Activity.objects.get().user == user
    people.admin.name = "ann lee"
    people.admin.save()
    take(HEADER + CALL.replace("R17", "R18"))
    assert Activity.objects.get(reference="R18").user is None
    # The person was not known by that name then; the row is still the same row.
    assert counts(take(HEADER + CALL)) == (1, 0, 1, 0)


def test_a_listener_that_fails_undoes_the_import(people: People) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    activities_recorded.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            take(TEXT)
    finally:
        activities_recorded.disconnect(fail)
    assert Activity.objects.count() == 0
    assert not AuditEvent.objects.filter(action="activities.import").exists()


def test_the_audit_trail_tells_counts_and_no_notes(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    take(TEXT + CALL.replace("call", "pigeon"))
    events = list(AuditEvent.objects.filter(action="activities.import").order_by("pk"))
    assert [(event.client_id, event.detail.get("created")) for event in events] == [
        (None, 3),
        (claim("A2").client_id, 2),
        (claim("B1").client_id, 1),
    ]
    assert events[0].detail["problems"] == 1
    said = caplog.text + json.dumps([event.detail for event in events])
    assert "Joy" not in said


def test_a_person_records_what_was_done(people: People, told: Told) -> None:
    arguments = {
        "claim": claim("A2"),
        "activity_date": date(2026, 3, 5),
        "channel": "portal",
        "action": NextAction.CHECK_STATUS.value,
        "outcome": "pended",
        "reference": " P1 ",
        "next_date": date(2026, 3, 19),
        "note": "They want\r\nthe records",
        "user": people.specialist,
        "at": AT,
    }
    visible = f"{{{claim('A2').client_id}}}"
    with web_role(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [visible])
        activity = record(**arguments)  # type: ignore[arg-type]  # as keywords
        again = record(**arguments)  # type: ignore[arg-type]  # as above
    assert again.pk == activity.pk
    assert told == [([activity.claim_id], date(2026, 3, 5))]
    stored = Activity.objects.get()
    assert (stored.user, stored.user_name, stored.source) == (
        people.specialist,
        "specialist",
        "product",
    )
    assert (stored.reference, stored.note) == ("P1", "They want\nthe records")
    event = AuditEvent.objects.get(action="activity.record")
    assert (event.client_id, event.claim_id) == (stored.client_id, stored.claim_id)
    assert event.detail == {"channel": "portal", "action": "check_status", "outcome": "pended"}
    # The same told by an exported sheet is the same.
    result = take(
        HEADER
        + "MINE,A2,2026-03-05,specialist,portal,check_status,pended,P1,2026-03-19,"
        + '"They want\nthe records"\n'
    )
    assert counts(result) == (1, 0, 1, 0)


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"action": "shout"}, "action"),
        ({"outcome": ""}, "outcome"),
        ({"activity_date": date(2026, 3, 6)}, "date"),
        ({"next_date": date(2026, 3, 4)}, "next_date"),
    ],
)
def test_what_a_person_cannot_have_done_is_refused(
    changed: dict[str, object], column: str, people: People
) -> None:
    arguments = {
        "claim": claim("A2"),
        "activity_date": date(2026, 3, 5),
        "channel": "call",
        "action": "wait",
        "outcome": "done",
        "at": AT,
    }
    with pytest.raises(InvalidActivity) as refusal:
        record(**{**arguments, **changed})  # type: ignore[arg-type]  # as keywords
    assert [name for name, _ in refusal.value.faults] == [column]
    assert Activity.objects.count() == 0


@pytest.mark.parametrize(
    ("assignment", "name"),
    [
        ("channel = 'pigeon'", "activity_channel_is_known"),
        ("action = 'shout'", "activity_action_is_known"),
        ("outcome = 'great'", "activity_outcome_is_known"),
        ("source = 'rumor'", "activity_source_is_known"),
        ("next_date = activity_date - 1", "activity_looks_ahead"),
        ("id = id + 1000000", "activity_once"),
    ],
)
def test_the_database_takes_no_other_words(assignment: str, name: str, people: People) -> None:
    take(HEADER + CALL)
    column, value = assignment.split(" = ")
    columns = [
        found
        for (found,) in rows(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'followup_activity'"
        )
    ]
    values = {found: found for found in columns}
    values |= {"id": "id + 500000", "source_key": "gen_random_uuid()"}
    if column == "id":
        values["source_key"] = "source_key"
    values[column] = value
    statement = (
        f"INSERT INTO followup_activity ({', '.join(values)})"
        f" SELECT {', '.join(values.values())} FROM followup_activity"
    )
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        rows(statement + " RETURNING id")


def test_the_rules_get_the_activities_of_their_claims(people: People) -> None:
    take(TEXT)
    load_facts([claim("A2").pk, claim("A3").pk])
    frame = load_activities().sort("activity_date")
    assert frame.schema == ACTIVITY_COLUMNS
    assert frame.drop("activity_id").rows() == [
        (
            claim("A2").pk, date(2026, 2, 2), "call", "check_status", "in_process", "R17",
            date(2026, 2, 16),
        ),
        (claim("A3").pk, date(2026, 2, 3), "fax", "appeal", "sent", "", None),
    ]  # fmt: skip
    load_facts([claim("A/1 1").pk])
    empty = load_activities()
    assert empty.is_empty()
    assert empty.schema == ACTIVITY_COLUMNS


def test_the_claim_page_and_the_answer_tell_of_them_from_their_day_on(people: People) -> None:
    take(TEXT + CALL.replace("2026-02-02", "2026-02-10").replace("call", "internal"))
    found = find_claim(client="MINE", number="A2")
    detail = claim_detail(found, as_of=date(2026, 2, 9))
    assert detail["activities"] == [
        {
            "date": date(2026, 2, 2),
            "user": "Ann Lee",
            "channel": "call",
            "action": "check_status",
            "outcome": "in_process",
            "reference": "R17",
            "next_date": date(2026, 2, 16),
            "note": "Spoke with Joy",
            "source": "import",
            **NO_NOTE,
        }
    ]
    assert claim_detail(found, as_of=date(2026, 2, 1))["activities"] == []
    assert len(claim_detail(found, as_of=date(2026, 2, 10))["activities"]) == 2
    (event,) = [row for row in detail["timeline"] if row["event"] == "followed up"]
    assert (event["date"], event["amount_cents"]) == (date(2026, 2, 2), None)
    text = "Check status by phone: in process (R17), by Ann Lee, next 2026-02-16. Spoke with Joy"
    assert event["text"] == text
    page = text_of(Visitor(people.specialist).get("/claims/MINE/A2/", as_of=AS_OF.isoformat()))
    assert text in page
    assert "Appeal by fax" not in page
    assert "followed up" not in text_of(
        Visitor(people.specialist).get("/claims/MINE/A2/", as_of="2026-02-01")
    )


@pytest.fixture
def command_line(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanderling.cli.runtime.start_database", lambda: None)


def test_the_command_says_what_came_of_it(
    command_line: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "done.csv"
    path.write_bytes(TEXT.replace("Joy", "José").encode("cp1252"))

    def run() -> tuple[int, dict[str, object], str]:
        status = command.main(
            ["import", str(path), "--format", "json"], prog_name="x", standalone_mode=False
        )
        out, err = capsys.readouterr()
        (row,) = json.loads(out)["rows"]
        return status or 0, row, err

    assert run() == (
        0,
        {
            "file": str(path), "rows": 3, "created": 3, "updated": 0, "unchanged": 0,
            "problems": [],
        },
        "",
    )  # fmt: skip
    assert run()[1]["unchanged"] == 3
    assert Activity.objects.filter(note="Spoke with José").count() == 1
    path.write_text(TEXT + CALL.replace(",A2,", ",SECRET9,"), encoding="utf-8-sig")
    status, row, err = run()
    assert (status, row["created"], row["unchanged"]) == (1, 1, 2)
    assert err.startswith(f"{path}: row 5, column claim: the client has no claim")
    assert "Joy" not in err
    assert row["problems"][0]["row"] == 5  # type: ignore[index]  # a list of objects


def test_claims_show_prints_them(command_line: None, capsys: pytest.CaptureFixture[str]) -> None:
    take(TEXT)
    arguments = ["MINE", "A3", "--as-of", "2026-03-05", "--format", "csv"]
    show.main(arguments, prog_name="x", standalone_mode=False)
    assert '2026-02-03,followed up,"Appeal by fax: sent, by specialist@x.test",' in (
        capsys.readouterr().out
    )


def test_nothing_of_it_can_be_changed(people: People) -> None:
    take(TEXT)
    for statement in (
        "UPDATE followup_activity SET note = '' RETURNING id",
        "DELETE FROM followup_activity RETURNING id",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows(statement)
    assert Activity.objects.count() == 3
