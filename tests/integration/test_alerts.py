"""Alerts: what raises and resolves them, who hears of them, and what people do with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from tests.integration.barrier_rows import put_denial
from tests.integration.pages import Visitor, text_of
from tests.integration.work_items import AT, TODAY, Workers, item, kept_world

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.automation.alert_page import AlertRefused, acknowledge, alerts_of, snooze
from sanderling.automation.choosing import limits_now, set_limits, set_preference
from sanderling.automation.evaluating import EVALUATORS, evaluate
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import Alert, AlertRecipient
from sanderling.automation.raising import NewAlert, raise_alert, report_failure, report_recovery
from sanderling.automation.sums import business_days_ago
from sanderling.files.models import FileStatus, StoredFile
from sanderling.news.models import Notice
from sanderling.remits.models import ClaimPayment, Remittance
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SILENT = {"barrier": "no_response", "is_high_dollar": True}


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    """Sam owns A1 of MINE; Mia is account manager of MINE; Lena sees all; nothing is overdue."""
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("alerts")) as filled:
        create_user(
            email="mia@x.test", name="Mia", role="account_manager", password="long-enough-pass",
            client_ids=[filled.mine.pk],
        )  # fmt: skip
        WorkItem.objects.update(
            follow_up_date=TODAY, barrier="awaiting_payer", deadline_date=None, since_date=TODAY
        )
        WorkItem.objects.filter(claim_number="A1").update(assignee=filled.sam)
        yield filled


def change(number: str, **values: Any) -> None:
    WorkItem.objects.filter(claim_number=number).update(**values)


def open_alerts(kind: str) -> dict[str, Alert]:
    return {one.text: one for one in Alert.objects.filter(kind=kind, resolved_at__isnull=True)}


def told(alert: Alert) -> set[str]:
    return set(
        User.objects.filter(pk__in=alert.recipients.values("user_id")).values_list(
            "name", flat=True
        )
    )


def test_a_deadline_at_risk_is_told_to_leads_and_to_the_owner(workers: Workers) -> None:
    change("A1", deadline_date=TODAY + 10 * DAY)
    change("A2", deadline_date=TODAY + 11 * DAY)
    change("B1", deadline_date=TODAY + 2 * DAY)
    evaluate(at=AT)
    found = open_alerts("deadline_risk")
    mine = "MINE: 1 claim, $150.00: deadline within 10 days"
    owner = "Yours: 1 claim, $150.00: deadline within 10 days"
    theirs = "THEIRS: 1 claim, $310.00: deadline within 10 days"
    assert {text: told(one) for text, one in found.items()} == {
        mine: {"Lena", "Mia"}, owner: {"Sam"}, theirs: {"Lena"},
    }  # fmt: skip
    assert {text: one.is_urgent for text, one in found.items()} == {
        mine: False, owner: False, theirs: True,
    }  # fmt: skip
    assert found[mine].url == "/work/?view=all&client=MINE&within=10"
    assert found[owner].url == f"/work/?view=all&owner={workers.sam.pk}&within=10"
    assert Notice.objects.filter(kind="alert.deadline_risk").count() == 4


def test_looking_again_tells_nothing_twice_and_what_is_gone_resolves(workers: Workers) -> None:
    change("A1", deadline_date=TODAY + 5 * DAY)
    assert evaluate(at=AT)["deadline_risk"] == (2, 0)
    assert evaluate(at=AT + timedelta(hours=1))["deadline_risk"] == (0, 0)
    assert Notice.objects.filter(kind="alert.deadline_risk").count() == 3
    change("A2", deadline_date=TODAY + 5 * DAY)
    assert evaluate(at=AT)["deadline_risk"] == (0, 0)
    assert "MINE: 2 claims, $300.00: deadline within 10 days" in open_alerts("deadline_risk")
    WorkItem.objects.update(is_deadline_met=True)
    assert evaluate(at=AT + DAY)["deadline_risk"] == (0, 2)
    assert open_alerts("deadline_risk") == {}
    WorkItem.objects.update(is_deadline_met=False)
    assert evaluate(at=AT + DAY)["deadline_risk"] == (2, 0)
    assert Alert.objects.filter(kind="deadline_risk").count() == 4


@pytest.mark.parametrize(
    ("values", "is_late"),
    [
        ({"barrier": "denied", "since_date": date(2026, 2, 25)}, True),  # 6 business days
        ({"barrier": "denied", "since_date": date(2026, 2, 26)}, False),  # 5
        ({"barrier": "denied", "since_date": date(2026, 3, 2), "is_key_client": True}, True),
        ({"barrier": "denied", "since_date": date(2026, 3, 3), "is_key_client": True}, False),
        (
            {"barrier": "denied", "since_date": date(2026, 2, 2),
             "last_touch_date": date(2026, 2, 3)}, False,
        ),
        (
            {"barrier": "denied", "since_date": date(2026, 2, 2),
             "last_touch_date": date(2026, 1, 30)}, True,
        ),
        ({"barrier": "rejected", "since_date": date(2026, 3, 2)}, True),
        ({"barrier": "rejected", "since_date": date(2026, 3, 3)}, False),
        ({"barrier": "no_response", "since_date": date(2026, 2, 1)}, False),
        (SILENT | {"since_date": date(2026, 2, 18)}, True),
        (SILENT | {"since_date": date(2026, 2, 19)}, False),
        (
            {"barrier": "no_response", "since_date": date(2026, 1, 1), "is_high_dollar": True,
             "last_touch_date": date(2026, 2, 20)}, False,
        ),
    ],
)  # fmt: skip
def test_what_was_not_worked_within_the_standard(
    workers: Workers,
    values: dict[str, Any],
    is_late: bool,  # noqa: FBT001 - a case
) -> None:
    change("A2", **values)
    evaluate(at=AT)
    text = "MINE: 1 claim, $150.00: not worked within the standard"
    assert list(open_alerts("sla")) == ([text] if is_late else [])


def test_business_days_are_counted_back_over_weekends_and_holidays() -> None:
    assert business_days_ago(date(2026, 3, 5), 5) == date(2026, 2, 26)
    assert business_days_ago(date(2026, 2, 17), 1) == date(2026, 2, 13)  # over Presidents' Day


def test_an_overdue_claim_without_an_owner_is_told_to_leads_only(workers: Workers) -> None:
    change("A1", follow_up_date=TODAY - 30 * DAY)  # Sam's
    change("A2", follow_up_date=TODAY - 4 * DAY)
    change("A3", follow_up_date=TODAY - 3 * DAY)
    change("A4", follow_up_date=TODAY - 30 * DAY, not_before_date=TODAY + DAY)
    evaluate(at=AT)
    (alert,) = open_alerts("unowned_overdue").values()
    assert alert.text == "MINE: 1 claim, $150.00: without an owner, over 3 days late"
    assert told(alert) == {"Lena", "Mia"}


def test_a_broken_promise_is_told(workers: Workers) -> None:
    change("A1", promise_state="broken")
    change("A2", promise_state="open")
    evaluate(at=AT)
    assert {text: told(one) for text, one in open_alerts("broken_promise").items()} == {
        "MINE: 1 claim, $150.00: the promised payment did not come": {"Lena", "Mia"},
        "Yours: 1 claim, $150.00: the promised payment did not come": {"Sam"},
    }


def decide(number: str, day: date, count: int) -> None:
    """Let the payer decide `count` claims on a day (copies of one claim payment)."""
    one = item(number)
    remittance = Remittance.objects.first() or make_remittance([one.client_id], day)
    ClaimPayment.objects.bulk_create(
        [
            ClaimPayment(
                remittance=remittance, claim_id=one.claim_id, client_id=one.client_id,
                transaction_id=remittance.transaction_id, position=place, end_position=place,
                order_key=f"{day}{place}", charge_cents=1, paid_cents=0, received_date=day,
            )
            for place in range(count)
        ]
    )  # fmt: skip


def make_remittance(client_ids: list[int], day: date) -> Remittance:
    from sanderling.files.models import TransactionSet

    transaction = TransactionSet.objects.create(
        file=StoredFile.objects.earliest("pk"), index=99, kind="835", position=1,
        content_sha256=f"{client_ids}{day}", status="quarantined", received_date=day,
    )  # fmt: skip
    return Remittance.objects.create(
        transaction=transaction, client_ids=client_ids, payer_id=item("A1").payer_id,
        amount_cents=1, received_date=day, paid_total_cents=1, provider_adjustment_total_cents=0,
    )  # fmt: skip


def deny(number: str, day: date) -> None:
    put_denial(number, received_date=day, payer_id=item(number).payer_id, category="coding",
               denied_cents=10_000, is_initial=True, is_duplicate=False)  # fmt: skip


def test_more_denials_than_usual_are_told_against_the_payers_own_eight_weeks(
    workers: Workers,
) -> None:
    set_limits(limits_now() | {"denial_spike": {"claims_min": 3, "is_off": False}})
    decide("A1", TODAY - 20 * DAY, 400)
    decide("A1", TODAY, 20)
    deny("A1", TODAY - 20 * DAY)
    for number in ("A1", "A2"):
        deny(number, TODAY)
    evaluate(at=AT)
    assert open_alerts("denial_spike") == {}  # two claims are too few
    deny("A3", TODAY)
    evaluate(at=AT)
    found = open_alerts("denial_spike")
    assert {text: told(one) for text, one in found.items()} == {
        "ACME HEALTH denied 3 claims for coding in 7 days, $300.00; usual are 0.1": {"Lena"},
        "MINE: ACME HEALTH denied 3 claims for coding in 7 days, $300.00; usual are 0.1": {"Mia"},
    }
    # The same number of denials among as many more decisions is no surge.
    decide("A1", TODAY - DAY, 800)
    evaluate(at=AT)
    assert open_alerts("denial_spike") == {}


def test_a_payer_that_fell_silent_is_told_and_one_that_was_never_regular_is_not(
    workers: Workers,
) -> None:
    mine = workers.mine.pk
    for week in range(8):
        make_remittance([mine], TODAY - 13 * DAY - week * 7 * DAY)
    make_remittance([workers.theirs.pk], TODAY - 40 * DAY)
    evaluate(at=AT)
    (alert,) = open_alerts("missing_remittance").values()
    assert alert.text == (
        "MINE: no remittance of ACME HEALTH since 2026-02-20; 8 of the 8 weeks before had one."
        " Waiting: 4 claims, $600.00"
    )
    assert told(alert) == {"Lena", "Mia"}
    make_remittance([mine], TODAY)
    evaluate(at=AT)
    assert open_alerts("missing_remittance") == {}


def test_what_is_said_to_be_paid_and_not_posted_is_told(workers: Workers) -> None:
    change("A2", barrier="paid_unposted", since_date=TODAY - 8 * DAY)
    evaluate(at=AT)
    assert list(open_alerts("missing_remittance")) == [
        "MINE: 1 claim, $150.00: said to be paid over 7 days ago, not posted"
    ]


def test_a_quarantined_file_is_told_to_who_sees_all_its_clients(workers: Workers) -> None:
    stored = StoredFile.objects.order_by("pk").first()
    assert stored is not None
    StoredFile.objects.filter(pk=stored.pk).update(
        status=FileStatus.QUARANTINED, received_date=TODAY, client_ids=[]
    )
    evaluate(at=AT)
    (alert,) = open_alerts("intake_failure").values()
    assert (alert.text, told(alert)) == (
        "Client not known: 1 file is quarantined; nothing of it is posted", {"Lena"},
    )  # fmt: skip
    StoredFile.objects.filter(pk=stored.pk).update(client_ids=[workers.mine.pk, workers.theirs.pk])
    evaluate(at=AT)
    (alert,) = open_alerts("intake_failure").values()
    assert (alert.text, told(alert)) == (
        "MINE, THEIRS: 1 file is quarantined; nothing of it is posted", {"Lena"},
    )  # fmt: skip


def test_a_failure_that_is_reported_stays_until_it_recovers(workers: Workers) -> None:
    ada = create_user(email="ada@x.test", name="Ada", role="admin", password="long-enough-pass",
                      sees_all_clients=True)  # fmt: skip
    text = "1 watched folder is missing"
    assert report_failure("intake_failure", "folders", text, at=AT)
    assert not report_failure("intake_failure", "folders", text, at=AT)
    evaluate(at=AT)
    (alert,) = open_alerts("intake_failure").values()
    assert (alert.text, told(alert)) == (text, {"Ada"})
    assert Notice.objects.filter(user=ada).count() == 1
    assert report_recovery("intake_failure", "folders", at=AT)
    assert not report_recovery("intake_failure", "folders", at=AT)
    assert open_alerts("intake_failure") == {}


def test_limits_and_switches_are_followed(workers: Workers) -> None:
    change("A2", deadline_date=TODAY + 15 * DAY)
    set_limits(limits_now() | {"deadline_risk": {"days": 20, "urgent_days": 15, "is_off": False}})
    evaluate(at=AT)
    (alert,) = open_alerts("deadline_risk").values()
    assert alert.is_urgent
    set_limits(limits_now() | {"deadline_risk": {"days": 20, "urgent_days": 15, "is_off": True}})
    assert evaluate(at=AT)["deadline_risk"] == (0, 1)


def test_one_kind_that_fails_leaves_the_others_alone(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list[NewAlert]:
        raise ValueError

    monkeypatch.setitem(EVALUATORS, "deadline_risk", fail)
    change("A2", promise_state="broken")
    assert "deadline_risk" not in evaluate(at=AT)
    assert len(open_alerts("broken_promise")) == 1


def mine_of(user: User, show: str = "open") -> list[AlertRecipient]:
    return list(alerts_of(user, show=show, kind="", today=TODAY))


def test_an_alert_is_read_put_aside_and_seen_to(workers: Workers) -> None:
    change("A1", promise_state="broken")
    evaluate(at=AT)
    (mine,) = mine_of(workers.sam)
    with pytest.raises(AlertRefused, match="after today"):
        snooze(mine, TODAY, today=TODAY)
    snooze(mine, TODAY + DAY, today=TODAY)
    assert mine_of(workers.sam) == []
    assert len(mine_of(workers.sam, "snoozed")) == 1
    assert len(alerts_of(workers.sam, show="open", kind="", today=TODAY + DAY)) == 1
    snooze(mine, None, today=TODAY)
    with pytest.raises(AlertRefused, match="Write what"):
        acknowledge(mine, "  ", by=workers.sam, at=AT)
    acknowledge(mine, "Called the payer.", by=workers.sam, at=AT)
    with pytest.raises(AlertRefused, match="already"):
        acknowledge(mine, "Me, too.", by=workers.sam, at=AT)
    mine.alert.refresh_from_db()
    assert (mine.alert.comment, mine.alert.acknowledged_by) == ("Called the payer.", workers.sam)
    assert mine_of(workers.sam) == []
    assert len(mine_of(workers.sam, "acknowledged")) == 1


def test_what_becomes_urgent_after_somebody_saw_to_it_comes_back(workers: Workers) -> None:
    change("A1", deadline_date=TODAY + 9 * DAY)
    evaluate(at=AT)
    (mine,) = mine_of(workers.sam)
    acknowledge(mine, "Tomorrow.", by=workers.sam, at=AT)
    evaluate(at=AT + 7 * DAY)
    (again,) = mine_of(workers.sam)
    assert (again.pk, again.alert.is_urgent) == (mine.pk, True)


def test_who_may_no_longer_see_the_client_is_no_longer_told(workers: Workers) -> None:
    change("A2", promise_state="broken")
    evaluate(at=AT)
    mia = User.objects.get(name="Mia")
    assert len(mine_of(mia)) == 1
    mia.assignments.all().delete()
    evaluate(at=AT)
    assert mine_of(mia) == []


def test_an_alert_that_one_does_not_want_in_the_app_rings_no_bell(workers: Workers) -> None:
    set_preference(workers.sam, {"deliveries": {"broken_promise": "none"}})
    change("A1", promise_state="broken")
    evaluate(at=AT)
    assert Notice.objects.filter(user=workers.sam).count() == 0
    assert len(mine_of(workers.sam)) == 1


def test_the_pages_of_alerts(workers: Workers) -> None:
    sam = Visitor(workers.sam)
    assert "No alerts" in text_of(sam.get("/alerts/"))
    change("A1", promise_state="broken", deadline_date=TODAY + DAY)
    evaluate(at=AT)
    page = text_of(sam.get("/alerts/"))
    assert "Yours: 1 claim, $150.00: the promised payment did not come" in page
    assert page.index("deadline within") < page.index("the promised payment")  # urgent first
    assert "MINE: 1 claim" not in page
    only = text_of(sam.get("/alerts/", kind="broken_promise"))
    assert "deadline within" not in only
    alert = Alert.objects.get(kind="broken_promise", key__startswith="broken_promise:owner")
    one = text_of(sam.get(f"/alerts/{alert.pk}/"))
    assert "/work/?view=broken&amp;owner=" in one
    assert AlertRecipient.objects.get(alert=alert).read_at is not None
    assert sam.post(f"/alerts/{alert.pk}/acknowledgment/", comment="").status_code == 422
    assert sam.post(f"/alerts/{alert.pk}/snooze/", until="2020-01-01").status_code == 422
    sam.post(f"/alerts/{alert.pk}/acknowledgment/", comment="Called them.")
    assert "Called them." in text_of(sam.get("/alerts/", show="acknowledged"))
    assert sam.get("/alerts/", show="nonsense").status_code == 404
    settings = {f"kind_{kind}": "mail" for kind in ALERTS} | {"digest_hour": "9"}
    assert sam.post("/alerts/settings/", **settings).status_code == 302
    assert "in the app and by mail at once" in text_of(sam.get("/alerts/settings/"))
    assert sam.post("/alerts/settings/", **(settings | {"digest_hour": "99"})).status_code == 422


def test_limits_and_targets_are_for_admins(workers: Workers) -> None:
    for path in ("/alerts/limits/", "/alerts/targets/"):
        assert Visitor(workers.lead).get(path).status_code == 403
    ada = Visitor(create_user(email="ada@x.test", name="Ada", role="admin",
                              password="long-enough-pass", sees_all_clients=True))  # fmt: skip
    assert "Deadline at risk" in text_of(ada.get("/alerts/limits/"))
    values = {f"{kind}__{name}": str(limit.default) for kind, alert in ALERTS.items()
              for name, limit in alert.limits.items()}  # fmt: skip
    switches = {f"{kind}__on": "on" for kind in ALERTS}
    assert ada.post("/alerts/limits/", **values, **switches).status_code == 302
    assert Alert.objects.count() == 0
    assert limits_now()["deadline_risk"] == {"days": 10, "urgent_days": 3, "is_off": False}
    changed = values | switches | {"deadline_risk__days": "12"}
    ada.post("/alerts/limits/", **changed)
    assert limits_now()["deadline_risk"]["days"] == 12
    assert ada.post("/alerts/limits/", **(changed | {"sla__denial_days": "0"})).status_code == 422


def test_a_kind_that_is_off_is_not_raised_by_rules_either(workers: Workers) -> None:
    set_limits(limits_now() | {"rule_limit": {"is_off": True}})
    assert not raise_alert(NewAlert("rule_limit", "k", "text", (workers.lead.pk,)), at=AT)
    assert Alert.objects.count() == 0


def test_raising_twice_at_once_makes_one(workers: Workers) -> None:
    new = NewAlert("broken_promise", "k", "text", (workers.lead.pk,))
    assert raise_alert(new, at=AT)
    assert not raise_alert(new, at=AT)
    assert Alert.objects.count() == 1
