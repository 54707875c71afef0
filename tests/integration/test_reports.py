"""Reports: their numbers are the command line's, lead to claims, and stay what they were."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pypdf
import pytest
from click.testing import CliRunner
from django.db import DatabaseError, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import Inbox, paid, remittance_file
from tests.integration.report_world import (
    AT,
    FIRST,
    LAST,
    OTHER_NPI,
    OTHER_TIN,
    block_of,
    cells,
    figures,
    of_march,
    standing_reports,
)

from sanderling.cli.main import cli
from sanderling.clients.models import Client
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_columns
from sanderling.core.refusal import Refusal
from sanderling.core.trends.findings import SIBLINGS, Description, Finding
from sanderling.issues import actions as issue_actions
from sanderling.issues import queries as issue_queries
from sanderling.prevention.models import ActionStep, PreventiveAction
from sanderling.reports import blocks_why
from sanderling.reports.behind import NotBehind, rows_behind
from sanderling.reports.book import Book, Part, Span
from sanderling.reports.comparing import make_again
from sanderling.reports.making import hash_of, make_reports
from sanderling.reports.models import Definition, Report, State
from sanderling.reports.rendering import pdf_of
from sanderling.reports.workbook import xlsx_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    with django_db_blocker.unblock(), standing_reports(tmp_path_factory) as inbox:
        yield inbox


@pytest.fixture
def report(world: Inbox) -> Report:
    """The practice manager's report of the second client."""
    return Report.objects.filter(definition__preset="practice_manager").latest("client_id")


