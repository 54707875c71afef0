"""What payers paid beside what they should have: kept in step with remittances and contracts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_django.plugin import DjangoDbBlocker
from tests.builders import Inbox, rows, standing_inbox
from tests.integration.underpaid import (
    AT,
    TODAY,
    load_contract,
    reversal_and_correction,
    take_claims,
)

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.core.refusal import Refusal
from sanderling.pricing.actions import (
    bring_up_to_date,
    follow_decisions,
    rebuild,
    refresh,
    set_aside,
    take_up,
)
from sanderling.pricing.models import ClaimVariance, Decision, LineVariance, StalePrice
from sanderling.pricing.queries import variance_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    """A few claims of one client and payer, priced by their contract."""
    with (
        django_db_blocker.unblock(),
        standing_inbox(tmp_path_factory.mktemp("priced"), AT) as inbox,
    ):
        take_claims(inbox)
        load_contract()
        rebuild(TODAY, at=AT)
        yield inbox


@pytest.fixture
def inbox(standing: Inbox, db: None) -> Inbox:
    return standing


def variances() -> dict[str, tuple[int, str, bool]]:
    return {
        number: (cents, finding, queued)
        for number, cents, finding, queued in rows(
            "SELECT c.number, v.variance_cents, v.finding, v.is_queued"
            "  FROM pricing_line_variance v JOIN claims_claim c ON c.id = v.claim_id"
        )
    }


def worth_a_touch() -> dict[str, int]:
    return dict(
        rows(
            "SELECT c.number, v.variance_cents"
            "  FROM pricing_claim_variance v JOIN claims_claim c ON c.id = v.claim_id"
        )
    )


def test_lines_that_depart_are_kept_and_no_others(inbox: Inbox) -> None:
    assert variances() == {
        "SHORT": (-1210, "short", True),
        "LITTLE": (-210, "short", True),
        "OVER": (790, "over", True),
    }


def test_only_what_is_worth_a_touch_is_worked_claim_by_claim(inbox: Inbox) -> None:
    assert worth_a_touch() == {"SHORT": -1210}


def test_doing_it_again_changes_nothing(inbox: Inbox) -> None:
    before = rows("SELECT * FROM pricing_line_variance ORDER BY id")
    rebuild(TODAY, at=AT)
    assert refresh(TODAY, at=AT) == 0
    bring_up_to_date(TODAY, at=AT)
    assert rows("SELECT * FROM pricing_line_variance ORDER BY id") == before


def test_a_corrected_payment_ends_the_variance(inbox: Inbox) -> None:
    inbox.take(reversal_and_correction(), received_date=date(2026, 3, 1))
    assert refresh(TODAY, at=AT) == 1
    assert "SHORT" not in variances()
    assert worth_a_touch() == {}
    refreshed = rows("SELECT payment_id, variance_cents FROM pricing_line_variance ORDER BY 1")
    rebuild(TODAY, at=AT)
    again = rows("SELECT payment_id, variance_cents FROM pricing_line_variance ORDER BY 1")
    assert again == refreshed


def test_a_past_day_knows_what_had_been_received_by_then(inbox: Inbox) -> None:
    inbox.take(reversal_and_correction(), received_date=date(2026, 3, 1))

    def listed(day: date) -> list[str]:
        return [row["claim"] for row in variance_rows(day, today=TODAY, at=AT)]

    assert listed(TODAY) == ["LITTLE"]
    assert listed(date(2026, 2, 1)) == ["LITTLE", "SHORT"]
    assert listed(date(2026, 1, 19)) == []


def test_a_changed_contract_prices_its_lines_anew(inbox: Inbox) -> None:
    from tests.integration.underpaid import RATES

    load_contract(rates=RATES.replace(b"9210", b"9000"))
    assert StalePrice.objects.count() > 0
    refresh(TODAY, at=AT)
    assert StalePrice.objects.count() == 0
    assert variances()["SHORT"][0] == -1000
    assert "LITTLE" not in variances()


def test_a_person_sets_a_variance_aside_and_takes_it_up_again(inbox: Inbox) -> None:
    user = admin()
    one = LineVariance.objects.get(variance_cents=-1210)
    assert set_aside([one.pk], reason="agreed by phone", user=user, at=AT) == 1
    assert set_aside([one.pk], reason="agreed by phone", user=user, at=AT) == 0
    assert follow_decisions(TODAY, at=AT) == 1
    assert worth_a_touch() == {}
    assert [row["claim"] for row in variance_rows(TODAY, today=TODAY, at=AT)] == ["LITTLE"]
    rebuild(TODAY, at=AT)
    assert worth_a_touch() == {}
    take_up([one.pk], reason="the payer denies it", user=user, at=AT)
    follow_decisions(TODAY, at=AT)
    assert worth_a_touch() == {"SHORT": -1210}


def test_a_price_of_low_confidence_is_listed_and_not_worked(inbox: Inbox) -> None:
    one = LineVariance.objects.get(variance_cents=-1210)
    LineVariance.objects.filter(pk=one.pk).update(confidence="low")
    user = admin()
    set_aside([one.pk], reason="first", user=user, at=AT)
    follow_decisions(TODAY, at=AT)
    take_up([one.pk], reason="then", user=user, at=AT)
    follow_decisions(TODAY, at=AT)
    assert worth_a_touch() == {}
    assert [row["claim"] for row in variance_rows(TODAY, today=TODAY, at=AT)] == ["LITTLE", "SHORT"]


def test_nothing_is_set_aside_without_a_reason(inbox: Inbox) -> None:
    one = LineVariance.objects.get(variance_cents=-1210)
    with pytest.raises(Refusal, match="say why"):
        set_aside([one.pk], reason=" ", user=admin(), at=AT)
    assert Decision.objects.count() == 0


def admin() -> User:
    return create_user(
        email="a@x.test", name="a", role="admin", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip


def test_the_command_lists_what_was_paid_short(inbox: Inbox) -> None:
    document = asked("--as-of", "2026-02-01")
    assert [
        (row["claim"], row["line"], row["payer_id"], row["code"], row["allowed_cents"],
         row["expected_cents"], row["variance_cents"], row["basis"], row["confidence"])
        for row in document["rows"]
    ] == [
        ("LITTLE", 1, "ACME1", "99213", 9000, 9210, -210, "contract", "high"),
        ("SHORT", 1, "ACME1", "99213", 8000, 9210, -1210, "contract", "high"),
    ]  # fmt: skip
    assert document["totals"] == {
        "lines": 2, "allowed_cents": 17000, "expected_cents": 18420, "variance_cents": -1420,
    }  # fmt: skip


def test_the_command_lists_what_was_paid_over_when_asked(inbox: Inbox) -> None:
    (row,) = asked("--as-of", "2026-02-01", "--over")["rows"]
    assert (row["claim"], row["variance_cents"]) == ("OVER", 790)
    assert asked("--as-of", "2026-02-01", "--payer", "ACME1")["totals"]["lines"] == 2


def test_the_command_refuses_whom_it_does_not_know(inbox: Inbox) -> None:
    from sanderling.cli.underpayments import command

    for option in ("--client", "--payer"):
        result = CliRunner().invoke(command, [option, "NOBODY"])
        assert result.exit_code == 2
        assert "NOBODY" in result.output


def asked(*arguments: str) -> dict[str, Any]:
    from sanderling.cli.underpayments import command

    result = CliRunner().invoke(command, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_claims_worth_a_touch_know_their_party(inbox: Inbox) -> None:
    (found,) = ClaimVariance.objects.all()
    assert (found.party, found.lines, found.since_date) == (11, 1, date(2026, 1, 20))
