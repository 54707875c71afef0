"""What contracts are worth, and what-ifs, from files to pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import rows, standing_inbox
from tests.integration.pages import Visitor, make_people, text_of, web_role
from tests.integration.underpaid import AT, TODAY, load_contract, take_claims

from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.contracts.importing import RateSheet
from sanderling.contracts.models import Contract, ContractVersion
from sanderling.core.contracts.worth import Costs
from sanderling.core.refusal import Refusal
from sanderling.evaluation.actions import Change, work_out_what_if
from sanderling.evaluation.lines_page import UNKNOWN_PAYER, Asked, lines_behind, sums_of
from sanderling.evaluation.models import WhatIf, WhatIfSet
from sanderling.evaluation.printing import several_pdf, what_if_pdf
from sanderling.evaluation.several import (
    answer,
    answer_waiting,
    ask_about_several,
    code_rows,
    contract_rows,
    progress_of,
    total_of,
)
from sanderling.evaluation.worth_page import worth_of
from sanderling.mirror.actions import refresh as refresh_mirror
from sanderling.payers.models import Payer
from sanderling.pricing.actions import rebuild

pytestmark = pytest.mark.django_db
COSTS = Costs(money_rate=Decimal("0.08"), touch_cents=600)
FIVE = Change(percent=Decimal(5))


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Five claims of one client and payer under a contract, in the mirror."""
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("worth"), AT) as inbox:
        take_claims(inbox)
        load_contract()
        rebuild(today=TODAY, at=AT)
        refresh_mirror(today=TODAY, at=AT)
        yield


@pytest.fixture
def version(standing: None, db: None) -> ContractVersion:
    return ContractVersion.objects.get()


@pytest.fixture
def visitor(version: ContractVersion) -> Visitor:
    return Visitor(make_people(Client.objects.get()).admin)


def test_yields_of_a_payer_tell_what_it_refuses_and_pays_short(version: ContractVersion) -> None:
    found = worth_of([version.client_id], None, COSTS, by="payer", today=TODAY)

    (row,) = found.rows
    # 92.10 + 80.00 + 90.00 + 100.00 allowed; the fifth line stands refused.
    assert (row["lines"], row["denied_lines"], row["allowed_cents"]) == (5, 1, 36210)
    assert row["yield_rate"] == pytest.approx(1.0, abs=0.001)  # a payer alone, by the own average
    assert row["denied_reference_cents"] == 9052  # the average of four: 90.525, to even
    assert row["leakage_cents"] == 1210 + 210
    assert row["is_few"]
    assert [group["title"] for group in found.groups] == ["Visits (E/M)"]


def test_each_number_is_the_sum_of_the_lines_behind_it(version: ContractVersion) -> None:
    (row,) = worth_of([version.client_id], None, COSTS, by="payer", today=TODAY).rows

    def behind(what: str, group: str = "") -> list[dict[str, Any]]:
        asked = Asked([version.client_id], version.contract.payer_id, what, group)
        return lines_behind(asked, today=TODAY)

    assert len(behind("all")) == row["lines"]
    assert sums_of(behind("allowed"))["allowed_cents"] == row["allowed_cents"]
    compared = sums_of(behind("compared"))
    assert compared["allowed_cents"] == row["compared_cents"]
    assert compared["reference_cents"] == row["reference_cents"]
    refused = behind("refused")
    assert len(refused) == row["denied_lines"] == 1
    assert sums_of(refused)["reference_cents"] == row["denied_reference_cents"]
    assert -sums_of(behind("short"))["variance_cents"] == row["leakage_cents"] == 1420
    assert sums_of(behind("touches")).get("touches", 0) == row["touches"]
    assert len(behind("all", "evaluation")) == 5
    assert behind("all", "drug") == []
    assert lines_behind(Asked([version.client_id], UNKNOWN_PAYER), today=TODAY) == []
    assert lines_behind(Asked([version.client_id + 1]), today=TODAY) == []


def test_the_lines_behind_a_number_are_listed_and_exported_typed(
    visitor: Visitor, version: ContractVersion
) -> None:
    payer = version.contract.payer.payer_id
    with web_role():
        page = text_of(visitor.get("/contract-value/"))
        listed = text_of(visitor.get("/contract-value/lines/", payer=payer, what="refused"))
        found = json.loads(
            visitor.get("/contract-value/lines/", payer=payer, format="json").content
        )
    assert f"/contract-value/lines/?payer={payer}&amp;what=refused" in page
    assert "Lines that stand refused" in listed
    assert "1 line," in listed
    assert (len(found["rows"]), found["totals"]["allowed_cents"]) == (5, 36210)
    assert {type(row["charge_cents"]) for row in found["rows"]} == {int}


