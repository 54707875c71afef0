"""Claims that a payer paid short and wrote down itself: in the worklist, not in receivables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import click
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
from sanderling.barriers.actions import refresh_stale
from sanderling.barriers.queries import barrier_rows
from sanderling.config.checks import _work_items
from sanderling.pricing.actions import follow_decisions, rebuild, refresh, set_aside
from sanderling.pricing.models import LineVariance
from sanderling.receivables.aging import AgingQuestion, aging
from sanderling.receivables.aging_variance import aging_with_variance
from sanderling.worklists.models import Departure, WorkItem
from sanderling.worklists.ranking import Wanted, ranked_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    """A few claims of one client and payer, priced by their contract, with their barriers."""
    folder = tmp_path_factory.mktemp("short")
    with django_db_blocker.unblock(), standing_inbox(folder, AT) as inbox:
        take_claims(inbox)
        load_contract()
        refresh_stale(TODAY)
        rebuild(TODAY, at=AT)
        yield inbox


@pytest.fixture
def inbox(standing: Inbox, db: None) -> Inbox:
    return standing


def items() -> dict[tuple[str, int], tuple[int, int, str]]:
    return {
        (one.claim_number, one.party): (one.balance_cents, one.variance_cents, one.barrier)
        for one in WorkItem.objects.all()
    }


def test_the_worklist_has_it_with_balance_zero(inbox: Inbox) -> None:
    found = items()
    assert found["SHORT", 11] == (0, -1210, "underpaid")
    assert ("LITTLE", 11) not in found  # under the threshold: belongs to patterns
    assert found["SHORT", 14][0] == 1800  # what the patient owes stands beside it
    item = WorkItem.objects.get(claim_number="SHORT", party=11)
    assert (item.next_action, item.team, item.payer_name) == (
        "dispute_underpayment", "contracts", "ACME HEALTH",
    )  # fmt: skip
    assert item.value_cents > 0


def test_receivables_do_not_know_it(inbox: Inbox) -> None:
    (by_barrier,) = rows("SELECT sum(balance_cents)::bigint FROM barriers_barrier")
    (on_books,) = rows("SELECT sum(balance_cents)::bigint FROM ledger_open_balance")
    (in_list,) = rows("SELECT sum(balance_cents)::bigint FROM worklists_work_item")
    assert by_barrier == on_books == in_list
    assert _work_items().startswith("each of")


def test_the_order_of_the_day_says_what_is_short(inbox: Inbox) -> None:
    ranked = {
        (row["claim"], row["party"]): row
        for row in ranked_rows(TODAY, today=TODAY, wanted=Wanted())
    }
    row = ranked["SHORT", "primary"]
    assert (row["balance_cents"], row["variance_cents"]) == (0, -1210)
    assert row["value_cents"] > 0


def test_a_past_day_has_it_too(inbox: Inbox) -> None:
    day = date(2026, 2, 2)
    ranked = list(ranked_rows(day, today=TODAY, wanted=Wanted()))
    (row,) = [row for row in ranked if (row["claim"], row["party"]) == ("SHORT", "primary")]
    assert (row["balance_cents"], row["variance_cents"]) == (0, -1210)


def test_it_leaves_when_the_payer_pays(inbox: Inbox) -> None:
    inbox.take(reversal_and_correction(), received_date=date(2026, 3, 4))
    refresh_stale(TODAY)
    refresh(TODAY, at=AT)
    assert ("SHORT", 11) not in items()
    assert Departure.objects.filter(party=11, barrier="underpaid").count() == 1


def test_it_leaves_when_it_is_set_aside(inbox: Inbox) -> None:
    user = create_user(
        email="a@x.test", name="a", role="admin", password="correct-horse-battery",
        sees_all_clients=True,
    )  # fmt: skip
    one = LineVariance.objects.get(variance_cents=-1210)
    set_aside([one.pk], reason="agreed by phone", user=user, at=AT)
    follow_decisions(TODAY, at=AT)
    assert ("SHORT", 11) not in items()


def test_keeping_it_again_changes_nothing(inbox: Inbox) -> None:
    before = rows("SELECT * FROM worklists_work_item ORDER BY id")
    rebuild(TODAY, at=AT)
    refresh_stale(TODAY)
    assert rows("SELECT * FROM worklists_work_item ORDER BY id") == before


@pytest.mark.parametrize("day", [TODAY, date(2026, 2, 2)])
def test_barriers_have_it_only_when_asked(inbox: Inbox, day: date) -> None:
    plain = list(barrier_rows(day, today=TODAY, by_party=True))
    assert ("SHORT", "primary") not in {(row["claim"], row["party"]) for row in plain}
    assert "variance_cents" not in plain[0]
    more = list(barrier_rows(day, today=TODAY, by_party=True, with_variance=True))
    (row,) = [row for row in more if (row["claim"], row["party"]) == ("SHORT", "primary")]
    assert (row["balance_cents"], row["variance_cents"], row["barrier"]) == (0, -1210, "underpaid")
    assert len(more) == len(plain) + 1
    assert sum(row["balance_cents"] for row in more) == sum(row["balance_cents"] for row in plain)


def test_the_row_of_a_claim_tells_what_is_short(inbox: Inbox) -> None:
    from sanderling.cli.barriers import command

    document = asked(command, "--as-of", "2026-02-02", "--with-variance")
    (row,) = [row for row in document["rows"] if row["claim"] == "SHORT"]
    assert (row["balance_cents"], row["variance_cents"]) == (1800, -1210)
    assert document["totals"]["variance_cents"] == -1210
    plain = asked(command, "--as-of", "2026-02-02")
    assert plain["totals"]["balance_cents"] == document["totals"]["balance_cents"]


@pytest.mark.parametrize("day", [TODAY, date(2026, 2, 2)])
def test_aging_has_it_beside_the_buckets(inbox: Inbox, day: date) -> None:
    question = AgingQuestion(as_of=day, by=("client", "payer"))
    plain, more = aging(question), aging_with_variance(question, today=TODAY)
    (row,) = [row for row in more.rows if row["variance_cents"]]
    assert (row["payer"], row["variance_count"], row["variance_cents"]) == ("ACME1", 1, -1210)
    for name in plain.totals:
        assert more.totals[name] == plain.totals[name]


def test_the_aging_command_prints_it(inbox: Inbox) -> None:
    from sanderling.cli.aging import command

    document = asked(command, "--as-of", "2026-02-02", "--with-variance")
    assert (document["totals"]["variance_count"], document["totals"]["variance_cents"]) == (
        1, -1210,
    )  # fmt: skip


def asked(command: click.Command, *arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document
