"""Acts on many items at once: what they do, refuse and take back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.work_items import AT, TODAY, Workers, count, ids, item, kept_world, work_of

from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.news.actions import register_reader
from sanderling.news.models import Event, Notice
from sanderling.worklists.act_parts import ITEMS_MAX, InvalidParameters, NotAllowed
from sanderling.worklists.acting import (
    NOT_HERE,
    CannotUndo,
    NothingToDo,
    act,
    undo,
)
from sanderling.worklists.models import BulkAct, BulkChange, ItemLock, Project, StatusInquiry

TABLES = (
    *("worklists_bulk_act", "worklists_bulk_change", "followup_activity", "news_notice"),
    *("worklists_status_inquiry", "worklists_project", "news_event"),
)


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("acts")) as filled:
        yield filled


def do(kind: str, numbers: list[str], user: User, key: str = "", **parameters: Any) -> BulkAct:
    return act(kind, ids(*numbers), parameters, user=user, actor=f"user:{user.pk}", at=AT, key=key)


def test_a_lead_assigns_and_the_new_owner_hears_of_it(workers: Workers) -> None:
    register_reader("rules", ["item.assigned"])
    done = do("assign", ["A1", "A2"], workers.lead, assignee=workers.sam.pk)
    assert (done.words, done.items, done.refused) == ("Assigned 2 claims to Sam", 2, [])
    assert [row[:2] for row in work_of("A1", "A2", "A3")] == [
        (workers.sam.pk, AT), (workers.sam.pk, AT), (None, None),
    ]  # fmt: skip
    notice = Notice.objects.get()
    assert (notice.user_id, notice.text) == (workers.sam.pk, "Lena assigned you 2 claims")
    assert [(event.claim_id, event.detail) for event in Event.objects.order_by("claim_id")] == [
        (item(number).claim_id, {"was": None, "is": workers.sam.pk}) for number in ("A1", "A2")
    ]
    assert rows(
        "SELECT claim_id, action, subject_id FROM audit_event WHERE action = 'item.assign'"
        " ORDER BY claim_id"
    ) == [(item(number).claim_id, "item.assign", str(done.pk)) for number in ("A1", "A2")]


def test_a_specialist_takes_what_nobody_has_and_not_what_another_has(workers: Workers) -> None:
    do("assign", ["A1"], workers.kim, assignee=workers.kim.pk)
    done = do("assign", ["A1", "A2"], workers.sam, assignee=workers.sam.pk)
    assert done.items == 1
    assert done.refused == [[item("A1").pk, "is Kim's: ask your lead"]]
    assert [row[0] for row in work_of("A1", "A2")] == [workers.kim.pk, workers.sam.pk]
    assert Notice.objects.count() == 0


def test_a_specialist_assigns_to_nobody_else(workers: Workers) -> None:
    with pytest.raises(NotAllowed, match="only leads"):
        do("assign", ["A1"], workers.sam, assignee=workers.kim.pk)
    assert [count(table) for table in TABLES] == [0] * len(TABLES)
    assert work_of("A1")[0][0] is None


def test_nobody_gets_claims_of_clients_he_does_not_see(workers: Workers) -> None:
    done = do("assign", ["A1", "B1"], workers.lead, assignee=workers.sam.pk)
    assert done.refused == [[item("B1").pk, "Sam does not see client THEIRS"]]
    assert work_of("B1")[0][0] is None


def test_unknown_foreign_and_locked_items_are_refused_by_name_and_the_rest_goes_on(
    workers: Workers,
) -> None:
    locked = item("A2")
    ItemLock.objects.create(
        item=locked, client_id=locked.client_id, user=workers.kim, taken_at=AT,
        until_at=AT + timedelta(minutes=5),
    )  # fmt: skip
    foreign = item("B1").pk
    done = act(
        "pend", [*ids("A1", "A2"), foreign, 999_999], {},
        user=workers.sam, actor=f"user:{workers.sam.pk}", at=AT,
    )  # fmt: skip
    assert done.items == 1
    assert sorted(map(tuple, done.refused)) == sorted(
        [(locked.pk, "Kim is working on it"), (foreign, NOT_HERE), (999_999, NOT_HERE)]
    )
    assert [item(number).is_pended for number in ("A1", "A2", "B1")] == [True, False, False]


def test_a_lock_that_ended_hinders_nobody(workers: Workers) -> None:
    locked = item("A2")
    ItemLock.objects.create(
        item=locked, client_id=locked.client_id, user=workers.kim, taken_at=AT, until_at=AT
    )
    assert do("pend", ["A2"], workers.sam).items == 1


@pytest.mark.parametrize(
    ("parameters", "day"),
    [
        ({"business_days": 3}, date(2026, 3, 10)),  # from a Thursday over a weekend
        ({"date": "2026-03-20"}, date(2026, 3, 20)),
        ({"date": date(2026, 3, 5)}, TODAY),
    ],
)
def test_deferring_sets_the_day(workers: Workers, parameters: dict[str, Any], day: date) -> None:
    done = do("defer", ["A1"], workers.sam, **parameters)
    assert done.words == f"Put 1 claim to {day}"
    assert (item("A1").follow_up_date, item("A1").work_date) == (day, day)


def test_nothing_is_put_past_its_deadline(workers: Workers) -> None:
    one = item("A1")
    one.deadline_date = date(2026, 3, 9)
    one.save(update_fields=["deadline_date"])
    done = do("defer", ["A1", "A2"], workers.sam, business_days=3)
    assert done.refused == [[one.pk, "its deadline 2026-03-09 comes before that day"]]
    assert do("defer", ["A1"], workers.sam, date="2026-03-09").items == 1


def test_a_pend_returns_in_three_business_days_to_who_put_it_aside(workers: Workers) -> None:
    done = do("pend", ["A1"], workers.sam)
    assert done.words == "Pended 1 claim until 2026-03-10"
    assert work_of("A1")[0][:4] == (workers.sam.pk, AT, date(2026, 3, 10), True)
    do("unpend", ["A1"], workers.sam)
    assert work_of("A1")[0][:4] == (workers.sam.pk, AT, None, False)


def test_the_same_note_goes_to_many_claims_once(workers: Workers) -> None:
    done = do("note", ["A1", "A2"], workers.sam, note="Called about the project.")
    assert rows(
        "SELECT claim_id, note, user_id, channel FROM followup_activity ORDER BY claim_id"
    ) == [
        (item(number).claim_id, "Called about the project.", workers.sam.pk, "internal")
        for number in ("A1", "A2")
    ]
    assert [item(number).touches for number in ("A1", "A2", "A3")] == [1, 1, 0]
    assert BulkChange.objects.filter(act=done).first().added[0][0] == "activity"  # type: ignore[union-attr]  # there are two
    again = do("note", ["A2", "A3"], workers.sam, note="Called about the project.")
    assert again.refused == [[item("A2").pk, "has the same already"]]
    assert count("followup_activity") == 3
    assert undo(done, user=workers.sam, at=AT).restored == 2
    assert [item(number).touches for number in ("A1", "A2", "A3")] == [0, 0, 1]
    do("note", ["A1"], workers.sam, note="Called about the project.")
    assert item("A1").touches == 1  # said again after it was taken back


def test_the_day_of_a_note_goes_with_it(workers: Workers) -> None:
    do("pend", ["A1", "A2"], workers.sam, business_days=2)
    before = work_of("A1", "A2", "A3")
    done = do("note", ["A1", "A2", "A3"], workers.sam, note="Called.", date="2026-03-20")
    assert [row[2:4] for row in work_of("A1", "A2", "A3")] == [(date(2026, 3, 20), False)] * 3
    do("defer", ["A2"], workers.sam, date="2026-03-21")
    taken_back = undo(done, user=workers.sam, at=AT)
    assert taken_back.kept == ((item("A2").claim_id, 11, "was changed since"),)
    after = work_of("A1", "A2", "A3")
    assert (after[0], after[1][2], after[2]) == (before[0], date(2026, 3, 21), before[2])


def test_clients_are_asked_once_about_all_their_claims_and_the_question_is_withdrawn(
    workers: Workers,
) -> None:
    before = work_of("A1", "A2", "B1")
    done = do("request_documents", ["A1", "A2", "B1"], workers.lead, question="Operative notes")
    tasks = rows("SELECT client_id, batch, state, question FROM tasks_task ORDER BY id")
    assert [row[0] for row in tasks] == [workers.mine.pk] * 2 + [workers.theirs.pk]
    assert tasks[0][1] == tasks[1][1]
    assert {row[2:] for row in tasks} == {("open", "Operative notes")}
    assert [item(number).open_tasks for number in ("A1", "A2", "B1")] == [1, 1, 1]
    rest = undo(done, user=workers.lead, at=AT)
    assert (rest.restored, rest.kept) == (3, ())
    assert {state for (state,) in rows("SELECT state FROM tasks_task")} == {"withdrawn"}
    assert work_of("A1", "A2", "B1") == before


def test_a_claim_goes_up_the_ladder_and_back(workers: Workers) -> None:
    first = do("escalate", ["A1", "A2"], workers.sam, reason="No answer in two calls")
    second = do("escalate", ["A2", "A3"], workers.sam, reason="Supervisor", level="2")
    levels = [item(number).escalation_level for number in ("A1", "A2", "A3")]
    assert levels == [1, 2, 2]
    with pytest.raises(NothingToDo, match="as high or higher"):
        do("escalate", ["A2"], workers.sam, reason="again", level="1")
    rest = undo(first, user=workers.sam, at=AT)
    assert rest.kept == ((item("A2").claim_id, 11, "was moved on the ladder since"),)
    undo(second, user=workers.sam, at=AT)
    assert [item(number).escalation_level for number in ("A1", "A2", "A3")] == [0, 1, 0]
    done = do("de_escalate", ["A1", "A2"], workers.sam, reason="Solved")
    assert done.refused == [[item("A1").pk, "is not escalated"]]
    assert item("A2").escalation_level == 0


def test_what_talks_with_others_takes_fewer_at_once(workers: Workers) -> None:
    with pytest.raises(InvalidParameters, match="at most 200"):
        act("escalate", range(201), {"reason": "x"}, user=workers.sam, actor="u", at=AT)


def test_tags_come_and_go(workers: Workers) -> None:
    do("tag", ["A1", "A2"], workers.sam, tags="Batch 7, auth")
    done = do("tag", ["A1", "A3"], workers.sam, tags=["auth"])
    assert done.refused == [[item("A1").pk, "has the tag already"]]
    assert [item(number).tags for number in ("A1", "A2", "A3")] == [
        ["auth", "batch 7"], ["auth", "batch 7"], ["auth"],
    ]  # fmt: skip
    do("untag", ["A1"], workers.sam, tags="auth")
    assert item("A1").tags == ["batch 7"]


def test_status_inquiries_wait_once_and_only_where_there_is_a_payer_to_ask(
    workers: Workers,
) -> None:
    credit = item("A3")
    credit.balance_cents = -500
    credit.save(update_fields=["balance_cents"])
    patients = item("A4")
    patients.party = 14
    patients.save(update_fields=["party"])
    done = do("status_inquiry", ["A1", "A2", "A3", "A4"], workers.sam)
    assert sorted(map(tuple, done.refused)) == sorted([
        (credit.pk, "is a credit balance: there is no payment to ask for"),
        (patients.pk, "is owed by the patient: there is no payer to ask"),
    ])  # fmt: skip
    assert set(StatusInquiry.objects.values_list("claim_id", "state")) == {
        (item("A1").claim_id, "queued"), (item("A2").claim_id, "queued"),
    }  # fmt: skip
    with pytest.raises(NothingToDo, match="waits for a status inquiry already"):
        do("status_inquiry", ["A1", "A2"], workers.sam)
    taken_back = undo(done, user=workers.sam, at=AT)
    assert (taken_back.restored, taken_back.kept) == (2, ())
    assert set(StatusInquiry.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert do("status_inquiry", ["A1"], workers.sam).items == 1


def test_an_inquiry_that_was_written_cannot_be_taken_back(workers: Workers) -> None:
    done = do("status_inquiry", ["A1", "A2"], workers.sam)
    StatusInquiry.objects.filter(claim_id=item("A1").claim_id).update(state="written")
    taken_back = undo(done, user=workers.sam, at=AT)
    assert taken_back.kept == ((item("A1").claim_id, 11, "its status inquiry was sent already"),)
    assert taken_back.restored == 1


def test_projects_are_made_once_by_their_name(workers: Workers) -> None:
    do("project", ["A1"], workers.sam, name="Acme modifier 25")
    do("project", ["A2"], workers.sam, name="Acme modifier 25")
    project = Project.objects.get()
    assert [item(number).project_id for number in ("A1", "A2")] == [project.pk, project.pk]
    with pytest.raises(NothingToDo, match="is in the project already"):
        do("project", ["A1"], workers.sam, project=project.pk)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("dance", {}, "choose what to do"),
        ("defer", {}, "choose a day"),
        ("defer", {"date": "2026-03-04"}, "from today on"),
        ("defer", {"date": "2027-03-20"}, "within a year"),
        ("defer", {"date": "soon"}, "like 2026-03-05"),
        ("pend", {"date": "2026-03-05"}, "after today"),
        ("note", {"note": "  "}, "write what"),
        ("tag", {"tags": " , "}, "write a tag"),
        ("tag", {"tags": "x" * 41}, "at most 10 tags"),
        ("project", {}, "choose a project"),
        ("project", {"project": "7"}, "that is open"),
        ("assign", {"assignee": "0"}, "who works claims"),
        ("assign", {"assignee": "x"}, "one of the list"),
    ],
)
def test_what_cannot_be_understood_is_refused_as_a_whole(
    workers: Workers, kind: str, parameters: dict[str, Any], message: str
) -> None:
    before = [count(table) for table in TABLES]
    with pytest.raises(InvalidParameters, match=message):
        do(kind, ["A1"], workers.lead, **parameters)
    assert [count(table) for table in TABLES] == before


def test_too_many_none_and_client_users_are_refused(workers: Workers) -> None:
    with pytest.raises(InvalidParameters, match="at most 5,000"):
        act("pend", range(ITEMS_MAX + 1), {}, user=workers.sam, actor="user:1", at=AT)
    with pytest.raises(InvalidParameters, match="choose some claims"):
        act("pend", [], {}, user=workers.sam, actor="user:1", at=AT)
    client_user = User(pk=workers.sam.pk, role="client_user", is_active=True)
    with pytest.raises(NotAllowed):
        do("pend", ["A1"], client_user)
    assert count("worklists_bulk_act") == 0


def test_the_same_form_twice_is_one_act(workers: Workers) -> None:
    first = do("note", ["A1"], workers.sam, key="k1", note="Once.")
    assert do("note", ["A1"], workers.sam, key="k1", note="Once.") == first
    assert (count("worklists_bulk_act"), count("followup_activity")) == (1, 1)
    assert do("pend", ["A1"], workers.kim, key="k1") != first  # another person's key


def test_undo_puts_back_only_what_nobody_changed_since(workers: Workers) -> None:
    do("defer", ["A1"], workers.sam, business_days=1)
    before = work_of("A1", "A2", "A3")
    done = do("pend", ["A1", "A2", "A3"], workers.sam)
    do("defer", ["A2"], workers.sam, business_days=9)
    do("tag", ["A3"], workers.sam, tags="x")  # another column
    taken_back = undo(done, user=workers.sam, at=AT + timedelta(hours=23))
    assert taken_back.kept == ((item("A2").claim_id, 11, "was changed since"),)
    after = work_of("A1", "A2", "A3")
    assert after[0] == before[0]
    assert after[1][2] == date(2026, 3, 18)
    assert after[2] == (*before[2][:6], ["x"], *before[2][7:])
    done.refresh_from_db()
    assert (done.undone_at, done.undone_by) == (AT + timedelta(hours=23), workers.sam)
    with pytest.raises(CannotUndo, match="undone already"):
        undo(done, user=workers.sam, at=AT)


def test_undo_is_for_who_did_it_and_leads_within_a_day(workers: Workers) -> None:
    done = do("pend", ["A1"], workers.sam)
    for user, at, message in (
        (workers.kim, AT, "only who did it"),
        (workers.sam, AT + timedelta(hours=25), "more than 24 hours"),
    ):
        with pytest.raises(CannotUndo, match=message):
            undo(done, user=user, at=at)
    assert item("A1").is_pended
    undo(done, user=workers.lead, at=AT)
    assert not item("A1").is_pended


def test_a_rule_acts_and_a_lead_takes_it_back(workers: Workers) -> None:
    done = act("tag", ids("A1", "B1"), {"tags": "auto"}, user=None, actor="rule:4", at=AT)
    assert (done.user, done.actor, done.items) == (None, "rule:4", 2)
    with pytest.raises(Refusal):
        undo(done, user=workers.sam, at=AT)
    assert undo(done, user=workers.lead, at=AT).restored == 2
