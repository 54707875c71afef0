"""Facts and ledger: append-only for everyone, consistent or not committed, one client's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.plugin import DjangoDbBlocker
from tests import builders
from tests.builders import (
    Inbox,
    claims_file,
    paid,
    remittance_file,
    rows,
    sent,
    standing_inbox,
)

pytestmark = pytest.mark.django_db
APPEND_ONLY = ("ledger_entry", "ledger_posting")
OTHER_NPI, OTHER_TIN = "1245319599", "749999999"


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Inbox]:
    """Two clients, each with a claim, a remittance, a PLB, a 277CA and a 999."""
    with django_db_blocker.unblock(), standing_inbox(tmp_path_factory.mktemp("facts")) as inbox:
        for place, (npi, tin) in enumerate(((builders.NPI, builders.TIN), (OTHER_NPI, OTHER_TIN))):
            control = 100 + place
            inbox.take(
                claims_file(
                    sent("A1", 150, patient=f"NAME{place}*ANN"), npi=npi, tin=tin, control=control
                ),
                remittance_file(
                    paid("A1", 150, 90, "CO*45*50", "PR*2*10"),
                    plb="L6:X*-1", npi=npi, tin=tin, trace=f"T{place}", control=control + 50,
                ),
                status_file(npi, control + 70),
                acknowledgment_file(control),
            )  # fmt: skip
        assert {report.status for report in inbox.reports} == {"posted"}
        yield inbox


@pytest.fixture
def inbox(world: Inbox, db: None) -> Inbox:
    """The same for each test; what a test changes is taken back."""
    return world


def status_file(npi: str, control: int) -> str:
    body = (
        f"BHT*0085*08*CA{control}*20260106*0805*TH~HL*1**20*1~NM1*PR*2*ACME HEALTH*****PI*ACME1~"
        "TRN*1*R77~DTP*050*D8*20260105~DTP*009*D8*20260106~HL*2*1*21*1~"
        "NM1*41*2*BILLCO*****46*BILLCO~TRN*2*BATCH0001~STC*A1:19:PR*20260106*WQ*150~QTY*90*1~"
        "AMT*YU*150~HL*3*2*19*1~"
        f"NM1*85*2*MAPLE FAMILY CLINIC*****XX*{npi}~HL*4*3*PT~NM1*QC*1*DOE*JANE****MI*ABC123456789~"
        f"TRN*2*A1~STC*A2:20:PR*20260106*WQ*150~REF*1K*ICN{control}~DTP*472*D8*20260102~"
    )
    return builders.envelope(
        body, kind="277", guide="005010X214", code="HN", control=control, made="20260119"
    )


def acknowledgment_file(control: int) -> str:
    body = f"AK1*HC*{control}*005010X222A1~AK2*837*0001*005010X222A1~IK5*A~AK9*A*1*1*1~"
    return builders.envelope(
        body, kind="999", guide="005010X231A1", code="FA", control=control + 80, made="20260119"
    )


@contextmanager
def as_web(client_ids: str | None) -> Iterator[None]:
    """Work as the web application does, with these visible clients (None: setting never made)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE sanderling_app")
        if client_ids is not None:
            cursor.execute("SELECT set_config('sanderling.client_ids', %s, true)", [client_ids])
        yield
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT set_config('sanderling.client_ids', '', true)")


def tables() -> list[str]:
    """Return every table of files, claims, remittances and the ledger."""
    return [
        name
        for (name,) in rows(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
            " AND relname ~ '^(files|claims|remits|ledger)_' ORDER BY 1"
        )
    ]


def is_readable(table: str) -> bool:
    return bool(rows(f"SELECT has_table_privilege('sanderling_app', '{table}', 'SELECT')")[0][0])


def test_a_client_sees_its_own_rows_of_every_table_and_only_those(inbox: Inbox) -> None:
    ids = [pk for (pk,) in rows("SELECT id FROM clients_client ORDER BY id")]
    assert len(ids) == 2
    columns = dict(
        rows(
            "SELECT table_name, string_agg(column_name, ',' ORDER BY column_name)"
            " FROM information_schema.columns WHERE column_name IN ('client_id', 'client_ids')"
            " GROUP BY 1"
        )
    )
    seen_by_someone: dict[str, int] = {}
    for table in filter(is_readable, tables()):
        total = rows(f"SELECT count(*) FROM {table}")[0][0]
        column = columns.get(table, "")
        seen = 0
        for pk in ids:
            with as_web(f"{{{pk}}}"):
                seen += rows(f"SELECT count(*) FROM {table}")[0][0]
                if "client_ids" in column:
                    foreign = rows(f"SELECT 1 FROM {table} WHERE client_ids <> ARRAY[{pk}]")
                    assert foreign == [], table
                elif column:
                    foreign = rows(f"SELECT 1 FROM {table} WHERE client_id IS DISTINCT FROM {pk}")
                    assert foreign == [], table
        assert seen <= total, table
        seen_by_someone[table] = seen
    filled = [
        "files_stored_file",
        "files_arrival",
        "files_transaction_set",
        "claims_claim",
        "claims_claim_number",
        "claims_submission",
        "claims_submission_line",
        "claims_coverage",
        "claims_diagnosis",
        "claims_answer",
        "remits_remittance",
        "remits_claim_payment",
        "remits_service_payment",
        "remits_adjustment",
        "remits_provider_adjustment",
        "ledger_entry",
        "ledger_open_balance",
    ]
    unseen = [table for table in filled if not seen_by_someone.get(table)]
    assert unseen == [], "the test would pass with nothing to see"


