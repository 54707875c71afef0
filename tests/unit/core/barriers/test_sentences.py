"""Every barrier, in each of its cases, has a sentence that a biller would say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.core.barriers.story import CHARGE, Story, day, payer

from sanderling.core.barriers.rows import BARRIERS
from sanderling.core.barriers.sentences import sentence

SHARE = (("CO", "45", 6000), ("PR", "2", 1800))


def _sent(*more: Callable[[Story], object], second: bool = False) -> Story:
    story = Story(payer(1), payer(2)) if second else Story()
    number = story.sent()
    for tell in more:
        tell(story) if tell.__code__.co_argcount == 1 else tell(story, number)  # type: ignore[call-arg]
    return story


def _paid(story: Story) -> None:
    story.paid(14, 7200, *SHARE)


def _denied(story: Story) -> None:
    story.paid(14, 0, ("CO", "197", CHARGE))


def _forwarded(story: Story) -> None:
    story.paid(14, 7200, *SHARE, status="19")


def _split(story: Story) -> None:
    story.paid(14, 5000, charge_cents=5000)


def _overpaid(story: Story) -> None:
    story.paid(14, CHARGE)
    story.paid(30, 5000, charge_cents=5000, number="ICN2")


def _forbidden(story: Story) -> None:
    story.paid(14, 7200, *SHARE, claim_remarks=("N192",))


def _taken_back(story: Story) -> None:
    _paid(story)
    story.took_back(20, 7200, *SHARE)


def _did(action: str, outcome: str) -> Callable[[Story], object]:
    return lambda story: story.did(20, action, outcome)


def _said(*words: str) -> Callable[[Story], object]:
    return lambda story: story.said(20, *words)


# What is told -> the day, the party, the barrier and its case, a piece of the sentence.
TOLD: dict[str, tuple[Story, int, int, str, str, str]] = {
    "sent": (_sent(), 10, 11, "awaiting_payer", "sent", "has not confirmed it"),
    "accepted": (
        _sent(lambda s: s.accepted(2)), 10, 11, "awaiting_payer", "accepted",
        "accepted the claim on Jan 7, 2026 and has until Feb 1, 2026",
    ),
    "in process": (
        _sent(_said("277", "P1", "20")), 30, 11, "awaiting_payer", "in_process", "working on",
    ),
    "crossover": (
        _sent(_forwarded, second=True), 20, 12, "awaiting_payer", "crossover", "forwarded",
    ),
    "crossover late": (
        _sent(_forwarded, second=True), 60, 12, "no_response", "crossover", "16 days ago",
    ),
    "part": (_sent(_split), 20, 11, "awaiting_payer", "part", "part of the claim"),
    "part late": (_sent(_split), 60, 11, "no_response", "part", "late with the rest"),
    "passed on": (
        _sent(lambda s: s.paid(14, 0, ("OA", "109", CHARGE), status="23")), 20, 11,
        "awaiting_payer", "passed_on", "not its own",
    ),
    "passed on late": (
        _sent(lambda s: s.paid(14, 0, ("OA", "109", CHARGE), status="23")), 60, 11,
        "no_response", "passed_on", "to another payer",
    ),
    "reversed": (_sent(_taken_back), 30, 11, "awaiting_payer", "reversed", "took its decision"),
    "reversed late": (_sent(_taken_back), 60, 11, "no_response", "reversed", "15 days late"),
    "no answer": (_sent(), 26, 11, "no_response", "sent", "by Jan 30, 2026, 1 day ago"),
    "rejected": (
        _sent(lambda s: s.refused(2, entity="85")), 10, 11, "rejected", "277CA", "A7:562:85",
    ),
    "file refused": (
        _sent(lambda s: s.said(2, "999", "R", of=101)), 10, 11, "rejected", "999", "never reached",
    ),
    "interchange refused": (
        _sent(lambda s: s.said(2, "TA1", "R", "018", of=101)), 10, 11, "rejected", "TA1", "TA1",
    ),
    "rejected by status": (
        _sent(_said("277", "A7", "562")), 21, 11, "rejected", "status", "before processing",
    ),
    "replacement rejected": (
        _sent(_denied, lambda s: s.refused(22, of=s.sent(20, frequency="7"))), 30, 11, "rejected",
        "replacement", "corrected claim was rejected",
    ),
    "not on file": (
        _sent(_said("277", "D0", "35")), 30, 11, "not_on_file", "status", "no such claim",
    ),
    "pended by status": (
        _sent(_said("277", "R4", "294")), 30, 11, "pended", "status", "R4:294",
    ),
    "pended by remittance": (
        _sent(lambda s: s.paid(14, 0, ("OA", "133", CHARGE))), 20, 11, "pended", "remittance",
        "OA-133",
    ),
    "pended, a call heard": (
        _sent(_did("call_payer", "pended")), 30, 11, "pended", "act", "wants something",
    ),
    "denied": (_sent(_denied), 20, 11, "denied", "claim", "denied the claim on Jan 19, 2026"),
    "denied, a line": (
        _sent(lambda s: s.paid(14, 5000, lines=(
            (5000, 5000, ()), (10000, 0, (("CO", "197", 10000),))))), 20, 11, "denied", "line",
        "part of the claim",
    ),
    "denied as duplicate": (
        _sent(lambda s: s.paid(14, 0, ("OA", "18", CHARGE), remarks=("N522",))), 20, 11, "denied",
        "duplicate", "OA-18",
    ),
    "denied by status": (
        _sent(_said("277", "F2", "54")), 30, 11, "denied", "status", "its remittance is missing",
    ),
    "denied, a call heard": (
        _sent(_did("call_payer", "denied")), 30, 11, "denied", "act", "its remittance is missing",
    ),
    "cut": (
        _sent(lambda s: s.paid(14, 10000, ("PI", "45", 5000))), 20, 11, "underpaid", "reduced",
        "cut the rest",
    ),
    "second payer forgotten": (
        _sent(_paid, second=True), 20, 12, "secondary_unbilled", "", "nobody has billed it",
    ),
    "corrected": (
        _sent(_denied, lambda s: s.sent(20, frequency="7")), 30, 11, "corrected_pending",
        "replacement", "went to ACME HEALTH on Jan 25, 2026",
    ),
    "appealed": (
        _sent(_denied, _did("appeal", "sent")), 30, 11, "appeal_pending", "act", "An appeal",
    ),
    "client asked": (
        _sent(_denied, _did("request_documents", "sent")), 21, 11, "awaiting_client", "act",
        "1 day ago",
    ),
    "another team": (
        _sent(_denied, _did("obtain_authorization", "sent")), 30, 11, "awaiting_internal", "act",
        "10 days",
    ),
    "held": (
        _sent(lambda s: s.paid(14, 9999, is_held=True)), 20, 11, "awaiting_internal", "held",
        "could not be posted",
    ),
    "paid by its word": (
        _sent(_said("277", "F1", "65")), 30, 11, "paid_unposted", "status", "that it paid",
    ),
    "finished by its word": (
        _sent(_said("277", "F0", "1")), 30, 11, "paid_unposted", "status", "finished the claim",
    ),
    "paid, a call heard": (
        _sent(_did("call_payer", "paid")), 30, 11, "paid_unposted", "act", "that it paid",
    ),
    "asked": (
        _sent(_did("call_payer", "promised")), 30, 11, "awaiting_payer", "act", "Asked about",
    ),
    "records sent": (
        _sent(_denied, _did("send_records", "sent")), 30, 11, "awaiting_payer", "act_sent",
        "What was needed went to ACME HEALTH on Jan 25, 2026",
    ),
    "records sent, no answer": (
        _sent(_denied, _did("send_records", "sent")), 60, 11, "no_response", "act_sent",
        "10 days ago",
    ),
    "above the allowed, left to the patient": (
        _sent(lambda s: s.paid(14, 9600, ("PR", "45", 5400))), 20, 11, "underpaid", "reduced",
        "PR-45",
    ),
    "patient": (_sent(_paid), 20, 14, "patient_responsibility", "", "is the patient's"),
    "patient may not be billed": (
        _sent(_forbidden), 20, 14, "patient_responsibility", "", "may not be billed",
    ),
    "credit": (_sent(_overpaid), 31, 11, "credit_balance", "", "back to ACME HEALTH"),
    "unknown code": (
        _sent(lambda s: s.paid(14, 10000, ("CO", "9Z9", 5000))), 20, 11, "unexplained",
        "unknown_code", "a code nobody knows (CO-9Z9)",
    ),
    "nothing explains it": (
        _sent(lambda s: s.paid(14, 10000, ("OA", "23", 5000))), 20, 11, "unexplained", "paid",
        "none of its codes",
    ),
}  # fmt: skip


def told(name: str) -> tuple[dict[str, Any], str]:
    story, on, party, *_ = TOLD[name]
    row = story.row(on, party)
    return row, sentence(row, payer_name="ACME HEALTH", as_of=day(on))


@pytest.mark.parametrize("name", TOLD)
def test_the_case_and_its_sentence(name: str) -> None:
    _, _, _, barrier, detail, piece = TOLD[name]
    row, text = told(name)

    assert (row["barrier"], row["detail"]) == (barrier, detail)
    assert piece in text
    assert re.fullmatch(r"[A-Z].*[.]", text), text
    assert not re.search(r"None|unknown day|some days|_|\{|  | ,|\.\.|\(\)", text), text
    # A code never stands alone: its meaning is said with it.
    for code in re.findall(r"\b(?:CO|PR|OA|PI)-\w+\b(?!\))", text):
        assert re.search(re.escape(code) + r", \w+ \w+", text), text


def test_no_barrier_is_without_a_sentence() -> None:
    assert {barrier for _, _, _, barrier, _, _ in TOLD.values()} == set(BARRIERS)


def test_a_payer_without_a_name() -> None:
    row, _ = told("no answer")
    text = sentence(row, payer_name="", as_of=day(26))
    assert text.startswith("The payer should")