def asked(*arguments: str) -> dict[str, Any]:
    """Return what the command line answers as JSON."""
    answer = CliRunner().invoke(cli, [*arguments, "--format", "json"], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_receivables_are_those_of_the_command(report: Report) -> None:
    of = ("--as-of", "2026-03-31", "--client", report.client.code)
    found = asked("aging", "--by", "payer_name", *of)
    shown = {row["group"]: row for row in cells(report, "aging")}
    assert found["rows"]
    names = [*bucket_columns(DEFAULT_BUCKETS), "total_cents"]
    assert {row["payer_name"]: [row[name] for name in names] for row in found["rows"]} == {
        name: [row[key] for key in names] for name, row in shown.items()
    }
    assert figures(report, "aging") == {
        "total_cents": found["totals"]["total_cents"],
        "credits_cents": found["totals"]["credits_cents"],
    }
    assert figures(report, "headline")["owed"] == found["totals"]["total_cents"] == 140_000
    whole = asked("aging", "--party", "all", *of)["totals"]
    closing = block_of(report, "movement")["tables"][0]["total"]["cells"]["cents"]
    assert closing == whole["total_cents"] + whole["credits_cents"]


def test_reasons_are_those_of_the_command(report: Report) -> None:
    of = ("--as-of", "2026-03-31", "--client", report.client.code)
    found = asked("barriers", "--by-party", *of)
    sums: dict[str, list[int]] = {}
    for row in found["rows"]:
        one = sums.setdefault(row["barrier"], [0, 0])
        one[0] += 1
        one[1] += row["balance_cents"]
    block = block_of(report, "barriers")["tables"][0]
    shown = {
        row["where"]["barrier"]: [row["cells"]["count"], row["cells"]["cents"]]
        for row in block["rows"]
    }
    assert shown == sums
    assert block["total"]["cells"]["cents"] == found["totals"]["balance_cents"]
    claims = cells(report, "top_claims")
    assert [row["cents"] for row in claims] == sorted(
        (row["balance_cents"] for row in found["rows"] if row["party"] != "patient"), reverse=True
    )


def test_key_figures_are_those_of_the_command(report: Report) -> None:
    found = asked(
        "kpis", "--by", "client", "--client", report.client.code, "--from", "2026-03-01",
        "--to", "2026-03-31", "--as-of", "2026-04-10",
    )["rows"][0]  # fmt: skip
    shown = figures(report, "kpis") | figures(report, "denials")
    assert len(shown) == 12
    assert shown == {key: found[key] for key in shown}
    assert shown["overturn_rate"] == 1.0
    assert shown["denial_rate"] == 0.0  # nothing was denied at first in March


def test_money_paid_short_is_that_of_the_command(report: Report) -> None:
    found = asked("underpayments", "--as-of", "2026-03-31", "--client", report.client.code)
    shown = figures(report, "underpayments")
    assert shown["lines"] == found["totals"]["lines"]
    assert shown["short_cents"] == -found["totals"]["variance_cents"]
    assert [row["cents"] for row in cells(report, "underpayments", 1)] == sorted(
        (-row["variance_cents"] for row in found["rows"]), reverse=True
    )
    assert shown["short_cents"] > 0


def test_cash_to_come_is_that_of_the_command(report: Report) -> None:
    found = asked("forecast", "--by", "client", "--as-of", "2026-03-31")["rows"]
    mine = [row for row in found if row["client"] == report.client.code]
    shown = [
        {"client": report.client.code, **{key: row[key] for key in mine[0] if key != "client"}}
        for row in cells(report, "forecast")
    ]
    assert len(mine) == 13
    assert shown == mine


def test_a_clients_parts_of_an_issue_sum_to_the_commands(
    world: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = list(Client.objects.order_by("pk"))
    siblings = pl.DataFrame(
        [(clients[0].pk, 1, FIRST, 500, True), (clients[0].pk, 2, FIRST, 700, True),
         (clients[1].pk, 3, FIRST, 40, True)],
        schema=dict(SIBLINGS), orient="row",
    )  # fmt: skip
    finding = Finding(
        Description("denial", event={"carc": "CO-16"}), FIRST, FIRST, FIRST, "sent_date", 0.9, 3.0,
        0.01, 0.4, 1, 1, "payer", "missing_information",
        pl.DataFrame({"client_id": [c.pk for c in clients], "is_hit": [True, True]}),
        pl.DataFrame(), siblings,
    )  # fmt: skip
    found = SimpleNamespace(searched=SimpleNamespace(findings=[finding], again={}))
    monkeypatch.setattr(issue_queries, "look", lambda *_, **__: found)
    monkeypatch.setattr("sanderling.reports.book.look", lambda *_, **__: found)
    monkeypatch.setattr(issue_actions, "bring_in_step", lambda *_, **__: False)
    told = asked("issues", "--as-of", "2026-03-31")["totals"]
    book = Book(Span(FIRST, LAST, LAST), None)
    shown = [
        blocks_why.issues(Part(book, one.pk, one.code), {}).tables[0]["rows"][0]["cells"]
        for one in clients
    ]
    assert [(row["claims"], row["cents"]) for row in shown] == [(2, 1200), (1, 40)]
    assert (told["claims"], told["at_stake_cents"]) == (3, 1240)


def test_cash_is_credited_by_the_rule_of_the_workload(report: Report) -> None:
    assert figures(report, "cash") == {
        "cash": 17_500,
        "touched": 12_000,  # called on March 5, paid on March 12
        "alone": 5_500,
        "overturned": 5_500,
        "disputes": 0,
    }


def test_every_number_that_can_be_clicked_is_the_sum_of_its_claims(report: Report) -> None:
    seen = 0
    for place, block in enumerate(report.numbers["blocks"]):
        for value, where, measure in clickable(block):
            asked_for = {key: str(one) for key, one in where.items()}
            assert rows_behind(report, place, asked_for, measure).total == value, (where, measure)
            seen += 1
    assert seen > 50


def clickable(block: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], str]]:
    """Yield number, rows and measure of what the page links to claims."""
    for one in block["figures"]:
        if one["where"] is not None and one["measure"]:
            numerator = one["of"][0] if one["of"] else one["value"]
            yield numerator, one["where"], one["measure"]
            if one["measure"] == "numerator":
                yield one["of"][1], one["where"], "denominator"
    for table in block["tables"]:
        rows = [*table["rows"], *([table["total"]] if table["total"] else [])]
        for row in rows:
            for column in table["columns"]:
                if column["measure"] and row["where"] is not None:
                    value = row["cells"][column["key"]]
                    yield value, {**row["where"], **column["where"]}, column["measure"]


