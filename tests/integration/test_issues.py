"""The nightly search: one issue stays one, people's steps stand, and who should know is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from tests.integration.issue_office import AT, COMMON, ON, Office, edit_of_a_payer, person
from tests.trend_books import TODAY, day

from sanderling.core.refusal import Refusal
from sanderling.issues import actions
from sanderling.issues.models import (
    Issue,
    IssueClaim,
    IssueClient,
    SearchRun,
    State,
)
from sanderling.issues.queries import rows_as_of, stored_rows
from sanderling.issues.steps import take_step
from sanderling.news.actions import register_reader, take_events
from sanderling.news.models import Notice
from sanderling.postgres.locks import Lock, session_keys

pytestmark = pytest.mark.django_db
TO_VERIFYING = (("new", "confirmed"), ("confirmed", "fixing"), ("fixing", "verifying"))


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(monkeypatch)
    made.plant(edit_of_a_payer())
    return made


def test_what_a_search_finds_is_stored_with_each_clients_part(office: Office) -> None:
    actions.search_as_of(TODAY)
    issue = Issue.objects.get()
    assert issue.key == (
        f"denial|shift|carc=CO-4|payer_id={office.payers[1].pk}|procedure=99{200 + COMMON}"
    )
    assert (issue.client_id, issue.payer_id) == (None, office.payers[1].pk)
    assert issue.dimensions == {"carc": "CO-4", "procedure": "99227"}
    assert issue.title == "CO-4 denials of 99227"
    assert (issue.team, issue.caused_by, issue.state) == ("coding", "payer", "new")
    assert issue.cause_hypothesis.startswith("CO-4 denials of 99227 by Payer 2 (")
    assert issue.onset_date is not None
    assert abs((issue.onset_date - day(ON)).days) <= 4
    totals = Issue.objects.with_totals().values().get()
    assert totals["clients_hit"] == totals["clients_exposed"] == 4
    assert totals["claims"] == IssueClaim.objects.count() > 30
    assert list(issue.history.values_list("from_state", "to_state", "actor")) == [
        ("", "new", "search")
    ]
    run = SearchRun.objects.get()
    assert run.hypotheses["denial"] > 50
    assert run.finished_at is not None


def test_searching_again_finds_the_same_issue_and_tells_nothing_new(office: Office) -> None:
    lead = person("lead")
    actions.search(TODAY, AT)
    before = list(IssueClaim.objects.order_by("claim_id").values_list("claim_id", "amount_cents"))
    actions.search(TODAY, AT + timedelta(hours=1))
    assert Issue.objects.count() == 1
    assert IssueClient.objects.count() == 4
    after = list(IssueClaim.objects.order_by("claim_id").values_list("claim_id", "amount_cents"))
    assert before == after
    assert Notice.objects.filter(user=lead, kind="issue.found").count() == 1


def test_a_replay_night_by_night_keeps_one_issue_that_grows(office: Office) -> None:
    counts = []
    for days in (21, 28, 35, 42):
        actions.search_as_of(day(ON) + timedelta(days=days))
        counts.append(IssueClaim.objects.count())
    issue = Issue.objects.get()
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert issue.found_date < issue.last_seen_date == day(ON) + timedelta(days=42)


def test_days_are_replayed_in_order(office: Office) -> None:
    actions.search_as_of(TODAY)
    with pytest.raises(Refusal, match="searched as of 2026-11-20 already"):
        actions.search_as_of(TODAY - timedelta(days=7))
    assert SearchRun.objects.count() == 1


def test_leads_and_account_managers_of_a_client_hit_are_told_and_events_have_its_part_only(
    office: Office,
) -> None:
    office.plant(edit_of_a_payer(clients=(0, 1)))
    mine = person("lead", office.clients[0])
    other = person("account_manager", office.clients[3])
    worker = person("specialist", office.clients[0], office.clients[1])
    register_reader("test", ["issue.found"])
    actions.search(TODAY, AT)
    issue = Issue.objects.get()
    (notice,) = Notice.objects.all()
    assert (notice.user, notice.url) == (mine, f"/issues/{issue.pk}/")
    assert other.pk != worker.pk != notice.user_id
    events = {event.client_id: event.detail["claims"] for event in take_events("test")}
    hit = dict(IssueClient.objects.filter(is_hit=True).values_list("client_id", "claims"))
    assert events == hit
    assert set(events) == {office.clients[0].pk, office.clients[1].pk}


def test_a_dismissed_issue_stays_dismissed_while_it_is_the_same(office: Office) -> None:
    user = person("lead")
    actions.search(TODAY - timedelta(days=7), AT - timedelta(days=7))
    issue = Issue.objects.get()
    take_step(issue, State.DISMISSED, from_state="new", user=user, note="known", at=AT)
    actions.search(TODAY, AT)
    issue = Issue.objects.get()
    assert (issue.state, issue.last_seen_date) == ("dismissed", TODAY)


def test_an_issue_under_verification_that_goes_on_is_fixing_again_with_a_notice(
    office: Office,
) -> None:
    user = person("lead")
    first = day(ON) + timedelta(days=30)
    actions.search_as_of(first)
    issue = Issue.objects.get()
    at = datetime.combine(first, datetime.min.time(), tzinfo=UTC)
    for state, following in (
        ("new", "confirmed"),
        ("confirmed", "fixing"),
        ("fixing", "verifying"),
    ):
        take_step(issue, following, from_state=state, user=user, note="", at=at)
    actions.search(first + timedelta(days=30), at + timedelta(days=30))
    issue.refresh_from_db()
    assert issue.state == "fixing"
    step = issue.history.order_by("-pk")[0]
    assert (step.actor, step.user) == ("search", None)
    assert Notice.objects.get(kind="issue.back").is_urgent


def test_an_issue_that_was_fixed_is_over_and_stays_under_verification(office: Office) -> None:
    office.plant(edit_of_a_payer(until=ON + 30))
    user = person("lead")
    first = day(ON) + timedelta(days=28)
    actions.search_as_of(first)
    issue = Issue.objects.get()
    at = datetime.combine(first + timedelta(days=7), datetime.min.time(), tzinfo=UTC)
    for state, following in (
        ("new", "confirmed"),
        ("confirmed", "fixing"),
        ("fixing", "verifying"),
    ):
        take_step(issue, following, from_state=state, user=user, note="", at=at)
    actions.search(TODAY, AT)
    issue.refresh_from_db()
    assert issue.state == "verifying"
    assert issue.ended_date is not None
    assert abs((issue.ended_date - day(ON + 30)).days) <= 10
    assert not Notice.objects.filter(kind="issue.back").exists()


def test_rows_of_a_past_day_are_worked_out_and_nothing_is_written(office: Office) -> None:
    past = day(ON) + timedelta(days=35)
    (row,) = rows_as_of(past)
    assert not Issue.objects.exists()
    assert (row["kind"], row["client"], row["payer_id"]) == ("denial", None, "P2")
    assert row["dimensions"] == {"carc": "CO-4", "procedure": "99227"}
    assert (row["team"], row["state"]) == ("coding", "new")
    assert row["claims"] >= 8
    assert row == next(rows_as_of(past))
    assert list(rows_as_of(past, client_ids=[office.clients[0].pk])) == [row]
    assert list(rows_as_of(past, states=["closed"])) == []


def test_stored_rows_say_the_same_as_those_worked_out(office: Office) -> None:
    (worked_out,) = rows_as_of(TODAY)
    actions.search_as_of(TODAY)
    (stored,) = stored_rows()
    same = set(stored) - {"id", "rate_before", "rate_after"}
    assert {name: stored[name] for name in same} == {name: worked_out[name] for name in same}
    assert stored["id"] == str(Issue.objects.get().pk)
    assert stored["rate_after"] == pytest.approx(worked_out["rate_after"], abs=1e-4)
    assert list(stored_rows(client_ids=[office.clients[0].pk])) == [stored]
    assert list(stored_rows(states=["closed"])) == []


def test_a_search_that_fails_leaves_a_run_without_an_end_and_no_issue(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(actions, "tell_found", broken)
    with pytest.raises(RuntimeError):
        actions.search(TODAY, AT)
    assert not Issue.objects.exists()
    assert SearchRun.objects.get().finished_at is None


def test_a_second_search_at_the_same_time_is_refused(office: Office) -> None:
    settings = connection.get_connection_params()
    settings.pop("cursor_factory", None)
    settings.pop("context", None)
    with psycopg.connect(**settings) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", session_keys(Lock.ISSUES))
        with pytest.raises(actions.SearchBusy):
            actions.search(TODAY, AT)
    assert not SearchRun.objects.exists()


def test_what_another_issue_explains_is_put_aside_while_nobody_is_at_it(office: Office) -> None:
    actions.search_as_of(TODAY - timedelta(days=7))
    first = Issue.objects.get()
    part = Issue.objects.create(
        key="denial|shift|carc=CO-4|client_id=1", kind="denial", title="A part",
        onset_date=first.onset_date, found_date=first.found_date, confidence=0.9,
        last_seen_date=first.found_date, cause_hypothesis="x", team="coding", state_at=AT,
        dimensions={"carc": "CO-4"}, client_id=office.clients[0].pk, evidence_nats=999,
    )  # fmt: skip
    for claim in first.siblings.filter(client_id=office.clients[0].pk):
        IssueClaim.objects.create(
            issue=part, client_id=claim.client_id, claim_id=claim.claim_id,
            event_date=claim.event_date, amount_cents=claim.amount_cents, is_open=True,
        )  # fmt: skip
    actions.search_as_of(TODAY)
    part.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, part.state) == ("new", "dismissed")
    assert part.history.get().note == f"Part of issue {first.pk}."


def test_two_issues_that_come_to_the_same_description_and_day_do_not_stop_the_search(
    office: Office,
) -> None:
    actions.search_as_of(TODAY - timedelta(days=7))
    first = Issue.objects.get()
    twin = {"key": first.key, "onset_date": first.onset_date}
    Issue.objects.filter(pk=first.pk).update(key="denial|shift|carc=CO-4", onset_date=day(300))
    Issue.objects.create(
        **twin, kind="denial", title="Twin", found_date=first.found_date, confidence=0.9,
        last_seen_date=first.found_date, cause_hypothesis="x", team="coding", state_at=AT,
        dimensions=first.dimensions, payer_id=first.payer_id,
    )  # fmt: skip
    actions.search_as_of(TODAY)
    assert Issue.objects.filter(state="new").count() == 1
    assert Issue.objects.count() == 2


def test_what_is_over_keeps_the_description_it_had_when_it_was_clearest(office: Office) -> None:
    office.plant(edit_of_a_payer(until=ON + 28))
    actions.search_as_of(day(ON) + timedelta(days=28))
    before = Issue.objects.values("key", "onset_date", "evidence_nats").get()
    for days in (42, 56, 70):
        actions.search_as_of(day(ON) + timedelta(days=days))
    after = Issue.objects.get()
    assert {name: getattr(after, name) for name in before} == before
    assert after.ended_date is not None
