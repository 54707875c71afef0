"""Issues: each user sees his own clients' part; states follow steps; what was found stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.core.refusal import Refusal
from sanderling.issues.models import (
    Issue,
    IssueClaim,
    IssueClient,
    IssueEvidence,
    IssueState,
    State,
)
from sanderling.issues.steps import take_step

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PART = {
    "outcomes_before": 400, "events_before": 8, "outcomes_after": 100, "events_after": 60,
    "excess_claims": 58.0, "claims": 60, "open_claims": 50, "open_cents": 900_000,
    "at_stake_cents": 1_000_000, "month_cents": 500_000,
}  # fmt: skip


@contextmanager
def as_web(client_ids: str, user_id: int = 0) -> Iterator[None]:
    """Work as the web application does, for this user with these visible clients."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', %s, true),"
            " set_config('sanderling.actor', %s, true)",
            [client_ids, f"user:{user_id}"],
        )
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


@pytest.fixture
def user() -> User:
    return create_user(
        email="lead@x.test", name="Lead", role="lead", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip


@pytest.fixture
def clients() -> list[Client]:
    return [Client.objects.create(code=code, name=code, created_at=AT) for code in "ABC"]


@pytest.fixture
def issue(clients: list[Client]) -> Issue:
    """An issue of a payer that hits A and B; C could be hit and is not."""
    made = Issue.objects.create(
        key="denial|carc=CO-4", kind="denial", payer_id=7, dimensions={"carc": "CO-4"},
        title="CO-4 denials", onset_date=date(2026, 2, 1), found_date=date(2026, 3, 1),
        last_seen_date=date(2026, 3, 5), confidence=0.99, cause_hypothesis="An edit changed",
        team="coding", state_at=AT,
    )  # fmt: skip
    for client in clients:
        IssueClient.objects.create(
            issue=made, client_id=client.pk, is_hit=client.code != "C", **PART
        )
        IssueEvidence.objects.create(
            issue=made, client_id=client.pk, week_date=date(2026, 2, 2), outcomes=20, events=9,
            event_cents=90_000,
        )  # fmt: skip
        IssueClaim.objects.create(
            issue=made, client_id=client.pk, claim_id=client.pk, event_date=date(2026, 2, 3),
            amount_cents=10_000, is_open=True,
        )  # fmt: skip
    IssueState.objects.create(issue=made, to_state="new", actor="search", at=AT)
    return made


def test_everybody_reads_the_part_of_his_own_clients(issue: Issue, clients: list[Client]) -> None:
    with as_web(f"{{{clients[0].pk}}}"):
        seen = Issue.objects.with_totals().values("claims", "at_stake_cents", "clients_hit").get()
        assert seen == {"claims": 60, "at_stake_cents": 1_000_000, "clients_hit": 1}
        assert IssueEvidence.objects.get().client_id == clients[0].pk
        assert IssueClaim.objects.get().client_id == clients[0].pk
        assert IssueState.objects.count() == 1
    seen = Issue.objects.with_totals().values("claims", "clients_hit", "clients_exposed").get()
    assert seen == {"claims": 180, "clients_hit": 2, "clients_exposed": 3}


@pytest.mark.parametrize("whose", ["C", ""])
def test_who_has_no_client_that_is_hit_sees_no_issue(
    issue: Issue, clients: list[Client], whose: str
) -> None:
    ids = ",".join(str(client.pk) for client in clients if client.code == whose)
    with as_web(f"{{{ids}}}"):
        assert not Issue.objects.exists()
        assert not IssueState.objects.exists()


def test_the_web_changes_owner_and_team_and_nothing_that_was_found(
    issue: Issue, clients: list[Client], user: User
) -> None:
    mine = f"{{{clients[0].pk}}}"
    with as_web(mine):
        assert Issue.objects.update(owner=user, team="billing") == 1
    for change in ({"confidence": 0.1}, {"title": "x"}, {"onset_date": None}, {"state": "closed"}):
        with pytest.raises(DatabaseError), as_web(mine):
            Issue.objects.update(**change)
    for model in (IssueClient, IssueClaim, IssueEvidence):
        with pytest.raises(DatabaseError), as_web(mine):
            model.objects.all().delete()
    issue.refresh_from_db()
    assert (issue.team, issue.state, issue.confidence) == ("billing", "new", 0.99)


def test_a_step_is_taken_in_the_name_of_who_acts_and_once(
    issue: Issue, clients: list[Client], user: User
) -> None:
    mine = f"{{{clients[0].pk}}}"
    with pytest.raises(DatabaseError), as_web(mine, user.pk + 1):
        IssueState.objects.create(
            issue=issue, from_state="new", to_state="confirmed", user=user, actor="x", at=AT
        )
    with as_web(mine, user.pk):
        take_step(issue, State.CONFIRMED, from_state="new", user=user, note="", at=AT)
    assert issue.state == "confirmed"
    with pytest.raises(Refusal, match="Confirmed by now"):
        take_step(issue, State.CONFIRMED, from_state="new", user=user, note="", at=AT)
    assert [step.to_state for step in issue.history.order_by("id")] == ["new", "confirmed"]


def test_steps_out_of_order_and_dismissals_without_a_reason_are_refused(
    issue: Issue, user: User
) -> None:
    with pytest.raises(Refusal, match="does not become"):
        take_step(issue, State.CLOSED, from_state="new", user=user, note="", at=AT)
    with pytest.raises(Refusal, match="say why"):
        take_step(issue, State.DISMISSED, from_state="new", user=user, note=" ", at=AT)
    with pytest.raises(DatabaseError), transaction.atomic():
        IssueState.objects.create(
            issue=issue, from_state="new", to_state="closed", user=user, actor="x", at=AT
        )
    assert issue.history.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        issue.history.update(note="never mind")


def test_a_stranger_steps_nowhere(issue: Issue, clients: list[Client], user: User) -> None:
    with pytest.raises(DatabaseError), as_web(f"{{{clients[2].pk}}}", user.pk):
        IssueState.objects.create(
            issue=issue, from_state="new", to_state="confirmed", user=user, actor="x", at=AT
        )
    issue.refresh_from_db()
    assert issue.state == "new"
