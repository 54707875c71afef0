"""Reference schedules: RVU, GPCI and fees as they are published; loaded once, replaced by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings
from tests.integration.pages import Visitor, text_of

from sanderling.accounts.models import User
from sanderling.cli.contracts import command
from sanderling.contracts.models import ReferenceKind, ReferenceSchedule, RelativeValue
from sanderling.contracts.queries import references
from sanderling.contracts.reference_loading import (
    NewReference,
    ReferenceLoaded,
    ReferenceRefused,
    load_reference,
)
from sanderling.contracts.reference_sheets import ReferenceUnreadable

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, tzinfo=UTC)
RVU = """\
2026 National Physician Fee Schedule Relative Value File,,,,,,
HCPCS,MOD,DESCRIPTION,WORK RVU,NON-FAC PE RVU,FACILITY PE RVU,MP RVU,MULT PROC,BILAT SURG
99213,,Office visit,1.30,1.45,0.55,0.10,0,0
71046,26,Chest x-ray,0.18,0.07,NA,0.01,0,0
29881,,Knee,7.03,,8.11,1.42,2,1
"""
GPCI = """\
Locality Number,Locality Name,PW GPCI,PE GPCI,MP GPCI
01,Texas rest,1.000,0.950,0.800
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Settings, db: None) -> None:
    settings.SANDERLING_HOME = tmp_path / "home"


def load(text: str, kind: str = "rvu", year: int = 2026, **more: Any) -> ReferenceLoaded:
    if kind == "rvu":
        more.setdefault("conversion_factor", Decimal("33.4009"))
    said = NewReference("medicare", ReferenceKind(kind), year, **more)
    return load_reference(said, file_name="f.csv", content=text.encode(), by=None, at=AT)


def test_relative_values_and_factors_become_what_pricing_reads() -> None:
    assert (load(RVU).taken, load(GPCI, "gpci").taken) == (3, 1)
    found = references()
    first = found.rvus.filter(code="99213").row(0, named=True)
    assert (first["work"], first["practice_nonfacility"], first["practice_facility"]) == (
        Decimal("1.3000"),
        Decimal("1.4500"),
        Decimal("0.5500"),
    )
    assert (first["schedule"], first["from_date"], first["to_date"]) == (
        "medicare",
        date(2026, 1, 1),
        None,
    )
    knee = found.rvus.filter(code="29881").row(0, named=True)
    assert (knee["practice_nonfacility"], knee["multiple_procedure"]) == (None, "2")
    assert found.conversion_factors.rows() == [
        ("medicare", "", Decimal("33.4009"), date(2026, 1, 1), None)
    ]
    assert found.gpcis.row(0)[:4] == (
        "medicare", "01", Decimal("1.0000"), Decimal("0.9500"),
    )  # fmt: skip


def test_a_year_ends_when_the_next_begins() -> None:
    load(RVU, year=2025)
    load(RVU, year=2026)
    days = references().rvus.filter(code="99213").select("from_date", "to_date").rows()
    assert sorted(days) == [
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), None),
    ]


def test_the_same_again_changes_nothing_and_another_takes_its_place() -> None:
    first = load(RVU)
    assert load(RVU).status == "unchanged"
    changed = load(RVU, conversion_factor=Decimal("33.5675"))
    assert (changed.status, changed.replaced) == ("loaded", first.schedule)
    assert ReferenceSchedule.objects.filter(withdrawn_at__isnull=True).count() == 1
    assert references().rvus.height == 3


def test_fees_by_locality_to_the_cent() -> None:
    load("HCPCS,Locality,Payment Limit\nJ1885,,0.57\n80053,01,10.56\n", "fees")
    rows = references().fees.select("code", "locality", "amount_cents").rows()
    assert sorted(rows) == [("80053", "01", 1056), ("J1885", "", 57)]


def test_rows_with_faults_are_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "rvu.csv"
    path.write_text(RVU + "99213,,Again,1,1,1,1,,\nABC,,,1,1,1,1,,\n99214,,,x,1,1,1,,\n")
    words = [str(path), "--name", "medicare", "--kind", "rvu", "--year", "2026"]
    result = CliRunner().invoke(command, ["reference", *words], catch_exceptions=False)
    assert result.exit_code == 1
    assert "row 6, code: is in row 3 already" in result.stderr
    assert "row 7, code: ABC is no code" in result.stderr
    assert "row 8, work: x is no value" in result.stderr
    assert RelativeValue.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "kind", "more", "says"),
    [
        ("a,b\n1,2\n", "rvu", {}, "has the columns code, work or anesthesia_base"),
        (GPCI, "gpci", {"conversion_factor": Decimal(1)}, "only relative values"),
        (RVU, "rvu", {"from_date": date(2025, 7, 1)}, "not in the year"),
        ("HCPCS,Fee\n99213,0\n", "fees", {}, "not more than zero"),
    ],
)
def test_what_is_refused_leaves_nothing(
    text: str, kind: str, more: dict[str, Any], says: str
) -> None:
    with pytest.raises((ReferenceRefused, ReferenceUnreadable), match=says):
        load(text, kind, **more)
    assert not ReferenceSchedule.objects.exists()


def test_the_page_lists_and_loads_under_the_webs_role() -> None:
    lead = User.objects.create(email="l@x.test", name="L", role="lead", sees_all_clients=True)
    viewer = User.objects.create(email="s@x.test", name="S", role="specialist")
    form = {"name": "medicare", "kind": "rvu", "year": "2026", "conversion_factor": "33.4009"}
    address = "/contracts/references/"
    assert "No reference schedule yet" in text_of(Visitor(lead).get(address))
    refused = Visitor(lead).post(address, file=SimpleUploadedFile("a.csv", b"a,b\n"), **form)
    assert refused.status_code == 422
    file = SimpleUploadedFile("rvu.csv", RVU.encode())
    assert Visitor(viewer).post(address, file=file, **form).status_code == 403
    assert not ReferenceSchedule.objects.exists()
    file.seek(0)
    Visitor(lead).post(address, file=file, **form)
    assert "33.4009" in text_of(Visitor(viewer).get(address))
    assert RelativeValue.objects.count() == 3
