"""A worklist shows its user's clients only, and saved views of others only when they are shared."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from tests.builders import rows
from tests.integration.listed_items import make_client, make_user, put_item
from tests.integration.pages import Visitor, text_of
from tests.security.test_isolation_of_barriers import as_web

from sanderling.clients.models import Client
from sanderling.worklists.models import SavedView
from sanderling.worklists.searching import find_items, patterns
from sanderling.worklists.tallying import recount

pytestmark = pytest.mark.django_db
OWN = (
    *("worklists_work_item", "worklists_tally", "worklists_payer_tally", "worklists_tally_day"),
    "worklists_stale_tally",
)


@pytest.fixture
def clients(db: None) -> tuple[Client, Client]:
    """Two clients, each with an item, counted, and changed since."""
    mine, theirs = make_client("MINE"), make_client("THEIRS")
    today = timezone.localdate()
    put_item(mine, "OURS1", today=today, patient_name="Doe, Jane")
    put_item(theirs, "ALIEN1", today=today, patient_name="Foreigner, Frank", balance_cents=77_700)
    recount([mine.pk, theirs.pk], today=today, at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE worklists_work_item SET touches = 1")
    return mine, theirs


def test_a_client_sees_its_own_rows_and_only_those(clients: tuple[Client, Client]) -> None:
    for client in clients:
        for table in OWN:
            with as_web(f"{{{client.pk}}}"):
                seen = rows(f"SELECT client_id FROM {table}")
            assert seen, table
            assert set(seen) == {(client.pk,)}, table


def test_only_who_sees_every_client_there_is_goes_the_short_way(
    clients: tuple[Client, Client],
) -> None:
    mine, theirs = clients
    both = f"{{{mine.pk},{theirs.pk}}}"
    with as_web(both):
        assert rows("SELECT sanderling_sees_every_client()") == [(True,)]
        assert len(rows("SELECT id FROM worklists_work_item")) == 2
    for few in (None, "", "{}", f"{{{mine.pk}}}", f"{{{mine.pk},-1,0,999999999}}"):
        with as_web(few):
            assert rows("SELECT sanderling_sees_every_client()") == [(False,)], few
    third = make_client("THIRD")  # from now on there is one more than the session was told of
    put_item(third, "THIRD1", today=timezone.localdate())
    with as_web(both):
        assert rows("SELECT sanderling_sees_every_client()") == [(False,)]
        assert len(rows("SELECT id FROM worklists_work_item")) == 2


@pytest.mark.parametrize("setting", [None, "", "{}"])
def test_without_clients_there_is_nothing(
    setting: str | None, clients: tuple[Client, Client]
) -> None:
    with as_web(setting):
        for table in OWN:
            assert rows(f"SELECT * FROM {table}") == [], table
        assert find_items(["alien"]) == ()


def test_the_search_function_lets_through_visible_clients_only(
    clients: tuple[Client, Client],
) -> None:
    mine, theirs = clients
    with as_web(f"{{{mine.pk}}}"):
        assert find_items(["foreigner"]) == ()
        assert len(find_items(["1"]) or ()) == 1
        # What is searched for is text, never a part of the statement.
        for wrong in ("' OR true --", "%' OR '1'='1", "\\' OR true --", "$1", "x' LIMIT 9) --"):
            assert find_items([wrong]) == ()
            assert (
                rows(
                    "SELECT * FROM sanderling_find_items(%s::text[], 10)",
                    [patterns([wrong])],  # type: ignore[list-item]  # an array
                )
                == []
            )
    with as_web(f"{{{theirs.pk}}}"):
        assert len(find_items(["foreigner"]) or ()) == 1


def test_counting_for_another_client_is_refused(clients: tuple[Client, Client]) -> None:
    mine, theirs = clients
    for statement in (
        "INSERT INTO worklists_tally_day VALUES (%s, now(), now(), 1)",
        "INSERT INTO worklists_stale_tally (client_id) VALUES (%s)",
        "INSERT INTO worklists_payer_tally VALUES (DEFAULT, %s, 'all', 1, 1, 1, 1, 1, 1)",
    ):
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            as_web(f"{{{mine.pk}}}"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [theirs.pk])


def test_pages_show_no_other_clients_item(clients: tuple[Client, Client]) -> None:
    mine, _ = clients
    alien = rows("SELECT id FROM worklists_work_item WHERE claim_number = 'ALIEN1'")[0][0]
    sam = Visitor(make_user("sam", mine))
    for address in (
        "/work/", "/work/?view=all", "/work/?view=all&client=THEIRS",
        "/work/?view=all&group=patient",
        f"/work/?view=all&same={alien}", "/work/rows/?view=all", "/work/size/?view=all",
        "/work/?view=all&format=csv", "/work/filters/",
    ):  # fmt: skip
        page = text_of(sam.get(address))
        for text in ("ALIEN1", "Foreigner", "777.00", "THEIRS Clinic"):
            assert text not in page, address
    assert sam.get(f"/work/items/{alien}/").status_code == 404
    found = sam.post("/work/search/", text="foreigner frank", query="")
    assert "No claim has these words" in text_of(sam.get(found.headers["Location"]))


@pytest.mark.parametrize("role", ["client_user", "compliance"])
def test_who_does_not_work_claims_sees_no_worklist(
    role: str, clients: tuple[Client, Client]
) -> None:
    visitor = Visitor(make_user("carl", clients[0], role=role))
    for address in ("/work/", "/work/rows/", "/work/size/", "/work/filters/", "/work/items/1/"):
        assert visitor.get(address).status_code == 403, address
    for address in ("/work/search/", "/work/columns/", "/work/views/", "/work/default/"):
        assert visitor.post(address, query="", name="x", text="doe").status_code == 403, address
    assert not SavedView.objects.exists()


def test_a_saved_view_of_another_shows_only_when_it_is_shared(
    clients: tuple[Client, Client],
) -> None:
    mine, theirs = clients
    olga, sam = make_user("olga", theirs), Visitor(make_user("sam", mine))
    for name, is_shared in (("Olga keeps this", False), ("Olga shares this", True)):
        SavedView.objects.create(owner=olga, name=name, query="view=all", is_shared=is_shared,
                                 created_at=timezone.now())  # fmt: skip
    page = text_of(sam.get("/work/"))
    assert "Olga shares this" in page
    assert "Olga keeps this" not in page
