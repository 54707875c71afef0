"""Pages of issues: list, one issue, its claims, its steps, owner, questions; each for its own."""

from __future__ import annotations

import json

import pytest
from tests.integration.desk import Desk, make_desk
from tests.integration.issue_desk import Issues, make_issues
from tests.integration.pages import Visitor, text_of

from sanderling.issues.changing import ask_team
from sanderling.issues.listing import confidence_words, share
from sanderling.issues.models import Issue, IssueState
from sanderling.issues.one import chart_of, evidence_of, parts_of, weeks_of
from sanderling.tasks.checking import TaskRefused
from sanderling.tasks.models import Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def issues(desk: Desk) -> Issues:
    return make_issues(desk)


def test_the_list_has_sums_of_the_clients_one_sees(desk: Desk, issues: Issues) -> None:
    mine = text_of(Visitor(desk.specialist).get("/issues/"))
    assert "(shared)" in mine
    assert "(foreign)" not in mine
    assert "$450.00" in mine
    assert "31.0%" in mine
    assert "31 of 100" in mine
    whole = text_of(Visitor(desk.admin).get("/issues/"))
    assert "(foreign)" in whole
    assert "62 of 200" in whole
    assert "$900.00" in whole


def test_tabs_and_filters_narrow_and_exports_are_typed(desk: Desk, issues: Issues) -> None:
    admin = Visitor(desk.admin)
    assert "No issues here" in text_of(
        admin.get("/issues/", tab="closed")
    ) or "Nothing has been" in (text_of(admin.get("/issues/", tab="closed")))
    foreign = str(desk.foreign.client_id)
    assert "(shared)" in text_of(admin.get("/issues/", client=foreign))
    assert "No issue fits" in text_of(admin.get("/issues/", kind="rejection"))
    found = json.loads(admin.get("/issues/", format="json").content)
    first = found["rows"][0]
    assert (first["at_stake_cents"], first["events_after"], first["outcomes_after"]) == (
        90_000,
        62,
        200,
    )
    assert (first["onset"], first["state"], first["client"]) == ("2026-02-02", "new", "")
    assert found["totals"] == {"at_stake_cents": 135_000}


def test_one_issue_tells_what_changed_for_whom_and_lists_its_claims(
    desk: Desk, issues: Issues
) -> None:
    page = text_of(Visitor(desk.specialist).get(f"/issues/{issues.shared.pk}/"))
    assert "The payer seems to ask for an authorization" in page
    assert "instead of 5% before (20 of 400)" in page
    assert "it sets in on 2026-02-02" in page
    assert "A1" in page
    assert "B1" not in page
    assert "THEIRS" not in page
    rows = json.loads(
        Visitor(desk.specialist).get(f"/issues/{issues.shared.pk}/claims/", format="json").content
    )
    assert [row["claim"] for row in rows["rows"]] == ["A1"]
    assert rows["totals"]["amount_cents"] == 15_000


def test_weeks_have_intervals_and_too_few_outcomes_have_no_rate(issues: Issues) -> None:
    weeks = weeks_of(issues.shared)
    assert (weeks[0]["outcomes"], weeks[0]["rate"]) == (8, None)
    assert (weeks[5]["outcomes"], weeks[5]["events"], weeks[5]["rate"]) == (100, 30, 0.3)
    # Wilson, 30 of 100: (0.3 + 0.0192 -+ 1.96 sqrt(0.0021 + 0.000096)) / 1.0384
    assert weeks[5]["low"] == pytest.approx(0.2189, abs=5e-4)
    assert weeks[5]["high"] == pytest.approx(0.3959, abs=5e-4)
    chart = chart_of(issues.shared, weeks)
    assert chart["series"][0]["values"][0] is None
    assert chart["marks"] == [{"at": "Feb 2, 26", "text": "onset"}]


