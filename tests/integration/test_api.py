"""The API: what it answers, page by page, and that a write sent twice is done once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings
from tests.builders import rows
from tests.integration.api_calls import Caller, data, refused
from tests.integration.pages import People, people_of, standing_world

from sanderling.api.access import forget_old_answers
from sanderling.api.models import KeptAnswer
from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.followup.models import Activity

ACT = {
    "date": "2026-03-05",
    "channel": "call",
    "action": "call_payer",
    "outcome": "in_process",
    "reference": "R17",
    "next_date": "2026-03-19",
    "note": "Rep says two weeks",
}


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_world(tmp_path_factory):
        yield


@pytest.fixture
def people(world: None, db: None) -> People:
    return people_of()


@pytest.fixture
def caller(people: People) -> Caller:
    return Caller(people.specialist)


def claim_of(number: str) -> Claim:
    return Claim.objects.get(number=number)


def test_claims_are_listed_a_page_at_a_time(caller: Caller) -> None:
    whole = data(caller.get("/claims"))
    assert [row["claim"] for row in whole["rows"]] == ["A/1 1", "A2", "A3"]
    assert whole["next_cursor"] == ""
    found, cursor = [], ""
    for _ in range(3):
        page = data(caller.get("/claims", limit=1, cursor=cursor))
        found += page["rows"]
        cursor = page["next_cursor"]
    assert found == whole["rows"]
    assert cursor == ""
    assert whole["rows"][1] == {
        "claim_id": claim_of("A2").pk,
        "client": "MINE",
        "claim": "A2",
        "payer_id": "ACME1",
        "payer_name": "ACME HEALTH",
        "patient": "DOE, JANE",
        "service_from_date": "2026-01-02",
        "service_to_date": "2026-01-02",
        "first_billed_date": "2026-01-05",
        "last_billed_date": "2026-01-12",
        "charge_cents": 17_500,
    }


def test_claims_are_narrowed_by_client_payer_and_number(caller: Caller) -> None:
    assert len(data(caller.get("/claims", client="MINE", payer_id="ACME1"))["rows"]) == 3
    assert data(caller.get("/claims", client="NONE"))["rows"] == []
    assert data(caller.get("/claims", payer_id="NONE"))["rows"] == []
    (one,) = data(caller.get("/claims", claim="A2"))["rows"]
    assert one["claim"] == "A2"


def test_a_search_goes_in_the_body_and_is_a_read(people: People) -> None:
    reader = Caller(people.specialist, scope="read")
    found = data(reader.post("/claims/search", {"text": "doe, j"}))
    assert [row["claim"] for row in found["rows"]] == ["A/1 1", "A2", "A3"]
    assert data(reader.post("/claims/search", {"text": "FOREIGNER"}))["rows"] == []


def test_a_claim_is_told_as_the_command_line_tells_it(caller: Caller) -> None:
    claim = claim_of("A2")
    told = data(caller.get(f"/claims/{claim.pk}"))
    assert (told["client"], told["claim"], told["balance_cents"]) == ("MINE", "A2", 17_500)
    assert told["balances"]["primary_cents"] == 17_500
    assert [row["party"] for row in told["barrier"]] == ["primary"]
    event = AuditEvent.objects.get(action="claim.view")
    assert (event.claim_id, event.actor) == (claim.pk, f"user:{caller.user.pk}")
    assert event.detail == {"api_token": caller.token and caller.token.pk}


def test_barriers_sum_to_the_receivables_one_may_see(caller: Caller) -> None:
    ((owed,),) = rows(
        "SELECT sum(b.balance_cents)::bigint FROM ledger_open_balance b"
        " JOIN clients_client k ON k.id = b.client_id WHERE k.code = 'MINE'"
    )
    found = data(caller.get("/barriers"))
    assert found["balance_cents"] == owed == sum(row["balance_cents"] for row in found["rows"])
    assert found["count"] == len(found["rows"])
    assert {row["client"] for row in found["rows"]} == {"MINE"}
    pages, cursor = [], ""
    for _ in found["rows"]:
        page = data(caller.get("/barriers", limit=1, cursor=cursor, sort="claim"))
        pages += page["rows"]
        cursor = page["next_cursor"]
    assert cursor == ""
    assert sorted(row["claim"] for row in pages) == sorted(row["claim"] for row in found["rows"])


def test_aging_is_the_command_lines(caller: Caller) -> None:
    found = data(caller.get("/aging", by="client,payer", as_of="2026-03-05", party="all"))
    assert found["as_of"] == "2026-03-05"
    assert [row["client"] for row in found["rows"]] == ["MINE", "MINE"]
    assert found["totals"]["total_cents"] == sum(row["total_cents"] for row in found["rows"])
    assert set(found["rows"][0]) >= {"payer", "count", "b0_30_cents", "b120_plus_cents"}
    assert "no dimension" in refused(caller.get("/aging", by="colour"), 422)["detail"]


def test_clients_and_payers_are_listed(caller: Caller) -> None:
    assert [row["client"] for row in data(caller.get("/clients"))] == ["MINE"]
    assert [row["payer_id"] for row in data(caller.get("/payers"))] == ["ACME1"]


def test_an_activity_is_recorded_and_read_back(caller: Caller) -> None:
    claim = claim_of("A2")
    answer = caller.post(f"/claims/{claim.pk}/activities", ACT)
    made = data(answer)
    assert answer.status_code == 201
    activity = Activity.objects.get()
    assert made == {"activity_id": activity.pk, "claim_id": claim.pk}
    assert (activity.user_id, activity.next_date) == (caller.user.pk, date(2026, 3, 19))
    listed = data(caller.get("/activities", claim_id=claim.pk))
    (row,) = listed["rows"]
    assert row | ACT == row
    assert (row["client"], row["claim"], row["source"]) == ("MINE", "A2", "product")
    # What is new since then: nothing.
    assert data(caller.get("/activities", cursor=listed["next_cursor"])) == {
        "rows": [],
        "next_cursor": listed["next_cursor"],
    }


def test_a_write_that_is_sent_twice_is_done_once(caller: Caller) -> None:
    path = f"/claims/{claim_of('A2').pk}/activities"
    first = caller.post(path, ACT, Idempotency_Key="k1")
    again = caller.post(path, ACT, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first.headers
    assert Activity.objects.count() == 1
    other = refused(caller.post(path, ACT | {"note": "x"}, Idempotency_Key="k1"), 422)
    assert "was used for another request" in other["detail"]
    assert Activity.objects.count() == 1


def test_a_refused_write_keeps_no_answer(caller: Caller) -> None:
    path = f"/claims/{claim_of('A2').pk}/activities"
    wrong = ACT | {"date": "1999-01-01"}
    found = refused(caller.post(path, wrong, Idempotency_Key="k1"), 422)
    assert found["errors"][0]["field"] == "date"
    assert KeptAnswer.objects.count() == Activity.objects.count() == 0
    data(caller.post(path, ACT, Idempotency_Key="k1"))


def test_old_answers_are_forgotten(caller: Caller) -> None:
    data(caller.post(f"/claims/{claim_of('A2').pk}/activities", ACT, Idempotency_Key="k1"))
    assert forget_old_answers() == 0
    KeptAnswer.objects.update(created_at="2026-01-01T00:00:00Z")
    assert forget_old_answers() == 1


def test_words_that_are_unknown_are_refused_by_field(caller: Caller) -> None:
    path = f"/claims/{claim_of('A2').pk}/activities"
    found = refused(caller.post(path, ACT | {"channel": "pigeon"}), 422)
    assert [one["field"] for one in found["errors"]] == ["channel"]
    assert "pigeon" not in str(found)
    assert [one["field"] for one in refused(caller.get("/claims", limit=501), 422)["errors"]] == [
        "limit"
    ]
    assert refused(caller.get("/claims", cursor="x"), 422)["detail"].startswith("cursor")
    assert Activity.objects.count() == 0


@pytest.mark.parametrize("cursor", ["x~y~z", "1", "9" * 40, "~~", "2026-01-01~1~11"])
def test_a_cursor_that_is_none_is_refused_or_begins_anew(caller: Caller, cursor: str) -> None:
    assert caller.get("/barriers", cursor=cursor).status_code == 200
    assert caller.get("/activities", cursor=cursor).status_code in {200, 422}


def test_what_is_not_there_says_so(caller: Caller) -> None:
    for path in ("/claims/999999", "/claims/99999999999999999999", "/nothing", "/claims/x"):
        refused(caller.get(path), 404)
    refused(caller.browser.put("/api/v1/claims", headers=caller.headers), 405)  # type: ignore[arg-type]  # the test client's own response


def test_a_body_that_is_no_json_is_refused(caller: Caller) -> None:
    answer = caller.browser.post(
        "/api/v1/claims/search", "{", content_type="application/json", headers=caller.headers
    )
    refused(answer, 400)  # type: ignore[arg-type]  # as above


def test_too_many_requests_wait(
    caller: Caller, people: People, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE_PER_MINUTE = 2
    monkeypatch.setattr("sanderling.api.access._now", lambda: 1_772_712_012.5)
    assert [caller.get("/clients").status_code for _ in range(3)] == [200, 200, 429]
    answer = caller.get("/clients")
    assert "Too many requests" in refused(answer, 429)["detail"]
    assert answer.headers["Retry-After"] == "48"
    assert Caller(people.specialist).get("/clients").status_code == 200  # another token's own
    monkeypatch.setattr("sanderling.api.access._now", lambda: 1_772_712_060.0)
    assert caller.get("/clients").status_code == 200


def test_the_openapi_document_is_served(caller: Caller) -> None:
    found = data(caller.get("/openapi.json"))
    assert found["openapi"] == "3.1.0"
    assert found["paths"]["/api/v1/claims/{claim_id}"]["get"]["x-permission"] == "claims.view"
