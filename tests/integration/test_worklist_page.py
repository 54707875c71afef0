"""The worklist page, its drawer, saved views, columns, exports and calls, as people use them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests.builders import rows
from tests.integration.listed_items import make_client, make_payer, make_user, put_item
from tests.integration.pages import Visitor, text_of

from sanderling.accounts.models import User
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.payers.models import Payer
from sanderling.worklists.models import Preference, SavedView

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def mine(db: None) -> Client:
    return make_client("MINE")


@pytest.fixture
def user(mine: Client) -> User:
    return make_user("sam", mine)


@pytest.fixture
def sam(user: User) -> Visitor:
    return Visitor(user)


@pytest.fixture
def acme(db: None) -> Payer:
    return make_payer(
        "ACME", phone="555-0100", portal_url="https://acme.example/", call_hours="8-18 ET",
        claims_per_call=2,
    )  # fmt: skip


def listed(page: str) -> list[str]:
    """Return the claims of the grid in order."""
    return re.findall(r"data-drawer>([^<]+)</a>", page)


def test_the_page_opens_with_what_is_due_and_says_how_much(
    sam: Visitor, mine: Client, today: date
) -> None:
    put_item(mine, "A1", today=today, score=5, balance_cents=12_345)
    put_item(mine, "A2", today=today, score=9, balance_cents=100)
    put_item(mine, "A3", today=today, next_date=today + timedelta(days=1))
    page = text_of(sam.get("/work/"))
    assert listed(page) == ["A2", "A1"]
    assert '<strong class="figure">2 claims</strong>' in page
    assert "$124.45" in page
    assert "Counts as of" in page
    event = AuditEvent.objects.filter(action="claims.list").latest("pk")
    assert event.detail == {"rows": 2}


def test_names_from_files_are_shown_as_text(sam: Visitor, mine: Client, today: date) -> None:
    put_item(mine, "<b>A&1", today=today, patient_name='<script>alert("x")</script>',
             payer_name="<i>P</i>", tags=["<u>t</u>"], rendering_name="<s>",
             location="<em>")  # fmt: skip
    page = text_of(sam.get("/work/", cols="claim,payer,tags,provider,location,patient"))
    for text in ("<script>alert", "<i>P", "<u>t", "<s>", "<em>", "<b>A"):
        assert text not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in page


def test_an_empty_worklist_says_what_to_do(sam: Visitor) -> None:
    assert "Nothing is due today" in text_of(sam.get("/work/"))
    assert "No claim fits these filters" in text_of(sam.get("/work/", payer="NOSUCH"))
    assert "Nothing of yours here" in text_of(sam.get("/work/", scope="mine"))


def test_a_search_never_puts_its_words_into_an_address(
    sam: Visitor, mine: Client, today: date
) -> None:
    put_item(mine, "A1", today=today, patient_name="Quixote, Ann",
             next_date=today + timedelta(days=9))  # fmt: skip
    put_item(mine, "A2", today=today)
    answer = sam.post("/work/search/", text="quixote", query="view=due&payer=none")
    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert re.fullmatch(r"/work/\?view=all&payer=none&search=[0-9a-f]{8}", address)
    page = text_of(sam.get(address))
    assert listed(page) == ["A1"]
    assert not [link for link in re.findall(r'href="([^"]*)"', page) if "uixote" in link]
    for event in AuditEvent.objects.all():
        assert "uixote" not in json.dumps(event.detail)


def test_a_search_of_two_letters_is_refused_in_words(sam: Visitor) -> None:
    answer = sam.post("/work/search/", text="ab c", query="view=due")
    assert answer.status_code == 422
    assert "at least one word of 3 letters" in text_of(answer)


def test_a_key_of_somebody_elses_search_searches_nothing(
    sam: Visitor, mine: Client, today: date
) -> None:
    put_item(mine, "A1", today=today)
    assert listed(text_of(sam.get("/work/", view="all", search="deadbeef"))) == ["A1"]


def test_pages_and_sorting_are_links(sam: Visitor, mine: Client, today: date) -> None:
    for place in range(60):
        put_item(mine, f"A{place:02}", today=today, score=place)
    page = text_of(sam.get("/work/"))
    assert len(listed(page)) == 50
    following = re.search(r'href="(\?[^"]*)">Next', page)
    assert following
    rest = text_of(sam.get("/work/" + following[1].replace("&amp;", "&")))
    assert listed(rest) == [f"A{place:02}" for place in range(9, -1, -1)]
    assert listed(text_of(sam.get("/work/", sort="claim")))[:2] == ["A00", "A01"]
    assert "Select all 60" in page


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_the_list_is_exported_with_the_chosen_columns(
    form: str, sam: Visitor, mine: Client, today: date
) -> None:
    put_item(mine, "A1", today=today, balance_cents=12_345)
    answer = sam.get("/work/", view="due", cols="balance,owner", format=form)
    assert answer.status_code == 200
    names = ["client", "claim", "responsibility", "balance_cents", "owner"]
    if form == "csv":
        found = list(csv.reader(io.StringIO(text_of(answer))))
        assert found == [names, ["MINE", "A1", "primary", "12345", ""]]
    if form == "json":
        document = json.loads(text_of(answer))
        assert document["rows"] == [
            dict(zip(names, ["MINE", "A1", "primary", 12_345, ""], strict=True))
        ]
        assert document["totals"] == {"balance_cents": 12_345}
    assert AuditEvent.objects.filter(action="claims.export", detail={"rows": 1}).exists()


@pytest.mark.parametrize("group", ["payer", "issue", "patient", "provider"])
def test_each_group_opens_to_exactly_its_claims(
    group: str, sam: Visitor, mine: Client, acme: Payer, today: date
) -> None:
    put_item(mine, "A1", today=today, payer=acme, rendering_npi="1", rendering_name="Dr One")
    put_item(mine, "A2", today=today, payer=acme, rendering_npi="1", barrier="denied",
             category="coding", reason_code="16", patient_name="Roe, Rob")  # fmt: skip
    put_item(mine, "A3", today=today, patient_name="Poe, Pat")
    page = text_of(sam.get("/work/", view="due", group=group))
    found = []
    for address, count in re.findall(
        r'<th scope="row"><a href="([^"]+)">.*?data-title="Claims">(\d+)<', page, re.DOTALL
    ):
        rows_page = text_of(sam.get("/work/rows/" + address.replace("&amp;", "&")))
        assert len(listed(rows_page)) == int(count)
        found += listed(rows_page)
    assert sorted(found) == ["A1", "A2", "A3"]
    assert "Roe" not in "".join(re.findall(r'href="([^"]*)"', page))


def test_a_call_takes_what_is_due_at_the_payer_up_to_its_limit(
    sam: Visitor, mine: Client, acme: Payer, today: date
) -> None:
    for place in range(3):
        put_item(mine, f"A{place}", today=today, payer=acme, score=place)
    put_item(mine, "A8", today=today, payer=acme, score=99, next_date=today + timedelta(days=1))
    put_item(mine, "A9", today=today, score=99)
    page = text_of(sam.get(f"/work/call/{acme.pk}/"))
    assert re.findall(r'aria-label="Claim (\w+)"', page) == ["A2", "A1"]
    assert "555-0100" in page
    assert "8-18 ET" in page
    assert "at most 2 a call" in page
    assert sam.get("/work/call/99999/").status_code == 404


def test_the_drawer_says_why_and_is_a_page_without_script(
    sam: Visitor, mine: Client, acme: Payer, today: date
) -> None:
    item = put_item(mine, "A1", today=today, payer=acme, value_cents=7_700,
                    reasons=[["high_dollar", {}], ["key_client", {}]])  # fmt: skip
    page = text_of(sam.get(f"/work/items/{item.pk}/"))
    assert "<html" in page
    for text in ("High balance", "Key client", "$77.00", "555-0100", "Nobody has touched it yet"):
        assert text in page
    seen = AuditEvent.objects.filter(action="claim.view").latest("pk")
    assert (seen.claim_id, seen.client_id) == (item.claim_id, mine.pk)
    assert sam.get("/work/items/999999/").status_code == 404


def test_views_are_saved_shared_renamed_and_deleted(sam: Visitor, user: User) -> None:
    sam.post("/work/views/", name=" Big  ones ", query="view=all&min=500&search=abc&nonsense=1")
    view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared) == ("Big ones", "view=all&min=500", False)
    assert "Big ones" in text_of(sam.get("/work/"))
    sam.post(f"/work/views/{view.pk}/", name="Bigger", shared="on")
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Bigger", True)
    other = Visitor(make_user("olga", role="lead"))
    assert "Bigger" in text_of(other.get("/work/"))
    for form in ({"name": "Mine now"}, {"delete": "1"}):
        answer = other.post(f"/work/views/{view.pk}/", **form)
        assert "not yours" in text_of(other.get(answer.headers["Location"]))
    view.refresh_from_db()
    assert view.name == "Bigger"
    sam.post("/work/views/", name="Second", query="view=all")
    refused = sam.post(f"/work/views/{view.pk}/", name="Second")
    assert "a view named Second already" in text_of(sam.get(refused.headers["Location"]))
    sam.post(f"/work/views/{view.pk}/", delete="1")
    assert [one.name for one in SavedView.objects.all()] == ["Second"]
    assert sam.post("/work/views/", name="  ", query="").status_code == 302
    assert SavedView.objects.count() == 1


def test_columns_and_the_first_view_are_remembered(sam: Visitor, user: User) -> None:
    with_form = {"query": "view=all"}
    sam.post("/work/columns/", col="balance", **with_form)
    assert Preference.objects.get(pk=user.pk).columns == ["balance"]
    sam.post("/work/columns/", usual="1", **with_form)
    assert Preference.objects.get(pk=user.pk).columns == []
    sam.post("/work/default/", query="view=denied&scope=mine")
    assert sam.get("/work/").headers["Location"] == "/work/?view=denied&scope=mine"
    assert sam.get("/work/", view="due").status_code == 200
    sam.post("/work/default/", usual="1", query="view=denied")
    assert sam.get("/work/").status_code == 200


def test_only_leads_switch_the_order_and_see_what_it_costs(
    sam: Visitor, mine: Client, today: date
) -> None:
    put_item(mine, "A1", today=today, score=1, balance_cents=900)
    put_item(mine, "A2", today=today, score=2, balance_cents=100)
    lead = Visitor(make_user("lena", mine, role="lead"))
    assert "order=largest" not in text_of(sam.get("/work/"))
    assert "order=largest" in text_of(lead.get("/work/"))
    assert listed(text_of(lead.get("/work/", order="largest"))) == ["A1", "A2"]
    assert "this week" in text_of(lead.get("/work/order-cost/", order="largest"))
    assert sam.get("/work/order-cost/", order="largest").status_code == 403
    assert lead.get("/work/order-cost/", order="nonsense").status_code == 404


def test_filters_are_filled_in_from_the_address(sam: Visitor, acme: Payer) -> None:
    page = text_of(sam.get("/work/filters/", view="denied", payer="ACME", min="20", high="1"))
    assert '<option value="ACME" selected>' in page
    assert 'name="view" value="denied"' in page
    assert re.search(r'name="min" value="20"', page)
    assert re.search(r'name="high" value="1" checked', page)


def test_how_a_payer_is_reached_is_set_on_its_page(acme: Payer, mine: Client) -> None:
    lead = Visitor(make_user("lena", mine, role="lead"))
    form = {"phone": "555-0199", "portal_url": "", "call_hours": "9-17", "claims_per_call": "5"}
    assert lead.post(f"/payers/{acme.pk}/calling/", **form).status_code == 302
    acme.refresh_from_db()
    assert (acme.phone, acme.call_hours, acme.claims_per_call) == ("555-0199", "9-17", 5)
    assert (
        lead.post(f"/payers/{acme.pk}/calling/", **form | {"claims_per_call": "0"}).status_code
        == 422
    )
    sam = Visitor(make_user("tom", mine))
    assert sam.post(f"/payers/{acme.pk}/calling/", **form).status_code == 403
    acme.refresh_from_db()
    assert acme.claims_per_call == 5


def test_a_page_reads_the_same_however_many_rows_it_has(
    sam: Visitor, mine: Client, today: date
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    put_item(mine, "A1", today=today)
    sam.get("/work/")
    with CaptureQueriesContext(connection) as one:
        sam.get("/work/")
    for place in range(20):
        put_item(mine, f"B{place}", today=today)
    sam.get("/work/")
    with CaptureQueriesContext(connection) as many:
        sam.get("/work/")
    assert len(one) == len(many) < 30
    assert rows("SELECT count(*) FROM worklists_work_item") == [(21,)]
