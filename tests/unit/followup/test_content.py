"""What an activity says: days as written, texts cleaned, content known again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sanderling.followup.content import (
    Content,
    clean_note,
    clean_text,
    faults_of,
    source_key,
    written_day,
)
from sanderling.followup.models import ACTIONS, Channel, Outcome

CALL = Content(
    activity_date=date(2026, 3, 5),
    user_name="Ann Lee",
    channel="call",
    action="check_status",
    outcome="in_process",
    reference="R17",
    next_date=date(2026, 3, 19),
    note="Spoke with Joy.",
)
LATEST = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-05", date(2026, 3, 5)),
        ("2026-3-5", date(2026, 3, 5)),
        ("2026-03-05 00:00:00", date(2026, 3, 5)),
        ("2026-03-05T14:30:00Z", date(2026, 3, 5)),
        ("3/5/2026", date(2026, 3, 5)),
        ("03/05/26", date(2026, 3, 5)),
        ("3/5/2026 2:05 PM", date(2026, 3, 5)),
        ("2026-02-30", None),
        ("13/05/2026", None),
        ("5 March", None),
        ("20260305", None),
        ("", None),
    ],
)
def test_days_are_read_as_written_or_as_spreadsheets_rewrite_them(
    text: str, day: date | None
) -> None:
    assert written_day(text) == day


def test_texts_lose_what_only_looks_different() -> None:
    assert clean_text("  Ann \t Lee\x00 ") == "Ann Lee"
    assert clean_text("\\N") == ""
    assert clean_note(" one  two \r\n\r\nthree\x07\n\\.\n") == "one two\n\nthree"
    assert clean_note("a\r\nb") == clean_note("a\nb")


def test_the_same_content_has_the_same_key_and_any_other_has_another() -> None:
    assert source_key(CALL) == source_key(Content(*CALL))
    others = [
        CALL._replace(activity_date=date(2026, 3, 6)),
        CALL._replace(user_name="Bob"),
        CALL._replace(channel="portal"),
        CALL._replace(action="call_payer"),
        CALL._replace(outcome="pended"),
        CALL._replace(reference="R18"),
        CALL._replace(next_date=None),
        CALL._replace(note=""),
        # What moves from one column to the next is not the same.
        CALL._replace(reference="", note="R17Spoke with Joy."),
        CALL._replace(reference="R17Spoke with Joy.", note=""),
    ]
    keys = {source_key(content) for content in [CALL, *others]}
    assert len(keys) == len(others) + 1


@pytest.mark.parametrize(
    ("content", "column"),
    [
        (CALL._replace(activity_date=LATEST + timedelta(days=1), next_date=None), "date"),
        (CALL._replace(activity_date=date(1926, 3, 5), next_date=None), "date"),
        (CALL._replace(next_date=date(2026, 3, 4)), "next_date"),
        (CALL._replace(next_date=date(2062, 3, 5)), "next_date"),
        (CALL._replace(user_name="x" * 201), "user"),
        (CALL._replace(reference="x" * 201), "reference"),
        (CALL._replace(note="x" * 10_001), "note"),
    ],
)
def test_what_cannot_be_is_said(content: Content, column: str) -> None:
    assert [name for name, _ in faults_of(content, latest_day=LATEST)] == [column]


def test_what_can_be_has_no_fault() -> None:
    for content in (
        CALL,
        CALL._replace(activity_date=LATEST, next_date=LATEST),
        CALL._replace(next_date=CALL.activity_date + timedelta(days=366), note="x" * 10_000),
    ):
        assert faults_of(content, latest_day=LATEST) == []


def test_the_contracts_words_are_known_and_no_others() -> None:
    """The names are a contract with other programs (the database checks them, too)."""
    assert words_of(ACTIONS) == (
        "wait check_status call_payer resubmit correct_and_rebill appeal send_records "
        "request_documents obtain_authorization verify_eligibility bill_secondary "
        "dispute_underpayment find_payment transfer_to_patient refund write_off escalate"
    )
    assert words_of(Channel.choices) == "call portal electronic fax mail internal"
    assert words_of(Outcome.choices) == (
        "sent in_process paid denied not_on_file pended promised received no_answer done other"
    )


def words_of(choices: list[tuple[str, str]]) -> str:
    return " ".join(value for value, _ in choices)
