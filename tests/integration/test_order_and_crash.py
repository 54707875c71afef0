"""The result does not depend on the order of files within a day, on calls, or on kill -9."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction
from tests.builders import Inbox, check_identities, dump
from tests.integration.test_ingest_truth import import_parties
from tests.integration.worlds import MadeWorld, make_world

pytestmark = [pytest.mark.django_db]


class _Undone(Exception):
    """Ends a savepoint."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block writes."""
    try:
        with transaction.atomic():
            yield
            raise _Undone  # noqa: TRY301  (what ends the savepoint)
    except _Undone:
        return


def outcome(steps: Callable[[], object]) -> dict[str, list[str]]:
    """Return what the database knows after `steps`, which are taken back."""
    with undone():
        steps()
        check_identities()
        return dump()
    raise AssertionError


def difference(first: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, object]:
    """Return what differs, part by part."""
    return {
        part: (
            sorted(set(first[part]) - set(other[part])),
            sorted(set(other[part]) - set(first[part])),
        )
        for part in first
        if first[part] != other[part]
    }


def shuffled(paths: list[Path], seed: int) -> list[Path]:
    """Shuffle within each day, the days in order."""
    dice = random.Random(seed)
    result: list[Path] = []
    for _, of_day in itertools.groupby(paths, key=lambda path: path.parent):
        files = list(of_day)
        dice.shuffle(files)
        result += files
    return result


@pytest.mark.slow
@pytest.mark.parametrize("is_known", [True, False], ids=["clients imported", "clients unknown"])
def test_a_world_comes_out_the_same_in_any_order_within_a_day(
    inbox: Inbox, *, is_known: bool
) -> None:
    world: MadeWorld = make_world(31, 14, 50)
    everything = world.paths("837p", "837i", "837d", "835", "999", "277ca", "277", "ta1", "276")
    if is_known:
        import_parties(world)

    def in_order_twice() -> None:
        inbox.take_paths(everything)
        before = dump()
        again = inbox.take_paths(everything)
        assert {report.status for report in again} == {"duplicate"}
        assert dump() == before

    def one_by_one() -> None:
        for path in shuffled(everything, 1):
            inbox.take_paths([path])

    expected = outcome(in_order_twice)
    assert difference(expected, outcome(lambda: inbox.take_paths(shuffled(everything, 2)))) == {}
    assert difference(expected, outcome(one_by_one)) == {}