@pytest.mark.parametrize(
    ("place", "where", "measure"),
    [(0, {}, "price"), (99, {}, "cents"), (0, {"nothing": "1"}, "cents"),
     (0, {"is_old": "maybe"}, "cents"), (3, {"bucket": "x"}, "cents")],
)  # fmt: skip
def test_what_has_no_claims_behind_it_is_refused(
    report: Report, place: int, where: dict[str, str], measure: str
) -> None:
    with pytest.raises(NotBehind):
        rows_behind(report, place, where, measure)


def test_worked_out_again_the_numbers_are_the_same(report: Report) -> None:
    found = make_again(report, by=None, at=AT + timedelta(days=3))
    assert (found.is_same, found.differences) == (True, [])


def test_late_facts_change_nothing_of_a_report_and_are_told(world: Inbox, report: Report) -> None:
    frozen = report.numbers
    late = paid("K121", 200, 90, "CO*45*110", payer_number="LATE")
    world.take(
        remittance_file(late, trace="LATE", npi=OTHER_NPI, tin=OTHER_TIN),
        received_date=date(2026, 3, 30),
    )
    found = make_again(report, by=None, at=AT)
    changed = {(one["block"], one["figure"]): (one["was"], one["is"]) for one in found.differences}
    assert not found.is_same
    assert changed["At a glance", "Paid by insurers"] == (17_500, 26_500)
    assert changed["At a glance", "Insurers owe"] == (140_000, 120_000)
    report.refresh_from_db()
    assert report.numbers == frozen
    assert hash_of(report.numbers) == report.numbers_hash


def test_made_twice_it_is_the_same_report_until_it_is_withdrawn(world: Inbox) -> None:
    before = {one.pk for one in Report.objects.filter(definition__preset="executive")}
    assert {one.pk for one in of_march("executive")} == before
    Report.objects.filter(pk=min(before)).update(state=State.WITHDRAWN)
    assert len({one.pk for one in of_march("executive")} - before) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"as_of": AT.date()},  # not over
        {"as_of": date(2026, 3, 30)},  # before the last day
        {"from_date": date(2026, 4, 1)},
        {"from_date": date(2025, 1, 1)},
        {"client_ids": [999_999]},
        {"client_ids": []},
        {"provider": "1234567893"},  # its blocks are not of claims alone
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    world: Inbox, wrong: dict[str, Any]
) -> None:
    before = Report.objects.count()
    with pytest.raises(Refusal):
        of_march("executive", **wrong)
    assert Report.objects.count() == before


