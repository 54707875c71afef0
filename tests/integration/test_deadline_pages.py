"""Pages of deadlines: a payer's, those by type, and a rule's; under the web's role."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from tests.integration.pages import Visitor, make_client, text_of

from sanderling.accounts.actions import create_user
from sanderling.clients.models import Client
from sanderling.core.deadlines.rules import Clock, Confidence, Kind, Unit
from sanderling.payers.actions import import_payers
from sanderling.payers.deadline_rules import Limit, Reason, Scope, set_deadline_rule
from sanderling.payers.models import DeadlineRule, Payer, PayerType
from sanderling.payers.queries import standing_rules

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PAYERS = """payer_id,name,type,timely_filing_days,response_days,phone
UNH05,United,commercial,120,25,800-555-0100
MCD01,State Program,medicaid,,,
"""
FORM = {
    "limit": "timely_filing:0",
    "amount": "60",
    "unit": "calendar_days",
    "clock": "",
    "client": "",
    "prior_payer_type": "",
    "effective_from_date": "",
    "effective_to_date": "",
    "weekend_rule": "none",
    "receipt_rule": "received",
    "provider_status": "any",
    "source": "Agreement 2026, section 4.2",
    "confidence": "H",
    "note": "as amended",
}


@pytest.fixture
def payer() -> Payer:
    import_payers(text=PAYERS, at=AT)
    return Payer.objects.get(payer_id="UNH05")


@pytest.fixture
def mine() -> Client:
    make_client("THEIRS", "Their Clinic", "1245319599", "751234567")
    return make_client("MINE", "Mine Clinic", "1234567893", "751234568")


def visitor(role: str, client: Client) -> Visitor:
    user = create_user(
        email=f"{role}@x.test",
        name=f"The {role}",
        role=role,
        password="correct-horse-battery",
        client_ids=[client.pk],
    )
    return Visitor(user)


@pytest.fixture
def lead(mine: Client) -> Visitor:
    return visitor("lead", mine)


def cells(html: str, name: str) -> list[str]:
    """Return the texts of the table row whose heading is `name`."""
    row = re.search(rf'<tr[^>]*>\s*<th scope="row"[^>]*>{name}</th>(.*?)</tr>', html, re.DOTALL)
    assert row is not None, name
    found = re.findall(r"<td[^>]*>(.*?)</td>", row.group(1), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in found]


def test_the_payers_page_says_what_holds_and_where_it_comes_from(
    payer: Payer, lead: Visitor
) -> None:
    html = text_of(lead.get(f"/payers/{payer.pk}/"))

    assert cells(html, "Timely filing") == [
        "120 days from service",
        "payers import",
        "payers import",
    ]
    limit, comes_from, _ = cells(html, "Corrected claim")
    assert (limit, comes_from) == ("180 days from service", "default of the type")
    assert cells(html, "Refund") == ["no rule"]
    assert cells(html, "Appeal, level 2")[0] == "60 days from the notice"
    assert "Appeal, level 3</th>" not in html
    assert "25 days (payers import)" in html


def test_a_default_nobody_checked_is_marked(payer: Payer, lead: Visitor) -> None:
    program = Payer.objects.get(payer_id="MCD01")

    html = text_of(lead.get(f"/payers/{program.pk}/"))

    assert cells(html, "Timely filing")[1] == "default of the type, unverified"
    assert cells(html, "Refund")[:2] == [
        "60 days from the day the credit arose (sent by then)",
        "default of the type",
    ]
    assert cells(html, "Secondary filing, after Medicare")[0].startswith("6 months")


def test_a_lead_sets_a_rule(payer: Payer, lead: Visitor) -> None:
    answer = lead.post(f"/payers/{payer.pk}/rules/", **FORM)

    assert (answer.status_code, answer["Location"]) == (302, f"/payers/{payer.pk}/")
    rule = DeadlineRule.objects.get()
    assert (rule.amount, rule.clock, rule.confidence) == (60, "service_to", "H")
    assert (rule.client_id, rule.effective_from_date) == (None, None)
    assert rule.recorded_by is not None
    assert rule.recorded_by.name == "The lead"
    html = text_of(lead.get(f"/payers/{payer.pk}/"))
    assert cells(html, "Timely filing")[:2] == ["60 days from service", "set here"]
    assert "Agreement 2026, section 4.2" in html
    assert "as amended" in html


def test_a_rule_of_one_client_is_listed_but_not_in_force_for_all(
    payer: Payer, lead: Visitor, mine: Client
) -> None:
    lead.post(f"/payers/{payer.pk}/rules/", **{**FORM, "client": str(mine.pk)})

    html = text_of(lead.get(f"/payers/{payer.pk}/"))

    assert cells(html, "Timely filing")[0] == "120 days from service"
    assert "client MINE" in html


def test_a_foreign_client_cannot_be_chosen(payer: Payer, lead: Visitor) -> None:
    foreign = Client.objects.get(code="THEIRS")

    answer = lead.post(f"/payers/{payer.pk}/rules/", **{**FORM, "client": str(foreign.pk)})

    assert answer.status_code == 422
    assert not DeadlineRule.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "0"}, "must be from 1 to 3650"),
        ({"amount": "many"}, "Enter a whole number"),
        ({"limit": "refund:0", "clock": "remittance"}, "cannot count from that day"),
        ({"source": ""}, "This field is required"),
        (
            {"effective_from_date": "2026-02-01", "effective_to_date": "2026-01-01"},
            "The last day is before the first",
        ),
        ({"prior_payer_type": "medicare"}, "who paid first"),
    ],
)
def test_a_form_that_makes_no_sense_comes_back_with_the_reason(
    payer: Payer, lead: Visitor, change: dict[str, str], words: str
) -> None:
    answer = lead.post(f"/payers/{payer.pk}/rules/", **{**FORM, **change})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not DeadlineRule.objects.exists()


@pytest.mark.parametrize("role", ["specialist", "account_manager", "coder", "compliance"])
def test_others_read_but_do_not_change(payer: Payer, mine: Client, role: str) -> None:
    reader = visitor(role, mine)
    rule = a_rule(payer)

    page = reader.get(f"/payers/{payer.pk}/")

    assert page.status_code == 200
    assert "Set a rule" not in text_of(page)
    assert "End or take back" not in text_of(page)
    assert reader.post(f"/payers/{payer.pk}/rules/", **FORM).status_code == 403
    assert reader.post("/payers/deadlines/rules/", **FORM).status_code == 403
    assert reader.get(f"/payers/deadlines/rules/{rule.pk}/").status_code == 403
    assert reader.post(f"/payers/deadlines/rules/{rule.pk}/", note="").status_code == 403
    assert DeadlineRule.objects.count() == 1


def test_a_client_user_sees_no_payers(payer: Payer, mine: Client) -> None:
    assert visitor("client_user", mine).get(f"/payers/{payer.pk}/").status_code == 403


def a_rule(payer: Payer | None, client: Client | None = None) -> DeadlineRule:
    scope = Scope(
        payer_id=payer.pk if payer else None,
        payer_type=None if payer else PayerType.VA,
        client_id=client.pk if client else None,
    )
    limit = Limit(Kind.TIMELY_FILING, 0, 60, Unit.CALENDAR_DAYS, Clock.SERVICE_TO)
    reason = Reason("contract", Confidence.LOW)
    return set_deadline_rule(scope=scope, limit=limit, reason=reason, by=None, at=AT)


def test_a_lead_ends_a_rule(payer: Payer, lead: Visitor) -> None:
    rule = a_rule(payer)

    answer = lead.post(
        f"/payers/deadlines/rules/{rule.pk}/", effective_to_date="2026-01-31", note="over"
    )

    assert answer["Location"] == f"/payers/{payer.pk}/"
    standing = standing_rules().get()
    assert (standing.supersedes_id, standing.effective_to_date) == (rule.pk, date(2026, 1, 31))
    html = text_of(lead.get(f"/payers/{payer.pk}/"))
    assert "replaced" in html
    assert cells(html, "Timely filing")[0] == "120 days from service"


def test_a_lead_takes_a_rule_back_once(payer: Payer, lead: Visitor) -> None:
    rule = a_rule(payer)
    address = f"/payers/deadlines/rules/{rule.pk}/"
    assert "60 days from service" in text_of(lead.get(address))

    assert lead.post(address, note="slip").status_code == 302
    assert not standing_rules().exists()
    again = lead.post(address, note="slip")

    assert again.status_code == 422
    assert "in the meantime" in text_of(again)
    assert "does not stand any more" in text_of(lead.get(address))
    assert DeadlineRule.objects.count() == 2


def test_a_last_day_before_the_first_is_refused(payer: Payer, lead: Visitor) -> None:
    lead.post(f"/payers/{payer.pk}/rules/", **{**FORM, "effective_from_date": "2026-02-01"})
    rule = DeadlineRule.objects.get()

    answer = lead.post(
        f"/payers/deadlines/rules/{rule.pk}/", effective_to_date="2026-01-31", note=""
    )

    assert answer.status_code == 422
    assert "before the first" in text_of(answer)


def test_a_foreign_clients_rule_cannot_be_opened(payer: Payer, lead: Visitor) -> None:
    rule = a_rule(payer, Client.objects.get(code="THEIRS"))

    assert lead.get(f"/payers/deadlines/rules/{rule.pk}/").status_code == 404
    assert "THEIRS" not in text_of(lead.get(f"/payers/{payer.pk}/"))


def test_the_page_by_type_shows_defaults_and_takes_rules(payer: Payer, lead: Visitor) -> None:
    html = text_of(lead.get("/payers/deadlines/"))
    of_va = html[html.index('aria-labelledby="va"') :]
    assert cells(of_va, "Timely filing")[:2] == ["180 days from service", "default of the type"]
    assert 'id="self_pay"' not in html

    rule = {**FORM, "payer_type": "va", "amount": "200"}
    assert lead.post("/payers/deadlines/rules/", **rule)["Location"] == "/payers/deadlines/"

    html = text_of(lead.get("/payers/deadlines/"))
    of_va = html[html.index('aria-labelledby="va"') :]
    assert cells(of_va, "Timely filing")[:2] == ["200 days from service", "set here"]
    page = lead.get(f"/payers/deadlines/rules/{DeadlineRule.objects.get().pk}/")
    assert 'href="/payers/deadlines/"' in text_of(page)


def test_the_list_of_payers_leads_to_each(payer: Payer, lead: Visitor) -> None:
    html = text_of(lead.get("/payers/"))

    assert f'href="/payers/{payer.pk}/"' in html
    assert 'href="/payers/deadlines/"' in html
    assert lead.get("/payers/999999/").status_code == 404


def test_a_rule_can_start_from_a_published_limit(payer: Payer, lead: Visitor) -> None:
    program = Payer.objects.get(payer_id="MCD01")
    assert "Texas Medicaid: timely filing 95 days" in text_of(lead.get(f"/payers/{program.pk}/"))
    assert "Texas Medicaid" not in text_of(lead.get(f"/payers/{payer.pk}/"))

    html = text_of(
        lead.get(f"/payers/{program.pk}/", published="Texas Medicaid:timely_filing:0:any")
    )

    assert '<details class="card" id="new-rule" open>' in html
    assert re.search(r'name="amount" value="95"', html)
    assert 'value="Texas Medicaid:timely_filing:0:any" selected' in html
    assert re.search(r'value="next_business_day" selected', html)
    assert re.search(r'<option value="L" selected>not verified', html)
    assert not DeadlineRule.objects.exists()
    closed = text_of(lead.get(f"/payers/{program.pk}/", published="nonsense"))
    assert '<details class="card" id="new-rule">' in closed
