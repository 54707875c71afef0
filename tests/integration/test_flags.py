"""Flags: a client flags a claim, somebody owns it, a clock runs, each step is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from tests.integration.desk import AT, TODAY, Desk, acting_as, make_desk
from tests.integration.pages import Visitor, text_of

from sanderling.accounts.models import ClientAssignment, User
from sanderling.agreements.models import Clock
from sanderling.audit.models import AuditEvent
from sanderling.flags.actions import (
    close_flag,
    flag_claim,
    reopen_flag,
    withdraw_flag,
    write_from_client,
)
from sanderling.flags.answering import (
    answer_flag,
    ask_client,
    set_owner,
    take_up,
    write_to_client,
)
from sanderling.flags.checking import FlagRefused
from sanderling.flags.demo import ensure_demo_flags
from sanderling.flags.ladder import work_ladder
from sanderling.flags.listing import Attainment, attainment, flag_rows, tab_counts
from sanderling.flags.models import Flag, FlagEvent
from sanderling.mail.models import Content, Mail
from sanderling.news.models import Notice
from sanderling.worklists.act_kinds import KINDS
from sanderling.worklists.keeping import refresh_work

pytestmark = pytest.mark.django_db
# Thursday 14:02 UTC; two business days end on Monday at midnight in New York.
NORMAL_DUE = datetime(2026, 3, 10, 3, 59, 59, tzinfo=UTC)
# Four open hours from 9:02 in New York on.
URGENT_DUE = datetime(2026, 3, 5, 18, 2, tzinfo=UTC)


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.fixture
def manager(desk: Desk) -> User:
    made = User.objects.create(email="m@x.test", name="Mia", role="account_manager")
    ClientAssignment.objects.create(user=made, client=desk.claim.client)
    return made


def flagged(desk: Desk, *, urgency: str = "normal", at: datetime = AT) -> Flag:
    with acting_as(desk.client_user):
        return flag_claim(
            desk.claim.pk, reason="too_old", urgency=urgency, text="Why?", user=desk.client_user,
            at=at,
        )  # fmt: skip


def told(user: User) -> list[str]:
    return [one.text for one in Notice.objects.filter(user=user).order_by("pk")]


def kinds(flag: Flag) -> list[str]:
    return list(FlagEvent.objects.filter(flag=flag).order_by("pk").values_list("kind", flat=True))


def test_a_flag_gets_an_owner_and_a_clock_and_goes_to_the_head_of_the_worklist(
    desk: Desk, manager: User
) -> None:
    flag = flagged(desk)
    assert (flag.owner, flag.state, flag.due_at) == (manager, "received", NORMAL_DUE)
    assert told(manager) == ["MINE A1: flagged by the client: it has been open too long"]
    clock = Clock.objects.get()
    assert (clock.kind, clock.subject) == ("flag_answer", f"flag:{flag.pk}:1")
    item = desk.item()
    assert item.is_flagged
    assert item.score == 1_000_000
    assert item.reasons[0] == ["flagged", {}]
    refresh_work([desk.claim.pk])
    assert desk.item().is_flagged
    event = AuditEvent.objects.get(action="flag.create")
    assert event.claim_id == desk.claim.pk
    assert "Why?" not in str(event.detail)


def test_an_urgent_flag_has_four_business_hours(desk: Desk, manager: User) -> None:
    assert flagged(desk, urgency="urgent").due_at == URGENT_DUE
    assert Notice.objects.get(user=manager).is_urgent


def test_a_day_set_by_somebody_gives_way(desk: Desk) -> None:
    item = desk.item()
    item.follow_up_date = TODAY + timedelta(days=20)
    item.is_pended = True
    item.not_before_date = TODAY + timedelta(days=9)
    item.save()
    flagged(desk)
    item = desk.item()
    assert (item.work_date, item.is_pended, item.not_before_date) == (TODAY, False, None)


def test_flagging_twice_alike_is_one_flag_and_otherwise_is_refused(desk: Desk) -> None:
    assert flagged(desk) == flagged(desk)
    with acting_as(desk.client_user), pytest.raises(FlagRefused, match="flagged already"):
        flag_claim(
            desk.claim.pk, reason="paid", urgency="normal", text="", user=desk.client_user, at=AT
        )
    assert Flag.objects.count() == 1
    assert kinds(Flag.objects.get()) == ["flagged", "owner"]


@pytest.mark.parametrize(
    ("reason", "urgency", "text", "match"),
    [
        ("", "normal", "", "choose why"),
        ("nonsense", "normal", "", "choose why"),
        ("paid", "soon", "", "normal or urgent"),
        ("other", "normal", "  ", "say in words"),
        ("paid", "normal", "x" * 4_001, "at most 4,000"),
    ],
)
def test_what_a_flag_lacks_is_refused_and_nothing_written(
    reason: str, urgency: str, text: str, match: str, desk: Desk
) -> None:
    with pytest.raises(FlagRefused, match=match):
        flag_claim(
            desk.claim.pk, reason=reason, urgency=urgency, text=text, user=desk.client_user, at=AT
        )
    assert not Flag.objects.exists()
    assert not Clock.objects.exists()
    assert not Notice.objects.exists()


def test_a_foreign_claim_is_no_claim(desk: Desk) -> None:
    with acting_as(desk.client_user), pytest.raises(FlagRefused, match="no such claim"):
        flag_claim(
            desk.foreign.pk, reason="paid", urgency="normal", text="", user=desk.client_user, at=AT
        )


def test_the_client_hears_each_step_and_the_owner_each_word(desk: Desk, manager: User) -> None:
    flag = flagged(desk)
    with acting_as(manager):
        take_up(flag.pk, user=manager, at=AT)
        write_to_client(flag.pk, text="Looking", user=manager, at=AT)
        write_to_client(flag.pk, text="Careful here", user=manager, at=AT, is_internal=True)
        ask_client(flag.pk, text="Do you have the letter?", user=manager, at=AT)
    assert told(desk.client_user) == [
        "Claim A1: Mia is on it",
        "Claim A1: Mia wrote to you",
        "Claim A1: we have a question for you",
    ]
    flag.refresh_from_db()
    assert (flag.state, flag.due_at) == ("waiting", None)
    assert not desk.item().is_flagged
    later = AT + timedelta(days=5)  # a Tuesday
    with acting_as(desk.client_user):
        write_from_client(flag.pk, text="Yes", user=desk.client_user, at=later)
    flag.refresh_from_db()
    assert (flag.state, flag.due_at) == ("working", datetime(2026, 3, 13, 3, 59, 59, tzinfo=UTC))
    assert desk.item().is_flagged
    assert told(manager)[-1] == "MINE A1: the client replied; the answer is ours again"
    with acting_as(manager):
        answer_flag(flag.pk, text="Paid on Friday", user=manager, at=later)
    flag.refresh_from_db()
    assert (flag.state, flag.answered_at, flag.late_at) == ("answered", later, None)
    assert told(desk.client_user)[-1] == "Claim A1: your flag is answered"
    assert desk.item().score == 0
    with acting_as(desk.client_user):
        close_flag(flag.pk, user=desk.client_user, at=later)
        close_flag(flag.pk, user=desk.client_user, at=later)
    assert kinds(flag) == [
        *("flagged", "owner", "taken_up", "message", "note", "asked", "replied", "answered"),
        "closed",
    ]
    assert Clock.objects.filter(ended_at__isnull=True).count() == 0
    assert not any("Friday" in text or "letter" in text for text in told(desk.client_user))
    mails = Mail.objects.filter(kind="flag").order_by("pk")
    assert [mail.to_address for mail in mails] == ["client_user@x.test"] * 4
    said = " ".join(str(vars(mail)) for mail in mails) + " ".join(
        Content.objects.filter(mail__kind="flag").values_list("text", flat=True)
    )
    assert f"/portal/flags/{flag.pk}/" in said
    for secret in ("A1", "DOE", "Friday", "letter"):
        assert secret not in said


def test_an_answer_that_does_not_do_opens_it_again_with_a_clock_of_its_own(
    desk: Desk, manager: User
) -> None:
    flag = flagged(desk)
    with acting_as(manager):
        answer_flag(flag.pk, text="Wait", user=manager, at=AT)
    with acting_as(desk.client_user):
        reopen_flag(flag.pk, text="No", user=desk.client_user, at=AT)
        reopen_flag(flag.pk, text="No", user=desk.client_user, at=AT)
    flag.refresh_from_db()
    assert (flag.state, flag.due_at, flag.answered_at) == ("working", NORMAL_DUE, AT)
    assert list(Clock.objects.order_by("pk").values_list("subject", flat=True)) == [
        f"flag:{flag.pk}:1",
        f"flag:{flag.pk}:2",
    ]
    assert kinds(flag).count("reopened") == 1


def test_the_same_words_sent_twice_are_said_once(desk: Desk, manager: User) -> None:
    flag = flagged(desk)
    for _ in range(2):
        write_from_client(flag.pk, text="Hello?", user=desk.client_user, at=AT)
    for _ in range(2):
        answer_flag(flag.pk, text="Here", user=manager, at=AT)
    assert kinds(flag) == ["flagged", "owner", "message", "answered"]


def test_what_is_out_of_order_is_refused_and_nothing_written(desk: Desk, manager: User) -> None:
    flag = flagged(desk)
    before = kinds(flag)
    with pytest.raises(FlagRefused, match="received"):
        close_flag(flag.pk, user=desk.client_user, at=AT)
    with pytest.raises(FlagRefused, match="received"):
        reopen_flag(flag.pk, text="x", user=desk.client_user, at=AT)
    with pytest.raises(FlagRefused, match="what you found"):
        answer_flag(flag.pk, text=" ", user=manager, at=AT)
    for other in (desk.stranger, desk.client_user):
        with pytest.raises(FlagRefused, match="does not work for"):
            set_owner(flag.pk, owner=other, user=manager, at=AT)
    assert kinds(flag) == before
    withdraw_flag(flag.pk, user=desk.client_user, at=AT)
    with pytest.raises(FlagRefused, match="flag the claim again"):
        answer_flag(flag.pk, text="x", user=manager, at=AT)
    assert Clock.objects.get().dropped_at == AT
    assert flagged(desk) != flag


def test_a_late_answer_climbs_the_ladder_once_a_step(desk: Desk, manager: User) -> None:
    flag = flagged(desk, urgency="urgent")  # four hours, 14:02 to 18:02
    Notice.objects.all().delete()
    assert work_ladder(at=AT + timedelta(hours=2)) == (0, 0, 0)
    assert work_ladder(at=AT + timedelta(hours=3)) == (1, 0, 0)
    assert work_ladder(at=AT + timedelta(hours=3, minutes=10)) == (0, 0, 0)
    assert told(desk.client_user) == []
    assert work_ladder(at=AT + timedelta(hours=4, minutes=1)) == (0, 1, 0)
    assert work_ladder(at=AT + timedelta(hours=5)) == (0, 0, 0)
    assert told(desk.lead) == ["MINE A1: the answer to the client's flag is late"]
    assert told(desk.client_user) == [
        "Claim A1: our answer is late; it was raised to the owner's lead"
    ]
    assert work_ladder(at=AT + timedelta(hours=8, minutes=1)) == (0, 1, 0)
    assert work_ladder(at=AT + timedelta(days=9)) == (0, 1, 0)
    assert told(desk.admin) == ["MINE A1: the answer to the client's flag is late"]
    flag.refresh_from_db()
    assert (flag.level, flag.late_at) == (3, URGENT_DUE)
    answer_flag(flag.pk, text="Sorry", user=manager, at=AT + timedelta(days=9))
    assert attainment([flag.client_id], since=AT, until=AT + timedelta(days=30)) == Attainment(1, 0)


def test_an_answered_flag_closes_by_itself_after_fourteen_days(desk: Desk, manager: User) -> None:
    flag = flagged(desk)
    answer_flag(flag.pk, text="Paid", user=manager, at=AT)
    assert work_ladder(at=AT + timedelta(days=13)) == (0, 0, 0)
    assert work_ladder(at=AT + timedelta(days=14)) == (0, 0, 1)
    flag.refresh_from_db()
    assert flag.state == "closed"
    assert attainment([flag.client_id], since=AT, until=AT + timedelta(days=1)) == Attainment(1, 1)


def test_without_anybody_a_flag_waits_without_an_owner(desk: Desk) -> None:
    User.objects.exclude(pk=desk.client_user.pk).update(is_active=False)
    flag = flagged(desk)
    assert flag.owner is None
    assert [row["owner"] for row in flag_rows("ours", user_id=0, now=AT)] == [""]
    assert tab_counts(user_id=0)["ours"] == 1


def test_the_list_and_the_flag_are_pages_and_an_answer_goes_through_them(
    desk: Desk, manager: User
) -> None:
    flag = flagged(desk, at=timezone.now())
    visitor = Visitor(manager)
    page = text_of(visitor.get("/flags/"))
    assert "It has been open too long" in page
    assert "in " in page
    assert "Why?" in text_of(visitor.get(f"/flags/{flag.pk}/"))
    assert visitor.post(f"/flags/{flag.pk}/take/").status_code == 302
    empty = visitor.post(f"/flags/{flag.pk}/write/", act="answer", text="")
    assert empty.status_code == 422
    assert "Write something first." in text_of(empty)
    assert visitor.post(f"/flags/{flag.pk}/write/", act="answer", text="Done").status_code == 302
    flag.refresh_from_db()
    assert (flag.state, flag.owner) == ("answered", manager)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"flags.list", "flag.view", "flag.take", "flag.answer"} <= actions


def test_staff_flag_for_a_client_who_calls(desk: Desk) -> None:
    visitor = Visitor(desk.specialist)
    address = f"/flags/new/{desk.claim.pk}/"
    assert "Flag A1 for MINE Clinic" in text_of(visitor.get(address))
    assert visitor.post(address, reason="", urgency="normal", text="").status_code == 422
    made = visitor.post(address, reason="large", urgency="normal", text="")
    flag = Flag.objects.get()
    assert made.headers["Location"] == f"/flags/{flag.pk}/"
    assert flag.owner == desk.lead
    assert told(desk.client_user) == ["Claim A1: flagged for you; lead answers"]


def test_a_demonstration_has_flags_once(desk: Desk) -> None:
    assert ensure_demo_flags(at=AT) == 1
    assert ensure_demo_flags(at=AT) == 0
    flag = Flag.objects.get()
    assert (flag.flagged_by, flag.urgency, flag.state) == (desk.client_user, "urgent", "received")


@pytest.mark.parametrize("path", ["", "take/", "write/", "withdraw/"])
def test_a_stranger_finds_no_flag(path: str, desk: Desk) -> None:
    flag = flagged(desk)
    visitor = Visitor(desk.stranger)
    answer = visitor.post(f"/flags/{flag.pk}/{path}") if path else visitor.get(f"/flags/{flag.pk}/")
    assert answer.status_code == 404
    assert "A1" not in text_of(visitor.get("/flags/?tab=all"))


def test_where_the_claim_is_worked_its_flag_and_clock_lead_to_the_flag(
    desk: Desk, manager: User
) -> None:
    page = Visitor(manager)
    item = desk.item()
    places = [f"/work/items/{item.pk}/", "/claims/MINE/A1/"]
    for place in places:
        shown = page.get(place).content.decode()
        assert f"/flags/new/{desk.claim.pk}/" in shown
        assert "Flagged by the client" not in shown
    flag = flagged(desk)
    for place in places:
        shown = page.get(place).content.decode()
        assert f'href="/flags/{flag.pk}/"' in shown
        assert "it has been open too long" in shown
        assert f"{flag.owner.name if flag.owner else ''} answers by" in shown
        assert f"{NORMAL_DUE:%Y-%m-%d %H:%M} UTC" in shown
        assert f"/flags/new/{desk.claim.pk}/" not in shown
    assert "flag" not in KINDS  # one way only: what marks an item is the client's flag
    ask_client(flag.pk, text="Which plan?", user=manager, at=AT)
    shown = page.get(places[0]).content.decode()
    assert "waits for the client" in shown
    assert "answers by" not in shown
