"""The isolation walk: every address, as every role, as a stranger to a client, and logged out.

A foreign client has a row in every protected table (foreign_rows.py). People of another client, in
every role, open every page, fragment, export, file and operation of the API: with the foreign rows'
keys nothing is there, and without keys each page is the same, letter by letter, as it was before
the foreign client came. An address whose arguments the tables below do not know fails the first
test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import get_resolver
from pytest_django.plugin import DjangoDbBlocker
from tests.integration.pages import web_role
from tests.security.foreign_rows import AT, MARK, OF_THE_OFFICE, SIGNS, Foreign, fill
from tests.security.test_pages import OPEN, every_pattern

from sanderling.accounts.models import ClientAssignment, User
from sanderling.accounts.roles import Role, role_may
from sanderling.appeals.letters import ensure_shipped
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.ledger.models import OpenBalance
from sanderling.payers.models import Payer
from sanderling.worklists.models import WorkItem

# What an argument of an address names: a table with the foreign client's row.
TABLES: Final = {
    "act_id": "worklists_bulk_act",
    "action_id": "prevention_action",
    "activity_id": "followup_activity",
    "after_id": "contracts_version",
    "appeal_id": "appeals_appeal",
    "before_id": "contracts_version",
    "claim_id": "claims_claim",
    "contact_id": "document_requests_contact",
    "contract_id": "contracts_contract",
    "definition_id": "reports_definition",
    "delivery_id": "reports_delivery",
    "due_id": "reports_due",
    "entry_id": "reviews_entry",
    "event_id": "audit_event",
    "evidence_id": "appeals_evidence",
    "file_id": "outbox_file",
    "flag_id": "flags_flag",
    "hold_id": "compliance_legal_hold",
    "identified_id": "refunds_identified",
    "issue_id": "issues_issue",
    "item_id": "worklists_work_item",
    "mail_id": "mail_mail",
    "making_id": "reports_making",
    "note_id": "followup_note",
    "notice_id": "news_notice",
    "payment_id": "remits_claim_payment",
    "project_id": "appeals_project",
    "refund_id": "refunds_refund",
    "report_id": "reports_report",
    "reported_id": "issues_report",
    "request_id": "document_requests_request",
    "resubmission_id": "resubmission_resubmission",
    "review_id": "reviews_review",
    "rule_id": "prevention_edit_rule",
    "schedule_id": "contracts_fee_schedule",
    "series_id": "reviews_series",
    "set_id": "evaluation_what_if_set",
    "submission_id": "claims_submission",
    "task_id": "tasks_task",
    "transfer_id": "transfers_transfer",
    "trial_id": "prevention_trial",
    "upload_id": "document_requests_upload",
    "user_id": "accounts_user",
    "version_id": "contracts_version",
    "view_id": "worklists_saved_view",
    "what_if_id": "evaluation_what_if",
    "write_off_id": "writeoffs_write_off",
}
# `pk` says it of each address; the beginning of an address's name is enough.
TABLES_OF_PK: Final = {
    "alert": "automation_alert",
    "acknowledge-alert": "automation_alert",
    "attachment": "followup_attachment",
    "break-glass": "accounts_break_glass",
    "change-webhook": "api_webhook",
    "core-mailbox": "exchange_mailbox",
    "dry-run": "automation_dry_run",
    "file": "files_stored_file",
    "letterhead": "clients_client",
    "mailbox": "exchange_mailbox",
    "outbound": "outbox_file",
    "remove-day-off": "workload_day_off",
    "replay": "files_stored_file",
    "replay-delivery": "api_delivery",
    "revoke-api-token": "api_token",
    "rule-run": "automation_run",
    "snooze-alert": "automation_alert",
    "underpayment": "underpayments_project",
    "undo-rule-run": "automation_run",
    "webhook": "api_webhook",
}
# Arguments that name nothing of a client's.
SHARED: Final = {
    "code": "45",
    "form": "pdf",
    "key": "denial_rate",
    "kind": "carc",
    "level": "1",
    "number": "1",
    "party": "11",
    "place": "0",
    "team": "coding",
}
# `pk` of things of no client, by the beginning of the name: the payer there is, or none.
SHARED_PK: Final = ("payer", "set-payer", "new-payer", "appeal-way", "portal")
NO_SUCH_PK: Final = ("code-rule", "deadline-rule", "rule", "edit-rule", "move-rule", "new-dry-run",
                     "target-act")  # fmt: skip
NO_SUCH: Final = 2_000_000_000
# People of other clients are an administrator's to manage, and a webhook or token is, too.
OFFICE: Final = {"user", "revoke-api-token", "webhook", "change-webhook"}
# The trail grows with each page that is opened; what it must not show is looked for all the same.
CHANGES_BY_ITSELF: Final = {"audit", "chain"}
# A fragment that says so, for a key that was never there, too.
SAYS_IT_IS_GONE: Final = {"work-focus-hold"}
FRAMEWORK: Final = "account/"  # allauth's own pages: nothing of a client
WATCHERS: Final = (Role.ADMIN, Role.COMPLIANCE, Role.CLIENT_USER)
REFUSED: Final = (403, 404, 405)
# Where words are looked for: address, the field, what kind of body.
SEARCHES: Final = (
    ("/claims/", "text", "form"),
    ("/work/search/", "q", "form"),
    ("/audit/claims/", "text", "form"),
    ("/api/v1/claims/search", "text", "json"),
    ("/api/v1/items/search", "text", "json"),
)


@dataclass(frozen=True)
class Place:
    """One address with its arguments filled in."""

    name: str
    address: str
    permission: str | None
    is_foreign: bool  # its arguments name the foreign client's things


@dataclass
class Walk:
    """Who walks, where, and what was seen before and after the foreign client came."""

    people: dict[str, User]
    foreign: Foreign
    places: list[Place] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    before: dict[tuple[str, str], str] = field(default_factory=dict)
    after: dict[tuple[str, str], str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)

    def ask(self, who: str, address: str, *, method: str = "get", **more: Any) -> HttpResponse:
        """Open an address under the web's role; a GET leaves no trace behind."""
        with web_role(), transaction.atomic():
            answer: HttpResponse = getattr(self.browsers[who], method)(address, **more)
            if answer.streaming:
                chunks = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # as it says
                answer = HttpResponse(chunks, status=answer.status_code)
            if method == "get" or answer.status_code >= 500:
                transaction.set_rollback(True)
        self.browsers[who].cookies.pop("messages", None)  # what it would say on the next page
        return answer


