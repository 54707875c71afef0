"""Overrides of codes: what they change, what they never change, who sees and who sets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from tests.builders import LEDGER, Inbox, claims_file, paid, remittance_file, rows, sent
from tests.integration.pages import People, fill, web_role

from sanderling.audit.models import AuditEvent
from sanderling.clients.models import Client
from sanderling.codes.actions import (
    RuleCodes,
    RuleMeaning,
    RuleRefused,
    RuleScope,
    add_code_rule,
    end_code_rule,
)
from sanderling.codes.models import CodeRule
from sanderling.codes.queries import code_book, code_rules_frame, standing_rules
from sanderling.codes.signals import code_rules_changed
from sanderling.codes.use import unknown_codes, use_parts, uses
from sanderling.core.codes.codebook import explain
from sanderling.core.codes.names import Category, Nature, NextAction, Team
from sanderling.payers.models import Payer, PayerType

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
CODING = RuleMeaning(category=Category.CODING, next_action=NextAction.APPEAL, team=Team.CODING)


@pytest.fixture
def people(inbox: Inbox) -> People:
    return fill(inbox)


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What the signal said."""
    heard: list[dict[str, Any]] = []

    def listen(**said: Any) -> None:
        heard.append(
            {name: said[name] for name in ("payer_id", "payer_type", "client_id", "codes")}
        )

    code_rules_changed.connect(listen)
    yield heard
    code_rules_changed.disconnect(listen)


def add(
    reason: str = "16",
    *,
    scope: RuleScope = RuleScope(),  # noqa: B008 - frozen
    codes: RuleCodes | None = None,
    meaning: RuleMeaning = CODING,
    **more: Any,
) -> CodeRule:
    wanted = {"note": "payer's letter", "by": None, "at": AT} | more
    about = codes or RuleCodes(reason=reason)
    return add_code_rule(scope=scope, codes=about, meaning=meaning, **wanted)


def explained(reason: str = "16", *, payer_id: int | None = None) -> dict[str, Any]:
    """One denial of today, explained by the book as it stands."""
    row = pl.DataFrame(
        {
            "payment_id": [1],
            "line_index": [1],
            "group_code": ["CO"],
            "reason_code": [reason],
            "nature": ["D"],
            "payer_type": ["commercial"],
            "received_date": [date(2026, 3, 5)],
        }
    ).with_columns(payer_id=pl.lit(payer_id, pl.Int64), client_id=pl.lit(None, pl.Int64))
    remarks = pl.DataFrame(
        schema={"payment_id": pl.Int64, "line_index": pl.Int64, "code": pl.String}
    )
    return explain(row, remarks, code_book()).to_dicts()[0]


@pytest.mark.django_db
def test_an_override_explains_denials_of_its_payer(told: list[dict[str, Any]]) -> None:
    payer = Payer.objects.create(payer_id="P1", name="One", created_at=AT)
    assert explained(payer_id=payer.pk)["category"] == "missing_information"

    rule = add(scope=RuleScope(payer_id=payer.pk))

    found = explained(payer_id=payer.pk)
    assert (found["category"], found["next_action"], found["team"], found["rule_id"]) == (
        "coding",
        "appeal",
        "coding",
        rule.pk,
    )
    assert explained(payer_id=payer.pk + 1)["category"] == "missing_information"
    assert told == [
        {
            "payer_id": payer.pk,
            "payer_type": None,
            "client_id": None,
            "codes": {"group": "", "reason": "16", "remark": "", "status": ""},
        }
    ]


@pytest.mark.django_db
def test_the_frame_has_nulls_where_a_rule_says_nothing() -> None:
    add(
        scope=RuleScope(payer_type=PayerType.MEDICARE),
        meaning=RuleMeaning(nature=Nature.NORMAL, valid_to_date=date(2026, 1, 31)),
    )
    (row,) = code_rules_frame().to_dicts()
    assert {name: value for name, value in row.items() if value is not None} == {
        "rule_id": standing_rules().get().pk,
        "payer_type": "medicare",
        "reason_code": "16",
        "nature": "N",
        "valid_to": date(2026, 1, 31),
    }


@pytest.mark.django_db
def test_a_change_is_a_new_row_that_supersedes() -> None:
    first = add()
    second = add(meaning=replace(CODING, category=Category.PROVIDER), note="it was wrong")
    assert second.supersedes_id == first.pk
    assert CodeRule.objects.count() == 2
    assert list(standing_rules()) == [second]
    assert explained()["category"] == "provider"


@pytest.mark.django_db
def test_a_chosen_override_is_superseded_whatever_its_days() -> None:
    first = add()
    later = replace(CODING, valid_from_date=date(2026, 4, 1))
    second = add(meaning=later, replaces=first)
    assert list(standing_rules()) == [second]
    assert explained()["category"] == "missing_information"


@pytest.mark.django_db
def test_ending_is_a_row_too_and_the_tables_hold_again(told: list[dict[str, Any]]) -> None:
    rule = add()
    ending = end_code_rule(rule=rule, note="payer corrected itself", by=None, at=AT)
    assert (ending.supersedes_id, ending.is_ended, ending.category) == (rule.pk, True, "coding")
    assert not standing_rules().exists()
    assert code_rules_frame().is_empty()
    assert explained()["category"] == "missing_information"
    assert len(told) == 2
    with pytest.raises(RuleRefused, match="already"):
        end_code_rule(rule=ending, note="again", by=None, at=AT)
    with pytest.raises(RuleRefused, match="already"):
        add(replaces=ending)


