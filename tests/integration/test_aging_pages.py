"""The aging page, the claims behind its numbers, their exports, and who sees what."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import Inbox, claims_file, sent
from tests.integration.pages import (
    AS_OF,
    People,
    Visitor,
    people_of,
    standing_world,
    text_of,
    web_role,
)

from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.core.ages import bucket_labels
from sanderling.receivables.aging import (
    AgingQuestion,
    WrongQuestion,
    aging,
    cell_size,
    claims_in_cell,
    roll_forward,
)
from sanderling.receivables.forms import month_before

ASKED = {"as_of": AS_OF.isoformat(), "compare_to": "2026-01-10"}


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


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


def test_the_home_page_is_the_first_place_of_the_person(people: People) -> None:
    """Those who work claims begin with their worklist, a client's people with their portal."""
    for user, place in ((people.specialist, "/work/"), (people.client_user, "/portal/")):
        answer = Visitor(user).get("/")
        assert (answer.status_code, answer.headers["Location"]) == (302, place)


def test_numbers_on_the_page_are_those_of_the_command(people: People) -> None:
    page = text_of(Visitor(people.admin).get("/aging/", **ASKED, by="client", party="all"))
    answer = aging(AgingQuestion(as_of=AS_OF, by=("client",), party="all"))
    assert {row["client"] for row in answer.rows} == {"MINE", "THEIRS"}
    for row in [*answer.rows, answer.totals]:
        for column in (*answer.bucket_columns, "total_cents"):
            assert row[column] == 0 or money(row[column]) in page
    assert answer.totals["total_cents"] == 2000 + 17500 + 9000 + 31000
    assert "Data as of" in page
    assert "2026-01-20" in page


def test_a_specialist_sees_the_own_client_only(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/aging/", **ASKED, by="client", party="all"))
    assert "Mine Clinic" in page
    assert "Their Clinic" not in page
    assert money(31000) not in page
    assert money(2000 + 17500 + 9000) in page


def test_a_client_user_sees_the_aging_but_no_files(people: People) -> None:
    visitor = Visitor(people.client_user)
    assert visitor.get("/aging/", **ASKED).status_code == 200
    for address in ("/files/", "/suspense/"):
        assert visitor.get(address).status_code == 403
    assert 'href="/files/"' not in text_of(visitor.get("/aging/", **ASKED))


def test_a_stranger_sees_an_empty_page_that_says_what_to_do(people: People) -> None:
    page = text_of(Visitor(people.stranger).get("/aging/", **ASKED))
    assert "Nothing posted yet" in page
    assert "Bring in files" in page


def test_asking_for_a_client_not_ones_own_is_empty_not_wrong(people: People) -> None:
    answer = Visitor(people.specialist).get("/aging/", **ASKED, client="THEIRS", party="all")
    assert answer.status_code == 200
    assert "Nothing is owed" in text_of(answer)
    assert money(31000) not in text_of(answer)


def test_every_number_leads_to_its_claims(people: People) -> None:
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/aging/", **ASKED, by="payer", then_by="client", party="all"))
    links = set(re.findall(r'href="(/aging/claims/\?[^"]+)">([^<]+)<', page))
    assert len(links) > 6
    money_links = {(link, shown) for link, shown in links if "$" in shown}
    assert len(money_links) > 5
    for link, shown in money_links:
        parts = urlsplit(link.replace("&amp;", "&"))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        behind = text_of(visitor.get(parts.path, **asked))
        assert f'<strong class="figure">{shown}</strong>' in behind


def test_the_old_share_leads_to_the_old_claims(inbox: Inbox, people: People) -> None:
    late = {**ASKED, "as_of": "2026-05-20", "party": "all", "buckets": "10,20"}
    page = text_of(Visitor(people.admin).get("/aging/", **late))
    for days, cents in ((90, 2000 + 17500 + 9000 + 31000), (120, 2000 + 17500 + 9000 + 31000)):
        link = re.search(rf'href="([^"]+buckets={days}&amp;bucket=1)">([^<]+)<', page)
        assert link is not None
        assert link[2] == money(cents)
        parts = urlsplit(link[1].replace("&amp;", "&"))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        behind = text_of(Visitor(people.admin).get(parts.path, **asked))
        assert f'<strong class="figure">{money(cents)}</strong>' in behind


def test_the_change_is_against_the_day_compared_with(people: People) -> None:
    page = text_of(Visitor(people.specialist).get("/aging/", **ASKED, by=""))
    now = aging(AgingQuestion(as_of=AS_OF)).totals["total_cents"]
    mine = Client.objects.get(code="MINE")
    before = aging(AgingQuestion(as_of=date(2026, 1, 10), client_ids=(mine.pk,)))
    now = aging(AgingQuestion(as_of=AS_OF, client_ids=(mine.pk,))).totals["total_cents"]
    change = now - before.totals["total_cents"]
    assert change == 17500 - 15000 - 20000
    assert money(change) in page


def test_the_roll_forward_ties_and_says_so(people: People) -> None:
    page = text_of(Visitor(people.admin).get("/aging/", **ASKED, party="all"))
    roll = roll_forward(from_date=date(2026, 1, 10), to_date=AS_OF)
    assert roll.difference_cents == 0
    assert "ties to the cent" in page
    for cents in (
        roll.opening_cents,
        roll.charges_cents,
        roll.payments_cents,
        roll.adjustments_cents,
        roll.closing_cents,
    ):
        assert money(cents) in page


def test_the_json_export_is_what_the_command_prints(people: People) -> None:
    answer = Visitor(people.admin).get("/aging/", **ASKED, by="payer", format="json")
    document = json.loads(answer.content)
    expected = aging(AgingQuestion(as_of=AS_OF, by=("payer",)))
    assert document == {
        "as_of": AS_OF.isoformat(),
        "rows": [{name: row[name] for name in expected.columns} for row in expected.rows],
        "totals": expected.totals,
    }


def test_the_csv_export_has_one_header_row_and_whole_cents(people: People) -> None:
    answer = Visitor(people.admin).get("/aging/", **ASKED, by="client", format="csv")
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [row["client"] for row in rows] == ["MINE", "THEIRS"]
    assert rows[1]["total_cents"] == "31000"
    assert 'filename="aging-2026-03-05.csv"' in answer.headers["Content-Disposition"]


def test_the_xlsx_export_has_typed_cells(people: People) -> None:
    visitor = Visitor(people.admin)
    answer = visitor.get("/aging/claims/", **ASKED, client="THEIRS", format="xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    cells = dict(re.findall(r'<c r="([A-Z]+2)"([^>]*)>', sheet))
    assert len(re.findall(r"<row ", sheet)) == 3  # header, claim, total
    assert 't="' in cells["A2"]  # a text
    assert 't="' not in cells["H2"]  # the day of service: a number with a style
    assert 't="' not in cells["L2"]
    assert re.search(r'<c r="L2"[^>]*><v>310</v>', sheet)


def test_the_list_sorts_pages_and_is_written_down(people: People) -> None:
    visitor = Visitor(people.admin)
    page = text_of(visitor.get("/aging/claims/", **ASKED, sort="claim", party="all"))
    numbers = re.findall(r'">(A2|A3|B1|A/1 1)</a>', page)
    assert numbers == ["A/1 1", "A2", "A3", "B1"]
    assert 'aria-sort="ascending"' in page
    event = AuditEvent.objects.filter(action="claims.list").latest("pk")
    assert event.detail["rows"] == 4
    assert "FOREIGNER" not in json.dumps(event.detail)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("as_of", "2026-13-01"),
        ("as_of", "0001-01-01"),
        ("compare_to", "0001-01-01"),
        ("buckets", "30,20"),
        ("buckets", "many"),
        ("by", "secret"),
        ("basis", "whim"),
        ("compare_to", "2026-03-05"),
    ],
)
def test_nonsense_is_refused_with_the_form(people: People, name: str, value: str) -> None:
    answer = Visitor(people.admin).get("/aging/", **{**ASKED, name: value})
    assert answer.status_code == 422
    assert "is-invalid" in text_of(answer) or "alert-danger" in text_of(answer)


