"""Which way a claim goes out again: DOMAIN 1.5, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from tests.unit.core.x12.read.claim_files import SAMPLES, file_of

from sanderling.core.resubmission.kinds import History, Kind, as_kind, choose
from sanderling.core.resubmission.reading import documents_in

SENT: Final = History("837P", "commercial")
DECIDED: Final = replace(SENT, is_decided=True, payer_claim_number="ICN2")
REJECTED: Final = replace(SENT, is_rejected=True)


@pytest.mark.parametrize(
    ("history", "kind", "words"),
    [
        (DECIDED, Kind.REPLACEMENT, "has decided"),
        (REJECTED, Kind.FIRST, "rejected before"),
        (replace(SENT, is_not_on_file=True), Kind.FIRST, "no such claim"),
        (SENT, None, "would be a duplicate"),
        (replace(DECIDED, remarks=frozenset({"N142"})), Kind.FIRST, "N142"),
        (replace(DECIDED, remarks=frozenset({"MA130"})), Kind.FIRST, "MA130"),
        (replace(DECIDED, statuses=frozenset({"787"})), Kind.FIRST, "787"),
        (replace(DECIDED, remarks=frozenset({"N380"})), Kind.REPLACEMENT, "N380"),
        (replace(DECIDED, remarks=frozenset({"N798"})), Kind.VOID, "N798"),
        (replace(DECIDED, payer_claim_number=""), None, "ask for it"),
        (replace(DECIDED, payer_type="medicare"), None, "clerical error reopening"),
        (
            replace(DECIDED, payer_type="medicare", remarks=frozenset({"MA130"})),
            Kind.FIRST,
            "MA130",
        ),
        (replace(DECIDED, payer_type="medicare", form="837I"), Kind.REPLACEMENT, "has decided"),
        (replace(DECIDED, is_rejected=True), Kind.FIRST, "rejected before"),
        (replace(DECIDED, reasons=frozenset({"109"})), Kind.FIRST, "another payer"),
    ],
)
def test_the_way_follows_what_the_payer_said(
    history: History, kind: Kind | None, words: str
) -> None:
    choice = choose(history)
    assert choice.kind == kind
    assert words in choice.why


def test_a_replacement_before_the_decision_is_refused_in_the_payers_words() -> None:
    refused = choose(SENT).refused
    assert "N779" in refused[Kind.REPLACEMENT]
    assert "N779" in refused[Kind.VOID]
    assert "OA-18" in refused[Kind.FIRST]


def test_a_second_new_claim_after_a_decision_is_refused() -> None:
    assert "OA-18" in choose(DECIDED).refused[Kind.FIRST]
    assert Kind.FIRST not in choose(replace(DECIDED, is_voided=True)).refused


def test_each_kind_has_its_frequency_and_number() -> None:
    (original,) = documents_in(file_of(*SAMPLES["professional"]))

    replaced = as_kind(original, Kind.REPLACEMENT, DECIDED)
    assert (replaced.frequency, replaced.original_reference) == ("7", "ICN2")
    assert (replaced.number, replaced.charge_cents) == ("PCN10001", 250_00)
    assert replaced.claim.value("REF", "D9") == ""
    void = as_kind(replaced, Kind.VOID, DECIDED)
    assert (void.frequency, void.original_reference) == ("8", "ICN2")
    first = as_kind(replaced, Kind.FIRST, replace(DECIDED, remarks=frozenset({"N142"})))
    assert (first.frequency, first.original_reference) == ("1", "")


def test_a_rejected_replacement_goes_out_as_a_replacement_again() -> None:
    _, original = documents_in(file_of(*SAMPLES["dependent"]))

    again = as_kind(original, Kind.FIRST, replace(REJECTED, frequency="7"))
    assert (again.frequency, again.original_reference) == ("7", "ICN77")
