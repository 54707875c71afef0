"""Tasks: asking a team, its answer, what both do to the claim, and who hears of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.builders import Inbox, claims_file, paid, remittance_file, rows, sent
from tests.integration.pages import People, Visitor, make_client, make_people, text_of
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim
from sanderling.followup.models import Activity
from sanderling.news.models import Notice
from sanderling.tasks.actions import (
    answer_task,
    assign_task,
    create_task,
    create_tasks,
    reply_task,
    return_task,
    take_task,
    withdraw_task,
)
from sanderling.tasks.checking import TaskRefused
from sanderling.tasks.holds import ask_posting
from sanderling.tasks.models import State, Task, TaskEvent
from sanderling.tasks.reminding import remind
from sanderling.tasks.several import set_due_days
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TODAY = NOW.date()
NPI, TIN = "1234567893", "741234567"


@remembered
def filled(inbox: Inbox) -> People:
    """A client with a denied claim A1, an open one A2, and a held payment on A3."""
    inbox.at = NOW
    client = make_client("MINE", "Mine Clinic", NPI, TIN)
    inbox.take(
        claims_file(sent("A1", 150), sent("A2", 90), sent("A3", 200)),
        received_date=date(2026, 1, 5),
    )
    inbox.take(
        remittance_file(paid("A1", 150, 0, "CO*11*150"), paid("A3", 200, 120, "CO*45*30")),
        received_date=date(2026, 2, 20),
    )
    refresh_stale(TODAY)
    return make_people(client)


@pytest.fixture
def people(inbox: Inbox) -> People:
    return filled(inbox)


@pytest.fixture
def coder(people: People) -> User:
    client_id = Claim.objects.get(number="A1").client_id
    return create_user(
        email="coder@x.test",
        name="Cody Coder",
        role="coder",
        password="correct-horse-battery",
        client_ids=[client_id],
    )


def claim(number: str) -> Claim:
    return Claim.objects.select_related("client").get(number=number)


def barrier(number: str) -> str:
    refresh_stale(TODAY)
    return Barrier.objects.get(claim_id=claim(number).pk, party=11).barrier


def item(number: str) -> WorkItem:
    return WorkItem.objects.get(claim_id=claim(number).pk, party=11)


def ask(people: People, number: str = "A1", *, due: date | None = None) -> Task:
    return create_task(
        claim=claim(number),
        party=11,
        team="coding",
        kind="coding_review",
        question="Does the record support 99213?",
        due_date=due,
        asked_by=people.specialist,
        at=NOW,
    )


def test_a_question_makes_the_claim_wait_until_it_is_answered(people: People, coder: User) -> None:
    assert barrier("A1") == "denied"
    task = ask(people)
    assert (task.due_date, task.payer_id) == (TODAY + timedelta(days=2), claim("A1").payer_id)
    assert barrier("A1") == "awaiting_internal"
    assert item("A1").next_date == task.due_date
    assert item("A1").open_tasks == 1
    answer_task(
        task.pk, result="corrected", value="99212", text="Two elements only.", user=coder, at=NOW
    )
    assert barrier("A1") == "denied"
    assert item("A1").open_tasks == 0
    last = Activity.objects.order_by("-pk")[0]
    assert (last.channel, last.outcome, last.user) == ("internal", "done", coder)
    assert last.note == ("Coding review, Coding: Corrected code: 99212.\nNext: correct and rebill.")


def test_documents_of_the_client_make_the_claim_wait_for_the_client(people: People) -> None:
    create_task(
        claim=claim("A2"),
        party=11,
        team="client",
        kind="documents",
        question="Operative note, please.",
        due_date=None,
        asked_by=people.specialist,
        at=NOW,
    )
    assert barrier("A2") == "awaiting_client"


def test_the_team_hears_of_a_question_and_the_asker_of_the_answer(
    people: People, coder: User
) -> None:
    task = ask(people)
    told = set(Notice.objects.values_list("user_id", flat=True))
    assert coder.pk in told
    assert not told & {people.specialist.pk, people.stranger.pk, people.client_user.pk}
    answer_task(task.pk, result="stands", user=coder, at=NOW)
    notice = Notice.objects.get(user=people.specialist)
    assert notice.text == "MINE A1: Coding answered: The code stands, appeal"
    assert "99213" not in "".join(Notice.objects.values_list("text", flat=True))


def test_a_question_that_no_team_has_people_for_reaches_those_who_see_to_all(
    people: People,
) -> None:
    ask(people)
    assert list(Notice.objects.values_list("user_id", flat=True)) == [people.admin.pk]


def test_an_answer_names_what_it_must_and_stands(people: People, coder: User) -> None:
    task = ask(people)
    with pytest.raises(TaskRefused, match="write the new code"):
        answer_task(task.pk, result="corrected", user=coder, at=NOW)
    with pytest.raises(TaskRefused, match="choose what came of it"):
        answer_task(task.pk, result="perhaps", user=coder, at=NOW)
    assert Activity.objects.count() == 1
    answer_task(task.pk, result="stands", user=coder, at=NOW)
    assert answer_task(task.pk, result="stands", user=coder, at=NOW) == []  # a double click
    with pytest.raises(TaskRefused, match="answered already"):
        answer_task(task.pk, result="not_supported", user=coder, at=NOW)
    with pytest.raises(TaskRefused, match="stays so"):
        withdraw_task(task.pk, user=people.specialist, at=NOW)
    assert TaskEvent.objects.filter(kind="answered").count() == 1


def test_one_answer_answers_all_claims_of_a_question(people: People, coder: User) -> None:
    tasks = create_tasks(
        claims=[(claim("A1"), 11), (claim("A2"), 11)],
        team="coding",
        kind="coding_review",
        question="Same modifier on both?",
        due_date=None,
        asked_by=people.specialist,
        at=NOW,
    )
    assert Notice.objects.filter(user=coder).count() == 1
    answered = answer_task(tasks[0].pk, result="stands", user=coder, at=NOW, answers_all=True)
    assert {task.pk for task in answered} == {task.pk for task in tasks}
    assert set(Task.objects.values_list("state", "result")) == {("answered", "stands")}
    assert Notice.objects.get(user=people.specialist).text == (
        "MINE A1 and 1 more claims: Coding answered: The code stands, appeal"
    )


def test_a_task_goes_back_with_a_question_and_comes_again(people: People, coder: User) -> None:
    task = ask(people)
    return_task(task.pk, question="Which visit?", user=coder, at=NOW)
    assert barrier("A1") == "denied"  # the asker can work it meanwhile
    with pytest.raises(TaskRefused, match="replied to first"):
        answer_task(task.pk, result="stands", user=coder, at=NOW)
    reply_task(task.pk, text="The one of January.", user=people.specialist, at=NOW)
    assert barrier("A1") == "awaiting_internal"
    withdraw_task(task.pk, user=people.specialist, at=NOW)
    withdraw_task(task.pk, user=people.specialist, at=NOW)
    assert barrier("A1") == "denied"
    kinds = TaskEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["created", "returned", "replied", "withdrawn"]


def test_one_person_has_a_task(people: People, coder: User) -> None:
    task = ask(people)
    take_task(task.pk, user=coder, at=NOW)
    take_task(task.pk, user=coder, at=NOW)
    with pytest.raises(TaskRefused, match="Cody Coder has task"):
        take_task(task.pk, user=people.admin, at=NOW)
    with pytest.raises(TaskRefused, match="may not work on this client"):
        assign_task(task.pk, assignee=people.stranger, user=people.admin, at=NOW)
    assign_task(task.pk, assignee=None, user=people.admin, at=NOW)
    task.refresh_from_db()
    assert task.assignee is None
    assert TaskEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"team": "kitchen"}, "team must be one of"),
        ({"kind": "lunch"}, "kind must be one of"),
        ({"question": "  "}, "Say what the team"),
        ({"due_date": TODAY - timedelta(days=1)}, "due in the past"),
    ],
)
def test_a_question_that_nobody_can_answer_is_refused(
    people: People, changed: dict[str, object], says: str
) -> None:
    asked: dict[str, object] = {
        "team": "coding",
        "kind": "coding_review",
        "question": "Well?",
        "due_date": None,
    }
    with pytest.raises(TaskRefused, match=says):
        create_task(
            claim=claim("A1"),
            party=11,
            asked_by=people.specialist,
            at=NOW,
            **(asked | changed),  # type: ignore[arg-type]  # what a form sends
        )
    assert (Task.objects.count(), Activity.objects.count(), Notice.objects.count()) == (0, 0, 0)


def test_late_tasks_are_told_once_a_week(people: People, coder: User) -> None:
    ask(people)
    Notice.objects.all().delete()
    assert remind(TODAY + timedelta(days=2), at=NOW) == 0
    assert remind(TODAY + timedelta(days=3), at=NOW) == 1
    heard = {coder.pk, people.specialist.pk}  # the team and who asked; no administrator
    assert set(Notice.objects.values_list("user_id", flat=True)) == heard
    remind(TODAY + timedelta(days=9), at=NOW)
    assert Notice.objects.count() == 2
    remind(TODAY + timedelta(days=10), at=NOW)
    assert Notice.objects.count() == 4


def test_days_of_a_team_are_set_as_a_whole(people: People) -> None:
    with pytest.raises(TaskRefused, match="from 0 to 90"):
        set_due_days({"coding": "5", "posting": "soon"}, at=NOW)
    assert ask(people).due_date == TODAY + timedelta(days=2)
    assert set_due_days({"coding": "5", "posting": "2"}, at=NOW) == 1
    assert ask(people, "A2").due_date == TODAY + timedelta(days=5)


def held_payment() -> int:
    return int(rows("SELECT id FROM remits_claim_payment WHERE is_held")[0][0])


def test_a_held_payment_is_one_task_that_closes_when_it_is_held_no_more(
    people: People, inbox: Inbox
) -> None:
    refresh_stale(TODAY)
    task = ask_posting(held_payment(), asked_by=people.specialist, at=NOW)
    assert (task.team, task.held_by, task.claim.number) == ("posting", "barrier", "A3")
    assert ask_posting(held_payment(), asked_by=people.admin, at=NOW).pk == task.pk
    refresh_stale(TODAY)
    task.refresh_from_db()
    assert task.state == State.OPEN
    inbox.take(
        remittance_file(paid("A3", 200, 170, "CO*45*30"), trace="EFT9", control=909),
        received_date=date(2026, 3, 4),
    )
    refresh_stale(TODAY)
    task.refresh_from_db()
    assert (task.state, task.result, task.answered_by) == ("answered", "resolved", None)
    notice = Notice.objects.get(user=people.specialist)
    assert notice.text == "MINE A3: Posting answered: resolved"
    with pytest.raises(TaskRefused, match="there is no claim payment"):
        ask_posting(999_999, asked_by=people.specialist, at=NOW)


def test_pages_of_a_task_from_asking_to_the_answer(people: People, coder: User) -> None:
    asker, answerer = Visitor(people.specialist), Visitor(coder)
    number = str(claim("A1").pk)
    assert "Hand to team" in text_of(asker.get("/tasks/new/", claim=number, party="11"))
    refused = asker.post("/tasks/new/", claim=number, party="11", kind="coding_review")
    assert refused.status_code == 422
    assert "Say what the team" in text_of(refused)
    assert Task.objects.count() == 0
    done = asker.post(
        "/tasks/new/", claim=number, party="11", kind="coding_review", question="Is it so?"
    )
    assert done.headers["Location"] == "/claims/MINE/A1/"
    task = Task.objects.get()
    page = text_of(answerer.get("/inbox/"))
    assert "Is it so?" in page
    assert "$150.00" in page
    shown = text_of(answerer.get(f"/inbox/{task.pk}/"))
    assert "DOE, JANE" in shown
    assert "Waiting for another team" not in shown  # barriers follow in a moment
    assert answerer.post(f"/inbox/{task.pk}/answer/", result="corrected").status_code == 422
    assert answerer.post(f"/inbox/{task.pk}/answer/", result="stands").status_code == 302
    task.refresh_from_db()
    assert task.answered_by == coder
    assert "Is it so?" in text_of(asker.get("/inbox/", whose="asked", state="answered"))
    assert b"Is it so?" in answerer.get("/inbox/", state="any", format="csv").content
    assert "The code stands, appeal" in text_of(asker.get(f"/inbox/{task.pk}/"))


def test_strangers_see_no_tasks(people: People) -> None:
    task = ask(people)
    assert Visitor(people.stranger).get(f"/inbox/{task.pk}/").status_code == 404
    assert "support 99213" not in text_of(Visitor(people.stranger).get("/inbox/", whose="all"))
    assert Visitor(people.stranger).get("/tasks/new/", claim=str(task.claim_id)).status_code == 404
    assert Visitor(people.client_user).get("/inbox/").status_code == 403
    assert Visitor(people.stranger).post(f"/inbox/{task.pk}/take/").status_code == 404
    assert Visitor(people.specialist).get("/inbox/teams/").status_code == 403
    assert Visitor(people.admin).post("/inbox/teams/", days_coding="x").status_code == 422
    assert Visitor(people.admin).post("/inbox/teams/", days_coding="4").status_code == 302


def test_several_are_taken_or_given_at_once(people: People, coder: User) -> None:
    first, second = ask(people, "A1"), ask(people, "A2")
    take_task(second.pk, user=people.admin, at=NOW)
    Visitor(coder).post("/inbox/bulk/", act="take", task=str(first.pk))
    first.refresh_from_db()
    assert first.assignee == coder
    Visitor(coder).post("/inbox/bulk/", act="assign", task=str(second.pk), assignee=str(coder.pk))
    second.refresh_from_db()
    assert second.assignee == people.admin
    Visitor(people.admin).post(
        "/inbox/bulk/", act="assign", task=str(second.pk), assignee=str(coder.pk)
    )
    second.refresh_from_db()
    assert second.assignee == coder


def test_posting_is_asked_from_the_suspense_page(people: People) -> None:
    visitor = Visitor(people.specialist)
    assert "Hand to posting" in text_of(visitor.get("/suspense/"))
    answer = visitor.post(f"/tasks/hold/{held_payment()}/")
    task = Task.objects.get()
    assert answer.headers["Location"] == f"/inbox/{task.pk}/"
    assert "The held payment, segment" in text_of(visitor.get(f"/inbox/{task.pk}/"))
