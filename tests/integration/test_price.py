"""`sanderling price` and its pages: which version, which rate, each step, and what was allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from click.testing import CliRunner, Result
from django.db import connection
from pytest_django import DjangoDbBlocker
from tests.builders import (
    AT,
    NPI,
    TIN,
    claims_file,
    line,
    paid,
    patient,
    remittance_file,
    sent,
    service,
    standing_inbox,
)
from tests.integration.pages import Visitor, make_client, make_people, people_of, text_of

from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim
from sanderling.cli.price import command
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.claim_lines import NotSent
from sanderling.contracts.explaining import NotPriced, PricedClaim, price_claim
from sanderling.contracts.importing import RateSheet, import_contract
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 5)
TERMS = """
lesser_of_charge = true
bilateral = 1.5
order = ["rate", "bilateral", "lesser_of_charge", "multiple_procedure"]
[multiple_procedure]
steps = [1.0, 0.5]
codes = ["29881", "29876"]
"""
RATES = "code,modifier,allowed_cents\n99213,,9210\n29881,,100000\n29876,,80000\n71046,26,1250\n"


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with (
        django_db_blocker.unblock(),
        standing_inbox(tmp_path_factory.mktemp("price")) as inbox,
    ):
        mine = make_client("MINE", "Mine Clinic", NPI, TIN)
        surgery = (line("29876", 2000, control="S1"), line("29881", 3000, control="S2"))
        inbox.take(
            claims_file(
                sent("OPEN", 150),
                sent("SHORT", 150),
                sent("FIXED", 150),
                sent("DENIED", 150),
                sent("CHEAP", 80),
                sent("SURGERY", 5000, lines=surgery),
                sent("OLD", 150, lines=(line("99213", 150, day="20240102", control="OLDL1"),)),
                sent("OTHER", 150, payer_id="NOBODY", payer_name="NO CONTRACT PLAN"),
            ),
            received_date=date(2026, 1, 5),
        )
        parts = (
            patient()
            + service("HC:29876", 2000, 400, "CO*45*1600", control="S1")
            + service("HC:29881", 3000, 1000, "CO*45*2000", control="S2")
        )
        inbox.take(
            remittance_file(
                paid("SHORT", 150, 72, "CO*45*60", "PR*2*18", share=18),
                paid("FIXED", 150, 72, "CO*45*60", "PR*2*18", share=18),
                paid("DENIED", 150, 0, "CO*50*150"),
                paid("CHEAP", 80, 80),
                paid("SURGERY", 5000, 1400, body=parts),
            ),
            received_date=date(2026, 1, 20),
        )
        corrected = (line("29881", 3000, control="FIXEDL1"),)
        inbox.take(
            claims_file(
                sent("FIXED", 3000, lines=corrected, frequency="7"),
                batch="BATCH2", made="20260201", control=102,
            ),
            received_date=date(2026, 2, 1),
        )  # fmt: skip
        import_contract(
            Parties(mine, Payer.objects.get(payer_id="ACME1")),
            sheet=RateSheet("fees.csv", RATES.encode()),
            says=VersionTerms(date(2025, 1, 1), terms=TERMS),
            by=None,
            at=AT,
            source="cli",
        )
        make_people(mine)
        yield


@pytest.fixture(autouse=True)
def _ready(world: None, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanderling.cli.runtime.start_database", lambda: None)


def priced(number: str) -> PricedClaim:
    claim = Claim.objects.select_related("client", "payer").get(number=number)
    return price_claim(claim, as_of=TODAY)


def run(*words: str) -> Result:
    return CliRunner().invoke(
        command, [*words, "--as-of", "2026-03-05", "--format", "json"], catch_exceptions=False
    )


def test_a_line_paid_short_shows_rate_expected_allowed_and_variance() -> None:
    document = json.loads(run("MINE", "SHORT").stdout)
    (row,) = document["rows"]
    assert (row["code"], row["rate_cents"], row["expected_cents"]) == ("99213", 9210, 9210)
    assert (row["allowed_cents"], row["variance_cents"]) == (9000, -210)  # DOMAIN B4 case 8
    assert row["steps"][0]["cents"] == 9210
    assert row["confidence"] == "high"
    assert document["totals"]["variance_cents"] == -210


def test_steps_add_up_and_later_procedures_are_ranked() -> None:
    rows = json.loads(run("MINE", "SURGERY").stdout)["rows"]
    assert [(row["code"], row["expected_cents"], row["variance_cents"]) for row in rows] == [
        ("29876", 40_000, 0),
        ("29881", 100_000, 0),
    ]
    for row in rows:
        assert sum(step["change_cents"] for step in row["steps"]) == row["expected_cents"]
    assert rows[0]["steps"][-1]["name"] == "multiple_procedure"


def test_an_answered_claim_is_priced_as_it_was_sent_then_until_its_correction_is_answered() -> None:
    (row,) = priced("FIXED").rows()
    # As sent first: 99213 for $150, not the arthroscopy of the correction.
    assert (row["code"], row["charge_cents"]) == ("99213", 15_000)
    assert (row["expected_cents"], row["allowed_cents"], row["variance_cents"]) == (
        9210,
        9000,
        -210,
    )


def test_what_was_not_decided_or_denied_has_no_variance() -> None:
    (open_line,) = priced("OPEN").rows()
    assert (open_line["expected_cents"], open_line["allowed_cents"]) == (9210, None)
    (denied,) = priced("DENIED").rows()
    assert (denied["allowed_cents"], denied["variance_cents"]) == (0, None)
    assert "denied" in denied["not_compared"]


def test_a_charge_below_the_contract_is_no_underpayment() -> None:
    (row,) = priced("CHEAP").rows()
    assert (row["expected_cents"], row["variance_cents"]) == (8000, 0)
    assert "CHARGE_BELOW_CONTRACT" in row["flags"]


def test_what_was_known_on_an_earlier_day() -> None:
    claim = Claim.objects.select_related("client", "payer").get(number="SHORT")
    (row,) = price_claim(claim, as_of=date(2026, 1, 10)).rows()
    assert row["allowed_cents"] is None
    with pytest.raises(NotSent, match="claim as sent is not here"):
        price_claim(claim, as_of=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("OLD", "no contract of client MINE with payer ACME1 on 2024-01-02"),
        ("OTHER", "no contract of client MINE with payer NOBODY on 2026-01-02"),
    ],
)
def test_without_a_contract_it_refuses_clearly(number: str, says: str) -> None:
    with pytest.raises(NotPriced, match=says):
        run("MINE", number)


def test_one_code_by_hand() -> None:
    code = ("--client", "MINE", "--payer", "ACME1", "--code")
    (row,) = json.loads(run(*code, "29881", "--modifiers", "50", "--date", "2026-02-01").stdout)[
        "rows"
    ]
    assert (row["expected_cents"], row["charge_cents"], row["variance_cents"]) == (
        150_000,
        None,
        None,
    )
    limited = run(*code, "29881", "--charge-cents", "5000", "--date", "2026-02-01")
    assert json.loads(limited.stdout)["rows"][0]["expected_cents"] == 5000
    wrong = CliRunner().invoke(command, ["--client", "MINE"])
    assert wrong.exit_code == 2


def test_the_contract_of_the_plan_comes_before_the_one_for_any() -> None:
    client, payer = Client.objects.get(code="MINE"), Payer.objects.get(payer_id="ACME1")
    import_contract(
        Parties(client, payer, "grp100"),
        sheet=RateSheet("plan.csv", b"code,allowed_cents\n99213,7777\n"),
        says=VersionTerms(date(2026, 1, 1)),
        by=None,
        at=AT,
        source="cli",
    )
    assert priced("OPEN").rows()[0]["expected_cents"] == 7777


def test_the_page_of_a_claim_shows_it_and_is_recorded() -> None:
    claim = Claim.objects.get(number="SHORT")
    specialist = Visitor(people_of().specialist)
    shown = text_of(specialist.get(f"/contracts/price/{claim.pk}/"))
    assert "$92.10" in shown
    assert "-$2.10" in shown
    assert AuditEvent.objects.filter(action="contracts.price_claim", claim_id=claim.pk).exists()
    linked = text_of(specialist.get(f"/claims/MINE/{claim.number}/"))
    assert f"/contracts/price/{claim.pk}/" in linked
    csv = specialist.get(f"/contracts/price/{claim.pk}/", format="csv").content.decode()
    assert csv.splitlines()[0].startswith("client,claim,line")
    other = Claim.objects.get(number="OTHER")
    assert "There is no contract" in text_of(specialist.get(f"/contracts/price/{other.pk}/"))


def test_users_of_clients_and_strangers_see_no_price() -> None:
    claim = Claim.objects.get(number="SHORT")
    people = people_of()
    address = f"/contracts/price/{claim.pk}/"
    assert Visitor(people.stranger).get(address).status_code == 404
    assert Visitor(people.client_user).get(address).status_code == 403
    assert Visitor(people.client_user).get("/contracts/price/").status_code == 403
    assert address not in text_of(Visitor(people.client_user).get("/claims/MINE/SHORT/"))
    with connection.cursor() as cursor:  # nor by any other way
        cursor.execute("SELECT count(*) FROM contracts_rate")
        assert cursor.fetchone()[0] == 4


def test_the_calculator_prices_lines_and_refuses_in_the_form() -> None:
    visitor = Visitor(people_of().specialist)
    client, payer = Client.objects.get(code="MINE"), Payer.objects.get(payer_id="ACME1")
    asked = {
        "client": str(client.pk),
        "payer": str(payer.pk),
        "on_date": "2026-02-01",
        "kind": "P",
        "code_1": "29881",
        "code_2": "29876",
    }
    assert "Together $1,400.00" in text_of(visitor.get("/contracts/price/", **asked))
    unknown = visitor.get("/contracts/price/", **(asked | {"on_date": "2020-01-01"}))
    assert unknown.status_code == 422
    assert "no contract of client MINE" in text_of(unknown)
    bad = visitor.get("/contracts/price/", **(asked | {"code_1": "9"}))
    assert bad.status_code == 422
