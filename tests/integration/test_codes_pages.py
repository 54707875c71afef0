"""The pages of codes: the list, one code, its overrides, exports, and who may change what."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.builders import Inbox, claims_file, paid, remittance_file, sent
from tests.integration.pages import People, Visitor, fill, make_people, text_of
from tests.remembered import remembered

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.clients.models import Client
from sanderling.codes.listing import COLUMNS
from sanderling.codes.models import CodeRule
from sanderling.payers.models import Payer

FORM = {"kind": "reason", "code": "Q99", "category": "coding", "note": "payer's letter"}


@remembered
def filled(inbox: Inbox) -> People:
    """The small world, and one denial with a code that nobody knows."""
    people = fill(inbox)
    inbox.take(
        claims_file(sent("S1", 200), batch="B5", control=150),
        remittance_file(paid("S1", 200, 0, "CO*Q99*200"), trace="EFT5", control=650),
        received_date=date(2026, 2, 1),
    )
    return people


@pytest.fixture
def people(inbox: Inbox) -> People:
    return filled(inbox)


def lead() -> User:
    return create_user(
        email="lead@x.test",
        name="Lena Lead",
        role="lead",
        password="correct-horse-battery",
        client_ids=[Client.objects.get(code="MINE").pk],
    )


def listed(page: str) -> list[str]:
    """Return the codes of the list in their order."""
    table = page[page.index('aria-label="Codes"') :]
    return re.findall(r'<tr data-href="/codes/\w+/([^"]+)/">', table)


def test_the_codes_of_our_files_come_first(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/codes/"))
    assert listed(page)[0] == "45"
    assert set(listed(page)[:3]) == {"45", "1", "Q99"}
    assert "Charge above allowed" in page
    assert "$90.00" in page  # 60 and 30 of CARC 45
    # 297 reasons, 90 retired ones, 235 remarks, 242 statuses and the unknown one.
    assert "865 codes" in page


def test_unknown_codes_are_put_before_a_person(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/codes/"))
    panel = page[page.index("Unknown codes") : page.index("Which codes")]
    assert "Q99" in panel
    assert "$200.00" in panel
    assert "ACME HEALTH" in panel
    assert "2026-02-01" in panel
    assert 'href="/codes/reason/Q99/#override"' in panel


def test_the_list_is_searched_and_filtered(people: People) -> None:
    visitor = Visitor(people.specialist)
    assert listed(text_of(visitor.get("/codes/", q="no precert"))) == ["197"]
    assert listed(text_of(visitor.get("/codes/", q="n382"))) == ["N382"]
    assert set(listed(text_of(visitor.get("/codes/", used="on")))) == {"45", "1", "Q99"}
    timely = visitor.get("/codes/", category="timely_filing", kind="reason")
    assert set(listed(text_of(timely))) == {"29", "B4"}
    for nothing in ({"q": "no such words"}, {"q": "16", "overridden": "on"}):
        assert "No code found" in text_of(visitor.get("/codes/", **nothing))


def test_a_retired_code_is_readable_and_names_its_successor(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/codes/reason/62/"))
    assert "retired" in page
    assert "now 197, 198" in page
    assert "authorization" in page


def test_the_page_of_a_code_says_what_it_means_and_who_sends_it(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/codes/reason/45/"))
    assert "CO: contract" in page
    assert "normal reduction" in page
    assert "2 times, $90.00" in page
    assert "ACME HEALTH" in page
    other = text_of(Visitor(people.stranger).get("/codes/reason/45/"))
    assert "ACME HEALTH" not in other
    assert "None of the files that you may see has it" in other


@pytest.mark.parametrize("kind", ["reason", "remark", "status"])
@pytest.mark.parametrize("code", ["16", "MA130", "A/1 1&x", "Q99"])
def test_any_code_has_a_page(people: People, kind: str, code: str) -> None:
    answer = Visitor(people.admin).get(f"/codes/{kind}/{quote(code)}/")
    assert answer.status_code == 200
    assert "<form" in text_of(answer)


def test_there_are_three_kinds_of_codes(people: People) -> None:
    assert Visitor(people.admin).get("/codes/group/CO/").status_code == 404
    assert Visitor(people.admin).post("/codes/rules/", **FORM | {"kind": "x"}).status_code == 404


def test_a_lead_says_what_an_unknown_code_means(people: People) -> None:
    visitor = Visitor(lead())
    payer = Payer.objects.get(name="ACME HEALTH")

    answer = visitor.post(
        "/codes/rules/", **FORM, payer=str(payer.pk), nature="D", team="coding", preventable="Y"
    )

    assert (answer.status_code, answer.headers["Location"]) == (302, "/codes/reason/Q99/")
    rule = CodeRule.objects.get()
    assert (rule.reason_code, rule.payer_id, rule.category, rule.nature, rule.team) == (
        "Q99",
        payer.pk,
        "coding",
        "D",
        "coding",
    )
    assert rule.recorded_by is not None
    assert rule.recorded_by.name == "Lena Lead"
    page = text_of(visitor.get("/codes/reason/Q99/"))
    assert "category: coding" in page
    assert "payer&#x27;s letter" in page
    assert "What was posted stays as it is" in page
    # Told: it is no longer put before people, and the list shows the override.
    page = text_of(visitor.get("/codes/"))
    assert "Unknown codes" not in page
    assert listed(text_of(visitor.get("/codes/", overridden="on"))) == ["Q99"]


def test_an_override_is_changed_and_ended_with_its_history_kept(people: People) -> None:
    visitor = Visitor(people.admin)
    visitor.post("/codes/rules/", **FORM)
    first = CodeRule.objects.get()
    form = text_of(visitor.get("/codes/reason/Q99/", change=str(first.pk)))
    assert f'name="replaces" value="{first.pk}"' in form
    assert '<option value="coding" selected>' in form

    changed = FORM | {"category": "provider", "note": "second letter", "replaces": str(first.pk)}
    visitor.post("/codes/rules/", **changed)
    second = CodeRule.objects.get(supersedes=first)
    refused = visitor.post(f"/codes/rules/{second.pk}/end/")
    assert refused.status_code == 302
    assert not CodeRule.objects.filter(is_ended=True).exists()
    visitor.post(f"/codes/rules/{second.pk}/end/", note="gone again")

    page = text_of(visitor.get("/codes/reason/Q99/"))
    assert "None: the tables hold" in page
    history = page[page.index(">History<") :]
    for said in ("payer&#x27;s letter", "changed to category: provider", "ended", "gone again"):
        assert said in history
    assert "Unknown codes" in text_of(visitor.get("/codes/"))


def test_a_change_of_what_somebody_changed_is_refused(people: People) -> None:
    visitor = Visitor(people.admin)
    visitor.post("/codes/rules/", **FORM)
    first = CodeRule.objects.get()
    visitor.post("/codes/rules/", **FORM | {"category": "provider"})
    answer = visitor.post("/codes/rules/", **FORM | {"replaces": str(first.pk)})
    assert answer.status_code == 422
    assert "in the meantime" in text_of(answer)
    assert CodeRule.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"note": ""}, "This field is required"),
        ({"category": ""}, "nothing would be overridden"),
        ({"category": "nonsense"}, "Select a valid choice"),
        ({"valid_from": "2026-02-02", "valid_to": "2026-02-01"}, "before the first"),
    ],
)
def test_a_wrong_override_comes_back_with_what_is_wrong(
    people: People, wrong: dict[str, str], said: str
) -> None:
    answer = Visitor(people.admin).post("/codes/rules/", **FORM | wrong)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not CodeRule.objects.exists()


def test_only_leads_and_administrators_change_codes(people: People) -> None:
    Visitor(people.admin).post("/codes/rules/", **FORM)
    rule = CodeRule.objects.get()
    visitor = Visitor(people.specialist)
    page = text_of(visitor.get("/codes/reason/Q99/"))
    assert "Add an override" not in page
    assert "Why it ends" not in page
    assert visitor.post("/codes/rules/", **FORM).status_code == 403
    assert visitor.post(f"/codes/rules/{rule.pk}/end/", note="x").status_code == 403
    assert CodeRule.objects.count() == 1
    assert Visitor(people.client_user).get("/codes/").status_code == 403


def test_a_rule_of_a_client_out_of_sight_does_not_exist(people: People) -> None:
    theirs = Client.objects.get(code="THEIRS")
    Visitor(people.admin).post("/codes/rules/", **FORM, client=str(theirs.pk))
    rule = CodeRule.objects.get()
    visitor = Visitor(lead())
    assert "category: coding" not in text_of(visitor.get("/codes/reason/Q99/"))
    assert visitor.post(f"/codes/rules/{rule.pk}/end/", note="x").status_code == 404
    answer = visitor.post("/codes/rules/", **FORM, client=str(theirs.pk))
    assert answer.status_code == 422
    assert CodeRule.objects.count() == 1


def test_exports_have_what_the_list_has(people: People) -> None:
    visitor = Visitor(people.specialist)
    rows = list(csv.DictReader(io.StringIO(text_of(visitor.get("/codes/", format="csv")))))
    assert len(rows) == 865
    assert list(rows[0]) == list(COLUMNS)
    assert (rows[0]["code"], rows[0]["uses"], rows[0]["amount_cents"]) == ("45", "2", "9000")
    document = json.loads(text_of(visitor.get("/codes/", format="json", used="on")))
    assert {row["code"] for row in document["rows"]} == {"45", "1", "Q99"}
    assert {row["code"]: row["is_known"] for row in document["rows"]}["Q99"] is False
    workbook = visitor.get("/codes/", format="xlsx", kind="status")
    assert zipfile.is_zipfile(io.BytesIO(workbook.content))


def test_an_empty_installation_lists_the_tables(db: None) -> None:
    client = Client.objects.create(code="MINE", name="Mine", created_at="2026-01-01T00:00Z")
    page = text_of(Visitor(make_people(client).admin).get("/codes/"))
    assert "864 codes" in page
    assert "Unknown codes" not in page


def test_pages_ask_few_questions(people: People) -> None:
    visitor = Visitor(people.admin)
    for note in "abc":
        visitor.post(
            "/codes/rules/", **FORM | {"note": note, "valid_from": f"2026-01-0{ord(note) - 96}"}
        )
    for address, budget in (("/codes/", 22), ("/codes/reason/Q99/", 22)):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            visitor.get(address)
        assert len(asked) <= budget, (address, len(asked))
