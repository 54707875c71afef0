"""Checks of the audit chain from the page: walked by the worker, told to who answers for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client as Browser
from tests.security.test_audit import tamper

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.audit.actions import record_event, seal_events
from sanderling.compliance.chain_checks import ask_check, latest_check, run_checks
from sanderling.compliance.models import ChainCheck, CheckState
from sanderling.news.models import Notice

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def officer() -> User:
    return create_user(
        email="o@x.test", name="Officer", role="compliance", password="correct-horse-battery"
    )


def test_a_check_asked_twice_is_walked_once_and_says_intact(officer: User, client: Browser) -> None:
    record_event(action="file.ingest", at=AT)
    seal_events(at=AT)
    client.force_login(officer)
    assert client.post("/compliance/chain/").status_code == 302
    assert client.post("/compliance/chain/").status_code == 302
    assert ChainCheck.objects.count() == 1
    running = client.get("/compliance/chain/?part=state", headers={"HX-Request": "true"})
    assert b'hx-trigger="every 2s"' in running.content
    assert run_checks(at=AT) == 0
    done = client.get("/compliance/chain/?part=state", headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    page = client.get("/compliance/chain/").content
    assert b"intact" in page
    check = latest_check()
    assert check is not None
    assert (check.state, check.checked) == (CheckState.DONE, check.total)
    assert check.head_hash.encode() in page


def test_a_tampered_row_is_named_on_the_page_and_told_at_once(
    officer: User, client: Browser
) -> None:
    events = [record_event(action="claim.view", at=AT) for _ in range(3)]
    seal_events(at=AT)
    tamper("UPDATE audit_event SET actor = 'x' WHERE id = %s", events[1].pk)
    ask_check(user=officer, at=AT)
    assert run_checks(at=AT) == 1
    client.force_login(officer)
    page = client.get("/compliance/chain/").content.decode()
    assert "Tampered with" in page
    assert f"/audit/events/{events[1].pk}/" in page
    notice = Notice.objects.get(user=officer, kind="audit.tampered")
    assert notice.is_urgent
    event_page = client.get(f"/audit/events/{events[1].pk}/").content.decode()
    assert "not as it was sealed" in event_page


def test_the_end_that_a_check_saw_must_still_be_there_for_the_next(officer: User) -> None:
    events = [record_event(action="claim.view", at=AT) for _ in range(3)]
    seal_events(at=AT)
    ask_check(user=officer, at=AT)
    assert run_checks(at=AT) == 0
    sealed = ChainCheck.objects.get().head_event_id
    tamper("DELETE FROM audit_seal WHERE event_id >= %s", events[2].pk)
    tamper("DELETE FROM audit_event WHERE id >= %s", events[2].pk)
    ask_check(user=officer, at=AT)
    run_checks(at=AT)
    found = ChainCheck.objects.order_by("-pk")[0].findings
    assert [(one["event"], one["kind"]) for one in found] == [(sealed, "cut")]
