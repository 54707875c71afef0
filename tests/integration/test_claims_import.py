"""`claims import`: aging sheets of other systems, as people make them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter

from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim, Snapshot
from sanderling.cli.claims_show import header
from sanderling.clients.models import Client
from sanderling.core.money import NotAnAmount
from sanderling.core.refusal import Refusal
from sanderling.core.sheets import cell_cents, normalized_header
from sanderling.files.models import FileProblem, StoredFile
from sanderling.intake.actions import ingest
from sanderling.intake.mappings import ColumnsUnknown, infer_columns
from sanderling.intake.models import Mapping
from sanderling.intake.replaying import NothingToReplay, replay_file
from sanderling.intake.sheet_values import NotADay, cell_date, person_names
from sanderling.intake.snapshots import SnapshotReport, UnknownClient, import_snapshot
from sanderling.ledger.models import Entry, OpenBalance, Posting
from sanderling.receivables.claim import claim_detail, find_claim

AT = datetime(2026, 4, 1, 12, tzinfo=UTC)
MARCH = date(2026, 3, 31)
PRIMARY, PATIENT, CASH, OPENING = 11, 14, 30, 60

pytestmark = pytest.mark.django_db


@pytest.fixture
def north() -> Client:
    client = Client.objects.create(code="NORTH", name="North Clinic", created_at=AT)
    client.identifiers.create(kind="npi", value="1234567893")
    return client


@pytest.fixture
def folder(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.SANDERLING_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    return tmp_path


def sheet(folder: Path, text: str, name: str = "aging.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def take(path: Path, received: date = MARCH, at: datetime = AT, **more: object) -> SnapshotReport:
    return import_snapshot(
        path,
        received_date=received,
        recorded_at=at,
        source="cli",
        **more,  # type: ignore[arg-type]
    )


def owed(number: str) -> dict[int, int]:
    rows = OpenBalance.objects.filter(claim_id=Claim.objects.get(number=number).pk)
    return dict(rows.values_list("party", "balance_cents"))


REPORT = """Sunrise Billing,,,,,,,,,,
Aging as of 03/31/2026,,,,,,,,,,
,,,,,,,,,,
Patient Name,Acct #,DOS,Practice,Insurance,Ins ID,Total Charges,0-30,31-60,Over 60,Balance
"Doe, Jane",A100,1/5/2026,NORTH,Acme Health,W123,$250.00,,100.00,,100.00
Rick Roe,A101,01/06/26,North Clinic,Self Pay,,"1,000.00",,,(20.00),-20.00
"Zoe, Zed",A104,2026-01-08,1234567893,Acme Health,X,80.10,80.10,,,80.10
Grand Total,,,,,,,80.10,100,(20.00),160.10
"""


def test_a_report_with_titles_buckets_and_totals_becomes_opening_balances(
    north: Client, folder: Path
) -> None:
    report = take(sheet(folder, REPORT), received=date(2026, 4, 2))
    assert (report.status, report.rows, report.created, report.reading.problems) == (
        "posted",
        3,
        3,
        [],
    )
    assert report.snapshot_date == MARCH
    assert (report.insurance_cents, report.patient_cents) == (18010, -2000)
    assert owed("A100") == {PRIMARY: 10000}
    assert owed("A101") == {PATIENT: -2000}
    claim = Claim.objects.get(number="A100")
    assert (claim.client_id, claim.patient_last_name, claim.patient_first_name) == (
        north.pk,
        "DOE",
        "JANE",
    )
    assert (claim.member_id, claim.charge_cents, claim.service_from_date) == (
        "W123",
        25000,
        date(2026, 1, 5),
    )
    assert claim.payer is not None
    assert claim.payer.name == "Acme Health"
    assert Claim.objects.get(number="A101").patient_last_name == "ROE"
    entry = Entry.objects.get(claim_id=claim.pk)
    assert (entry.debit, entry.credit, entry.effective_date, entry.posted_date) == (
        PRIMARY,
        OPENING,
        MARCH,
        date(2026, 4, 2),
    )


def test_columns_that_end_in_cents_hold_whole_cents(north: Client, folder: Path) -> None:
    """As our own CSV has them."""
    text = (
        "client,claim,payer_id,charge_cents,balance_cents\n"
        "NORTH,C1,ACME1,20000,12345\nNORTH,C2,ACME1,20000,-5\nNORTH,C3,ACME1,1,12.50\n"
    )
    report = take(sheet(folder, text))
    assert (owed("C1"), owed("C2")) == ({PRIMARY: 12345}, {PRIMARY: -5})
    assert Claim.objects.get(number="C1").charge_cents == 20000
    (problem,) = report.reading.problems
    assert (problem.position, problem.element) == (4, "balance_cents")
    assert "whole number of cents" in problem.message


def test_columns_of_ages_may_be_in_cents(north: Client, folder: Path) -> None:
    text = "client,claim,b0_30_cents,b31_60_cents\nNORTH,C1,100,2345\n"
    assert take(sheet(folder, text)).insurance_cents == 2445


def test_the_same_content_changes_nothing_also_under_another_name_and_format(
    north: Client, folder: Path
) -> None:
    take(sheet(folder, REPORT))
    entries, snapshots = Entry.objects.count(), Snapshot.objects.count()
    again = take(sheet(folder, REPORT, "copy.csv"), at=AT + timedelta(days=1))
    assert (again.status, again.unchanged) == ("duplicate", 3)
    semicolons = take(sheet(folder, swap_delimiter(REPORT), "semicolons.csv"))
    assert semicolons.status == "duplicate"
    assert (Entry.objects.count(), Snapshot.objects.count()) == (entries, snapshots)


def swap_delimiter(text: str) -> str:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(csv.reader(io.StringIO(text)))
    return out.getvalue()


def test_a_newer_sheet_takes_the_place_of_the_older_by_difference(
    north: Client, folder: Path
) -> None:
    header = "client,claim,balance\n"
    take(sheet(folder, header + "NORTH,1,100\nNORTH,2,50\nNORTH,3,7\n"))
    april = date(2026, 4, 30)
    newer = sheet(folder, header + "NORTH,2,50\nNORTH,1,60\nNORTH,4,9\n", "april.csv")
    report = take(newer, received=april, at=AT + timedelta(days=29))
    assert (report.created, report.updated, report.unchanged, report.absent) == (1, 1, 1, 1)
    assert [owed(number) for number in "1234"] == [
        {PRIMARY: 6000},
        {PRIMARY: 5000},
        {PRIMARY: 700},
        {PRIMARY: 900},
    ]
    claim = Claim.objects.get(number="1")
    amounts = Entry.objects.filter(claim_id=claim.pk, posted_date__lte=MARCH)
    assert sum(amounts.values_list("amount_cents", flat=True)) == 10000  # March stays March


def test_an_older_sheet_that_comes_late_does_not_rule(north: Client, folder: Path) -> None:
    take(sheet(folder, "claim,balance\n1,60\n"), client_code="NORTH")
    february = sheet(folder, "claim,balance\n1,90\n", "february.csv")
    take(february, received=date(2026, 2, 28), client_code="NORTH", at=AT + timedelta(days=1))
    assert owed("1") == {PRIMARY: 6000}


def test_a_corrected_sheet_of_the_same_day_rules(north: Client, folder: Path) -> None:
    take(sheet(folder, "claim,balance\n1,60\n"), client_code="NORTH")
    corrected = sheet(folder, "claim,balance\n1,40\n", "corrected.csv")
    take(corrected, client_code="NORTH", at=AT + timedelta(hours=1))
    assert owed("1") == {PRIMARY: 4000}


def test_a_bad_cell_refuses_its_row_and_the_rest_goes_on(north: Client, folder: Path) -> None:
    text = (
        "Client,Claim #,DOS,Ins Bal,Pt Bal\n"
        "NORTH,1,1/5/2026,10,5\n"
        "NORTH,2,someday,10,5\n"
        "NORTH,3,1/5/2026,ten dollars,5\n"
        "NOBODY,4,1/5/2026,10,5\n"
        "NORTH,,1/5/2026,10,5\n"
        "NORTH,6,1/5/2026,,\n"
    )
    report = take(sheet(folder, text))
    assert (report.status, report.claims) == ("partly", 1)
    places = [(p.position, p.element, p.code) for p in report.reading.problems]
    assert places == [
        (3, "DOS", "cell_unreadable"),
        (4, "Ins Bal", "cell_unreadable"),
        (5, "Client", "client_unknown"),
        (6, "Claim #", "number_missing"),
        (7, "Ins Bal", "balance_missing"),
    ]
    assert not any("ten dollars" in p.message for p in report.reading.problems)
    assert owed("1") == {PRIMARY: 1000, PATIENT: 500}
    assert FileProblem.objects.filter(file=report.file).count() == 5


def test_a_sheet_is_replayed_after_the_missing_client_was_imported(
    north: Client, folder: Path
) -> None:
    report = take(sheet(folder, "client,claim,balance\nNORTH,1,10\nSOUTH,2,20\n"))
    assert report.status == "partly"
    assert report.file is not None
    Client.objects.create(code="SOUTH", name="South Clinic", created_at=AT)
    replayed = replay_file(report.file, recorded_at=AT + timedelta(hours=1))
    assert (replayed.status, replayed.problems) == ("posted", [])
    assert (owed("1"), owed("2")) == ({PRIMARY: 1000}, {PRIMARY: 2000})
    with pytest.raises(NothingToReplay):
        replay_file(report.file, recorded_at=AT)


def test_a_sheet_without_any_good_row_is_quarantined(north: Client, folder: Path) -> None:
    report = take(sheet(folder, "client,claim,balance\nNOBODY,1,10\n"))
    assert report.status == "quarantined"
    assert Posting.objects.count() == 0
    assert Mapping.objects.count() == 0


def test_several_rows_of_a_claim_are_added_up(north: Client, folder: Path) -> None:
    text = (
        "claim,dos,charges,balance,responsibility\n"
        "1,2026-01-05,100,60,Insurance\n"
        "1,2026-01-05,100,15,Patient\n"
        "2,2026-01-05,40,40,Primary\n"
        "2,2026-01-06,30,30,Primary\n"
    )
    take(sheet(folder, text), client_code="NORTH")
    assert owed("1") == {PRIMARY: 6000, PATIENT: 1500}
    assert owed("2") == {PRIMARY: 7000}
    charges = dict(Claim.objects.values_list("number", "charge_cents"))
    assert charges == {"1": 10000, "2": 7000}


def test_what_does_not_add_up_is_listed_and_never_plugged(north: Client, folder: Path) -> None:
    text = "claim,0-30,31-60,balance\n1,10,20,30\n2,10,20,31\nTotal,20,40,61\n"
    report = take(sheet(folder, text), client_code="NORTH")
    assert [(p.position, p.code) for p in report.reading.problems] == [(3, "buckets_differ")]
    total = take(
        sheet(folder, "claim,balance\n1,10\n2,20\nTotal,31\n", "t.csv"), client_code="NORTH"
    )
    assert [(p.position, p.code) for p in total.reading.problems] == [(4, "total_differs")]
    assert total.status == "posted"


def test_a_workbook_is_read_with_its_types(north: Client, folder: Path) -> None:
    path = folder / "aging.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Cover").write(0, 0, "Confidential")
    page = book.add_worksheet("Aging")
    day = book.add_format({"num_format": "m/d/yyyy"})
    page.write_row(2, 0, ["Visit No", "Service Date", "Insurance Balance", "Patient Balance"])
    page.write(3, 0, 12345)
    page.write_datetime(3, 1, datetime(2026, 1, 5), day)  # noqa: DTZ001 - a spreadsheet's day
    page.write(3, 2, 0.1 + 0.2)
    page.write(3, 3, "$1,200.00")
    page.write(4, 0, "00077")
    page.write(4, 1, 46000)
    page.write(4, 2, -5)
    page.write(5, 0, "X")
    page.write(5, 2, "much")
    book.close()
    report = take(path, client_code="NORTH")
    assert owed("12345") == {PRIMARY: 30, PATIENT: 120000}
    assert owed("00077") == {PRIMARY: -500}
    assert Claim.objects.get(number="12345").service_from_date == date(2026, 1, 5)
    assert Claim.objects.get(number="00077").service_from_date == date(2025, 12, 9)
    assert [p.position for p in report.reading.problems] == [6]


def test_leading_zeros_that_a_spreadsheet_dropped_do_not_make_a_second_claim(
    north: Client, folder: Path
) -> None:
    take(sheet(folder, "claim,balance\n00123,10\n"), client_code="NORTH")
    later = sheet(folder, "claim,balance\n123,8\n", "later.csv")
    take(later, client_code="NORTH", received=date(2026, 4, 30), at=AT + timedelta(days=29))
    assert owed("00123") == {PRIMARY: 800}
    assert Claim.objects.count() == 1


def test_a_mapping_said_once_is_used_again_for_the_same_header(north: Client, folder: Path) -> None:
    text = "Ref,Open,Wer\n1,10,NORTH\n"
    with pytest.raises(ColumnsUnknown):
        take(sheet(folder, text))
    given = {"number": "ref", "balance": "Open", "client": "wer"}
    report = take(sheet(folder, text), mapping_name="odd", given=given)
    assert (report.mapping, report.status) == ("odd", "posted")
    next_month = sheet(folder, "Wer,Ref,Open\nNORTH,1,4\n", "next.csv")
    again = take(next_month, received=date(2026, 4, 30), at=AT + timedelta(days=29))
    assert (again.mapping, again.status) == ("odd", "posted")
    assert owed("1") == {PRIMARY: 400}
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"mapping.insert", "claims.import"} <= actions
    with pytest.raises(ColumnsUnknown, match="odd"):
        take(sheet(folder, "claim,balance\n1,2\n", "o.csv"), mapping_name="odd")


def test_refusals_take_nothing(north: Client, folder: Path) -> None:
    with pytest.raises(UnknownClient):
        take(sheet(folder, "claim,balance\n1,2\n"), client_code="NOBODY")
    for content in (b"", b"PK\x03\x04 no workbook", b"a\0b"):
        path = folder / "bad"
        path.write_bytes(content)
        with pytest.raises(Refusal):
            take(path)
    assert (StoredFile.objects.count(), Claim.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Patient Control Number", "number"),
        ("CLAIM_ID", "number"),
        ("Acct.#", "number"),
        ("D.O.S.", "service_date"),
        ("Date Of Service", "service_date"),
        ("Date Billed", "billed_date"),
        ("Payor", "payer_name"),
        ("Payer ID", "payer_id"),
        ("Policy #", "member_id"),
        ("Rendering Provider", "provider"),
        ("Amt Due", "balance"),
        ("Ins. Balance", "insurance"),
        ("Pt. Balance", "patient_balance"),
        ("Resp. Party", "responsibility"),
        ("Shoe size", None),
    ],
)
def test_headers_are_known_by_their_usual_names(header: str, field: str | None) -> None:
    columns = infer_columns([["claim number", "total balance", header]])
    if field == "number":
        columns = infer_columns([[header, "total balance"]])
    if field == "balance":
        columns = infer_columns([["claim number", header]])
    assert columns is not None
    assert field is None or columns.headers[columns.places[field]] == header
    if field is None:
        assert normalized_header(header) not in columns.named().values()


def test_age_columns_are_known_however_they_are_written() -> None:
    header = ["Claim #", "Current", "1-30", "31 - 60", "61 to 90 Days", "91-120", "120+", ">120"]
    columns = infer_columns([[*header, "Over 120", "Pat 0-30", "Ins 0-30"]])
    assert columns is not None
    assert columns.buckets == (1, 2, 3, 4, 5, 6, 7, 8, 10)
    assert columns.patient_buckets == (9,)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("$1,234.56", 123456),
        ("(12.00)", -1200),
        ("12-", -1200),
        (" - ", 0),
        ("5.00 CR", -500),
        ("0.30000000000000004", 30),
        ("", None),
        ("n/a", None),
    ],
)
def test_amounts_as_people_write_them(text: str, cents: int | None) -> None:
    assert cell_cents(text) == cents


@pytest.mark.parametrize("text", ["ten", "1.234,56", "12.345", "1/5/2026", "99999999999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        cell_cents(text)


@pytest.mark.parametrize(
    "text",
    ["2026-01-05", "1/5/2026", "01/05/26", "1-5-2026", "20260105", "01052026", "5-Jan-26",
     "Jan 5, 2026", "January 5, 2026", "46027", "2026-01-05 00:00:00", "1/5/2026 12:00 AM",
     "1/5/2026 - 1/9/2026", "2026-01-05T00:00:00Z"],
)  # fmt: skip
def test_days_as_people_write_them(text: str) -> None:
    assert cell_date(text) == date(2026, 1, 5)


@pytest.mark.parametrize("text", ["someday", "13/45/2026", "1/5", "12345678", "100.00"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(NotADay):
        cell_date(text)


def test_names_come_in_two_orders() -> None:
    assert person_names("Doe, Jane A") == ("DOE", "JANE")
    assert person_names("Jane Q Doe") == ("DOE", "JANE")
    assert person_names("Cher") == ("CHER", "")


ISA = (
    f"ISA*00*{'':10}*00*{'':10}*ZZ*{'PAYER':15}*ZZ*{'PROVIDER':15}"
    "*260401*1200*^*00501*000000001*0*P*:"
)


def remittance(folder: Path, *, number: str, paid_date: str, name: str) -> Path:
    """One 835 of 40.00 paid of 100.00 charged; the rest is contractual."""
    segments = [
        ISA,
        "GS*HP*PAYER*PROVIDER*20260401*1200*1*X*005010X221A1",
        "ST*835*0001",
        f"BPR*I*40*C*CHK************{paid_date}",
        f"TRN*1*{name}*1999999999",
        f"DTM*405*{paid_date}",
        "N1*PR*ACME HEALTH",
        "N3*1 ROAD",
        "N4*TOWN*OH*43004",
        "PER*BL*HELP*TE*5555550100",
        "N1*PE*NORTH CLINIC*XX*1234567893",
        "LX*1",
        f"CLP*{number}*1*100*40**12*P{number}*11*1",
        "NM1*QC*1*DOE*JANE****MI*W123",
        "DTM*232*20260105",
        "SVC*HC:99213*100*40",
        "DTM*472*20260105",
        "CAS*CO*45*60",
    ]
    count = len(segments) - 2 + 1
    segments += [f"SE*{count}*0001", "GE*1*1", "IEA*1*000000001"]
    path = folder / f"{name}.835"
    path.write_text("~".join(segments) + "~", encoding="ascii")
    return path


@pytest.mark.parametrize("sheet_first", [True, False])
def test_a_payment_up_to_the_snapshots_day_is_contained_in_it_and_its_cash_is_kept(
    north: Client, folder: Path, *, sheet_first: bool
) -> None:
    early = remittance(folder, number="A1", paid_date="20260320", name="EARLY")
    aging = sheet(folder, "client,claim,dos,charges,balance\nNORTH,A1,1/5/2026,100,30\n")

    def pay() -> None:
        (report,) = ingest([early], received_date=MARCH, source="cli", recorded_at=AT)
        assert report.status == "posted"

    if sheet_first:
        take(aging)
        pay()
    else:
        pay()
        take(aging)
    assert owed("A1") == {PRIMARY: 3000}
    cash = sum(
        entry.amount_cents if entry.debit == CASH else -entry.amount_cents
        for entry in Entry.objects.all()
        if CASH in (entry.debit, entry.credit)
    )
    assert cash == 4000
    late = remittance(folder, number="A1", paid_date="20260405", name="LATE")
    list(ingest([late], received_date=date(2026, 4, 6), source="cli", recorded_at=AT))
    assert sum(owed("A1").values()) == 3000 - 4000 - 6000


def claim_837(folder: Path, *, number: str) -> Path:
    """One 837P of the same patient, day and charge as `remittance` pays."""
    segments = [
        ISA,
        "GS*HC*PROVIDER*PAYER*20260402*1200*1*X*005010X222A1",
        "ST*837*0001*005010X222A1",
        "BHT*0019*00*B1*20260402*1200*CH",
        "NM1*41*2*NORTH CLINIC*****46*PROVIDER",
        "PER*IC*HELP*TE*5555550100",
        "NM1*40*2*ACME*****46*PAYER",
        "HL*1**20*1",
        "NM1*85*2*NORTH CLINIC*****XX*1234567893",
        "N3*1 ROAD",
        "N4*TOWN*OH*430041234",
        "REF*EI*999999999",
        "HL*2*1*22*0",
        "SBR*P*18*******CI",
        "NM1*IL*1*DOE*JANE****MI*W123",
        "N3*1 ROAD",
        "N4*TOWN*OH*43004",
        "DMG*D8*19800101*F",
        "NM1*PR*2*ACME HEALTH*****PI*ACME1",
        f"CLM*{number}*100***11:B:1*Y*A*Y*Y",
        "HI*ABK:J209",
        "LX*1",
        "SV1*HC:99213*100*UN*1***1",
        "DTP*472*D8*20260105",
    ]
    segments += [f"SE*{len(segments) - 1}*0001", "GE*1*1", "IEA*1*000000001"]
    path = folder / f"{number}.837"
    path.write_text("~".join(segments) + "~", encoding="ascii")
    return path


def test_a_payment_stays_with_its_snapshot_claim_when_a_like_claim_is_sent(
    north: Client, folder: Path
) -> None:
    take(
        sheet(
            folder,
            "client,claim,patient,member id,dos,charges,balance\n"
            'NORTH,A1,"Doe, Jane",W123,1/5/2026,100,100\n',
        )
    )
    late = remittance(folder, number="A1", paid_date="20260405", name="LATE")
    day = date(2026, 4, 6)
    list(ingest([late], received_date=day, source="cli", recorded_at=AT))
    (sent,) = ingest(
        [claim_837(folder, number="OTHER9")], received_date=day, source="cli", recorded_at=AT
    )
    assert (sent.status, sent.claim_count) == ("posted", 1)
    assert owed("A1") == {}
    assert owed("OTHER9") == {PRIMARY: 10000}


def test_a_claim_taken_over_says_so_and_shows_its_balance(north: Client, folder: Path) -> None:
    take(sheet(folder, REPORT), received=date(2026, 4, 2))
    detail = claim_detail(find_claim(client="NORTH", number="A100"), as_of=date(2026, 4, 2))
    assert header(detail) == [
        "NORTH A100 (taken over from another system)",
        "  charge               0.00",
        "  taken over         100.00",
        "  paid                 0.00",
        "  adjusted             0.00",
        "  insurance          100.00",
        "  patient              0.00",
        "  balance            100.00",
    ]