def test_evidence_speaks_for_and_against(desk: Desk, issues: Issues) -> None:
    issue = Issue.objects.with_totals().get(pk=issues.foreign.pk)
    row = {"rate_before": None, "rate_after": None, "events_after": 3, "outcomes_after": 4}
    told = evidence_of(issue, row, parts_of(issue))
    assert told["against"][0].startswith("fewer than 10 outcomes")
    assert "no other client that you see has such claims to compare with" in told["against"]
    assert share(1, 9) is None
    assert share(1, 10) == 0.1
    assert [confidence_words(one) for one in (0.99, 0.9, 0.7, 0.2)] == [
        "almost certain", "likely", "rather likely", "uncertain"
    ]  # fmt: skip


def test_strangers_get_nothing(desk: Desk, issues: Issues) -> None:
    for user in (desk.stranger, desk.specialist):
        assert Visitor(user).get(f"/issues/{issues.foreign.pk}/").status_code == 404
        assert (
            Visitor(user).get(f"/issues/{issues.foreign.pk}/claims/?format=csv").status_code == 404
        )
    assert Visitor(desk.stranger).get(f"/issues/{issues.shared.pk}/").status_code == 404
    assert Visitor(desk.client_user).get("/issues/").status_code == 403
    address = f"/issues/{issues.shared.pk}/steps/"
    step = {"from_state": "new", "to_state": "confirmed"}
    assert Visitor(desk.specialist).post(address, **step).status_code == 403
    assert IssueState.objects.filter(issue=issues.shared).count() == 1


def test_steps_are_taken_once_with_note_and_person(desk: Desk, issues: Issues) -> None:
    lead, address = Visitor(desk.lead), f"/issues/{issues.shared.pk}/steps/"
    step = {"from_state": "new", "to_state": "confirmed", "note": "Seen with ten claims"}
    assert lead.post(address, **step).status_code == 302
    again = lead.post(address, **step)
    assert again.status_code == 422
    assert "somebody else moved it" in text_of(again)
    page = text_of(lead.get(f"/issues/{issues.shared.pk}/"))
    assert "Seen with ten claims" in page
    assert "Begin to fix it" in page
    refused = lead.post(address, from_state="confirmed", to_state="dismissed", note=" ")
    assert refused.status_code == 422
    assert "Say why" in text_of(refused)
    issues.shared.refresh_from_db()
    assert issues.shared.state == "confirmed"
    assert lead.post(address, from_state="confirmed", to_state="new").status_code == 302
    assert issues.shared.history.count() == 3


def test_an_issue_is_handed_over(desk: Desk, issues: Issues) -> None:
    address = f"/issues/{issues.shared.pk}/owner/"
    lead = Visitor(desk.lead)
    assert lead.post(address, owner=str(desk.specialist.pk), team="coding").status_code == 302
    issues.shared.refresh_from_db()
    assert (issues.shared.owner, issues.shared.team) == (desk.specialist, "coding")
    assert lead.post(address, owner="", team="nonsense").status_code == 422


def test_a_team_is_asked_once_about_the_open_claims(desk: Desk, issues: Issues) -> None:
    item = desk.item()
    foreign = str(item.pk + 1)
    address = f"/issues/{issues.shared.pk}/tasks/"
    asked = {"ids": f"{item.pk},{foreign}", "team": "authorization", "question": "Is there one?"}
    assert Visitor(desk.specialist).post(address, **asked).status_code == 302
    task = Task.objects.get()
    assert (task.claim, task.team, task.kind) == (desk.claim, "authorization", "authorization")
    twice = Visitor(desk.specialist).post(address, **asked)
    assert twice.status_code == 422
    assert "already" in text_of(twice)
    assert Task.objects.count() == 1
    with pytest.raises(TaskRefused):
        ask_team(
            issues.foreign, [item.pk], team="coding", question="x", user=desk.lead,
            at=issues.foreign.state_at,
        )  # fmt: skip


def test_a_rule_form_comes_filled(desk: Desk, issues: Issues) -> None:
    page = text_of(Visitor(desk.lead).get(f"/issues/{issues.shared.pk}/"))
    assert "reason_code%20%3D%3D%20%22197%22" in page
    form = Visitor(desk.lead).get(
        "/rules/new/", name="A rule", condition='payer_id == "ACME1" && reason_code == "197"'
    )
    assert "payer id is ACME1 and reason is 197" in text_of(form)
