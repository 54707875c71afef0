"""Pages of reports: who sees what, what is asked is made, compositions are saved or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker
from tests.integration.pages import Visitor, text_of
from tests.integration.report_world import lead, standing_reports

from sanderling.accounts.actions import create_user
from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.reports.approving import approve
from sanderling.reports.asking import do_waiting
from sanderling.reports.models import Brand, Definition, Making, Report

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), standing_reports(tmp_path_factory):
        yield


@pytest.fixture
def clients(world: None) -> list[Client]:
    return list(Client.objects.order_by("pk"))


@pytest.fixture
def visitor(clients: list[Client]) -> Visitor:
    """A lead of the first client."""
    return Visitor(lead(clients[0]))


def report_of(client: Client) -> Report:
    return Report.objects.get(client=client, definition__preset="practice_manager")


def test_a_lead_sees_the_reports_of_his_clients_and_no_others(
    visitor: Visitor, clients: list[Client]
) -> None:
    mine, theirs = report_of(clients[0]), report_of(clients[1])
    page = text_of(visitor.get("/reports/"))
    assert f"/reports/{mine.pk}/" in page
    assert f"/reports/{theirs.pk}/" not in page
    for part in ("", "pdf/", "xlsx/", "claims/0/?of=cash&measure=cents"):
        assert visitor.get(f"/reports/{theirs.pk}/{part}").status_code == 404
    assert visitor.post(f"/reports/{theirs.pk}/again/").status_code == 404
    assert visitor.post(f"/reports/{theirs.pk}/note/", note="x").status_code == 404


@pytest.mark.parametrize("role", ["specialist", "client_user", "coder"])
def test_who_may_not_is_refused(clients: list[Client], role: str) -> None:
    user = create_user(email="no@x.test", name="No", role=role, password="correct-horse-battery",
                       client_ids=[clients[0].pk])  # fmt: skip
    report = report_of(clients[0])
    for address in ("/reports/", f"/reports/{report.pk}/", f"/reports/{report.pk}/pdf/",
                    "/reports/compositions/", "/reports/make/"):  # fmt: skip
        assert Visitor(user).get(address).status_code == 403


def test_every_number_of_the_page_leads_to_its_claims(
    visitor: Visitor, clients: list[Client]
) -> None:
    report = report_of(clients[0])
    page = text_of(visitor.get(f"/reports/{report.pk}/"))
    links = sorted(set(re.findall(rf'href="(/reports/{report.pk}/claims/[^"]+)"', page)))
    assert len(links) > 20
    for link in links[:: len(links) // 6]:
        answer = visitor.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "K0" in text_of(answer)
        assert "K1" not in text_of(answer)
    assert AuditEvent.objects.filter(action="report.claims").exists()
    told = visitor.get(f"{links[0].replace('&amp;', '&')}&format=csv")
    assert told["Content-Type"].startswith("text/csv")


def test_papers_are_sent_and_recorded(visitor: Visitor, clients: list[Client]) -> None:
    report = report_of(clients[0])
    paper = visitor.get(f"/reports/{report.pk}/pdf/")
    assert paper.content[:5] == b"%PDF-"
    assert paper["Content-Disposition"] == f'inline; filename="report-{report.pk}.pdf"'
    assert visitor.get(f"/reports/{report.pk}/xlsx/").content[:2] == b"PK"
    assert AuditEvent.objects.filter(action="report.pdf").count() == 1


def test_what_is_asked_for_is_made_by_the_worker_for_those_clients(
    visitor: Visitor, clients: list[Client]
) -> None:
    definition = Definition.objects.get(preset="executive")
    asked = {"definition": str(definition.pk), "clients": str(clients[0].pk),
             "from_date": "2026-02-01", "to_date": "2026-02-28"}  # fmt: skip
    answer = visitor.post("/reports/make/", **asked)
    making = Making.objects.get()
    assert answer["Location"] == f"/reports/making/{making.pk}/"
    assert "Waiting for the worker" in text_of(visitor.get(answer["Location"]))
    assert do_waiting(at=timezone.now()) == 1
    made = Report.objects.get(from_date=date(2026, 2, 1))
    assert (made.client, made.as_of_date) == (clients[0], date(2026, 2, 28))
    assert f"/reports/{made.pk}/" in text_of(visitor.get(answer["Location"]))
    assert do_waiting(at=timezone.now()) == 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"to_date": "2026-01-31"}, "The first day is after the last"),
        ({"provider": "12"}, "An NPI has ten digits"),
        ({"provider": "1234567893"}, "cannot be told for one provider"),
        ({"as_of": "2999-01-01"}, "The day is not over"),
    ],
)
def test_what_cannot_be_made_is_said_at_once(
    visitor: Visitor, clients: list[Client], wrong: dict[str, str], told: str
) -> None:
    definition = Definition.objects.get(preset="executive")
    asked = {"definition": str(definition.pk), "clients": str(clients[0].pk),
             "from_date": "2026-02-01", "to_date": "2026-02-28"}  # fmt: skip
    answer = visitor.post("/reports/make/", **(asked | wrong))
    assert (answer.status_code, Making.objects.count()) == (422, 0)
    assert told in text_of(answer)
    foreign = visitor.post("/reports/make/", **(asked | {"clients": str(clients[1].pk)}))
    assert (foreign.status_code, Making.objects.count()) == (422, 0)


def test_worked_out_again_the_page_says_so(visitor: Visitor, clients: list[Client]) -> None:
    report = report_of(clients[0])
    visitor.post(f"/reports/{report.pk}/again/")
    do_waiting(at=timezone.now() + timedelta(minutes=1))
    assert "every number is the same" in text_of(visitor.get(f"/reports/{report.pk}/"))


def test_a_note_stands_on_a_draft_only(visitor: Visitor, clients: list[Client]) -> None:
    report = report_of(clients[0])
    visitor.post(f"/reports/{report.pk}/note/", note="A good month.")
    report.refresh_from_db()
    assert report.note == "A good month."
    second = create_user(email="second@x.test", name="Second", role="lead",
                         password="long-enough-pass", client_ids=[clients[0].pk])  # fmt: skip
    approve(report.pk, user=second, at=timezone.now())
    answer = visitor.post(f"/reports/{report.pk}/note/", note="Another one.")
    assert answer.status_code == 302
    report.refresh_from_db()
    assert report.note == "A good month."


def test_a_composition_is_tried_saved_copied_and_archived(
    visitor: Visitor, clients: list[Client]
) -> None:
    blocks = {"use-aging": "1", "place-aging": "2", "by-aging": "provider",
              "use-headline": "1", "place-headline": "1"}  # fmt: skip
    tried = visitor.post(
        "/reports/compositions/new/", **blocks, preview="1", preview_client=str(clients[0].pk),
        from_date="2026-03-01", to_date="2026-03-31",
    )  # fmt: skip
    assert do_waiting(at=timezone.now()) == 1
    page = text_of(visitor.get(tried["Location"]))
    assert "nothing of it is kept" in page
    assert page.index("At a glance") < page.index("Receivables by age and provider")
    assert not Report.objects.filter(definition__preset="").exists()
    visitor.post("/reports/compositions/new/", **blocks, name="Ours", audience="executive",
                 client="", save="1")  # fmt: skip
    saved = Definition.objects.get(name="Ours")
    assert saved.blocks == [{"kind": "headline"}, {"kind": "aging", "by": "provider"}]
    again = visitor.post("/reports/compositions/new/", **blocks, name="Ours",
                         audience="executive", client="", save="1")  # fmt: skip
    assert again.status_code == 422
    assert "There is a composition of that name" in text_of(again)
    visitor.post(f"/reports/compositions/{saved.pk}/copy/")
    assert Definition.objects.get(name="Ours (copy)").blocks == saved.blocks
    visitor.post(f"/reports/compositions/{saved.pk}/archive/")
    assert Definition.objects.get(pk=saved.pk).is_archived


@pytest.mark.parametrize(
    "blocks",
    [{}, {"use-aging": "1", "by-aging": "moon"}, {"use-top_claims": "1", "rows-top_claims": "99"},
     {"use-kpis": "1", "keys-kpis": "no_response_rate"}],
)  # fmt: skip
def test_a_composition_that_cannot_be_is_refused(visitor: Visitor, blocks: dict[str, str]) -> None:
    answer = visitor.post("/reports/compositions/new/", **blocks, name="Bad",
                          audience="executive", client="", save="1")  # fmt: skip
    assert answer.status_code == 422
    assert not Definition.objects.filter(name="Bad").exists()


def test_what_came_with_the_product_is_copied_not_changed(visitor: Visitor) -> None:
    preset = Definition.objects.get(preset="executive")
    answer = visitor.post(f"/reports/compositions/{preset.pk}/", **{"use-aging": "1"},
                          name="Mine now", audience="executive", client="", save="1")  # fmt: skip
    assert answer.status_code == 422
    assert Definition.objects.get(pk=preset.pk).name == "Executive summary"


def test_the_letterhead_takes_a_small_picture_and_nothing_else(visitor: Visitor) -> None:
    logo = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
        "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
    )
    visitor.post("/reports/letterhead/", name="Gull Billing", lines="1 Quay\nAustin",
                 color="#336699", logo=SimpleUploadedFile("l.png", logo))  # fmt: skip
    kept = Brand.objects.get()
    assert (kept.name, kept.lines, bytes(kept.logo or b"")) == (
        "Gull Billing", ["1 Quay", "Austin"], logo
    )  # fmt: skip
    for wrong in ({"color": "red"}, {"logo": SimpleUploadedFile("l.svg", b"<svg/>")}):
        answer = visitor.post("/reports/letterhead/", name="X", lines="", **wrong)
        assert answer.status_code == 422
    assert Brand.objects.get().name == "Gull Billing"