def test_the_page_takes_few_queries_however_much_there_is(inbox: Inbox, people: People) -> None:
    visitor = Visitor(people.admin)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert visitor.get("/aging/", **ASKED, party="all").status_code == 200
        return len(captured)

    queries()  # writes the session
    before = queries()
    many = [
        sent(f"M{number}", 100 + number, payer_id=f"P{number}", payer_name=f"PAYER {number}")
        for number in range(40)
    ]
    inbox.take(claims_file(*many, batch="B9", control=109), received_date=date(2026, 1, 6))
    assert queries() == before
    assert before <= 40


def test_cells_and_their_sizes_agree(people: People) -> None:
    question = AgingQuestion(as_of=AS_OF, party="all")
    for bucket in (None, 0, 1, 2, 3, 4):
        rows = claims_in_cell(question, bucket=bucket)
        size = cell_size(question, bucket=bucket)
        assert size.row_count == len(rows)
        assert size.balance_cents == sum(row["balance_cents"] for row in rows)
    by_age = claims_in_cell(question, order="age", is_descending=False)
    assert [row["age_days"] for row in by_age] == sorted(row["age_days"] for row in by_age)
    with pytest.raises(WrongQuestion):
        claims_in_cell(question, order="secret; DROP TABLE")


def test_rows_of_no_client_are_for_those_who_see_all(inbox: Inbox, people: People) -> None:
    (report,) = inbox.take(b"this is no X12", received_date=date(2026, 1, 7))
    assert report.file is not None
    assert report.status == "quarantined"
    address = f"/files/{report.file.pk}/"
    assert Visitor(people.admin).get(address).status_code == 200
    assert Visitor(people.specialist).get(address).status_code == 404
    with web_role(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM files_stored_file")
        assert cursor.fetchone() == (0,)


def test_names_of_buckets_and_months() -> None:
    assert bucket_labels((30, 60)) == ["0-30", "31-60", "Over 60"]
    assert month_before(date(2026, 3, 31)) == date(2026, 2, 28)
    assert month_before(date(2026, 1, 5)) == date(2025, 12, 5)