def test_a_chart_has_only_payers_with_lines_enough(version: ContractVersion) -> None:
    found = worth_of([version.client_id], None, COSTS, by="payer", today=TODAY)
    of_few = found.chart
    assert of_few is None
    found.rows[0]["is_few"] = False
    chart = found.chart
    assert chart is not None
    assert chart["series"][0]["values"] == [found.rows[0]["yield_rate"]]
    assert [one["value"] for one in chart["levels"]] == [1.0]
    assert found.total is not None
    found.total["yield_rate"] = 0.9
    both = found.chart
    assert both is not None
    assert [one["text"] for one in both["levels"]] == ["Reference", "All"]


def test_clients_that_are_not_asked_for_are_not_read(version: ContractVersion) -> None:
    found = worth_of([version.client_id + 1], None, COSTS, by="payer", today=TODAY)

    assert (found.rows, found.total) == ([], None)


def test_five_percent_more_is_repriced_and_kept(version: ContractVersion) -> None:
    kept = work_out_what_if(version, FIVE, title="", by=None, at=AT)

    # Five lines at 92.10; five percent more is 96.705, rounded half up in the fee schedule.
    assert (kept.lines, kept.now_cents, kept.then_cents) == (5, 5 * 9210, 5 * 9671)
    assert kept.title == kept.change == "+5 % on all rates"
    assert kept.by_code == [["99213", 5, 5.0, 46050, 48355, 2305]]
    event = AuditEvent.objects.get(action="contract.what_if")
    assert (event.subject_id, event.detail) == (str(kept.pk), {"version": version.pk, "lines": 5})


def test_a_proposed_sheet_and_terms_replace_those_agreed(
    version: ContractVersion,
) -> None:
    sheet = RateSheet("new.csv", b"code,allowed_cents\n99213,20000\n")
    change = Change(sheet=sheet, terms="lesser_of_charge = true\n")

    kept = work_out_what_if(version, change, title="Offer", by=None, at=AT)

    assert kept.then_cents == 5 * 15000  # limited to the charge
    assert kept.change == "proposed fee schedule, proposed terms"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (Change(), "Propose something: a percentage, terms or a fee schedule."),
        (
            Change(percent=Decimal(1), codes="9921?"),
            "9921? is no code, range (70010-79999) or beginning (J*).",
        ),
        (Change(terms="speed = 1"), "The key speed is unknown in a terms file."),
        (
            Change(sheet=RateSheet("new.csv", b"code,allowed_cents\n99213,dear\n")),
            "1 rows of the proposed fee schedule cannot be read; the first is row 2.",
        ),
    ],
)
def test_what_cannot_be_worked_out_is_refused_and_nothing_is_kept(
    version: ContractVersion, change: Change, sentence: str
) -> None:
    with pytest.raises(Refusal) as refused:
        work_out_what_if(version, change, title="", by=None, at=AT)

    assert refused.value.sentence == sentence
    assert not WhatIf.objects.exists()


def test_the_pages_show_an_answer_its_export_and_its_print(
    visitor: Visitor, version: ContractVersion
) -> None:
    with web_role():
        assert "Contract value" in text_of(visitor.get("/contract-value/"))
        assert visitor.get("/contract-value/", format="csv", by="contract").status_code == 200
        asked = visitor.post("/contract-value/what-if/", version=str(version.pk), percent="5")
        assert asked.status_code == 302
        answer = text_of(visitor.get(asked["Location"]))
        listed = text_of(visitor.get("/contract-value/what-if/"))
        export = visitor.get(asked["Location"], format="csv")
        printed = visitor.get(f"{asked['Location']}pdf/")
    kept = WhatIf.objects.get()
    assert f"{kept.change_cents / 100:,.2f}" in answer
    assert "+5 % on all rates" in listed
    assert export.content.decode().splitlines()[0] == (
        "procedure,lines,units,now_cents,then_cents,change_cents"
    )
    assert printed.content.startswith(b"%PDF")
    assert what_if_pdf(kept, []).startswith(b"%PDF")


def test_a_question_without_a_proposal_comes_back_with_the_form(
    visitor: Visitor, version: ContractVersion
) -> None:
    with web_role():
        answer = visitor.post("/contract-value/what-if/", version=str(version.pk))

    assert answer.status_code == 422
    assert "Propose a percentage, a fee schedule or terms." in text_of(answer)
    assert not WhatIf.objects.exists()


def test_answers_are_seen_by_own_people_only_and_never_change(version: ContractVersion) -> None:
    kept = work_out_what_if(version, FIVE, title="", by=None, at=AT)
    own, other = f"{{{version.client_id}}}", f"{{{version.client_id + 1}}}"
    for clients, role, seen in (
        (own, "manager", 1),
        (other, "manager", 0),
        (own, "client_user", 0),
    ):
        with web_role():
            rows("SELECT set_config('sanderling.client_ids', %s, true)", [clients])
            rows("SELECT set_config('sanderling.role', %s, true)", [role])
            assert WhatIf.objects.filter(pk=kept.pk).count() == seen
    with pytest.raises(DatabaseError, match="evaluation_what_if"), transaction.atomic():
        WhatIf.objects.filter(pk=kept.pk).update(title="other")


