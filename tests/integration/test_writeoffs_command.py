"""`sanderling write-offs`: a dry run changes nothing, and what is approved is posted once."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner, Result
from tests.builders import Inbox, balances, claims_file, sent

from sanderling.cli.write_offs import command
from sanderling.writeoffs.models import WriteOff

pytestmark = pytest.mark.django_db


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


def test_small_balances_from_the_dry_run_to_the_ledger(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("A1", 150), sent("A3", 5)), received_date=date(2026, 1, 5))
    shown = run("small", "--format", "json")
    document = json.loads(shown.stdout)
    assert [(row["claim"], row["balance_cents"]) for row in document["rows"]] == [("A3", 500)]
    assert document["totals"] == {"balances": 1, "balance_cents": 500}
    assert "nothing was changed" in shown.stderr
    assert (WriteOff.objects.count(), balances()["A3"]) == (0, {11: 500})
    applied = run("small", "--apply", "--format", "json")
    assert applied.exit_code == 0
    assert "1 balances written off, 500 cents" in applied.stderr
    assert (WriteOff.objects.get().actor, "A3" in balances()) == ("policy", False)
    assert balances()["A1"] == {11: 15_000}
    assert json.loads(run("small", "--format", "json").stdout)["rows"] == []
    assert "0 write-offs posted" in run("post").stderr
