"""Reviews of access: frozen, decided by somebody else, closed, evidence."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.compliance.access import (
    Facts,
    ReviewRefused,
    begin_campaign,
    close_campaign,
    decide_rows,
    unusual,
)
from sanderling.compliance.desk import remind
from sanderling.compliance.models import Campaign
from sanderling.news.models import Notice
from sanderling.web.actor import set_actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)
DUE = date(2026, 3, 10)


@pytest.fixture
def people() -> dict[str, User]:
    client = Client.objects.create(code="MINE", name="Mine", created_at=AT)
    made = {
        role: create_user(
            email=f"{role}@x.test", name=role, role=role, password="correct-horse-battery",
            client_ids=[client.pk],
        )
        for role in ("admin", "compliance", "specialist", "client_user")
    }  # fmt: skip
    set_actor(f"user:{made['compliance'].pk}", role="compliance")
    return made


@pytest.fixture
def campaign(people: dict[str, User]) -> Campaign:
    return begin_campaign(name="First", due_date=DUE, user=people["compliance"], at=AT)


def row_of(campaign: Campaign, user: User) -> int:
    return campaign.rows.get(user=user).pk


def test_what_is_unusual_is_said() -> None:
    usual = Facts("specialist", True, False, 3, AT, AT, 0, None, 0, 0, None)
    assert unusual(usual, at=AT) == []
    odd = Facts("client_user", True, False, 2, AT, AT, 1, None, 2, 1, None)
    assert unusual(odd, at=AT + timedelta(days=91)) == [
        "not logged in for 91 days",
        "client's user with 2 clients",
        "tokens that nobody uses",
        "2 by break-glass in a year, 1 not right",
    ]
    gone = Facts("lead", False, True, 0, AT, None, 1, AT, 0, 0, None)
    assert unusual(gone, at=AT + timedelta(days=91)) == [
        "never logged in",
        "sees all clients",
        "may not log in but has tokens",
    ]


def test_a_revoked_person_is_logged_out_and_the_row_stays_as_it_was_frozen(
    people: dict[str, User], campaign: Campaign, client: Browser
) -> None:
    client.force_login(people["specialist"])
    assert client.get("/claims/").status_code == 200
    done, refused = decide_rows(
        campaign, [row_of(campaign, people["specialist"])], decision="revoked", note="left",
        user=people["compliance"], at=AT,
    )  # fmt: skip
    assert (done, refused) == (1, [])
    assert client.get("/claims/").status_code == 302
    row = campaign.rows.get(user=people["specialist"])
    assert (row.decision, row.is_active, row.client_codes) == ("revoked", True, ["MINE"])
    with (
        pytest.raises(DatabaseError, match="does not change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE compliance_access_row SET note = 'x' WHERE decision <> ''")


def test_nobody_decides_about_himself_and_one_administrator_stays(
    people: dict[str, User], campaign: Campaign
) -> None:
    rows = [row_of(campaign, people[one]) for one in ("admin", "compliance")]
    done, refused = decide_rows(
        campaign, rows, decision="revoked", note="all", user=people["compliance"], at=AT
    )
    assert done == 0
    assert refused == [
        "admin: is the last administrator",
        "compliance: somebody else must decide about you",
    ]
    people["admin"].refresh_from_db()
    assert people["admin"].is_active


def test_a_review_closes_when_everybody_is_decided_and_another_may_begin(
    people: dict[str, User], campaign: Campaign, client: Browser
) -> None:
    with pytest.raises(ReviewRefused, match="A review is going on"):
        begin_campaign(name="Second", due_date=DUE, user=people["admin"], at=AT)
    for by, others in (("compliance", ("admin", "specialist")), ("admin", ("compliance",))):
        rows = [row_of(campaign, people[one]) for one in others]
        decide_rows(campaign, rows, decision="certified", note="", user=people[by], at=AT)
    with pytest.raises(ReviewRefused, match="1 person is not decided"):
        close_campaign(campaign.pk, user=people["admin"], at=AT)
    client.force_login(people["compliance"])
    page = client.get(f"/compliance/access/{campaign.pk}/")
    assert b"1 of 4 to decide" in page.content
    form = {"row": [row_of(campaign, people["client_user"])], "decision": "certified"}
    client.post(f"/compliance/access/{campaign.pk}/decide/", form)
    client.post(f"/compliance/access/{campaign.pk}/close/")
    campaign.refresh_from_db()
    assert not campaign.is_open
    evidence = json.loads(client.get(f"/compliance/access/{campaign.pk}/?format=json").content)
    assert {row["decision"] for row in evidence["rows"]} == {"certified"}
    assert len(evidence["rows"]) == 4
    assert (
        begin_campaign(name="Second", due_date=DUE, user=people["admin"], at=AT).rows.count() == 4
    )


def test_who_answers_is_reminded_once_a_day(people: dict[str, User], campaign: Campaign) -> None:
    due = Notice.objects.filter(kind="access_review.due")
    for at, heard in ((AT, 2), (AT, 2), (AT + timedelta(days=1), 4)):
        remind(at=at)
        assert due.count() == heard
    assert "4 to decide" in due[0].text


def test_others_see_no_reviews(people: dict[str, User], client: Browser) -> None:
    client.force_login(people["specialist"])
    for path in ("/compliance/", "/compliance/access/", "/compliance/retention/"):
        assert client.get(path).status_code == 403