def test_all_contracts_of_a_payer_are_repriced_one_by_one(version: ContractVersion) -> None:
    admin = make_people(Client.objects.get()).admin
    payer = version.contract.payer
    asked = ask_about_several(FIVE, payer=payer, client=None, title="", by=admin, at=AT)

    assert (asked.version_ids, asked.client_ids) == ([version.pk], [version.client_id])
    assert progress_of(asked) == (0, 1)
    assert answer_waiting(at=AT) == 1
    asked.refresh_from_db()
    (row,) = contract_rows(asked)
    assert (row["now_cents"], row["then_cents"]) == (5 * 9210, 5 * 9671)
    assert total_of([row])["change_cents"] == 2305
    (code,) = code_rows(list(asked.answers.all()))
    assert (code["procedure"], code["lines"], code["change_cents"]) == ("99213", 5, 2305)
    assert (progress_of(asked), asked.finished_at) == ((1, 1), AT)
    assert answer_waiting(at=AT) == 0
    answer(asked, at=AT)
    assert WhatIf.objects.count() == 1
    assert several_pdf(asked, [row], [code], total_of([row])).startswith(b"%PDF")


def test_what_was_interrupted_goes_on_and_what_cannot_be_answered_says_why(
    version: ContractVersion,
) -> None:
    admin = make_people(Client.objects.get()).admin
    contract = version.contract
    other = Payer.objects.create(payer_id="NOLINES", name="No lines", created_at=AT)
    contract_of_other = Contract.objects.create(client=contract.client, payer=other, made_at=AT)
    copy = ContractVersion.objects.get(pk=version.pk)
    copy.pk, copy.contract = None, contract_of_other
    copy.save(force_insert=True)
    asked = ask_about_several(FIVE, payer=None, client=contract.client, title="", by=admin, at=AT)
    assert len(asked.version_ids) == 2
    work_out_what_if(version, FIVE, title="", by=None, at=AT, part_of=asked)
    answer_waiting(at=AT)
    asked.refresh_from_db()
    assert asked.answers.count() == 1
    assert asked.refused == [
        [copy.pk, "Nothing was billed to this payer in the last twelve months."]
    ]
    assert progress_of(asked) == (2, 2)


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"percent": "5"}, "Choose a payer or a client"),
        ({"percent": "5", "client": "1", "codes": "9921?"}, "is no code"),
        ({"client": "1"}, "This field is required"),
    ],
)
def test_a_question_about_nothing_is_refused(
    visitor: Visitor, version: ContractVersion, asked: dict[str, str], match: str
) -> None:
    if "client" in asked:
        asked = {**asked, "client": str(version.client_id)}
    with web_role():
        answered = visitor.post("/contract-value/what-if/several/", **asked)
    assert answered.status_code == 422
    assert match in text_of(answered)
    assert not WhatIfSet.objects.exists()


def test_pages_of_several_contracts_show_progress_answer_export_and_print(
    visitor: Visitor, version: ContractVersion
) -> None:
    payer = str(version.contract.payer_id)
    with web_role():
        asked = visitor.post("/contract-value/what-if/several/", payer=payer, percent="5")
        waiting = text_of(visitor.get(asked["Location"]))
        listed = text_of(visitor.get("/contract-value/what-if/"))
    assert "0 of 1 contracts are worked out" in waiting
    assert "being worked out" in listed
    answer_waiting(at=AT)
    with web_role():
        state = text_of(visitor.get(f"{asked['Location']}state/"))
        rows = json.loads(visitor.get(asked["Location"], format="json").content)
        codes = json.loads(visitor.get(asked["Location"], by="code", format="json").content)
        printed = visitor.get(f"{asked['Location']}pdf/")
        alone = text_of(visitor.get("/contract-value/what-if/"))
    assert "hx-get" not in state
    assert "$23.05" in state
    assert rows["totals"]["change_cents"] == 2305
    assert [row["procedure"] for row in codes["rows"]] == ["99213"]
    assert printed.content.startswith(b"%PDF")
    assert "Nothing asked yet" in alone  # parts are not listed beside the question


def test_a_question_about_several_is_of_who_sees_all_and_never_changes(
    version: ContractVersion,
) -> None:
    people = make_people(Client.objects.get())
    asked = ask_about_several(
        FIVE, payer=version.contract.payer, client=None, title="", by=people.admin, at=AT
    )
    address = f"/contract-value/what-if/several/{asked.pk}/"
    with web_role():
        assert Visitor(people.specialist).get(address).status_code == 200
        assert Visitor(people.stranger).get(address).status_code == 404
        assert Visitor(people.client_user).get(address).status_code == 403
    answer_waiting(at=AT)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        WhatIfSet.objects.filter(pk=asked.pk).update(title="other")
