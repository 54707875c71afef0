"""Proofs: the files behind one's own claims, also those with others in them; nobody else's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests import builders
from tests.builders import Inbox, claims_file, rows, sent
from tests.integration.pages import (
    FOREIGN_NPI,
    FOREIGN_TIN,
    Visitor,
    make_client,
    make_people,
    web_role,
)
from tests.integration.test_proofs import acceptance, syntax

from sanderling.claims.models import Claim, Submission
from sanderling.proofs.lineage import lineages

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings, db: None) -> Inbox:
    """A folder to drop files into, and a place of their own for originals."""
    settings.SANDERLING_HOME = tmp_path / "home"
    (tmp_path / "in").mkdir()
    return Inbox(tmp_path / "in")


@pytest.fixture
def claims(inbox: Inbox) -> tuple[Claim, Claim]:
    """A claim of each of two clients, sent in files of their own, answered by 999s."""
    mine = make_client("MINE", "Maple", builders.NPI, builders.TIN)
    theirs = make_client("THEIRS", "Oak", FOREIGN_NPI, FOREIGN_TIN)
    inbox.take(
        claims_file(sent("A1", 150), control=101),
        claims_file(
            sent("X1", 150, patient="FOREIGNER*FRANK"), npi=FOREIGN_NPI, tin=FOREIGN_TIN,
            batch="BX", control=102,
        ),
        syntax(101), syntax(102),
        acceptance("A1", control=301),
    )  # fmt: skip
    return Claim.objects.get(client=mine), Claim.objects.get(client=theirs)


def test_the_links_are_those_of_visible_clients(claims: tuple[Claim, Claim]) -> None:
    mine, theirs = claims
    both = [mine.pk, theirs.pk]
    with web_role():
        rows("SELECT set_config('sanderling.client_ids', %s, true)", [f"{{{mine.client_id}}}"])
        found = lineages(both)
        assert [link.kind for link in found.pop(mine.pk)[0].links] == ["837", "999", "277CA"]
        assert found == {}
        rows("SELECT set_config('sanderling.client_ids', '', true)")
        assert lineages(both) == {}


def test_strangers_get_no_page_and_no_exhibit(claims: tuple[Claim, Claim]) -> None:
    mine, theirs = claims
    people = make_people(mine.client)
    sent_id = Submission.objects.get(claim=theirs).pk
    for address in (f"/claims/{theirs.pk}/proof/", f"/claims/{theirs.pk}/proof/{sent_id}/exhibit/",
                    f"/claims/{mine.pk}/proof/{sent_id}/exhibit/"):  # fmt: skip
        assert Visitor(people.specialist).get(address).status_code == 404, address
    assert Visitor(people.stranger).get(f"/claims/{mine.pk}/proof/").status_code == 404


def test_the_unguarded_function_is_not_for_the_web(claims: tuple[Claim, Claim]) -> None:
    assert rows(
        "SELECT has_function_privilege('sanderling_app', 'proofs_links_of(bigint[])', 'EXECUTE'),"
        " has_function_privilege('sanderling_app', 'proofs_visible_links(bigint[])', 'EXECUTE')"
    ) == [(False, True)]


def test_a_shared_file_is_told_of_ones_own_claim_only(inbox: Inbox) -> None:
    mine = make_client("MINE", "Maple", builders.NPI, builders.TIN)
    make_client("THEIRS", "Oak", FOREIGN_NPI, FOREIGN_TIN)
    one = claims_file(sent("A1", 150), control=101)
    two = claims_file(
        sent("X1", 150, patient="FOREIGNER*FRANK"), npi=FOREIGN_NPI, tin=FOREIGN_TIN, control=102
    )
    inbox.take(one + two, received_date=date(2026, 1, 5))
    claim = Claim.objects.get(client=mine)
    people = make_people(mine)
    page = Visitor(people.specialist).get(f"/claims/{claim.pk}/proof/").content.decode()
    assert "segment" in page
    assert "FOREIGNER" not in page
    assert "X1" not in page
