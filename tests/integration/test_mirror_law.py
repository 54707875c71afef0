"""The mirror is the same in whatever order facts came; past days are told as known then."""

from __future__ import annotations

import random

import pytest
from tests.builders import Inbox
from tests.integration.mirrored import AT, TODAY, different, made_anew, mirrored, practice
from tests.integration.situations import on
from tests.seeds import seeds

from sanderling.mirror import actions, files, reading
from sanderling.mirror.actions import refresh
from sanderling.mirror.tables import TABLES

pytestmark = pytest.mark.django_db
FACTS = [text for texts in practice().files.values() for text in texts]


@pytest.mark.parametrize("seed", seeds(1, 2))
def test_changes_laid_over_the_mirror_are_the_same_as_making_it_anew(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # Of these few claims each file changes a large share.
    monkeypatch.setattr(actions, "ALL_ANEW_SHARE", 2.0)
    dice = random.Random(seed)
    order = dice.sample(FACTS, len(FACTS))
    for start in range(0, len(order), 5):
        inbox.take(*order[start : start + 5])
        done = refresh(TODAY, AT)
        assert (done.differences, done.was_rebuilt) == ((), False)
        assert different(mirrored(), made_anew()) == []


def test_no_mirror_is_said_in_words(inbox: Inbox) -> None:
    assert reading.refreshed_at() is None
    with pytest.raises(reading.MirrorMissing, match="sanderling mirror refresh"):
        reading.scan("claims", None)


# What a row repeats of its claim, and which line of it is meant, may be learned later.
OF_CLAIM = {"plan", "kind", "location", "rendering_npi", "diagnosis", "service_date"}
LEARNED_LATER = OF_CLAIM | {"line", "place_of_service", "payer_type"}


def test_a_past_day_is_told_as_it_was_known_then(inbox: Inbox) -> None:
    days = practice().files
    then = on("02-15")
    inbox.take(*(text for day, texts in days.items() if on(day) <= then for text in texts))
    refresh(TODAY, AT)
    known_then = mirrored()
    inbox.take(*(text for day, texts in days.items() if on(day) > then for text in texts))
    refresh(TODAY, AT)

    for name in ("submissions", "payments", "remit_lines", "ledger"):
        table = TABLES[name]
        told = [column for column in table.schema if column not in LEARNED_LATER]
        known = files.ordered(table, reading.as_known(name, then, None).collect())
        assert known.select(told).equals(known_then[name].select(told)), name
    assert not mirrored()["payments"].equals(known_then["payments"])