def test_a_providers_report_has_its_claims_alone(world: Inbox) -> None:
    client = Client.objects.order_by("pk")[0]
    (mine,) = of_march("provider", client_ids=[client.pk], provider=builders.NPI)
    (other,) = of_march("provider", client_ids=[client.pk], provider="1999999992")
    assert figures(mine, "headline")["owed"] == 140_000
    assert figures(other, "headline") == {
        "cash": 0, "charges": 0, "owed": 0, "over_90": None, "touches": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    ["numbers = '{}'", "as_of_date = '2026-04-01'", "title = 'x'", "state = 'sent'"],
)
def test_the_database_refuses_changes_of_what_is_frozen(report: Report, change: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        builders.rows(f"UPDATE reports_report SET {change} WHERE id = {report.pk} RETURNING 1")
    with pytest.raises(DatabaseError), transaction.atomic():
        builders.rows(f"DELETE FROM reports_report WHERE id = {report.pk} RETURNING 1")


def test_paper_has_the_frozen_numbers_and_is_the_same_twice(report: Report) -> None:
    pdf = pdf_of(report)
    assert pdf == pdf_of(report)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    for told in ("March 2026", "$1,400.00", "$175.00", "K", report.numbers_hash[:12]):
        assert told in text


def test_the_workbook_has_numbers_as_numbers_and_days_as_days(report: Report) -> None:
    sheets = pl.read_excel(io.BytesIO(xlsx_of(report)), sheet_id=0)
    trend = sheets["Receivables over time"]
    assert trend.schema["At the end of"] == pl.Date
    assert trend.filter(pl.col("At the end of") == LAST)["Owed"].to_list() == [1400.0]
    reasons = sheets["Why it is open"]
    assert reasons["Balances"].dtype.is_numeric()
    assert reasons.filter(pl.col("Reason") == "All")["Open"].item() == 1400.0


def test_the_command_lists_makes_renders_and_says_again(
    report: Report, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = asked("reports", "list", "--client", report.client.code)["rows"]
    assert report.pk in [row["id"] for row in listed]
    assert len(asked("reports", "definitions")["rows"]) == 3
    made = asked("reports", "make", "executive", "--month", "2026-03")
    assert made["totals"] == {"reports": 2}
    target = tmp_path / "one.json"
    CliRunner().invoke(
        cli, ["reports", "render", str(report.pk), "--as", "json", "--output", str(target)]
    )
    assert json.loads(target.read_text()) == report.numbers
    assert asked("reports", "again", str(report.pk))["totals"] == {"differences": 0}
    assert CliRunner().invoke(cli, ["reports", "make", "nothing"]).exit_code == 2


def test_a_provider_has_a_trend_a_forecast_and_what_was_due_of_its_own_claims(
    world: Inbox,
) -> None:
    client = Client.objects.order_by("pk")[0]
    kinds = ("trend", "forecast", "prevention", "service_levels")
    composed = Definition.objects.create(
        name="Of one", audience="provider", blocks=[{"kind": one} for one in kinds], made_at=AT
    )

    def made(npi: str) -> Report:
        found = make_reports(
            composed, client_ids=[client.pk], from_date=FIRST, to_date=LAST, as_of=LAST, by=None,
            at=AT, provider=npi,
        )  # fmt: skip
        return found[0]

    of_mine = {"provider": builders.NPI}
    for title, scope in (("Of mine", of_mine), ("Of all", {}), ("Given up", of_mine)):
        action = PreventiveAction.objects.create(
            title=title, client_ids=[client.pk], metric="denial", scope=scope, problem="x",
            root_cause="coding", kind="training", correction="x", team="billing", due_date=LAST,
            state_at=AT, made_at=AT,
        )  # fmt: skip
        begun_at = AT - timedelta(days=20)
        ActionStep.objects.create(action=action, to_state="open", at=begun_at)
        if title == "Given up":
            ActionStep.objects.create(
                action=action, from_state="open", to_state="cancelled", at=begun_at
            )
    whole = block_of(of_march("executive", client_ids=[client.pk])[0], "trend")["tables"][0]
    mine, other = made(builders.NPI), made("1999999992")
    # All of the client's claims are this provider's.
    assert cells(mine, "trend") == [one["cells"] for one in whole["rows"]]
    assert cells(mine, "trend")[-1]["total_cents"] == 140_000
    assert cells(other, "trend") == []
    assert [one["title"] for one in cells(mine, "prevention")] == ["Of mine"]
    assert cells(other, "prevention") == []
    assert cells(mine, "forecast")
    assert cells(other, "forecast") == []
    assert "too little history of this provider" in str(block_of(other, "forecast")["tables"])
    assert "need not add up" in str(block_of(mine, "forecast")["notes"])


def test_what_cannot_be_told_for_one_provider_says_why(world: Inbox) -> None:
    with pytest.raises(
        Refusal, match="Systemic issues cannot be told for one provider: issues are"
    ):
        of_march("executive", provider=builders.NPI)