@pytest.mark.django_db
def test_who_is_slower_is_refused() -> None:
    rule = add()
    end_code_rule(rule=rule, note="first", by=None, at=AT)
    with pytest.raises(RuleRefused, match="meantime"):
        end_code_rule(rule=rule, note="second", by=None, at=AT)
    with pytest.raises(RuleRefused, match="meantime"):
        add(replaces=rule)
    assert CodeRule.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"codes": RuleCodes(group="CO")}, "which code"),
        ({"codes": RuleCodes(reason="16", status="21")}, "claim status"),
        ({"codes": RuleCodes(status="21"), "meaning": RuleMeaning(nature=Nature.DENIAL)}, "status"),
        ({"meaning": RuleMeaning()}, "nothing would be overridden"),
        ({"note": "  "}, "why"),
        ({"scope": RuleScope(payer_id=1, payer_type=PayerType.AUTO)}, "not both"),
        (
            {
                "meaning": replace(
                    CODING, valid_from_date=date(2026, 2, 1), valid_to_date=date(2026, 1, 31)
                )
            },
            "before the first",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(RuleRefused, match=why):
        add(**wrong)
    assert not CodeRule.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"reason_code": ""},
        {"reason_code": "16", "status_code": "21"},
        {"payer_type": "nobody's"},
        {"category": "nobody's"},
        {"nature": "U"},
        {"category": ""},
        {"note": ""},
        {"is_ended": True},
        {"valid_from_date": date(2026, 2, 1), "valid_to_date": date(2026, 1, 31)},
    ],
)
def test_the_database_refuses_it_as_well(wrong: dict[str, Any]) -> None:
    values = {"reason_code": "16", "category": "coding", "note": "x", "recorded_at": AT} | wrong
    with pytest.raises(IntegrityError), transaction.atomic():
        CodeRule.objects.create(**values)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'y'", "DELETE FROM {}", "TRUNCATE {}"])
def test_rules_are_only_added(statement: str) -> None:
    add()
    with (  # noqa: PT012
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement.format("codes_code_rule"))


def test_the_audit_trail_has_each_change_and_no_note(people: People) -> None:
    mine = Client.objects.get(code="MINE")
    rule = add(scope=RuleScope(client_id=mine.pk), note="letter about JANE DOE")
    event = AuditEvent.objects.get(action="code_rule.insert")
    assert (event.subject_id, event.client_id) == (str(rule.pk), mine.pk)
    assert event.detail["category"] == "coding"
    assert "DOE" not in str(event.detail)


def test_rules_of_a_client_are_seen_where_the_client_is(people: People) -> None:
    mine, theirs = (Client.objects.get(code=code) for code in ("MINE", "THEIRS"))
    add("16")
    add("18", scope=RuleScope(client_id=mine.pk))
    add("29", scope=RuleScope(client_id=theirs.pk))
    with web_role(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [f"{{{mine.pk}}}"])
        seen = set(standing_rules().values_list("reason_code", flat=True))
        framed = set(code_rules_frame()["reason_code"])
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            add("50", scope=RuleScope(client_id=theirs.pk))
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
    assert seen == framed == {"16", "18"}


def test_an_override_of_the_nature_posts_nothing(people: People, inbox: Inbox) -> None:
    add("45", meaning=RuleMeaning(nature=Nature.DENIAL))
    before = rows(LEDGER)
    inbox.take(
        claims_file(sent("N1", 200), batch="B9", control=190),
        remittance_file(paid("N1", 200, 120, "CO*45*80"), trace="EFT9", control=690),
    )
    written_down = rows(
        "SELECT sum(e.amount_cents)::bigint FROM ledger_entry e"
        " JOIN claims_claim c ON c.id = e.claim_id WHERE c.number = 'N1' AND e.kind = 4"
    )
    assert written_down == [(8000,)]
    assert set(before) < set(rows(LEDGER))


@pytest.fixture
def strange(people: People, inbox: Inbox) -> People:
    """Two remittances with codes that nobody knows."""
    inbox.take(
        claims_file(sent("S1", 200), sent("S2", 100), batch="B5", control=150),
        remittance_file(
            paid("S1", 200, 0, "CO*Q99*200"),
            paid("S2", 100, 40, "ZZ*Q99*10", "CO*45*50"),
            trace="EFT5",
            control=650,
        ),
        received_date=date(2026, 2, 1),
    )
    inbox.take(
        claims_file(sent("S3", 80), batch="B6", control=151),
        remittance_file(paid("S3", 80, 0, "CO*Q99*80"), trace="EFT6", control=651),
        received_date=date(2026, 2, 9),
    )
    assert inbox.reports[-1].status == "posted"
    return people


def test_unknown_codes_are_counted_and_dated(strange: People) -> None:
    found = {(one.kind, one.code): one for one in unknown_codes(uses())}
    reason = found[("reason", "Q99")]
    assert (reason.count, reason.amount_cents) == (3, 29000)
    assert (reason.first_date, reason.latest_date) == (date(2026, 2, 1), date(2026, 2, 9))
    assert reason.payers == ("ACME HEALTH",)
    assert (found[("group", "ZZ")].count, found[("group", "ZZ")].amount_cents) == (1, 1000)
    assert set(found) == {("reason", "Q99"), ("group", "ZZ")}


def test_uses_count_every_code_of_the_files(strange: People) -> None:
    found = uses()
    # 60, 30 and 50 dollars: two remittances of the small world, one here.
    assert (found[("reason", "45")].count, found[("reason", "45")].amount_cents) == (3, 14000)
    assert [(part.part, part.count) for part in use_parts(kind="reason", code="Q99")] == [
        ("CO", 2),
        ("ZZ", 1),
    ]


def test_what_is_not_visible_is_not_counted(strange: People) -> None:
    theirs = Client.objects.get(code="THEIRS")
    with web_role(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [f"{{{theirs.pk}}}"])
        assert (uses(), unknown_codes(uses()), use_parts(kind="reason", code="Q99")) == ({}, [], [])
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")
