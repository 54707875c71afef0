"""Key accounts: clocks that follow facts, alerts, the four answers, pages, the second approver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client as Browser
from pytest_django import DjangoDbBlocker
from tests.builders import paid, remittance_file, standing_inbox
from tests.integration.pages import web_role
from tests.integration.work_items import AT, TODAY, Workers, fill_items, item

from sanderling.accounts.models import User
from sanderling.agreements.actions import ScheduleTerms, Terms, set_agreement
from sanderling.agreements.models import Agreement, Clock
from sanderling.audit.models import AuditEvent
from sanderling.automation.models import Alert
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.models import Barrier
from sanderling.claims.models import Claim
from sanderling.core.service_levels import Level, ServiceKind
from sanderling.followup.actions import record
from sanderling.keyaccounts.alerts import tell_of_clocks
from sanderling.keyaccounts.attainment import attained
from sanderling.keyaccounts.clocks import keep_clocks
from sanderling.keyaccounts.picture import make_picture
from sanderling.writeoffs.limits import limits_of
from sanderling.writeoffs.policy import Limits, requirement

SINCE = datetime(2026, 1, 20, tzinfo=UTC)
DENIED = date(2026, 3, 2)  # a Monday


@pytest.fixture(scope="module")
def filled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    """A1 and A4 are silent, A2 was denied on Monday, A3 was paid; two days were agreed."""
    with (
        django_db_blocker.unblock(),
        standing_inbox(tmp_path_factory.mktemp("accounts"), AT) as inbox,
    ):
        workers = fill_items(inbox)
        set_agreement(
            workers.mine.pk,
            Terms(
                tier="key",
                account_manager_id=workers.lead.pk,
                second_review_cents=5_000,
                levels=(Level("denial_first_action", 2, "business_days", is_agreed=True),),
                schedules=(ScheduleTerms(2, 9),),
            ),
            user=workers.lead, at=SINCE, base=0, note="As signed.",
        )  # fmt: skip
        inbox.take(
            remittance_file(paid("A2", 150, 0, "CO*197*150"), paid("A3", 150, 90, "CO*45*60")),
            received_date=DENIED,
        )
        refresh_stale(TODAY)
        yield workers


@pytest.fixture
def workers(filled: Workers, db: None) -> Workers:
    return filled


def clock(number: str, kind: str) -> Clock:
    return Clock.objects.get(claim_id=Claim.objects.get(number=number).pk, kind=kind)


def call(number: str, user: User, at: datetime) -> None:
    record(
        claim=Claim.objects.get(number=number), activity_date=at.date(), channel="call",
        action="call_payer", outcome="no_answer", at=at, user=user,
    )  # fmt: skip


def test_clocks_begin_with_facts_once_and_stop_with_deeds(workers: Workers) -> None:
    noon = datetime(2026, 3, 4, 17, tzinfo=UTC)
    keep_clocks(at=noon)
    denial = clock("A2", "denial_first_action")
    assert (denial.started_at, denial.due_at) == (
        datetime(2026, 3, 2, 13, tzinfo=UTC),  # 8 in New York
        datetime(2026, 3, 5, 4, 59, 59, tzinfo=UTC),  # Wednesday's end
    )
    assert clock("A1", "first_touch").started_at.date() == item("A1").since_date
    assert not Clock.objects.filter(client_id=workers.theirs.pk).exists()
    count = Clock.objects.count()
    assert keep_clocks(at=noon) == 0
    call("A2", workers.sam, noon)
    keep_clocks(at=noon + timedelta(minutes=5))
    assert (clock("A2", "denial_first_action").ended_at, Clock.objects.count()) == (noon, count)


def test_attainment_counts_what_was_decided(workers: Workers) -> None:
    keep_clocks(at=AT)
    found = {one.kind: one for one in attained([workers.mine.pk], since=SINCE, at=AT)}
    assert (found["denial_first_action"].met, found["denial_first_action"].decided) == (0, 1)
    assert found["denial_first_action"].late == 1
    assert found["denial_first_action"].rate is None  # of one
    call("A1", workers.sam, AT)
    keep_clocks(at=AT)
    touch = {one.kind: one for one in attained(None, since=SINCE, at=AT)}["first_touch"]
    assert (touch.met, touch.decided, touch.late) == (0, 2, 1)  # A1 late, A4 still


def test_what_goes_away_by_itself_in_time_counts_for_nothing(workers: Workers) -> None:
    morning = datetime(2026, 3, 3, 15, tzinfo=UTC)
    keep_clocks(at=morning)
    Barrier.objects.filter(claim_id=Claim.objects.get(number="A2").pk).delete()
    keep_clocks(at=morning + timedelta(hours=1))
    one = clock("A2", "denial_first_action")
    assert (one.ended_at, one.dropped_at) == (None, morning + timedelta(hours=1))
    assert "denial_first_action" not in {
        row.kind for row in attained(None, since=SINCE, at=AT) if row.decided
    }


def test_managers_hear_of_late_clocks_until_they_stop(workers: Workers) -> None:
    keep_clocks(at=AT)
    assert tell_of_clocks(at=AT)[0] == 2
    assert tell_of_clocks(at=AT) == (0, 0)
    told = Alert.objects.get(key=f"service_level:{workers.mine.pk}:denial_first_action")
    assert (told.text, told.is_urgent, told.url) == (
        "MINE: denial worked first, 1 late",
        True,
        "/key-accounts/MINE/clocks/?kind=denial_first_action&state=open",
    )
    assert list(told.recipients.values_list("user_id", flat=True)) == [workers.lead.pk]
    call("A2", workers.sam, AT)
    keep_clocks(at=AT)
    assert tell_of_clocks(at=AT) == (0, 1)


def test_the_four_answers_follow_from_ledger_items_and_touches(workers: Workers) -> None:
    call("A3", workers.sam, AT - timedelta(days=8))  # before it was paid
    numbers = make_picture(workers.mine.pk, at=AT).numbers
    assert (numbers["cash_cents"], numbers["after_touch_cents"]) == (9_000, 9_000)
    assert numbers["should_cents"] == 9_000 + numbers["gap_cents"]
    assert [(one["barrier"], one["items"], one["balance_cents"]) for one in numbers["reasons"]] in (
        [("denied", 1, 15_000), ("no_response", 2, 30_000)],
        [("no_response", 2, 30_000), ("denied", 1, 15_000)],
    )
    assert (numbers["touches"], numbers["touched_claims"], numbers["people"]) == (1, 1, 1)
    assert sum(cents for _, cents in numbers["weeks"]) == 9_000
    assert make_picture(workers.mine.pk, at=AT).numbers == numbers


def test_write_offs_need_a_second_approver_from_the_agreed_amount_on(workers: Workers) -> None:
    agreed = limits_of(workers.mine.pk)
    assert requirement(5_000, agreed).approvals == 2
    assert requirement(4_999, agreed).approvals == 1  # key client, yet agreed otherwise
    assert requirement(900, agreed).approvals == 0
    assert limits_of(workers.theirs.pk) == Limits()


@pytest.mark.parametrize(
    "path",
    [
        "", "MINE/", "MINE/clocks/?state=open", "MINE/clocks/?state=decided&kind=first_touch",
        "MINE/claims/?what=cash", "MINE/claims/?what=resolved",
        "MINE/claims/?what=touched", "MINE/claims/?what=after_touch",
    ],
)  # fmt: skip
def test_pages_show_one_s_own_clients_and_record_looks(workers: Workers, path: str) -> None:
    keep_clocks(at=AT)
    make_picture(workers.mine.pk, at=AT)
    browser = Browser()
    browser.force_login(workers.sam)
    with web_role():
        answer = browser.get(f"/key-accounts/{path}")
        assert answer.status_code == 200, path
        shown = answer.content.decode()
        assert "THEIRS" not in shown
        if path == "MINE/":
            behind = browser.get("/work/?view=all&insurers=1&client=MINE&barrier=denied")
            assert "client=MINE&amp;barrier=denied" in shown
            assert "1 claim" in behind.content.decode()
        assert browser.get("/key-accounts/THEIRS/").status_code == 404
        assert browser.get("/key-accounts/MINE/agreement/").status_code == 403
    looks = AuditEvent.objects.filter(action__startswith="key_account.").count()
    assert looks == (1 if "?" in path else 0)
    browser.force_login(workers.far)
    with web_role():
        assert browser.get(f"/key-accounts/{path}").status_code == (404 if path else 200)


def posted(**more: str) -> dict[str, str]:
    empty = {
        "base": "1", "tier": "key", "account_manager": "", "zone": "America/Chicago",
        "follow_up_days": "", "high_dollar": "", "second_review": "", "note": "Zone put right",
        "schedules-TOTAL_FORMS": "1", "schedules-INITIAL_FORMS": "0",
        "schedules-0-barrier": "denied", "schedules-0-first_days": "1",
        "schedules-0-repeat_days": "3", "schedules-0-min_dollars": "1250.50",
        "high-TOTAL_FORMS": "1", "high-INITIAL_FORMS": "0",
    }  # fmt: skip
    levels = {f"unit_{kind}": "business_days" for kind in ServiceKind}
    return empty | levels | {"count_first_touch": "4", "goal_first_touch": "90"} | more


def test_an_agreement_is_set_on_its_page_or_refused_with_nothing_written(workers: Workers) -> None:
    browser, payer = Browser(), str(item("A1").payer_id)
    workers.lead.role = "account_manager"
    workers.lead.save()
    browser.force_login(workers.lead)
    with web_role():
        assert browser.get("/key-accounts/MINE/agreement/").status_code == 200
        for wrong in (
            {"base": "0"}, {"schedules-0-repeat_days": "0"}, {"zone": "Mars"},
            {"high-0-owner": str(workers.lead.pk)}, {"count_flag_answer": "x"},
            {"schedules-0-payer": payer, "schedules-0-payer_type": "medicare"},
        ):  # fmt: skip
            answer = browser.post("/key-accounts/MINE/agreement/", posted(**wrong))
            assert answer.status_code == 422, wrong
    assert Agreement.objects.count() == 1
    with web_role():
        answer = browser.post("/key-accounts/MINE/agreement/", posted())
    assert answer.status_code == 302
    made = Agreement.objects.get(number=2)
    assert (made.zone, made.made_by, made.note) == (
        "America/Chicago", workers.lead, "Zone put right",
    )  # fmt: skip
    schedule = made.schedules.get()
    assert (schedule.barrier, schedule.first_days, schedule.min_cents) == ("denied", 1, 125_050)
    level = made.levels.get()
    assert (level.kind, level.count, level.goal_percent) == ("first_touch", 4, 90)
