"""The adapter of plain sites works the simulator's portal in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from sanderling.portals.adapters import (
    Credentials,
    PortalAway,
    PortalStopped,
    Question,
    Unreadable,
)
from sanderling.portals.plain_site import PlainSite
from sanderling.portals.reading import Reading, Shown
from sanderling.simulator.portal import Portal, PortalClaim, Search

RIGHT = Credentials("biller", "open sesame")
PAID = PortalClaim(
    number="ICN1",
    status="Paid",
    patient_account="A1",
    service_date=date(2026, 1, 2),
    charge_cents=15_000,
    received_date=date(2026, 1, 5),
    paid_date=date(2026, 2, 20),
    paid_cents=123_456,
    allowed_cents=130_000,
    share_cents=0,
    trace="EFT900",
)
SAME_VISIT = PortalClaim(
    number="ICN2", status="Denied", patient_account="A2", charge_cents=9_000, reason_code="CO-197"
)
ASKED = Question("", "A1", "M1", date(1980, 5, 4), date(2026, 1, 2), 15_000)


def find(asked: Search) -> Sequence[PortalClaim]:
    """Know two claims of one visit."""
    if asked.claim_number:
        return [one for one in (PAID, SAME_VISIT) if one.number == asked.claim_number]
    person = (asked.member_id, asked.birth_date, asked.service_date)
    return [PAID, SAME_VISIT] if person == ("M1", "05/04/1980", "01/02/2026") else []


@pytest.fixture
def portal() -> Iterator[Portal]:
    if PlainSite().fault():
        pytest.skip(PlainSite().fault())
    with Portal(find, name="ACME", user="biller", password="open sesame") as running:
        yield running


def test_it_reads_the_right_one_of_a_visit_by_member_and_day(portal: Portal) -> None:
    with PlainSite().log_in(portal.url, RIGHT) as session:
        shown = session.look_up(ASKED)

    assert shown == Reading(
        Shown.PAID,
        payer_claim_number="ICN1",
        received_date=date(2026, 1, 5),
        paid_date=date(2026, 2, 20),
        paid_cents=123_456,
        allowed_cents=130_000,
        share_cents=0,
        trace="EFT900",
    )


def test_the_payers_number_comes_first_and_a_stranger_is_not_found(portal: Portal) -> None:
    with PlainSite().log_in(portal.url, RIGHT) as session:
        by_number = session.look_up(Question("ICN2", "A2", "", None, None, 9_000))
        nobody = session.look_up(
            Question("ICN9", "A9", "M9", date(1980, 5, 4), date(2026, 1, 2), 1)
        )

    assert by_number is not None
    assert (by_number.shown, by_number.reason_code) == (Shown.DENIED, "CO-197")
    assert nobody is None
    assert [one.claim_number for one in portal.visits.searches] == ["ICN2", "ICN9", ""]


def test_two_that_fit_and_a_page_without_a_status_go_to_a_person(portal: Portal) -> None:
    with PlainSite().log_in(portal.url, RIGHT) as session:
        with pytest.raises(Unreadable, match="another account number"):
            session.look_up(Question("", "A3", "M1", date(1980, 5, 4), date(2026, 1, 2), 1))
        portal.habits.lacks_status = True
        with pytest.raises(Unreadable, match="no status"):
            session.look_up(ASKED)


def test_a_session_that_runs_out_is_begun_anew(portal: Portal) -> None:
    portal.habits.searches_of_session = 1
    with PlainSite().log_in(portal.url, RIGHT) as session:
        shown = [session.look_up(Question("ICN1", "A1", "", None, None, 15_000)) for _ in range(2)]

    assert [one.trace for one in shown if one] == ["EFT900", "EFT900"]
    assert portal.visits.logins > 1


@pytest.mark.parametrize(
    ("habit", "fault", "words"),
    [("has_captcha", PortalStopped, "proof of a human"), ("is_closed", PortalAway, "closed")],
)
def test_it_stops_where_a_person_is_needed(
    portal: Portal, habit: str, fault: type[Exception], words: str
) -> None:
    setattr(portal.habits, habit, True)
    with pytest.raises(fault, match=words), PlainSite().log_in(portal.url, RIGHT):
        pass


def test_it_knocks_once_with_a_wrong_password_and_says_nothing_of_it(portal: Portal) -> None:
    wrong = Credentials("biller", "hunter2")
    with pytest.raises(PortalStopped) as refused, PlainSite().log_in(portal.url, wrong):
        pass

    assert portal.wrong == 1
    assert "hunter2" not in f"{refused.value}{wrong}"


def test_a_locked_account_is_told_apart(portal: Portal) -> None:
    portal.wrong = 3
    with pytest.raises(PortalStopped, match="locked"), PlainSite().log_in(portal.url, RIGHT):
        pass


def test_a_portal_that_breaks_off_is_away(portal: Portal) -> None:
    with PlainSite().log_in(portal.url, RIGHT) as session:
        portal.habits.drops_after = portal.answered
        with pytest.raises(PortalAway, match="broke off"):
            session.look_up(ASKED)
