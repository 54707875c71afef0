"""What is named on the command line and is not there: wrong usage, said in one sentence."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner
from tests.builders import Inbox, claims_file, sent

from sanderling.cli.aging import command as aging
from sanderling.cli.appeal import command as appeal
from sanderling.cli.claims_show import show
from sanderling.cli.price import command as price
from sanderling.cli.proof import command as proof
from sanderling.cli.rebill import command as rebill

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("command", [appeal, show, price, proof, rebill], ids=lambda one: one.name)
def test_a_claim_that_is_not_there_is_wrong_usage(command: click.Command) -> None:
    answer = CliRunner().invoke(command, ["NOBODY", "C1"])

    assert answer.exit_code == 2, answer.exception
    assert answer.stdout == ""
    assert "client NOBODY has no claim C1" in answer.stderr


def test_a_group_that_is_named_twice_is_named_once(inbox: Inbox) -> None:
    inbox.take(claims_file(sent("C1")))

    answer = CliRunner().invoke(aging, ["--by", "client, client,payer", "--format", "json"])

    assert answer.exit_code == 0, answer.exception
    (row,) = json.loads(answer.stdout)["rows"]
    assert list(row)[:3] == ["client", "payer", "count"]
