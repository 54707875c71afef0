"""Rules, what they touched, and alerts: nobody sees or touches what is another client's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoDbBlocker
from tests.builders import rows
from tests.integration.pages import Visitor, web_role
from tests.integration.rule_cases import content, live_rule
from tests.integration.work_items import AT, TODAY, Workers, item, kept_world

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.automation.engine import run_due
from sanderling.automation.evaluating import evaluate
from sanderling.automation.models import Alert, Digest, DryRun, Preference, Rule, Run
from sanderling.automation.rules import RuleRefused, archive_rule, save_rule
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
TABLES = [
    *("automation_rule", "automation_rule_version", "automation_dry_run"),
    *("automation_dry_run_item", "automation_run", "automation_run_item", "automation_alert"),
    *("automation_alert_recipient", "automation_alert_rule", "automation_preference"),
    *("automation_digest", "automation_target", "automation_message"),
]


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    """A rule of all clients has run; each client has an alert."""
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("apart")) as filled:
        create_user(email="mia@x.test", name="Mia", role="account_manager",
                    password="long-enough-pass", client_ids=[filled.mine.pk])  # fmt: skip
        live_rule("All", filled.lead)
        run_due(at=AT + timedelta(hours=2))
        WorkItem.objects.update(promise_state="broken", assignee=None)
        WorkItem.objects.filter(claim_number="B1").update(assignee=filled.far)
        evaluate(at=AT)
        yield filled


def seen_by(user: User, sql: str) -> list[tuple[object, ...]]:
    """Return rows as the web application reads them for a user."""
    with web_role(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', sanderling_clients_of(%s)::text, true),"
            " set_config('sanderling.actor', %s, true)",
            [user.pk, f"user:{user.pk}"],
        )
        cursor.execute(sql)
        found = list(cursor.fetchall())
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true),"
                       " set_config('sanderling.actor', '', true)")  # fmt: skip
    return found


def as_web(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(statement)


def mia() -> User:
    return User.objects.get(name="Mia")


def test_a_rule_scoped_to_clients_never_touches_others(workers: Workers) -> None:
    tag = {"kind": "tag", "tags": "scoped"}
    live_rule("Scoped", workers.lead, client_ids=[workers.mine.pk], acts=[tag])
    live_rule("Mia's", mia(), acts=[{**tag, "tags": "mia"}])
    run_due(at=AT + timedelta(hours=2))
    assert item("A1").tags == ["mia", "scoped", "seen"]
    assert item("B1").tags == ["seen"]


def test_a_rule_loses_a_client_with_the_person_who_let_it_run(workers: Workers) -> None:
    rule = live_rule("Mia's", mia(), acts=[{"kind": "tag", "tags": "mia"}])
    mia().assignments.all().delete()
    run_due(at=AT + timedelta(hours=2))
    assert "mia" not in item("A1").tags
    assert Run.objects.filter(rule=rule).get().state == "failed"


@pytest.mark.parametrize("table", ["automation_run_item", "automation_dry_run_item"])
def test_items_of_runs_are_seen_with_their_client(workers: Workers, table: str) -> None:
    assert len(seen_by(workers.lead, f"SELECT 1 FROM {table}")) == 5
    assert seen_by(mia(), f"SELECT DISTINCT client_id FROM {table}") == [(workers.mine.pk,)]
    stranger = create_user(email="s@x.test", name="S", role="lead", password="long-enough-pass",
                           client_ids=[])  # fmt: skip
    assert seen_by(stranger, f"SELECT 1 FROM {table}") == []


def test_a_dry_run_over_clients_that_one_does_not_see_is_not_there(workers: Workers) -> None:
    run = DryRun.objects.get()
    assert seen_by(mia(), "SELECT 1 FROM automation_dry_run") == []
    assert Visitor(mia()).get(f"/rules/dry-runs/{run.pk}/").status_code == 404
    assert Visitor(workers.lead).get(f"/rules/dry-runs/{run.pk}/").status_code == 200


def test_what_a_rule_says_is_seen_with_one_of_its_clients(workers: Workers) -> None:
    mine, theirs = workers.mine.pk, workers.theirs.pk
    hidden = live_rule("Of theirs", workers.lead, client_ids=[theirs])
    shared = live_rule("Of both", workers.lead, client_ids=[mine, theirs])
    sql = "SELECT rule_id FROM automation_rule_version"
    everybody = Run.objects.get().rule_id  # it names no client
    assert {pk for (pk,) in seen_by(mia(), sql)} == {everybody, shared.pk}
    assert {pk for (pk,) in seen_by(workers.lead, sql)} == {everybody, shared.pk, hidden.pk}
    shown = Visitor(mia()).get("/rules/").content.decode()
    assert "Of both" in shown
    assert "Of theirs" not in shown
    page = Visitor(mia()).get(f"/rules/{shared.pk}/").content.decode()
    assert "MINE, 1 that you do not see" in page
    for path in ("", "edit/"):
        assert Visitor(mia()).get(f"/rules/{hidden.pk}/{path}").status_code == 404
    for path in ("state", "move", "dry-runs"):
        answer = Visitor(mia()).post(f"/rules/{hidden.pk}/{path}/", state="paused", step="up")
        assert answer.status_code == 404
    assert Visitor(mia()).post(f"/rules/{shared.pk}/state/", state="paused").status_code == 302
    assert {str(one.state) for one in Rule.objects.filter(name__startswith="Of")} == {"live"}


def test_who_does_not_see_what_a_rule_says_cannot_change_it(workers: Workers) -> None:
    hidden = live_rule("Of theirs", workers.lead, client_ids=[workers.theirs.pk])
    with web_role(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true)", [f"{{{workers.mine.pk}}}"]
        )
        rule = Rule.objects.get(pk=hidden.pk)
        with pytest.raises(RuleRefused, match="clients that you do not see"):
            save_rule(rule=rule, name="Mine now", content=content(), by=mia(), at=AT)
        with pytest.raises(RuleRefused, match="clients that you do not see"):
            archive_rule(rule, by=mia(), at=AT)
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
    hidden.refresh_from_db()
    assert (hidden.name, hidden.state, hidden.is_archived) == ("Of theirs", "live", False)
    assert hidden.versions.count() == 1


@pytest.mark.parametrize("scope", ["theirs", "both"])
def test_nobody_writes_a_rule_for_clients_that_one_does_not_see(
    workers: Workers, scope: str
) -> None:
    theirs = workers.theirs.pk
    ids = [theirs] if scope == "theirs" else [workers.mine.pk, theirs]
    before = rows("SELECT count(*) FROM automation_rule_version")
    with pytest.raises(DatabaseError, match="row-level security"):
        as_web(
            f"SELECT set_config('sanderling.client_ids', '{{{workers.mine.pk}}}', true);"
            " INSERT INTO automation_rule_version (rule_id, number, trigger, condition, acts,"
            " client_ids, run_max, day_max, rest_days, stops_others, made_at)"
            f" SELECT rule_id, 9, trigger, condition, acts, ARRAY{ids}, run_max, day_max,"
            " rest_days, stops_others, made_at FROM automation_rule_version LIMIT 1"
        )
    assert rows("SELECT count(*) FROM automation_rule_version") == before


def test_a_run_shows_each_person_the_own_clients_only(workers: Workers) -> None:
    run = Run.objects.get()
    page = Visitor(mia()).get(f"/rules/runs/{run.pk}/").content.decode()
    assert ">A1<" in page
    assert ">B1<" not in page
    answer = Visitor(mia()).post(f"/rules/runs/{run.pk}/undo/")
    assert answer.status_code == 302
    assert item("A1").tags == ["seen"]
    assert Run.objects.get().undone_at is None


def test_alerts_are_there_for_those_whom_they_concern(workers: Workers) -> None:
    theirs = Alert.objects.get(key=f"broken_promise:client:{workers.theirs.pk}")
    owners = Alert.objects.get(key=f"broken_promise:owner:{workers.far.pk}")
    for user, seen in ((workers.lead, True), (mia(), False), (workers.sam, False)):
        found = seen_by(user, f"SELECT 1 FROM automation_alert WHERE id = {theirs.pk}")
        assert bool(found) is seen, user.name
        status = Visitor(user).get(f"/alerts/{theirs.pk}/").status_code
        assert status == (200 if seen else 404), user.name
    assert Visitor(workers.far).get(f"/alerts/{owners.pk}/").status_code == 200
    assert Visitor(workers.lead).get(f"/alerts/{owners.pk}/").status_code == 404
    for path in ("acknowledgment", "snooze"):
        answer = Visitor(mia()).post(f"/alerts/{theirs.pk}/{path}/", comment="x", until="")
        assert answer.status_code == 404
    theirs.refresh_from_db()
    assert theirs.acknowledged_at is None


def test_an_alert_disappears_with_the_client(workers: Workers) -> None:
    mine = Alert.objects.get(key=f"broken_promise:client:{workers.mine.pk}")
    person = mia()
    assert Visitor(person).get(f"/alerts/{mine.pk}/").status_code == 200
    person.assignments.all().delete()
    assert Visitor(person).get(f"/alerts/{mine.pk}/").status_code == 404


def test_client_users_and_compliance_hear_nothing(workers: Workers) -> None:
    for role in ("client_user", "compliance"):
        user = create_user(email=f"{role}@x.test", name=role, role=role,
                           password="long-enough-pass", sees_all_clients=True)  # fmt: skip
        assert Visitor(user).get("/alerts/").status_code == 403
        assert Visitor(user).get("/rules/").status_code == 403
        run = Run.objects.get()
        assert Visitor(user).get(f"/rules/runs/{run.pk}/").status_code == 403
    evaluate(at=AT)
    recipients = rows(
        "SELECT DISTINCT u.role FROM automation_alert_recipient r"
        " JOIN accounts_user u ON u.id = r.user_id ORDER BY 1"
    )
    assert recipients == [("account_manager",), ("lead",), ("specialist",)]


def test_ones_preference_and_digests_are_ones_own(workers: Workers) -> None:
    for user in (workers.sam, workers.kim):
        Preference.objects.create(user=user)
        Digest.objects.create(user=user, on_date=TODAY, changed_at=AT)
    for table in ("automation_preference", "automation_digest"):
        assert seen_by(workers.sam, f"SELECT user_id FROM {table}") == [(workers.sam.pk,)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO automation_run_item SELECT * FROM automation_run_item",
        "DELETE FROM automation_run_item",
        "UPDATE automation_run SET acted = 0",
        "INSERT INTO automation_alert SELECT * FROM automation_alert",
        "DELETE FROM automation_alert_recipient",
        "UPDATE automation_rule_version SET condition = 'true'",
        "DELETE FROM automation_rule",
        "UPDATE automation_dry_run SET state = 'done'",
        "INSERT INTO automation_dry_run_item SELECT * FROM automation_dry_run_item",
        "UPDATE automation_digest SET alerts = 0",
        "INSERT INTO automation_message SELECT * FROM automation_message",
    ],
)
def test_the_web_writes_only_what_its_pages_need(workers: Workers, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|append-only"):
        as_web(statement)


def test_every_table_of_the_room_is_known_to_these_tests() -> None:
    found = rows(
        "SELECT table_name FROM information_schema.tables WHERE table_name ~ '^automation_'"
    )
    assert sorted(name for (name,) in found) == sorted(TABLES)