@pytest.mark.parametrize("setting", [None, "", "{}"])
def test_without_clients_every_table_is_empty(setting: str | None, inbox: Inbox) -> None:
    readable = [table for table in tables() if is_readable(table)]
    with as_web(setting):
        seen = {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in readable}
    assert {table: count for table, count in seen.items() if count} == {}
    assert len(readable) > 15


def test_a_file_of_two_clients_is_seen_by_who_sees_both(inbox: Inbox) -> None:
    ids = [pk for (pk,) in rows("SELECT id FROM clients_client ORDER BY id")]
    claims = builders.set_body(claims_file(sent("B1")))
    others = builders.set_body(claims_file(sent("B1"), npi=OTHER_NPI, tin=OTHER_TIN, batch="X"))
    (report,) = inbox.take(
        builders.envelope(claims, others, kind="837", guide="005010X222A1", code="HC", control=999)
    )
    assert report.file is not None
    query = f"SELECT count(*) FROM files_stored_file WHERE id = {report.file.pk}"
    for pk in ids:
        with as_web(f"{{{pk}}}"):
            assert rows(query) == [(0,)]
    with as_web("{" + ",".join(map(str, ids)) + "}"):
        assert rows(query) == [(1,)]


def test_the_web_role_writes_nothing_here(inbox: Inbox) -> None:
    ids = ",".join(str(pk) for (pk,) in rows("SELECT id FROM clients_client"))
    for table in tables():
        statements = [f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"]
        statements.append(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")
        column = rows(
            "SELECT column_name FROM information_schema.columns"
            f" WHERE table_name = '{table}' ORDER BY ordinal_position DESC LIMIT 1"
        )[0][0]
        statements.append(f"UPDATE {table} SET {column} = {column}")
        for statement in statements:
            with (
                pytest.raises(DatabaseError, match="permission denied"),
                as_web(f"{{{ids}}}"),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET posted_date = posted_date", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_history_cannot_be_changed_by_its_owner(table: str, statement: str, inbox: Inbox) -> None:
    before = rows(f"SELECT count(*) FROM {table}")
    assert before[0][0] > 0
    with (  # noqa: PT012
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no check is left waiting
        cursor.execute(statement.format(table))
    assert rows(f"SELECT count(*) FROM {table}") == before


ENTRY = (
    "INSERT INTO ledger_entry (posting_id, claim_id, client_id, transaction_id, position, part, line,"  # noqa: E501
    " kind, debit, credit, revision, amount_cents, effective_date, posted_date)"
    " SELECT {posting}, id, client_id, 0, 1, 0, 0, 4, {debit}, {credit}, 0, 100, '2026-01-01',"
    " '2026-01-01' FROM claims_claim LIMIT 1 RETURNING id"
)
POSTING = (
    "INSERT INTO ledger_posting (id, reason, posted_date, recorded_at, first_entry_id, entry_count,"
    " cash_cents) VALUES (90001, 'test', '2026-01-01', now(), {first}, {count}, {cash})"
)


def commit_checks(*statements: str) -> None:
    """Run statements and the checks that a commit would run."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def next_entry_id() -> int:
    return int(rows("SELECT last_value FROM ledger_entry_id_seq")[0][0]) + 1


@pytest.mark.parametrize(
    ("count", "cash", "debit", "credit", "message"),
    [
        (2, 0, 40, 20, "has 1 entries, not 2"),
        (1, 100, 40, 20, "brings in 0 cents"),
        (1, 0, 40, 11, "open balance of claim"),
    ],
    ids=["an entry is missing", "other cash", "a wrong open balance"],
)
def test_what_does_not_add_up_cannot_commit(
    count: int, cash: int, debit: int, credit: int, message: str, inbox: Inbox
) -> None:
    with pytest.raises(DatabaseError, match=message):
        commit_checks(
            ENTRY.format(posting=90001, debit=debit, credit=credit),
            POSTING.format(first=next_entry_id(), count=count, cash=cash),
        )
    commit_checks(
        ENTRY.format(posting=90001, debit=40, credit=20),
        POSTING.format(first=next_entry_id(), count=1, cash=0),
    )


def test_an_open_balance_changed_behind_the_ledgers_back_cannot_commit(inbox: Inbox) -> None:
    with pytest.raises(DatabaseError):
        commit_checks("UPDATE ledger_open_balance SET balance_cents = balance_cents + 1")
    with pytest.raises(DatabaseError):
        commit_checks("DELETE FROM ledger_open_balance")


@pytest.mark.parametrize(("amount", "debit", "credit"), [(0, 40, 20), (5, 40, 40)])
def test_an_entry_moves_money_between_two_accounts(
    amount: int, debit: int, credit: int, inbox: Inbox
) -> None:
    statement = ENTRY.format(posting=1, debit=debit, credit=credit).replace(
        "0, 100,", f"0, {amount},"
    )
    with pytest.raises(DatabaseError, match="ledger_entry_"):
        commit_checks(statement)


def test_the_day_of_knowledge_is_kept(inbox: Inbox) -> None:
    assert rows("SELECT DISTINCT posted_date FROM ledger_entry ORDER BY 1") == [
        (date(2026, 1, 5),),
        (date(2026, 1, 19),),
    ]
