"""Deadline rules that people set: what is stored, what stands, who hears of it, who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction
from tests.integration.pages import make_client
from tests.security.test_isolation import as_web

from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.core.deadlines.due import NEED_SCHEMA, deadlines
from sanderling.core.deadlines.rules import RULE_SCHEMA, Clock, Confidence, Kind, Unit
from sanderling.payers.actions import import_payers
from sanderling.payers.deadline_rules import (
    Limit,
    Reason,
    RuleRefused,
    Scope,
    end_deadline_rule,
    set_deadline_rule,
    withdraw_deadline_rule,
)
from sanderling.payers.models import DeadlineRule, Payer, PayerType
from sanderling.payers.queries import deadline_rules_frame, standing_rules
from sanderling.payers.signals import payer_rules_changed

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
SERVICE = date(2026, 1, 2)


@pytest.fixture
def payer() -> Payer:
    import_payers(
        text="payer_id,name,type,timely_filing_days\nUNH05,United,commercial,120\n", at=AT
    )
    return Payer.objects.get(payer_id="UNH05")


@pytest.fixture
def clients() -> tuple[Client, Client]:
    return (
        make_client("MINE", "Mine Clinic", "1234567893", "751234568"),
        make_client("THEIRS", "Their Clinic", "1245319599", "751234567"),
    )


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []

    def listen(sender: object, **call: Any) -> None:
        calls.append({name: call[name] for name in ("payer_id", "payer_type", "client_id")})

    payer_rules_changed.connect(listen)
    yield calls
    payer_rules_changed.disconnect(listen)


def set_rule(scope: Scope, days: int = 60, **limit: Any) -> DeadlineRule:
    filled: dict[str, Any] = {
        "kind": Kind.TIMELY_FILING,
        "level": 0,
        "amount": days,
        "unit": Unit.CALENDAR_DAYS,
        "clock": Clock.SERVICE_TO,
        **limit,
    }
    return set_deadline_rule(
        scope=scope,
        limit=Limit(**filled),
        reason=Reason("contract", Confidence.HIGH),
        by=None,
        at=AT,
    )


def filing_days(payer: Payer, client: Client | None = None, service_date: date = SERVICE) -> int:
    """Return how many days a claim of this payer has by the rules that stand."""
    need = dict.fromkeys(NEED_SCHEMA) | {
        "item_id": 1,
        "kind": "timely_filing",
        "payer_id": payer.pk,
        "payer_type": payer.type,
        "client_id": client.pk if client else None,
        "service_from_date": service_date,
    }
    found = deadlines(pl.DataFrame([need], schema=NEED_SCHEMA), deadline_rules_frame())
    day = found["deadline_date"].item()
    assert isinstance(day, date)
    return (day - service_date).days


def test_the_frame_has_all_three_kinds_of_rules(payer: Payer) -> None:
    set_rule(Scope(payer_id=payer.pk))

    found = deadline_rules_frame()

    assert dict(found.schema) == RULE_SCHEMA
    assert "system:medicare:timely_filing" in found["rule_id"]
    assert f"payer:{payer.pk}:timely_filing_days" in found["rule_id"]
    assert "60 days from service, payer UNH05" in found["rule"]


def test_import_stays_the_rule_until_a_person_sets_one(payer: Payer) -> None:
    assert filing_days(payer) == 120

    set_rule(Scope(payer_id=payer.pk), 60)

    assert filing_days(payer) == 60


def test_a_rule_for_a_type_yields_to_the_payers_own_days(payer: Payer) -> None:
    set_rule(Scope(payer_type=PayerType.COMMERCIAL), 45)
    other = Payer.objects.create(payer_id="X1", name="Other", type="commercial", created_at=AT)

    assert filing_days(payer) == 120
    assert filing_days(other) == 45


def test_a_contract_binds_its_client_only(payer: Payer, clients: tuple[Client, Client]) -> None:
    mine, theirs = clients
    set_rule(Scope(payer_id=payer.pk, client_id=mine.pk), 30)

    assert filing_days(payer, mine) == 30
    assert filing_days(payer, theirs) == 120
    assert "30 days from service, payer UNH05, client MINE" in deadline_rules_frame()["rule"]


def test_a_later_start_leaves_earlier_services_to_the_earlier_rule(payer: Payer) -> None:
    set_rule(Scope(payer_id=payer.pk), 60)
    set_rule(Scope(payer_id=payer.pk), 90, effective_from_date=date(2026, 1, 1))

    assert filing_days(payer, service_date=date(2025, 12, 31)) == 60
    assert filing_days(payer, service_date=date(2026, 1, 1)) == 90
    assert standing_rules().count() == 2


def test_the_same_start_supersedes(payer: Payer) -> None:
    first = set_rule(Scope(payer_id=payer.pk), 60)
    second = set_rule(Scope(payer_id=payer.pk), 75)

    assert second.supersedes == first
    assert list(standing_rules()) == [second]
    assert filing_days(payer) == 75


def test_another_scope_or_kind_supersedes_nothing(
    payer: Payer, clients: tuple[Client, Client]
) -> None:
    set_rule(Scope(payer_id=payer.pk), 60)
    set_rule(Scope(payer_id=payer.pk, client_id=clients[0].pk), 61)
    set_rule(Scope(payer_id=payer.pk), 62, kind=Kind.CORRECTED_CLAIM)
    for level in (1, 2):
        clock = Clock.NOTICE if level == 2 else Clock.REMITTANCE
        set_rule(Scope(payer_id=payer.pk), 63, kind=Kind.APPEAL, level=level, clock=clock)

    assert standing_rules().count() == 5


def test_an_ended_rule_holds_to_its_last_day(payer: Payer) -> None:
    rule = set_rule(Scope(payer_id=payer.pk), 60)

    ended = end_deadline_rule(
        rule=rule, effective_to_date=date(2026, 1, 2), note="new contract", by=None, at=AT
    )

    assert (ended.supersedes, ended.amount, ended.note) == (rule, 60, "new contract")
    assert filing_days(payer, service_date=date(2026, 1, 2)) == 60
    assert filing_days(payer, service_date=date(2026, 1, 3)) == 120


def test_a_rule_taken_back_never_was(payer: Payer) -> None:
    rule = set_rule(Scope(payer_id=payer.pk), 60)

    withdraw_deadline_rule(rule=rule, note="wrong payer", by=None, at=AT)

    assert filing_days(payer) == 120
    assert not standing_rules().exists()
    assert DeadlineRule.objects.count() == 2


def test_a_rule_can_be_superseded_once_only(payer: Payer) -> None:
    rule = set_rule(Scope(payer_id=payer.pk), 60)
    withdrawn = withdraw_deadline_rule(rule=rule, note="", by=None, at=AT)

    with pytest.raises(RuleRefused, match="in the meantime"):
        withdraw_deadline_rule(rule=rule, note="", by=None, at=AT)
    with pytest.raises(RuleRefused, match="taken back already"):
        end_deadline_rule(rule=withdrawn, effective_to_date=SERVICE, note="", by=None, at=AT)
    assert DeadlineRule.objects.count() == 2


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"days": 0}, "from 1 to 3650"),
        ({"days": 121, "unit": Unit.MONTHS}, "from 1 to 120"),
        ({"days": 11, "unit": Unit.CALENDAR_YEAR_END}, "from 0 to 10"),
        ({"level": 1}, "levels"),
        ({"kind": Kind.APPEAL, "clock": Clock.REMITTANCE}, "levels"),
        ({"kind": Kind.APPEAL, "level": 2, "clock": Clock.REMITTANCE}, "cannot count"),
        ({"clock": Clock.NOTICE}, "cannot count"),
        (
            {"effective_from_date": date(2026, 2, 1), "effective_to_date": date(2026, 1, 1)},
            "before the first",
        ),
    ],
)
def test_what_cannot_be_is_refused(payer: Payer, limit: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleRefused, match=words):
        set_rule(Scope(payer_id=payer.pk), **limit)
    assert not DeadlineRule.objects.exists()


def test_a_rule_needs_a_source_and_one_scope(payer: Payer) -> None:
    limit = Limit(Kind.RECORDS, 0, 30, Unit.CALENDAR_DAYS, Clock.REQUEST)

    with pytest.raises(RuleRefused, match="written"):
        set_deadline_rule(
            scope=Scope(payer_id=payer.pk),
            limit=limit,
            reason=Reason("  ", Confidence.LOW),
            by=None,
            at=AT,
        )
    with pytest.raises(ValueError, match="payer or for a type"):
        Scope(payer_id=payer.pk, payer_type=PayerType.MEDICARE)
    with pytest.raises(ValueError, match="payer or for a type"):
        Scope()
    with pytest.raises(RuleRefused, match="who paid first"):
        set_rule(Scope(payer_id=payer.pk, prior_payer_type=PayerType.MEDICARE))


def test_rules_cannot_be_changed_or_deleted(payer: Payer) -> None:
    rule = set_rule(Scope(payer_id=payer.pk))

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        DeadlineRule.objects.filter(pk=rule.pk).update(amount=1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rule.delete()


def test_each_change_is_in_the_audit_trail_without_the_note(payer: Payer) -> None:
    rule = set_rule(Scope(payer_id=payer.pk), 60)
    end_deadline_rule(rule=rule, effective_to_date=SERVICE, note="secret words", by=None, at=AT)

    events = list(AuditEvent.objects.filter(action="deadline_rule.insert").order_by("pk"))

    assert [event.detail["amount"] for event in events] == [60, 60]
    assert events[1].detail["effective_to_date"] == "2026-01-02"
    assert "secret words" not in str([event.detail for event in events])


def test_those_above_hear_of_each_change(
    payer: Payer, clients: tuple[Client, Client], heard: list[dict[str, Any]]
) -> None:
    of_payer = {"payer_id": payer.pk, "payer_type": None, "client_id": None}
    rule = set_rule(Scope(payer_id=payer.pk, client_id=clients[0].pk))
    withdraw_deadline_rule(rule=rule, note="", by=None, at=AT)
    set_rule(Scope(payer_type=PayerType.MEDICAID))

    assert heard == [
        of_payer | {"client_id": clients[0].pk},
        of_payer | {"client_id": clients[0].pk},
        {"payer_id": None, "payer_type": "medicaid", "client_id": None},
    ]

    heard.clear()
    import_payers(text="payer_id,name,phone\nUNH05,United,555\n", at=AT)
    assert heard == []
    import_payers(text="payer_id,name,response_days\nUNH05,United,25\n", at=AT)
    import_payers(text="payer_id,name,type\nUNH05,United,bcbs\n", at=AT)
    import_payers(text="payer_id,name,appeal_days\nUNH05,United,90\n", at=AT)
    assert heard == [of_payer] * 3


def test_a_receiver_that_fails_undoes_the_change(payer: Payer) -> None:
    def fail(sender: object, **call: object) -> None:
        raise RuntimeError("no room")

    payer_rules_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError, match="no room"), transaction.atomic():
            set_rule(Scope(payer_id=payer.pk))
    finally:
        payer_rules_changed.disconnect(fail)
    assert not DeadlineRule.objects.exists()


def test_a_foreign_clients_rule_is_not_seen(payer: Payer, clients: tuple[Client, Client]) -> None:
    mine, theirs = clients
    set_rule(Scope(payer_id=payer.pk), 60)
    set_rule(Scope(payer_id=payer.pk, client_id=mine.pk), 61)
    set_rule(Scope(payer_id=payer.pk, client_id=theirs.pk), 62)

    with as_web(f"{{{mine.pk}}}"):
        assert set(standing_rules().values_list("amount", flat=True)) == {60, 61}
        found = deadline_rules_frame()
        assert found.filter(pl.col("client_id").is_not_null())["client_id"].to_list() == [mine.pk]
    with as_web(None):
        assert set(standing_rules().values_list("amount", flat=True)) == {60}


def test_the_web_adds_rules_of_its_clients_only(
    payer: Payer, clients: tuple[Client, Client]
) -> None:
    mine, theirs = clients
    with as_web(f"{{{mine.pk}}}"):
        set_rule(Scope(payer_id=payer.pk, client_id=mine.pk), 61)
    with pytest.raises(Exception, match="row-level security"), as_web(f"{{{mine.pk}}}"):
        set_rule(Scope(payer_id=payer.pk, client_id=theirs.pk), 62)
    with connection.cursor() as cursor:
        cursor.execute("SELECT amount FROM payers_deadline_rule")
        assert cursor.fetchall() == [(61,)]
