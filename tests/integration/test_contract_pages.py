"""Pages of contracts under the web's role: list, one contract, one version, loading a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoDbBlocker
from tests.builders import AT
from tests.integration.pages import AS_OF, Visitor, people_of, standing_world, text_of, web_role

from sanderling.audit.models import AuditEvent
from sanderling.automation.evaluating import evaluate
from sanderling.automation.models import Alert
from sanderling.clients.models import Client
from sanderling.contracts.actions import Parties, VersionTerms
from sanderling.contracts.alarms import contract_alarms
from sanderling.contracts.billed import lines_with_code
from sanderling.contracts.comparing import compare
from sanderling.contracts.importing import ContractImport, RateSheet, import_contract
from sanderling.contracts.models import Contract, ContractUpload, ContractVersion, Rate
from sanderling.contracts.overview import contract_rows, missing_codes, payers_without_contract
from sanderling.contracts.volumes import count_volumes
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
FROM = date(2025, 1, 1)


def load(
    code: str, text: str, from_date: date = FROM, terms: str = "", to_date: date | None = None
) -> ContractImport:
    return import_contract(
        Parties(Client.objects.get(code=code), Payer.objects.get(payer_id="ACME1")),
        sheet=RateSheet("fees.csv", text.encode()),
        says=VersionTerms(from_date, to_date, terms=terms),
        by=None,
        at=AT,
        source="cli",
    )


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_world(tmp_path_factory):
        load("MINE", "code,allowed_cents\n99213,9210\n99214,13000\n", terms="np_pa = 0.85\n")
        load("THEIRS", "code,allowed_cents\nG0402,777\n")
        count_volumes(today=AS_OF, at=AT)
        yield


@pytest.fixture
def visitor(world: None, db: None) -> Visitor:
    return Visitor(people_of().admin)


def mine() -> Contract:
    return Contract.objects.get(client__code="MINE")


def standing(contract: Contract) -> ContractVersion:
    return ContractVersion.objects.get(contract=contract, withdrawn_at__isnull=True)


def test_the_list_has_own_contracts_with_state_and_coverage(visitor: Visitor) -> None:
    shown = text_of(visitor.get("/contracts/"))
    assert "ACME HEALTH" in shown
    assert "In force" in shown
    own = text_of(Visitor(people_of().specialist).get("/contracts/"))
    assert f"/contracts/{mine().pk}/" in own
    foreign = Contract.objects.get(client__code="THEIRS")
    assert f"/contracts/{foreign.pk}/" not in own
    assert "Load a fee schedule" not in own  # only who may edit
    csv = visitor.get("/contracts/", format="csv").content.decode().splitlines()
    assert csv[0].startswith("client,payer_id,payer,plan")
    assert len(csv) == 3


def test_coverage_counts_lines_and_charges_without_a_rate(visitor: Visitor) -> None:
    (row,) = contract_rows([mine()], today=AS_OF)
    # A/1 1, A2 as it was sent last, and A3: all 99213.
    assert (row.coverage.lines, row.coverage.rated_lines) == (3, 3)
    assert (row.coverage.charge_cents, row.coverage.unrated_cents) == (46_500, 0)
    foreign = Contract.objects.get(client__code="THEIRS")
    (other,) = contract_rows([foreign], today=AS_OF)
    assert (other.coverage.rated_lines, other.coverage.unrated_cents) == (0, 31_000)
    assert missing_codes(foreign, today=AS_OF) == [
        {"code": "99213", "modifier": "", "lines": 1, "charge_cents": 31_000}
    ]
    lines = lines_with_code(foreign, "99213", today=AS_OF)
    assert [(one["claim"], one["charge_cents"]) for one in lines] == [("B1", 31_000)]
    assert visitor.get(f"/contracts/{foreign.pk}/billed/99213/").status_code == 200


@pytest.mark.parametrize(
    ("to_date", "state", "text"),
    [
        (date(2026, 3, 5), "ends", "Ends today"),
        (date(2026, 6, 3), "ends", "Ends in 90 days"),
        (date(2026, 6, 4), "in_force", "In force"),
        (date(2026, 3, 4), "expired", "Expired 2026-03-04"),
    ],
)
def test_a_contract_that_ends_says_when(
    visitor: Visitor, to_date: date, state: str, text: str
) -> None:
    load("MINE", "code,allowed_cents\n99213,9210\n", to_date=to_date)
    (row,) = contract_rows([mine()], today=AS_OF)
    assert (row.state, row.state_text) == (state, text)
    without = [
        (one["client"], one["balance_cents"]) for one in payers_without_contract(today=AS_OF)
    ]
    assert without == ([("MINE", 26_500)] if state == "expired" else [])


def test_a_renewal_that_follows_at_once_is_no_end(visitor: Visitor) -> None:
    load("MINE", "code,allowed_cents\n99213,9210\n", to_date=date(2026, 3, 31))
    load("MINE", "code,allowed_cents\n99213,9500\n", from_date=date(2026, 4, 1))
    (row,) = contract_rows([mine()], today=AS_OF)
    assert row.state == "in_force"


def test_one_contract_and_one_version_say_what_holds(visitor: Visitor) -> None:
    contract = mine()
    shown = text_of(visitor.get(f"/contracts/{contract.pk}/"))
    assert "From 2025-01-01" in shown
    version = standing(contract)
    page = text_of(visitor.get(f"/contracts/versions/{version.pk}/"))
    assert "85 % of the rate" in page
    assert "$92.10" in page
    searched = text_of(visitor.get(f"/contracts/versions/{version.pk}/", q="99214"))
    assert "$92.10" not in searched
    rates = visitor.get(f"/contracts/versions/{version.pk}/", format="csv").content.decode()
    assert rates.splitlines()[1] == "99213,,,9210"
    assert version.schedule is not None
    original = visitor.get(f"/contracts/schedules/{version.schedule.pk}/file/")
    assert original.content.startswith(b"code,allowed_cents")
    assert AuditEvent.objects.filter(action="contracts.download").count() == 1


def test_terms_are_checked_then_saved_as_a_version_with_the_same_rates(visitor: Visitor) -> None:
    contract = mine()
    version = standing(contract)
    address = f"/contracts/versions/{version.pk}/terms/"
    bad = visitor.post(address, terms="np_pa = 85", from_date="2025-01-01", act="check")
    assert bad.status_code == 422
    assert "np_pa" in text_of(bad)
    checked = visitor.post(address, terms="np_pa = 0.8", from_date="2025-01-01", act="check")
    assert "80 % of the rate" in text_of(checked)
    assert ContractVersion.objects.filter(contract=contract).count() == 1
    visitor.post(address, terms="np_pa = 0.8", from_date="2025-01-01", act="save", note="letter")
    new = standing(contract)
    assert (new.terms, new.schedule_id, new.made_by) == (
        "np_pa = 0.8",
        version.schedule_id,
        people_of().admin,
    )
    assert ContractVersion.objects.get(pk=version.pk).withdrawn_at is not None
    again = visitor.post(
        f"/contracts/versions/{new.pk}/terms/", terms="np_pa = 0.80", from_date="2025-01-01",
        act="save",
    )  # fmt: skip
    assert again.status_code == 302
    assert standing(contract).pk == new.pk


def test_a_sheet_is_mapped_checked_and_taken_once(visitor: Visitor) -> None:
    contract = mine()
    sent = SimpleUploadedFile("acme.csv", b"Item,Text,Now\n99213,Visit,$95.00\n99214,Visit,-1\n")
    answer = visitor.post(
        "/contracts/import/",
        client=str(contract.client_id),
        payer=str(contract.payer_id),
        from_date="2027-01-01",
        file=sent,
    )
    address = answer.headers["Location"]
    assert "were not recognized" in text_of(visitor.get(address))
    refused = visitor.post(address, act="read", code="Item", allowed="Item")
    assert refused.status_code == 422
    visitor.post(address, act="read", code="Item", allowed="Now", mapping_name="acme")
    shown = text_of(visitor.get(address))
    assert "1 of 2 rows" in shown
    assert "is negative" in shown
    assert Rate.objects.filter(allowed_cents=9500).count() == 0
    visitor.post(address, act="take")
    version = ContractVersion.objects.get(contract=contract, from_date=date(2027, 1, 1))
    assert (version.source, version.made_by) == ("upload", people_of().admin)
    assert Rate.objects.get(allowed_cents=9500).schedule_id == version.schedule_id
    assert visitor.post(address, act="take").status_code == 302  # a double click
    assert ContractVersion.objects.filter(contract=contract).count() == 2
    # Whoever else works here has uploads of his own.
    other = Visitor(people_of().specialist)
    assert other.get(address).status_code in (403, 404)


@pytest.mark.parametrize(
    ("name", "content", "form", "says"),
    [
        ("a.csv", b"", {}, "empty"),
        ("a.bin", b"\0\1\2", {}, "no table"),
        ("a.csv", b"code,fee\n", {"to_date": "2024-01-01"}, "last day is before"),
        ("a.csv", b"code,fee\n", {"terms": "x ="}, "no TOML"),
        ("a.csv", b"code,fee\n", {"client": "0"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_brought_in_is_refused_on_the_form(
    visitor: Visitor, name: str, content: bytes, form: dict[str, str], says: str
) -> None:
    contract = mine()
    asked = {
        "client": str(contract.client_id),
        "payer": str(contract.payer_id),
        "from_date": "2026-01-01",
        **form,
    }
    answer = visitor.post("/contracts/import/", file=SimpleUploadedFile(name, content), **asked)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not ContractUpload.objects.exists()


def test_two_versions_compared_by_rate_and_volume(visitor: Visitor) -> None:
    before = standing(mine())
    load(
        "MINE", "code,modifier,allowed_cents\n99213,,9300\n99215,,100\n99213,26,50\n",
        from_date=date(2026, 1, 1),
    )  # fmt: skip
    after = ContractVersion.objects.latest("pk")
    found = compare(before, after)
    assert (found.up, found.down, found.new, found.gone, found.same) == (1, 0, 2, 1, 0)
    assert found.effect_cents == 3 * 90  # three lines of one unit each
    page = text_of(visitor.get(f"/contracts/versions/{before.pk}/{after.pk}/"))
    assert "$2.70" in page
    assert "NP, PA or CNS" in page  # a term that only the earlier version has


def test_a_version_is_withdrawn_with_a_reason(visitor: Visitor) -> None:
    version = standing(mine())
    address = f"/contracts/versions/{version.pk}/withdraw/"
    refused = visitor.post(address, note=" ")
    assert refused.status_code == 422
    assert "Say why" in text_of(refused)
    visitor.post(address, note="never signed")
    version.refresh_from_db()
    assert version.withdrawn_note == "never signed"
    assert "Nothing is priced by it" in text_of(visitor.get(f"/contracts/versions/{version.pk}/"))


def test_strangers_and_users_of_clients_see_nothing(world: None, db: None) -> None:
    version = standing(mine())
    people = people_of()
    assert version.schedule is not None
    addresses = (
        f"/contracts/{version.contract_id}/",
        f"/contracts/versions/{version.pk}/",
        f"/contracts/schedules/{version.schedule.pk}/file/",
        f"/contracts/{version.contract_id}/billed/99213/",
        f"/contracts/versions/{version.pk}/{version.pk}/",
    )
    for address in addresses:
        assert Visitor(people.client_user).get(address).status_code == 403
        assert Visitor(people.stranger).get(address).status_code == 404
    assert Visitor(people.client_user).get("/contracts/").status_code == 403
    assert "No contracts yet" in text_of(Visitor(people.stranger).get("/contracts/"))
    viewer = Visitor(people.specialist)
    for address in (f"/contracts/versions/{version.pk}/terms/", "/contracts/import/"):
        assert viewer.post(address, note="x").status_code == 403
    with web_role():
        assert list(Contract.objects.all()) == []


def test_alarms_are_raised_at_each_step_and_shown(visitor: Visitor) -> None:
    terms = "[[escalators]]\ndate = 2026-03-20\nrate = 0.03\n"
    load("MINE", "code,allowed_cents\n99213,9210\n", to_date=date(2026, 4, 30), terms=terms)
    (ends, rises) = sorted(contract_alarms([mine()], today=AS_OF), key=lambda one: one.kind)
    assert ends.text.endswith("ends on 2026-04-30, within 60 days, and none follows")
    assert rises.text.endswith("rates rise by 3 % on 2026-03-20; see that the payer pays them")
    (later,) = [
        one for one in contract_alarms([mine()], today=date(2026, 4, 1)) if one.kind == "ends"
    ]
    assert (later.key != ends.key, ends.is_urgent, later.is_urgent) == (True, False, True)
    evaluate(at=AT)
    alerts = Alert.objects.filter(kind="contract", resolved_at__isnull=True)
    assert {one.text for one in alerts} == {ends.text, rises.text}
    assert evaluate(at=AT)["contract"] == (0, 0)
    # Claims of February are billed on after the contract has ended.
    load("MINE", "code,allowed_cents\n99213,9210\n", to_date=date(2026, 1, 1))
    evaluate(at=AT)
    (expired,) = alerts.all()
    assert expired.text.endswith("ended on 2026-01-01; claims of later days have no price")
    assert (expired.items, expired.amount_cents, expired.is_urgent) == (3, 46_500, True)
    assert "ended on 2026-01-01" in text_of(visitor.get(f"/contracts/{mine().pk}/"))
