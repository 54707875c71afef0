"""Issues that people report: counted, made, kept by the nightly search, never doubled or closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.issue_office import AT, COMMON, ON, Office, edit_of_a_payer, person
from tests.trend_books import TODAY, day

from sanderling.core.refusal import Refusal
from sanderling.issues import actions
from sanderling.issues.matching import known_of
from sanderling.issues.models import Issue, IssueClaim, IssueReport, State
from sanderling.issues.queries import rows_as_of, stored_rows
from sanderling.issues.reports import finish_waiting, join_issue, report_issue, want_issue
from sanderling.issues.steps import take_step
from sanderling.news.models import Notice

pytestmark = pytest.mark.django_db
CODE = f"99{200 + COMMON}"


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(monkeypatch)
    made.plant(edit_of_a_payer())
    return made


def said(office: Office, **other: Any) -> dict[str, Any]:
    return {
        "kind": "denial",
        "payer_id": office.payers[1].pk,
        "client_ids": [one.pk for one in office.clients],
        "is_every_client": True,
        "dimensions": {"carc": "CO-4", "procedure": CODE},
        "since_date": day(ON),
        "title": "CO-4 on the common code",
        "hypothesis": "The payer's edit changed; its representative said so.",
        "team": "coding",
        **other,
    }


def counted(office: Office, **other: Any) -> IssueReport:
    lead = person("lead") if "user" not in other else other.pop("user")
    report = report_issue(said(office, **other), user=lead, at=AT)
    assert finish_waiting(at=AT) == 1
    report.refresh_from_db()
    return report


def made(office: Office, **other: Any) -> Issue:
    report = counted(office, **other)
    assert report.step == "counted", report.refusal
    want_issue(report.pk, at=AT)
    finish_waiting(at=AT)
    report.refresh_from_db()
    assert report.step == "made", report.refusal
    assert report.issue is not None
    return report.issue


def hits(
    office: Office, clients: list[int] | None = None, codes: tuple[str, ...] = ("CO-4",)
) -> set[int]:
    """Return the claims that a report of CODE means, counted without the product."""
    return {
        row["claim_id"]
        for row in office.lines.iter_rows(named=True)
        if row["payer_id"] == office.payers[1].pk
        and row["procedure"] == CODE
        and row["carc"] in codes
        and row["day"] >= day(ON)
        and row["day"] <= TODAY
        and (clients is None or row["client_id"] in clients)
    }


def test_the_claims_that_fit_are_counted_before_anything_is_an_issue(office: Office) -> None:
    report = counted(office)
    mine = hits(office)
    assert report.counts["claims"] == len(mine) > 30
    lines = office.lines.filter(
        (office.lines["payer_id"] == office.payers[1].pk)
        & (office.lines["procedure"].cast(str) == CODE)
        & (office.lines["day"] <= TODAY)
    )
    before = lines.filter(lines["day"] < day(ON))
    assert report.counts["outcomes_before"] == before.height
    assert report.counts["events_before"] == sum(
        row["carc"] == "CO-4" for row in before.iter_rows(named=True)
    )
    since = lines.filter((lines["day"] >= day(ON)) & lines["claim_id"].is_in(list(mine)))
    assert report.counts["at_stake_cents"] == since["cents"].sum() > 0
    assert report.overlaps == []
    assert not Issue.objects.exists()


def test_a_report_becomes_an_issue_that_goes_like_the_others(office: Office) -> None:
    lead = person("lead")
    issue = made(office, user=lead)
    assert (issue.found_by, issue.state, issue.confidence) == ("person", "new", None)
    assert (issue.title, issue.team) == ("CO-4 on the common code", "coding")
    assert set(IssueClaim.objects.values_list("claim_id", flat=True)) == hits(office)
    first = issue.history.get()
    assert (first.to_state, first.user, first.actor) == ("new", lead, f"user:{lead.pk}")
    take_step(issue, "confirmed", from_state="new", user=lead, note="", at=AT)
    row = next(stored_rows())
    assert (row["found_by"], row["state"], row["confidence"]) == ("person", "confirmed", None)
    assert row["dimensions"] == {"carc": "CO-4", "procedure": CODE}
    assert row["claims"] == len(hits(office))
    assert Notice.objects.filter(user=lead, kind="issue.found").count() == 1


def test_the_search_neither_doubles_nor_rewrites_nor_dismisses_what_was_reported(
    office: Office,
) -> None:
    issue = made(office, since_date=day(ON + 3))
    for nights in range(3):
        actions.search_as_of(TODAY + timedelta(days=nights))
    issue.refresh_from_db()
    assert Issue.objects.count() == 1
    assert issue.state == State.NEW
    assert issue.title == "CO-4 on the common code"
    assert issue.onset_date == day(ON + 3)
    assert issue.confidence is not None  # the search sees it too
    assert issue.last_seen_date == TODAY + timedelta(days=2)


def test_a_search_puts_aside_a_new_finding_that_a_report_covers(office: Office) -> None:
    actions.search_as_of(TODAY)
    found = Issue.objects.get()
    report = counted(office)
    assert report.overlaps == [[found.pk, len(hits(office) & set(
        IssueClaim.objects.filter(issue=found).values_list("claim_id", flat=True)
    ))]]  # fmt: skip
    want_issue(report.pk, at=AT)
    finish_waiting(at=AT)
    actions.search_as_of(TODAY + timedelta(days=1))
    found.refresh_from_db()
    report.refresh_from_db()
    assert report.issue is not None
    assert found.state == State.DISMISSED
    assert found.history.latest("pk").note == f"Part of issue {report.issue.pk}."
    assert report.issue.state == State.NEW


def test_the_search_counts_a_report_again_as_claims_come(office: Office) -> None:
    office.plant(None)
    with pytest.raises(Refusal, match="not counted"):
        want_issue(counted(office, since_date=TODAY + timedelta(days=1)).pk, at=AT)
    office.plant(edit_of_a_payer(clients=(0,)))
    clients = [one.pk for one in office.clients[:2]]
    issue = made(
        office, client_ids=clients, is_every_client=False, user=person("admin"), since_date=day(ON)
    )
    few = IssueClaim.objects.filter(issue=issue).count()
    office.plant(edit_of_a_payer())
    actions.search_as_of(TODAY)
    again = set(IssueClaim.objects.filter(issue=issue).values_list("claim_id", flat=True))
    assert again == hits(office, clients)
    assert len(again) > few
    assert known_of([issue])[0].client_ids == frozenset(clients)
    assert set(issue.parts.values_list("client_id", flat=True)) == set(clients)


def test_several_codes_are_one_issue(office: Office) -> None:
    issue = made(office, dimensions={"carc": "CO-16 or CO-4", "procedure": CODE})
    both = hits(office, codes=("CO-4", "CO-16"))
    assert set(IssueClaim.objects.values_list("claim_id", flat=True)) == both
    assert len(both) > len(hits(office))
    actions.search_as_of(TODAY)
    assert Issue.objects.exclude(pk=issue.pk).count() == 0


def test_a_report_can_stand_with_the_issue_that_is_known(office: Office) -> None:
    actions.search_as_of(TODAY)
    known = Issue.objects.get()
    report = counted(office)
    assert join_issue(report.pk, known, at=AT).issue == known
    join_issue(report.pk, known, at=AT)
    with pytest.raises(Refusal, match="issue already"):
        join_issue(report.pk, Issue.objects.create(
            key="x", kind="denial", title="x", found_date=TODAY, last_seen_date=TODAY,
            confidence=0.9, cause_hypothesis="x", team="ar", state_at=AT,
        ), at=AT)  # fmt: skip
    assert want_issue(report.pk, at=AT).step == "joined"
    assert finish_waiting(at=AT) == 0


def test_what_is_said_just_so_already_and_what_no_claim_fits_is_refused(office: Office) -> None:
    lead = person("lead")
    made(office, user=lead)
    twice = counted(office, user=lead)
    want_issue(twice.pk, at=AT)
    finish_waiting(at=AT)
    twice.refresh_from_db()
    assert (twice.step, twice.issue) == ("refused", None)
    assert "says just this" in twice.refusal
    nothing = counted(office, user=lead, dimensions={"carc": "CO-999"})
    assert nothing.step == "refused"
    assert "No claim of these clients fits" in nothing.refusal
    with pytest.raises(Refusal, match="choose the clients"):
        report_issue(said(office, client_ids=[]), user=lead, at=AT)


def test_a_past_day_has_what_was_reported_by_then(office: Office) -> None:
    issue = made(office)
    Issue.objects.filter(pk=issue.pk).update(found_date=TODAY - timedelta(days=7))
    rows = list(rows_as_of(TODAY - timedelta(days=3)))
    assert [(row["id"], row["found_by"]) for row in rows] == [(str(issue.pk), "person")]
    earlier = list(rows_as_of(TODAY - timedelta(days=10)))
    assert [row["found_by"] for row in earlier] == ["search"]


def test_who_sees_some_clients_reports_of_these_only(office: Office) -> None:
    """Whatever the row says: the worker counts every client only for who sees all."""
    some = person("account_manager", office.clients[0])
    report = counted(office, user=some, client_ids=[office.clients[0].pk])
    assert report.counts["claims"] == len(hits(office, [office.clients[0].pk]))
