"""Issues and preventive actions: one client's parts only; what was found and measured stays."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from tests.builders import rows
from tests.integration.desk import Desk, acting_as, make_desk
from tests.integration.issue_desk import Issues, make_issues

from sanderling.issues.models import IssueReport
from sanderling.prevention import actions as doing
from sanderling.prevention.models import (
    ActionEffect,
    EditCatch,
    EditRule,
    EditTrial,
    PreventiveAction,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PARTS = ("issues_issue_client", "issues_evidence", "issues_claim")
OF_ACTIONS = ("prevention_step", "prevention_effect", "prevention_trial", "prevention_edit_rule")


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def issues(desk: Desk) -> Issues:
    return make_issues(desk)


def action_of(desk: Desk, *client_ids: int) -> PreventiveAction:
    """Make an action with a measurement, a trial, a rule and a catch of each client."""
    action = doing.make_action(
        {
            "title": "t", "problem": "p", "root_cause": "coding", "kind": "training",
            "correction": "c", "team": "coding", "due_date": date(2026, 4, 1), "metric": "denial",
            "scope": {},
        },
        client_ids=client_ids, user=desk.admin, at=AT,
    )  # fmt: skip
    ActionEffect.objects.create(
        action=action, as_of_date=AT.date(), effective_date=AT.date(), verdict="unclear",
        bad_before=1, count_before=2, bad_after=1, count_after=2, weeks_before=1, weeks_after=1,
        ripe_days=30,
    )  # fmt: skip
    trial = EditTrial.objects.create(action=action, asked_at=AT, state="done")
    rule = EditRule.objects.create(
        action=action, trial=trial, place=0, conditions=[], back_test={}, made_at=AT
    )
    for place, client_id in enumerate(client_ids):
        EditCatch.objects.create(
            rule=rule, client_id=client_id, claim_id=1, submission_id=place, charge_cents=1,
            caught_date=AT.date(),
        )  # fmt: skip
    return action


def report_of(desk: Desk, *client_ids: int, step: str = "counted") -> IssueReport:
    """Make a report of a lead about clients, counted."""
    return IssueReport.objects.create(
        kind="denial", client_ids=list(client_ids), since_date=AT.date(), title="t",
        hypothesis="h", team="ar", reported_by=desk.lead, made_at=AT, step=step,
        counts={"claims": 3},
    )  # fmt: skip


def refused(desk: Desk, statement: str, match: str) -> None:
    with (
        acting_as(desk.lead),
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_one_sees_only_the_parts_of_ones_clients(desk: Desk, issues: Issues) -> None:
    with acting_as(desk.specialist):
        for table in PARTS:
            assert {one for (one,) in rows(f"SELECT client_id FROM {table}")} == {
                desk.claim.client_id
            }, table
        assert rows("SELECT id FROM issues_issue") == [(issues.shared.pk,)]
        assert {one for (one,) in rows("SELECT issue_id FROM issues_state")} == {issues.shared.pk}
    with acting_as(desk.stranger):
        for table in (*PARTS, "issues_issue", "issues_state"):
            assert rows(f"SELECT * FROM {table}") == [], table


def test_an_action_is_seen_by_those_who_see_all_its_clients(desk: Desk) -> None:
    mine = action_of(desk, desk.claim.client_id)
    both = action_of(desk, desk.claim.client_id, desk.foreign.client_id)
    with acting_as(desk.specialist):
        assert rows("SELECT id FROM prevention_action") == [(mine.pk,)]
        for table in OF_ACTIONS:
            assert {one for (one,) in rows(f"SELECT action_id FROM {table}")} == {mine.pk}, table
        caught = rows("SELECT DISTINCT client_id FROM prevention_catch")
        assert caught == [(desk.claim.client_id,)]
    with acting_as(desk.admin):
        seen = rows("SELECT id FROM prevention_action ORDER BY id")
        assert seen == [(mine.pk,), (both.pk,)]
    with acting_as(desk.stranger):
        for table in (*OF_ACTIONS, "prevention_action", "prevention_catch"):
            assert rows(f"SELECT * FROM {table}") == [], table


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE issues_issue SET title = 'x'", "what was found does not change"),
        ("UPDATE issues_issue SET state = 'closed'", "follows a step"),
        ("UPDATE issues_issue_client SET claims = 0", "permission denied"),
        ("DELETE FROM issues_claim", "permission denied"),
        ("UPDATE issues_state SET note = 'x'", "permission denied"),
        ("UPDATE prevention_action SET scope = '{\"a\": 1}'", "what is measured does not change"),
        ("UPDATE prevention_action SET client_ids = '{}'", "does not change|row-level"),
        ("UPDATE prevention_action SET state = 'proven'", "follows a step"),
        ("DELETE FROM prevention_action", "permission denied"),
        ("DELETE FROM issues_report", "permission denied"),
        ("UPDATE issues_report SET counts = '{}'", "reported and counted does not change"),
        ("UPDATE issues_report SET step = 'made', issue_id = 1", "made does not follow counted"),
        ("UPDATE issues_report SET client_ids = '{}'", "does not change|row-level"),
        ("UPDATE prevention_step SET note = 'x'", "permission denied"),
        ("UPDATE prevention_effect SET verdict = 'fell'", "permission denied"),
        ("INSERT INTO prevention_catch SELECT * FROM prevention_catch", "permission denied"),
        ("UPDATE prevention_trial SET state = 'done'", "permission denied"),
        ("UPDATE prevention_edit_rule SET conditions = '[[1]]'", "what it says does not change"),
    ],
)
def test_what_was_found_and_measured_stays(
    desk: Desk, issues: Issues, statement: str, match: str
) -> None:
    action_of(desk, desk.claim.client_id)
    report_of(desk, desk.claim.client_id)
    refused(desk, statement, match)


def test_a_report_is_seen_by_those_who_see_all_its_clients(desk: Desk) -> None:
    mine = report_of(desk, desk.claim.client_id)
    both = report_of(desk, desk.claim.client_id, desk.foreign.client_id)
    with acting_as(desk.specialist):
        assert rows("SELECT id FROM issues_report") == [(mine.pk,)]
    with acting_as(desk.admin):
        assert rows("SELECT id FROM issues_report ORDER BY id") == [(mine.pk,), (both.pk,)]
    with acting_as(desk.stranger):
        assert rows("SELECT id FROM issues_report") == []


def test_nobody_reports_for_another_or_counts_himself(desk: Desk, issues: Issues) -> None:
    report = report_of(desk, desk.claim.client_id)
    insert = (
        "INSERT INTO issues_report (kind, client_ids, is_every_client, dimensions, since_date,"
        " axis, title, hypothesis, team, reported_by_id, made_at, step, counts,"
        ' "overlaps", refusal)'
        f" VALUES ('denial', '{{{desk.claim.client_id}}}', %s, '{{}}', now(), 'day', 't', 'h',"
        " 'ar', %s, now(), '%s', '{}', '[]', '')"
    )
    refused(desk, insert % ("false", desk.admin.pk, "counting"), "another person reports")
    refused(desk, insert % ("false", desk.lead.pk, "counted"), "counted by the worker")
    foreign = insert.replace(str(desk.claim.client_id), str(desk.foreign.client_id))
    join = f"UPDATE issues_report SET step = 'joined', issue_id = {issues.foreign.pk}"
    with acting_as(desk.specialist), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert % ("false", desk.specialist.pk, "counting"))
    for statement, match in (
        (insert % ("true", desk.specialist.pk, "counting"), "reports about these"),
        (foreign % ("false", desk.specialist.pk, "counting"), "row-level security"),
        (f"{join} WHERE id = {report.pk}", "there is no such issue"),
    ):
        with (
            acting_as(desk.specialist),
            pytest.raises(DatabaseError, match=match),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_nobody_steps_for_another_or_proves_without_a_measurement(desk: Desk) -> None:
    action = action_of(desk, desk.claim.client_id)
    insert = (
        "INSERT INTO prevention_step (action_id, from_state, to_state, user_id, at, note)"
        f" VALUES ({action.pk}, '%s', '%s', %s, now(), '')"
    )
    refused(desk, insert % ("open", "doing", desk.admin.pk), "another person steps")
    refused(desk, insert % ("open", "proven", desk.lead.pk), "does not follow")
    refused(desk, insert % ("doing", "open", desk.lead.pk), "it is open by now")
    for to_state, day in (("doing", None), ("verifying", date(2026, 3, 1))):
        action.refresh_from_db()
        doing.take_step(
            action.pk, to_state, from_state=action.state, user=desk.lead, note="", at=AT,
            effective_date=day,
        )  # fmt: skip
    refused(desk, insert % ("verifying", "proven", desk.lead.pk), "nothing is proven")
    moved = "UPDATE prevention_action SET effective_date = '2026-01-01'"
    refused(desk, moved, "it is measured since")
