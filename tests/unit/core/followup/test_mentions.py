"""Who is spoken to in a note."""

from __future__ import annotations

import pytest

from sanderling.core.followup.grace import GRACE_DAYS, grace_days, parse_grace
from sanderling.core.followup.mentions import Person, find_mentions

PEOPLE = (
    Person(1, "Ann Lee", "ann@x.test"),
    Person(2, "Ann Moss", "amoss@x.test"),
    Person(3, "Kim O'Hara", "kim.ohara@x.test"),
)


@pytest.mark.parametrize(
    ("text", "user_ids", "unknown"),
    [
        ("@kim please", (3,), ()),
        ("see @kim.ohara, @amoss", (3, 2), ()),
        ("@annlee @AnnMoss", (1, 2), ()),
        ("@ann.lee and @Kim.OHara.", (1, 3), ()),
        ("ask @ann", (1,), ()),  # her address, although two have the first name
        ("write to claims@payer.test", (), ()),
        ("@bob and @bob", (), ("bob",)),
        ("@ nobody", (), ()),
    ],
)
def test_a_mention_means(text: str, user_ids: tuple[int, ...], unknown: tuple[str, ...]) -> None:
    found = find_mentions(text, PEOPLE)
    assert (found.user_ids, found.unknown) == (user_ids, unknown)


def test_a_first_name_of_two_means_nobody() -> None:
    people = (Person(1, "Ann Lee", "a@x.test"), Person(2, "Ann Moss", "b@x.test"))
    assert find_mentions("@ann", people).unknown == ("ann",)


def test_days_of_grace_by_type_of_payer() -> None:
    table = parse_grace("medicaid=14; *=5", known=frozenset({"medicaid", "medicare"}))
    assert grace_days("medicaid", table) == 14
    assert grace_days("commercial", table) == 5
    assert grace_days("medicare", table) == GRACE_DAYS["medicare"]
    assert dict(parse_grace("", known=frozenset())) == dict(GRACE_DAYS)


@pytest.mark.parametrize("text", ["bank=3", "medicaid", "medicaid=x", "medicaid=-1", "*=91"])
def test_days_of_grace_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"payer|days"):
        parse_grace(text, known=frozenset({"medicaid"}))
