"""Why one claim is open: the section of its page, the deadline bar, the command's answer."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from django.utils import timezone
from tests.builders import Inbox
from tests.integration.barrier_rows import fill_barriers, keep
from tests.integration.pages import People, Visitor, text_of

from sanderling.barriers.deadline_bar import deadline_bar
from sanderling.barriers.models import Barrier
from sanderling.barriers.of_claim import clock_start, known_barriers, stored_barriers
from sanderling.claims.models import Claim, Submission
from sanderling.core.barriers.words import WHAT_CHANGES
from sanderling.receivables.claim import claim_detail, find_claim


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def people(inbox: Inbox, today: date) -> People:
    return fill_barriers(inbox, today)


def give_evidence(number: str) -> Submission:
    """Let the claim's submission be the evidence of its barrier."""
    claim = Claim.objects.get(number=number)
    sent = Submission.objects.filter(claim=claim).latest("pk")
    Barrier.objects.filter(claim_id=claim.pk).update(
        evidence=[
            ["accepted", sent.transaction_id, sent.position, "2026-01-06"],
            ["activity", 1, 0, "2026-01-07"],
        ]
    )
    return sent


def test_the_page_says_why_and_what_next(people: People, today: date) -> None:
    page = text_of(Visitor(people.admin).get("/claims/MINE/A2/"))
    due = (today + timedelta(days=5)).isoformat()
    for text in ("Why it is open", "Denied", "Authorization", f"{due}: 5 days left", "$175.00"):
        assert text in page
    assert WHAT_CHANGES["denied"].replace("'", "&#x27;") in page
    assert "<strong>Appeal</strong>, Authorization" in page


def test_evidence_leads_to_its_segment(people: People) -> None:
    sent = give_evidence("A2")
    detail = claim_detail(
        find_claim(client="MINE", number="A2"),
        as_of=timezone.localdate(),
        barriers=stored_barriers(
            sent.claim_id, as_of=timezone.localdate(), today=timezone.localdate()
        ),
    )
    (row,) = detail["barrier"]
    assert [(fact["kind"], fact["position"]) for fact in row["evidence"]] == [
        ("accepted", sent.position),
        ("activity", 0),
    ]
    assert row["evidence"][0]["file_sha256"] == sent.transaction.file.sha256
    page = text_of(Visitor(people.admin).get("/claims/MINE/A2/"))
    assert f'/segments/?position={sent.position}#chosen" title=' in page
    assert ">Accepted</a>" in page
    # Whoever may not see files is told of the fact, without the way to it.
    page = text_of(Visitor(people.client_user).get("/claims/MINE/A2/"))
    assert "Accepted <span" in page
    assert "/segments/" not in page


def test_a_met_deadline_links_its_proof(people: People) -> None:
    sent = give_evidence("B1")
    page = text_of(Visitor(people.admin).get("/claims/THEIRS/B1/"))
    assert "proof of filing" in page
    assert f"position={sent.position}#chosen" in page
    assert "days left" not in page


def test_a_passed_deadline_is_said(people: People, today: date) -> None:
    page = text_of(Visitor(people.admin).get("/claims/MINE/A3/"))
    assert "3 days over" in page
    assert "used is-over" in page
    Barrier.objects.filter(barrier="no_response").update(deadline_date=today)
    page = text_of(Visitor(people.admin).get("/claims/MINE/A3/"))
    assert "today is the last day" in page


def bar_row(
    start: date | None, deadline: date | None, *, is_met: bool = False
) -> dict[str, object]:
    return {"deadline": deadline, "deadline_from": start, "is_deadline_met": is_met}


def test_the_bar_of_a_deadline() -> None:
    start, day = date(2026, 1, 1), date(2026, 4, 11)  # a hundred days
    halfway = deadline_bar(bar_row(start, day), date(2026, 2, 20))
    assert halfway is not None
    assert (halfway["used"], halfway["left"], halfway["state"]) == ("50.0", 50, "far")
    soon = deadline_bar(bar_row(start, day), date(2026, 3, 28))
    assert soon is not None
    assert (soon["left"], soon["state"]) == (14, "soon")
    over = deadline_bar(bar_row(start, day), date(2026, 4, 12))
    assert over is not None
    assert (over["used"], over["mark"], over["days_over"], over["state"]) == (
        "100.0",
        "99.0",
        1,
        "over",
    )
    met = deadline_bar(bar_row(start, day, is_met=True), date(2026, 4, 12))
    assert met is not None
    assert met["state"] == "met"
    assert deadline_bar(bar_row(start, None), day) is None


def test_the_clock_starts_with_what_the_deadline_counts_from() -> None:
    service, deadline = date(2026, 1, 2), date(2026, 6, 1)
    row: dict[str, object] = {
        "since_date": date(2026, 3, 9),
        "deadline_date": deadline,
        "evidence": '[["remittance",1,2,"2026-03-01"],["prior",3,4,"2026-02-01"]]',
    }
    starts = {
        kind: clock_start(row | {"deadline_kind": kind}, service)
        for kind in ("timely_filing", "secondary_filing", "appeal")
    }
    assert starts == {
        "timely_filing": service,
        "secondary_filing": date(2026, 2, 1),
        "appeal": date(2026, 3, 1),
    }
    assert clock_start(row | {"deadline_kind": "records", "evidence": []}, service) == date(
        2026, 3, 9
    )
    assert clock_start(row | {"deadline_kind": "appeal", "deadline_date": None}, service) is None
    assert clock_start(row | {"deadline_kind": "timely_filing"}, deadline) is None


def test_another_day_says_what_is_known(people: People) -> None:
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/claims/MINE/A2/", as_of="2026-01-08"))
    assert "Barriers are kept for today and for week ends" in page
    keep("A2", date(2026, 1, 11), "no_response", 15000)
    page = text_of(visitor.get("/claims/MINE/A2/", as_of="2026-01-11"))
    assert "No response in time" in page
    assert "days left" not in page
    page = text_of(visitor.get("/claims/MINE/A/1%201/", as_of="2026-01-11"))
    assert "Nobody owes anything" in page


def test_a_claim_of_another_client_stays_unseen(people: People) -> None:
    assert Visitor(people.specialist).get("/claims/THEIRS/B1/").status_code == 404


def test_any_past_day_is_worked_out_from_its_facts(people: People, today: date) -> None:
    claim = Claim.objects.get(number="A2")
    rows = known_barriers(claim.pk, as_of=date(2026, 1, 13), today=today)
    assert [(row["party"], row["barrier"]) for row in rows] == [(11, "corrected_pending")]
    assert rows[0]["balance_cents"] == 17500


def test_claims_show_has_the_barrier(people: People, today: date) -> None:
    from sanderling.cli.claims_show import show

    answer = CliRunner().invoke(
        show, ["MINE", "A2", "--format", "json", "--as-of", today.isoformat()]
    )
    assert answer.exit_code == 0, answer.output
    (document,) = json.loads(answer.stdout)["rows"]
    (row,) = document["barrier"]
    assert (row["party"], row["barrier"], row["category"]) == ("primary", "denied", "authorization")
    assert row["deadline"] == (today + timedelta(days=5)).isoformat()