# Tokens against forged requests, times of day, and keys that a request makes anew.
_VARYING: Final = re.compile(
    r"[A-Za-z0-9]{64}|\d\d:\d\d(:\d\d(\.\d+)?)?|[0-9a-f]{32}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


def text_of(answer: HttpResponse) -> str:
    """Return what was answered, less what varies from request to request."""
    words = answer.content.decode("utf-8", "replace")
    where = answer.headers.get("Location", "")
    return f"{answer.status_code} {where} {_VARYING.sub('', words)}"


def signs_in(text: str) -> list[str]:
    return [sign for sign in SIGNS if sign in text]


def places_of(foreign: Foreign) -> tuple[list[Place], list[str]]:
    """Return every address with arguments, and those that nobody has listed."""
    places, unlisted = [], []
    for path, pattern in every_pattern(get_resolver().url_patterns):
        if path.startswith(FRAMEWORK):
            continue
        name = str(pattern.name)
        values, is_foreign = {}, False
        for argument in re.findall(r"<(?:\w+:)?(\w+)>", path):
            value, is_own = value_of(name, argument, foreign)
            if value is None:
                unlisted.append(f"{name}: {argument}")
            values[argument] = str(value)
            is_foreign |= is_own
        address = f"/{path}"
        for argument, value in values.items():
            address = re.sub(rf"<(?:\w+:)?{argument}>", value, address)
        permission = getattr(pattern.callback, "required_permission", None)
        places.append(Place(name, address, permission, is_foreign and name not in OFFICE))
    return places, unlisted


def value_of(name: str, argument: str, foreign: Foreign) -> tuple[Any, bool]:
    """Return what an argument is, and whether it names a thing of the foreign client."""
    if name == "claim":
        return MARK, True
    plain = {
        **SHARED, "token": "0" * 32, "provider_id": "none", "payer_id": foreign.payer_id,
        "campaign_id": NO_SUCH,
    }  # fmt: skip
    if argument in plain:
        return plain[argument], False
    table = TABLES.get(argument)
    if argument == "pk":
        begins = [one for one in (*TABLES_OF_PK, *SHARED_PK, *NO_SUCH_PK) if name.startswith(one)]
        best = max(begins, key=len, default="")
        if best in SHARED_PK:
            return foreign.payer_id, False
        if best in NO_SUCH_PK:
            return NO_SUCH, False
        table = TABLES_OF_PK.get(best)
    if table is None:
        return None, False
    own = {"clients_client": foreign.client_id, "accounts_user": foreign.user_id}
    return own.get(table, foreign.ids.get(table, NO_SUCH)), True


def make_mine() -> dict[str, User]:
    """Make a client with an open claim and a person of each role who sees this client only."""
    payer = Payer.objects.create(
        payer_id="ACME1", name="ACME HEALTH", type="commercial", created_at=AT
    )
    client = Client.objects.create(code="MINE", name="Mine Clinic", created_at=AT)
    claim = Claim.objects.create(
        client=client, number="A1", number_key="A1", kind="P", payer=payer,
        patient_last_name="DOE", patient_first_name="JANE", member_id="ABC123",
        service_from_date=date(2026, 1, 2), first_billed_date=date(2026, 1, 5),
        charge_cents=15_000,
    )  # fmt: skip
    OpenBalance.objects.create(
        claim_id=claim.pk, client_id=client.pk, party=11, balance_cents=15_000,
        responsible_from_date=date(2026, 1, 5),
    )  # fmt: skip
    WorkItem.objects.create(
        claim_id=claim.pk, party=11, client_id=client.pk, payer_id=payer.pk, client_code="MINE",
        claim_number="A1", balance_cents=15_000, barrier="no_response",
        next_action="check_status", team="ar", since_date=date(2026, 2, 10),
        next_date=date(2026, 2, 10), arrived_at=AT, changed_at=AT,
    )  # fmt: skip
    people = {}
    for role in Role.values:
        people[role] = User.objects.create(email=f"{role}@x.test", name=role, role=role)
        ClientAssignment.objects.create(user=people[role], client=client)
    people["nobody"] = User.objects.create(email="n@x.test", name="nobody", role=Role.ADMIN)
    return people


def look_around(
    walk: Walk, before: dict[tuple[str, str], str] | None = None
) -> dict[tuple[str, str], str]:
    """Open every page that names nothing foreign, also as a file, and as a fragment if it has one.

    `before`: what was seen earlier, by which it is known what has a fragment.
    """
    seen: dict[tuple[str, str], str] = {}
    for place in walk.places:
        if place.is_foreign:
            continue
        for who in WATCHERS:
            role = walk.people[who].role
            if place.permission and not role_may(role, place.permission):
                continue
            if who == Role.COMPLIANCE and role_may(Role.ADMIN, place.permission or "claims.view"):
                continue  # an administrator of the same client has opened it
            answer = walk.ask(who, place.address)
            seen[who, place.address] = text_of(answer)
            if b"format=json" in answer.content:
                exported = f"{place.address}?format=json"
                seen[who, exported] = text_of(walk.ask(who, exported))
            if who == Role.ADMIN and (not before or ("htmx", place.address) in before):
                fragment = text_of(walk.ask(who, place.address, headers={"HX-Request": "true"}))
                if fragment != seen[who, place.address]:
                    seen["htmx", place.address] = fragment
    return seen


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Walk]:
    """Look around, let the foreign client come, and look around again."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield walked()
        transaction.set_rollback(True)


def walked() -> Walk:
    ensure_shipped(at=AT)
    people = make_mine()
    payer = Payer.objects.get()
    stranger = User.objects.create(email="f@x.test", name="f", role=Role.LEAD)
    walk = Walk(people, Foreign(0, stranger.pk, payer.pk))
    for who, person in people.items():
        walk.browsers[who] = Browser(raise_request_exception=False)
        walk.browsers[who].force_login(person)
    walk.browsers["out"] = Browser(raise_request_exception=False)
    walk.foreign.client_id = Client.objects.create(code=MARK, name=MARK, created_at=AT).pk
    fill(walk.foreign, only=OF_THE_OFFICE)
    walk.places, _ = places_of(walk.foreign)
    walk.before = look_around(walk)
    fill(walk.foreign)
    walk.places, walk.unlisted = places_of(walk.foreign)
    walk.after = look_around(walk, walk.before)
    return walk


@pytest.fixture
def walk(standing: Walk, db: None) -> Walk:
    """The walk, for one test."""
    return standing


def test_every_address_says_what_its_arguments_name(walk: Walk) -> None:
    assert walk.unlisted == []


def test_the_web_role_sees_no_foreign_row_in_any_table(walk: Walk) -> None:
    keys = {model._meta.db_table: model._meta.pk.column for model in apps.get_models()}
    mine = Client.objects.get(code="MINE").pk
    seen, columns = set(), {}
    with connection.cursor() as cursor:
        for table in walk.foreign.ids:
            cursor.execute("SELECT has_table_privilege('sanderling_app', %s, 'SELECT')", [table])
            columns[table] = cursor.fetchone()[0]
        with web_role():
            cursor.execute(
                "SELECT set_config('sanderling.client_ids', %s, true),"
                " set_config('sanderling.actor', %s, true),"
                " set_config('sanderling.role', 'admin', true)",
                [f"{{{mine}}}", f"user:{walk.people['admin'].pk}"],
            )
            for table, key in walk.foreign.ids.items():
                if columns[table] and keys[table]:
                    cursor.execute(f"SELECT count(*) FROM {table} WHERE {keys[table]} = %s", [key])
                    if cursor.fetchone()[0]:
                        seen.add(table)
        cursor.execute(
            "SELECT set_config('sanderling.client_ids', '', true),"
            " set_config('sanderling.actor', '', true), set_config('sanderling.role', '', true)"
        )
    assert seen == set(OF_THE_OFFICE), seen ^ set(OF_THE_OFFICE)
    assert len(walk.foreign.ids) > 150


def test_pages_are_the_same_as_before_the_foreign_client_came(walk: Walk) -> None:
    addresses = {place.address: place.name for place in walk.places}
    changed = [
        f"{who} {address}"
        for (who, address), text in walk.after.items()
        if addresses.get(address.partition("?")[0]) not in CHANGES_BY_ITSELF
        and text != walk.before.get((who, address))
    ]
    assert not changed, changed
    assert len(walk.after) > 200


def test_no_page_shows_anything_foreign_or_fails(walk: Walk) -> None:
    shown = {
        f"{who} {address}": signs_in(text)
        for (who, address), text in walk.after.items()
        if signs_in(text) or text.startswith("5")
    }
    assert not shown, shown


def test_foreign_things_are_not_there_for_any_role(walk: Walk) -> None:
    found = []
    for place in walk.places:
        if not place.is_foreign:
            continue
        for who, person in walk.people.items():
            if place.permission and not role_may(person.role, place.permission):
                continue  # refused for that: see below
            answer = walk.ask(who, place.address)
            if answer.status_code not in REFUSED:
                found.append(f"{who} GET {place.address}: {answer.status_code}")
            if signs_in(text_of(answer).replace(place.address, "")):
                found.append(f"{who} GET {place.address}: {signs_in(text_of(answer))}")
            if answer.status_code == 405:
                break  # takes a POST only, from whomever
    assert not found, found


def test_nothing_foreign_is_changed_by_any_post(walk: Walk) -> None:
    before = foreign_state(walk)
    found = []
    for place in walk.places:
        for who in WATCHERS:
            if place.permission and not role_may(walk.people[who].role, place.permission):
                continue
            if not place.is_foreign:
                continue
            answer = walk.ask(who, place.address, method="post")
            says_something = answer.status_code == 200 and place.name not in SAYS_IT_IS_GONE
            if answer.status_code >= 500 or says_something:
                found.append(
                    f"{who} POST {place.address}: {answer.status_code} {text_of(answer)[:300]}"
                )
            if signs_in(text_of(answer).replace(place.address, "")):
                found.append(f"{who} POST {place.address}: {signs_in(text_of(answer))}")
    assert not found, found
    assert foreign_state(walk) == before


def foreign_state(walk: Walk) -> dict[str, str]:
    """Return a digest of the foreign row of each table."""
    keys = {model._meta.db_table: model._meta.pk.column for model in apps.get_models()}
    state = {}
    with connection.cursor() as cursor:
        for table, key in walk.foreign.ids.items():
            if keys[table]:
                cursor.execute(
                    f"SELECT md5(t::text) FROM {table} t WHERE {keys[table]} = %s", [key]
                )
                state[table] = str(cursor.fetchone())
    return state


def test_every_role_is_refused_what_it_may_not(walk: Walk) -> None:
    """Each address is asked by one role that may not, each permission by every such role."""
    found, known = [], set()
    for turn, place in enumerate(walk.places):
        lacking = [
            role
            for role in Role.values
            if place.permission is not None and not role_may(role, place.permission)
        ]
        for number, role in enumerate(lacking):
            if number != turn % len(lacking) and (place.permission, role) in known:
                continue
            answer = walk.ask(role, place.address)
            if answer.status_code == 405:
                answer = walk.ask(role, place.address, method="post")
            if answer.status_code != 403:
                found.append(f"{role} {place.address}: {answer.status_code}")
            known.add((place.permission, role))
    assert not found, found


def test_who_is_not_logged_in_is_sent_away_everywhere(walk: Walk) -> None:
    found = []
    for place in walk.places:
        if place.name in OPEN:
            continue
        answer = walk.ask("out", place.address)
        if answer.status_code == 405:
            answer = walk.ask("out", place.address, method="post")
        sent_away = answer.status_code == 302 and "/account/login/" in answer.headers["Location"]
        if not sent_away and answer.status_code not in (401, 404, 410):
            found.append(f"{place.address}: {answer.status_code}")
        if signs_in(text_of(answer).replace(place.address, "")) and not sent_away:
            found.append(f"{place.address}: foreign")
    assert not found, found


@pytest.mark.parametrize(("address", "name", "kind"), SEARCHES)
def test_a_search_for_foreign_words_is_one_for_words_that_are_nowhere(
    walk: Walk, address: str, name: str, kind: str
) -> None:
    for who in (Role.ADMIN, Role.COMPLIANCE, Role.CLIENT_USER):
        answers = []
        for words in (MARK, "QQNOWHEREQQ"):
            body: dict[str, Any] = {"data": {name: words}}
            if kind == "json":
                body = {"data": json.dumps({name: words}), "content_type": "application/json"}
            answer = walk.ask(who, address, method="post", **body)
            if answer.status_code == 302:
                answer = walk.ask(who, answer.headers["Location"])
            assert answer.status_code < 500
            answers.append(re.sub(f"(?i){words}|[0-9a-f]{{8}}", "", text_of(answer)))
        assert answers[0] == answers[1], who
