from __future__ import annotations

from datetime import date

import pytest

from sanderling.core.x12.write.segments import (
    Delimiters,
    amount,
    clean,
    composite,
    day_range,
    segment,
)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0"),
        (1, ".01"),
        (10, ".1"),
        (150, "1.5"),
        (25000, "250"),
        (-5, "-.05"),
        (-8000, "-80"),
        (123456, "1234.56"),
    ],
)
def test_an_amount_is_written_without_needless_zeros(cents: int, text: str) -> None:
    assert amount(cents) == text


def test_trailing_empty_elements_and_components_are_dropped() -> None:
    assert segment("CLP", "A", "", "") == "CLP*A"
    assert segment("SBR", "P", "", "X") == "SBR*P**X"
    assert composite("HC", "99213", "", "") == "HC:99213"


def test_data_never_holds_a_delimiter() -> None:
    assert clean("O*BRIEN: ~the^ 2nd\r\n") == "O BRIEN THE 2ND"


def test_accents_are_taken_off() -> None:
    assert clean("Muñoz") == "MUNOZ"


def test_text_is_cut_to_the_elements_length() -> None:
    assert clean("ABCDEF GHI", 7) == "ABCDEF"


def test_days_are_written_as_a_range() -> None:
    assert day_range(date(2026, 1, 2), date(2026, 1, 31)) == "20260102-20260131"


def test_other_delimiters_replace_all_four_and_blank_out_clashing_data() -> None:
    marks = Delimiters(element="|", component=">", repetition="!", segment="\n")

    assert marks.translate("N1*PR*A>B!C~SV1*HC:1^2~") == "N1|PR|A B C\nSV1|HC>1!2\n"


def test_swapped_canonical_delimiters_keep_their_roles() -> None:
    marks = Delimiters(element=":", component="*")

    assert marks.translate("SV1*HC:99213*5~") == "SV1:HC*99213:5~"


@pytest.mark.parametrize(
    "marks", [{"element": "~"}, {"component": "A"}, {"segment": " "}, {"repetition": ""}]
)
def test_delimiters_that_cannot_be_told_apart_are_refused(marks: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        Delimiters(**marks)
