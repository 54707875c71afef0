"""Pages that report an issue: begun from worklist or claim, counted, made an issue or joined."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.desk import Desk, make_desk
from tests.integration.issue_desk import make_issues
from tests.integration.pages import Visitor, text_of

from sanderling.issues.models import Issue, IssueReport
from sanderling.issues.one import rule_address_parts
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
SAID = {
    "kind": "denial", "carc": "co-252, CO-16", "axis": "day", "since_date": "2026-02-02",
    "hypothesis": "The payer asks for records.",
}  # fmt: skip


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def reported(desk: Desk, **other: Any) -> IssueReport:
    answer = Visitor(desk.specialist).post("/issues/report/", **SAID, **other)
    assert answer.status_code == 302, text_of(answer)
    return IssueReport.objects.latest("pk")


def counted(desk: Desk, **changes: Any) -> IssueReport:
    report = reported(desk, payer=str(desk.payer.pk))
    counts = {
        "claims": 12, "open_claims": 5, "clients_hit": 1, "at_stake_cents": 123_400,
        "month_cents": 10_000, "outcomes_before": 200, "events_before": 10, "outcomes_after": 40,
        "events_after": 12,
    }  # fmt: skip
    fields = {"step": "counted", "counts": counts, **changes}
    IssueReport.objects.filter(pk=report.pk).update(**fields)
    report.refresh_from_db()
    return report


def test_a_report_is_of_the_clients_one_sees_and_its_codes_are_sorted(desk: Desk) -> None:
    report = reported(desk)
    assert report.client_ids == [desk.claim.client_id]
    assert report.is_every_client is False
    assert report.dimensions == {"carc": "CO-16 or CO-252"}
    assert report.title == "CO-16 or CO-252 denials"
    assert (report.reported_by, report.step) == (desk.specialist, "counting")
    everything = Visitor(desk.admin).post("/issues/report/", **SAID)
    assert everything.status_code == 302
    assert IssueReport.objects.latest("pk").is_every_client is True


def test_the_form_begins_with_what_chosen_claims_have_in_common(desk: Desk) -> None:
    WorkItem.objects.update(
        barrier="denied", category="authorization", group_code="CO", reason_code="197"
    )
    item = desk.item()
    page = text_of(Visitor(desk.specialist).post("/issues/report/", item=str(item.pk)))
    assert 'value="CO-197"' in page
    assert 'value="2026-02-10"' in page
    assert f'<option value="{desk.payer.pk}" selected>' in page
    by_claim = text_of(Visitor(desk.specialist).get("/issues/report/", claim=str(desk.claim.pk)))
    assert 'value="CO-197"' in by_claim
    foreign = text_of(Visitor(desk.specialist).get("/issues/report/", claim=str(desk.foreign.pk)))
    assert 'value="CO-197"' not in foreign


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"carc": ""}, "Say whose claims"),
        ({"carc": "197"}, "Write codes like"),
        ({"kind": "slow_payment"}, "not counted by this"),
        ({"carc": "CO-1", "since_date": "soon"}, "Enter a valid date"),
        ({"hypothesis": ""}, "This field is required"),
        ({"procedure": "1234567"}, "Write codes like"),
    ],
)
def test_what_cannot_be_counted_is_refused(desk: Desk, changes: dict[str, str], match: str) -> None:
    answer = Visitor(desk.specialist).post("/issues/report/", **{**SAID, **changes})
    assert answer.status_code == 422
    assert match in text_of(answer)
    assert not IssueReport.objects.exists()


def test_counts_are_shown_with_the_issue_that_is_about_the_same(desk: Desk) -> None:
    issues = make_issues(desk)
    overlaps = [[issues.shared.pk, 9], [issues.foreign.pk, 7]]
    report = counted(desk, overlaps=overlaps)
    page = text_of(Visitor(desk.specialist).get(f"/issues/reports/{report.pk}/"))
    assert "$1,234.00" in page
    assert "5.0%" in page
    assert "30.0%" in page
    assert "9 claims in common" in page
    assert "(foreign)" not in page
    joined = Visitor(desk.specialist).post(f"/issues/reports/{report.pk}/join/{issues.foreign.pk}/")
    assert joined.status_code == 404
    address = f"/issues/reports/{report.pk}/join/{issues.shared.pk}/"
    assert Visitor(desk.specialist).post(address).status_code == 302
    shown = text_of(Visitor(desk.specialist).get(f"/issues/{issues.shared.pk}/"))
    assert "Also reported by specialist" in shown
    assert "The payer asks for records." in shown


def test_an_issue_is_asked_for_once_and_strangers_get_nothing(desk: Desk) -> None:
    report = counted(desk)
    address = f"/issues/reports/{report.pk}/"
    assert Visitor(desk.stranger).get(address).status_code == 404
    assert Visitor(desk.stranger).post(f"{address}make/").status_code == 404
    assert Visitor(desk.client_user).get("/issues/report/").status_code == 403
    assert Visitor(desk.client_user).get(address).status_code == 403
    for _ in range(2):
        assert Visitor(desk.specialist).post(f"{address}make/").status_code == 302
    report.refresh_from_db()
    assert report.step == "wanted"
    assert "The issue is being made" in text_of(Visitor(desk.specialist).get(f"{address}state/"))
    IssueReport.objects.filter(pk=report.pk).update(step="refused", refusal="Nothing fits.")
    assert "Nothing fits." in text_of(Visitor(desk.specialist).get(address))
    again = Visitor(desk.specialist).get("/issues/report/", again=str(report.pk))
    assert 'value="CO-16 or CO-252"' in text_of(again)
    strange = Visitor(desk.stranger).get("/issues/report/", again=str(report.pk))
    assert strange.status_code == 404
    refused = Visitor(desk.specialist).post(f"{address}make/")
    assert refused.status_code == 302
    report.refresh_from_db()
    assert report.step == "refused"


def test_a_rule_for_several_codes_names_all_of_them(desk: Desk) -> None:
    issue = Issue(
        title="t", dimensions={"carc": "CO-16 or CO-252", "rarc": "N1 or N2"}, payer_id=None
    )
    assert rule_address_parts(issue)["condition"] == (
        'reason_code in ["16", "252"] && group_code == "CO" && remark_code in ["N1", "N2"]'
    )
