"""Key figures of a small world: they tie to aging and ledger, and kept sums are the worked out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import (
    Inbox,
    claims_file,
    line,
    paid,
    remittance_file,
    rows,
    sent,
    standing_inbox,
)

from sanderling.cli.main import cli
from sanderling.core.kpis.definitions import BY_KEY
from sanderling.core.kpis.frames import Period, months
from sanderling.kpis.asking import (
    Question,
    WrongQuestion,
    can_be_kept,
    kept,
    kept_months,
    worked_out,
)
from sanderling.kpis.models import Cell, Month, Restatement
from sanderling.kpis.nightly import refresh_sums
from sanderling.kpis.reporting import periods_of
from sanderling.kpis.scores import pay_days, reasons
from sanderling.receivables.aging import AgingQuestion, aging, roll_forward

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
TODAY = AT.date()
OTHER_NPI, OTHER_TIN = "1245319599", "749999999"
WHOLE_PERIOD = Period(date(2026, 1, 1), TODAY)
PERIODS = tuple(months(date(2026, 1, 1), TODAY, as_of=TODAY))


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    """Two clients; claims of January to March, one paid, one denied, one open; sums are made."""
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("kpi"), AT) as inbox:
        for place, (npi, tin) in enumerate(((builders.NPI, builders.TIN), (OTHER_NPI, OTHER_TIN))):
            for month in (1, 2, 3):
                claims = [
                    sent(f"K{place}{month}{n}", 100 * month,
                         lines=(line("99213", 100 * month, day=f"2026{month:02}03"),))
                    for n in range(3)
                ]  # fmt: skip
                inbox.take(
                    claims_file(*claims, npi=npi, tin=tin, control=100 * place + month),
                    received_date=date(2026, month, 5),
                )
            inbox.take(
                remittance_file(
                    paid(f"K{place}10", 100, 60, "CO*45*40"),
                    paid(f"K{place}11", 100, 0, "CO*16*100"),
                    trace=f"TRACE{place}", npi=npi, tin=tin,
                ),
                received_date=date(2026, 2, 10),
            )  # fmt: skip
        refresh_sums(today=TODAY, at=AT)
        yield inbox


def _kept(**more: object) -> dict[tuple[date, str], tuple[int, int]]:
    found = kept(Question(PERIODS, **more))  # type: ignore[arg-type]
    return {(row.period.to_date, key): pair for row in found for key, pair in row.sums.items()}


def test_ar_and_its_ages_tie_to_aging_of_every_month_end(world: Inbox) -> None:
    sums = _kept()
    for period in PERIODS:
        day = period.to_date
        totals = aging(AgingQuestion(as_of=day, party="all")).totals
        assert sums[day, "days_in_ar"][0] == totals["total_cents"] > 0
        old = totals["b91_120_cents"] + totals["b120_plus_cents"]
        assert sums[day, "over_90_rate"] == (old, totals["total_cents"])
        assert sums[day, "aged_31_60_rate"][0] == totals["b31_60_cents"]
        assert sums[day, "credit_balance_days"][0] == -totals["credits_cents"]
        insurers = aging(AgingQuestion(as_of=day)).totals["total_cents"]
        assert sums[day, "over_90_insurance_rate"][1] == insurers


def test_charges_and_payments_are_the_ledgers(world: Inbox) -> None:
    sums, before = _kept(), date(2025, 12, 31)
    for period in PERIODS:
        moved = roll_forward(from_date=before, to_date=period.to_date)
        charged = sums[period.to_date, "gross_collection_rate"]
        assert charged == (-moved.payments_cents - moved.refunds_cents, moved.charges_cents)
        before = period.to_date


def test_february_has_two_denials_of_four_decisions(world: Inbox) -> None:
    february = PERIODS[1].to_date
    assert _kept()[february, "denial_rate"] == (2, 4)
    assert _kept()[february, "denial_dollar_rate"] == (20_000, 40_000)
    assert BY_KEY["denial_rate"].value(2, 4) == 0.5


@contextmanager
def as_web(client_ids: Sequence[int]) -> Iterator[None]:
    """Ask as the web application does, for somebody who sees these clients."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        told = "{" + ",".join(map(str, client_ids)) + "}"
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [told])
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


@pytest.mark.parametrize("by", [(), ("client",), ("payer",), ("client", "provider"), ("location",)])
def test_kept_sums_are_what_is_worked_out(world: Inbox, by: tuple[str, ...]) -> None:
    question = Question(PERIODS, by)
    assert can_be_kept(question, kept_months())
    assert kept(question) == worked_out(question, visible=None)


def test_two_things_at_once_or_half_a_month_are_worked_out(world: Inbox) -> None:
    assert not can_be_kept(Question(PERIODS, ("payer", "provider")), kept_months())
    half = (Period(date(2026, 2, 1), date(2026, 2, 14)),)
    assert not can_be_kept(Question(half), kept_months())


