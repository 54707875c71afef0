"""`contracts import`: what it takes, refuses and leaves alone; versions that never overlap."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner, Result
from django.db import DatabaseError, transaction

from sanderling.audit.models import AuditEvent
from sanderling.cli.contracts import command
from sanderling.clients.models import Client
from sanderling.contracts.actions import VersionRefused, withdraw_version
from sanderling.contracts.models import Contract, ContractVersion, FeeSchedule, Rate, RateMapping
from sanderling.contracts.queries import contract_book
from sanderling.contracts.signals import contract_changed
from sanderling.core.contracts.toml_table import BadTerms
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import UnreadableSheet
from sanderling.files.storage import open_original
from sanderling.payers.models import Payer

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)
RATES = "code,modifier,place_of_service,allowed_cents\n99213,,,9210\n99214,25,11,13000\n"
SHORT = "code,allowed_cents\n99213,9500\n"


@pytest.fixture(autouse=True)
def parties(
    db: None, tmp_path: Path, settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[Client, Payer]:
    settings.SANDERLING_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    # The database is there; looking at all migrations takes a second a command.
    monkeypatch.setattr("sanderling.cli.runtime.start_database", lambda: None)
    return (
        Client.objects.create(code="MAPLE", name="Maple", created_at=AT),
        Payer.objects.create(payer_id="ACME1", name="Acme", created_at=AT),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rates.csv"
    path.write_text(RATES)
    return path


def run(path: Path, *words: str, from_date: str = "2026-01-01") -> Result:
    asked = [str(path), "--client", "MAPLE", "--payer", "ACME1", "--from", from_date, *words]
    return CliRunner().invoke(
        command, ["import", *asked, "--format", "json"], catch_exceptions=False
    )


def row(result: Result) -> dict[str, object]:
    (found,) = json.loads(result.stdout)["rows"]
    assert isinstance(found, dict)
    return found


def counts() -> tuple[int, ...]:
    return tuple(
        model.objects.count()
        for model in (Contract, ContractVersion, FeeSchedule, Rate, RateMapping)
    )


def spans() -> list[tuple[object, ...]]:
    book = contract_book(None)
    return book.assignments.select("from_date", "to_date", "version_id").rows()


def test_a_fee_schedule_becomes_a_version_with_its_file_kept(file: Path, tmp_path: Path) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text("lesser_of_charge = true\nnp_pa = 0.85\n")
    result = run(file, "--terms", str(terms), "--to", "2026-12-31")
    found = row(result)
    assert (result.exit_code, found["status"], found["rates"]) == (0, "loaded", 2)
    assert (found["from_date"], found["to_date"]) == ("2026-01-01", "2026-12-31")
    version = ContractVersion.objects.get()
    assert version.schedule is not None
    with open_original(version.schedule.sha256, is_encrypted=False) as stream:
        assert stream.read() == RATES.encode()
    book = contract_book(None)
    assert sorted(book.rates.drop("contract_id", "from_date", "to_date").rows()) == [
        ("99213", "", "", 9210),
        ("99214", "25", "11", 13_000),
    ]
    assert str(book.terms[version.pk].np_pa) == "0.85"
    event = AuditEvent.objects.get(action="contracts.import")
    assert (event.client_id, event.detail["rates"]) == (version.client_id, 2)


def test_the_same_content_under_another_name_and_order_changes_nothing(
    file: Path, tmp_path: Path
) -> None:
    run(file)
    before = counts()
    other = tmp_path / "other.csv"
    other.write_text(
        "allowed_cents,code,place_of_service,modifier\n13000,99214,11,25\n9210,99213,,\n"
    )
    for path in (file, other):
        result = run(path)
        assert (result.exit_code, row(result)["status"]) == (0, "unchanged")
    assert counts()[:4] == before[:4]


def test_a_workbook_with_dollars_and_a_mapping_by_name(tmp_path: Path) -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    for at, cells in enumerate([("Item", "Visit", "Now"), ("99213", "Office", 1092.1)]):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    book.close()
    path = tmp_path / "fees.xlsx"
    path.write_bytes(content.getvalue())
    with pytest.raises(Refusal, match="--column code=HEADER"):
        run(path)
    assert counts() == (0, 0, 0, 0, 0)
    columns = ("--column", "code=Item", "--column", "allowed=Now")
    run(path, *columns, "--mapping", "acme")
    assert Rate.objects.get().allowed_cents == 109_210
    again = run(path, "--mapping", "acme", from_date="2027-01-01")
    assert row(again)["mapping"] == "acme"
    assert FeeSchedule.objects.count() == 1  # two versions stand on the same rates


def test_rows_with_faults_are_refused_and_the_rest_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("CPT,Fee\n99213,$92.10\n99214,-1\n99213,93\nABC,5\n")
    result = run(path)
    assert result.exit_code == 1
    found = row(result)
    assert (found["rows"], found["rates"]) == (4, 1)
    problems = found["problems"]
    assert isinstance(problems, list)
    assert [(one["row"], one["column"]) for one in problems] == [
        (3, "allowed"),
        (4, "code"),
        (5, "code"),
    ]
    assert "row 3, allowed: is negative" in result.stderr
    schedule = FeeSchedule.objects.get()
    assert (schedule.rate_count, schedule.refused_count) == (1, 3)  # rows


def test_a_version_that_begins_inside_another_ends_it_and_says_so(file: Path) -> None:
    first = row(run(file))["version"]
    file.write_text(SHORT)
    result = run(file, from_date="2026-07-01")
    assert "the version from 2026-01-01 now ends on 2026-06-30" in result.stderr
    second = row(result)["version"]
    file.write_text("code,allowed_cents\n99213,8000\n")
    result = run(file, from_date="2025-07-01")
    assert "it ends on 2025-12-31, because another version begins the day after" in result.stderr
    third = row(result)["version"]
    assert spans() == [
        (date(2025, 7, 1), date(2025, 12, 31), third),
        (date(2026, 1, 1), date(2026, 6, 30), first),
        (date(2026, 7, 1), None, second),
    ]


def test_a_version_from_the_same_day_takes_the_place_of_the_other(file: Path) -> None:
    old = row(run(file))["version"]
    file.write_text(SHORT)
    result = run(file)
    assert f"it replaces the version of the same day ({old}), which is withdrawn" in result.stderr
    new = row(result)["version"]
    assert spans() == [(date(2026, 1, 1), None, new)]
    assert ContractVersion.objects.get(pk=str(old)).withdrawn_note


def test_a_version_withdrawn_brings_the_earlier_one_back(file: Path) -> None:
    old = row(run(file))["version"]
    file.write_text(SHORT)
    run(file, from_date="2026-07-01")
    later = ContractVersion.objects.latest("pk")
    with pytest.raises(VersionRefused, match="say why"):
        withdraw_version(version=later, note=" ", by=None, at=AT)
    withdraw_version(version=later, note="never signed", by=None, at=AT)
    assert spans() == [(date(2026, 1, 1), None, old)]
    with pytest.raises(VersionRefused, match="withdrawn already"):
        withdraw_version(version=later, note="again", by=None, at=AT)


def test_a_hospital_contract_without_rates_stands_on_its_terms(file: Path, tmp_path: Path) -> None:
    file.write_text("code,modifier,place_of_service,allowed_cents\n")
    with pytest.raises(Refusal, match="has no rates"):
        run(file)
    terms = tmp_path / "terms.toml"
    terms.write_text("[inpatient]\npercent_of_charge = 0.45\n")
    assert row(run(file, "--terms", str(terms)))["rates"] == 0
    assert ContractVersion.objects.get().schedule is None


@pytest.mark.parametrize(
    ("content", "terms", "words", "error", "says"),
    [
        (RATES, "bilaterall = 1.5", (), BadTerms, "bilaterall is unknown"),
        (RATES, "", ("--to", "2025-12-31"), VersionRefused, "last day is before the first"),
        ("code,allowed_cents\n99213,0\n", "", (), Refusal, "is zero"),
        ("a,b\n1,2\n", "", (), Refusal, "names a code and an amount"),
        ("", "", (), UnreadableSheet, "empty"),
        (RATES, "", ("--mapping", "m", "--column", "fee=code"), Refusal, "no field fee"),
    ],
)
def test_what_is_refused_leaves_nothing(
    file: Path, tmp_path: Path, content: str, terms: str, words: tuple[str, ...],
    error: type[Exception], says: str,
) -> None:  # fmt: skip
    file.write_text(content)
    path = tmp_path / "terms.toml"
    path.write_text(terms)
    with pytest.raises(error, match=says):
        run(file, "--terms", str(path), *words)
    assert counts() == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("party", ["client", "payer"])
def test_a_party_that_is_not_there_is_wrong_usage(file: Path, party: str) -> None:
    answer = run(file, f"--{party}", "NOBODY")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert f"there is no {party} NOBODY" in answer.stderr
    assert counts() == (0, 0, 0, 0, 0)


def test_what_a_version_says_does_not_change(file: Path) -> None:
    run(file)
    version = ContractVersion.objects.get()
    for changed in ({"to_date": date(2026, 2, 1)}, {"terms": "np_pa = 0.5"}):
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            ContractVersion.objects.filter(pk=version.pk).update(**changed)
    with pytest.raises(DatabaseError, match="withdraw the version"), transaction.atomic():
        version.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Rate.objects.update(allowed_cents=1)


def test_others_are_told_of_each_version_in_the_transaction(file: Path) -> None:
    heard: list[tuple[object, object]] = []

    def listener(**said: object) -> None:
        heard.append((said["client_id"], said["from_date"]))

    contract_changed.connect(listener)
    try:
        run(file)
        run(file)
    finally:
        contract_changed.disconnect(listener)
    assert heard == [(Client.objects.get().pk, date(2026, 1, 1))]


def test_a_version_that_loses_the_terms_says_so(file: Path, tmp_path: Path) -> None:
    terms = tmp_path / "terms.toml"
    terms.write_text("np_pa = 0.85\n")
    run(file, "--terms", str(terms))
    result = run(file, from_date="2026-07-01")
    assert "it has no terms, which the version from 2026-01-01 has" in result.stderr
