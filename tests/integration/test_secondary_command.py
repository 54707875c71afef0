"""`sanderling secondary`: lists, bills, and says what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from pytest_django import DjangoDbBlocker
from tests.integration.next_payers import kept_world

from sanderling.cli.secondary import command
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.secondary_models import SecondaryClaim

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory):
        yield


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


def test_the_list_has_claims_with_reasons_and_a_total() -> None:
    document = json.loads(run("list", "--state", "asks", "--format", "json").stdout)

    assert {row["claim"]: row["reason"] for row in document["rows"]} == {
        "M1": "msp",
        "U1": "coverage",
        "X2": "crossover_late",
    }
    assert document["totals"] == {"claims": 3, "balance_cents": 7200}


def test_claims_are_billed_by_number_and_what_cannot_go_ends_with_1() -> None:
    done = run("bill", "MINE", "R1", "X1")

    file = OutboundFile.objects.get()
    assert done.exit_code == 1
    assert done.stdout == f"{file.name}\t1\n"
    assert "X1: ACME HEALTH passed the claim on" in done.stderr
    assert "1 claims billed, 2400 cents" in done.stderr


def test_the_third_payer_is_billed_by_its_option() -> None:
    assert run("bill", "MINE", "T1", "--third").exit_code == 0
    assert SecondaryClaim.objects.get().party == 13


def test_all_that_can_go_goes() -> None:
    assert "4 claims billed, 25200 cents" in run("bill", "MINE", "--all").stderr


@pytest.mark.parametrize(
    "words", [("NOBODY", "R1"), ("MINE",), ("MINE", "R9"), ("MINE", "R1", "--all")]
)
def test_what_is_not_understood_ends_with_2_and_writes_nothing(words: tuple[str, ...]) -> None:
    assert run("bill", *words).exit_code == 2
    assert not OutboundFile.objects.exists()