def test_a_second_run_in_other_batches_writes_the_same_and_restates_nothing(
    world: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content() -> list[object]:
        names = ("month_date", "client_id", "grain", "payer_id", "provider", "numerators")
        return sorted(Cell.objects.values_list(*names, "denominators"))

    before = content()
    monkeypatch.setattr("sanderling.kpis.sources.CLAIMS_AT_ONCE", 1)  # a client at a time
    made = refresh_sums(today=TODAY, at=AT)
    assert content() == before
    question = Question(PERIODS, ("client",))
    assert worked_out(question, visible=None) == kept(question)
    assert (made.months, made.restated) == (4, ())
    assert not Restatement.objects.exists()


def test_the_command_names_every_figure_with_its_sums(world: Inbox) -> None:
    arguments = ["kpis", "--by", "client,month", "--as-of", "2026-03-31", "--format", "json"]
    answers = [CliRunner().invoke(cli, arguments, catch_exceptions=False) for _ in range(2)]
    assert answers[0].stdout == answers[1].stdout
    found = json.loads(answers[0].stdout)
    assert found["as_of"] == "2026-03-31"
    assert [row["month"] for row in found["rows"][:3]] == ["2026-01", "2026-02", "2026-03"]
    row = found["rows"][1]
    assert row["denial_rate"] == 0.5
    assert (row["denial_rate_numerator"], row["denial_rate_denominator"]) == (1, 2)
    assert row["days_in_ar_numerator_cents"] == 300 * 300 - 10_000 + 0
    assert row["charges_cents"] == 60_000
    assert {"net_collection_rate", "first_pass_rate", "over_90_rate"} <= set(row)
    last = [one for one in found["rows"] if one["month"] == "2026-03"]
    whole = sum(one["days_in_ar_numerator_cents"] for one in last)
    assert found["totals"]["days_in_ar_numerator_cents"] == whole


@pytest.mark.parametrize(
    "arguments",
    [["--by", "weather"], ["--client", "NOBODY"], ["--month", "2027-01"], ["--month", "March"],
     ["--month", "2026-02", "--from", "2026-02-01"], ["--from", "2026-05-01"]],
)  # fmt: skip
def test_a_question_that_cannot_be_asked_is_wrong_usage(world: Inbox, arguments: list[str]) -> None:
    answer = CliRunner().invoke(cli, ["kpis", "--as-of", "2026-04-10", *arguments])
    assert answer.exit_code == 2


def test_periods_are_ninety_days_a_month_or_what_is_said() -> None:
    def asked(**more: object) -> list[tuple[str, str]]:
        said = {"by_month": False, "month": None, "from_date": None, "to_date": None} | more
        found = periods_of(**said, as_of=date(2026, 3, 31))  # type: ignore[arg-type]
        return [(str(one.from_date), str(one.to_date)) for one in found]

    assert asked() == [("2026-01-01", "2026-03-31")]
    assert asked(month=date(2026, 2, 1)) == [("2026-02-01", "2026-02-28")]
    assert len(asked(by_month=True)) == 12
    assert asked(to_date=date(2026, 9, 1), from_date=date(2026, 3, 1)) == [
        ("2026-03-01", "2026-03-31")
    ]
    with pytest.raises(WrongQuestion):
        asked(month=date(2026, 4, 1))


def test_one_client_sees_only_its_own_sums(world: Inbox) -> None:
    (client_id,) = {
        one for (one,) in rows("SELECT min(client_id) FROM kpis_cell WHERE client_id > 0")
    }
    for table in ("kpis_cell", "kpis_pay_days", "kpis_refusals", "kpis_restatement"):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE sanderling_app")
            for said, seen in ((str(client_id), {client_id}), ("", set())):
                cursor.execute(
                    "SELECT set_config('sanderling.client_ids', %s, true)",
                    [f"{{{said}}}"],
                )
                cursor.execute(f"SELECT DISTINCT client_id FROM {table}")
                assert {one for (one,) in cursor.fetchall()} <= seen, table
            cursor.execute("RESET ROLE")
            cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
    question = Question(PERIODS, ("client",))
    assert {row.group for row in worked_out(question, visible=[client_id])} == {(client_id,)}


WHOLE = [(), ("payer",), ("provider",), ("location",), ("payer_type",)]


@pytest.mark.parametrize("by", WHOLE)
@pytest.mark.parametrize("payer", [None, 1])
def test_who_sees_every_client_reads_one_row_that_is_the_sum_of_all(
    world: Inbox, by: tuple[str, ...], payer: int | None
) -> None:
    clients = [one for (one,) in rows("SELECT id FROM clients_client ORDER BY id")]
    payers = [one for (one,) in rows("SELECT DISTINCT payer_id FROM kpis_cell WHERE grain = 2")]
    chosen = None if payer is None or by not in ((), ("payer",)) else payers[0]
    question = Question(PERIODS, by, payer_id=chosen)
    summed = kept(question)  # without a session: over the clients' own rows
    assert summed
    found = {}
    for name, seen in (("all", clients), ("some", clients[:1])):
        with as_web(seen):
            with CaptureQueriesContext(connection) as asked:
                found[name] = kept(question)
                days, why = pay_days(WHOLE_PERIOD), reasons(WHOLE_PERIOD)
            is_whole = any("client_id = 0" in one["sql"] for one in asked.captured_queries)
            assert is_whole == (name == "all")
            whole = rows("SELECT count(*) FROM kpis_cell WHERE client_id = 0")
            assert (whole != [(0,)]) == (name == "all")
        if name == "all":
            assert (days, why) == (pay_days(WHOLE_PERIOD), reasons(WHOLE_PERIOD))
    assert found["all"] == summed
    one = Question(PERIODS, by, payer_id=chosen, client_ids=tuple(clients[:1]))
    assert found["some"] == kept(one) != summed


# Last: the mirror, which is files, keeps what this test adds.
def test_a_late_fact_restates_its_month_and_keeps_what_was_said(world: Inbox) -> None:
    world.take(
        remittance_file(paid("K012", 100, 0, "CO*16*100"), trace="LATE"),
        received_date=date(2026, 2, 20),
    )
    made = refresh_sums(today=TODAY, at=AT)
    assert date(2026, 2, 1) in made.restated
    one = Restatement.objects.get(key="denial_rate")
    assert (one.was_numerator, one.was_denominator, one.numerator, one.denominator) == (1, 2, 2, 3)
    assert Month.objects.get(month_date="2026-02-01").restated_at == AT
    assert Month.objects.get(month_date="2026-04-01").restated_at is None
