"""The law of undo: acts taken back in the order of a stack leave everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from tests.integration.work_items import AT, Workers, ids, kept_world, work_of

from sanderling.worklists.acting import NothingToDo, act, undo
from sanderling.worklists.models import WorkItem

pytestmark = pytest.mark.django_db
NUMBERS = ("A1", "A2", "A3", "A4")
_DERIVED = ("touches", "last_touch_date", "last_outcome", "open_tasks", "escalation_level")

KINDS = st.one_of(
    st.tuples(st.just("defer"), st.fixed_dictionaries({"business_days": st.integers(1, 20)})),
    st.tuples(st.just("pend"), st.fixed_dictionaries({"business_days": st.integers(1, 9)})),
    st.tuples(st.sampled_from(["unpend", "status_inquiry"]), st.just({})),
    st.tuples(
        st.sampled_from(["tag", "untag"]),
        st.fixed_dictionaries({"tags": st.lists(st.sampled_from("abc"), min_size=1)}),
    ),
    st.tuples(st.just("project"), st.fixed_dictionaries({"name": st.sampled_from("xy")})),
    st.tuples(
        st.just("note"),
        st.fixed_dictionaries(
            {"note": st.sampled_from(["Called.", "Wrote."])},
            optional={"business_days": st.integers(1, 5)},
        ),
    ),
    st.tuples(st.just("escalate"), st.just({"reason": "No answer"})),
    st.tuples(
        st.just("assign"), st.fixed_dictionaries({"assignee": st.sampled_from([0, 1, None])})
    ),
)
STEPS = st.lists(st.tuples(KINDS, st.sets(st.sampled_from(NUMBERS), min_size=1)), max_size=4)


@pytest.fixture(scope="module")
def workers(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("law")) as filled:
        yield filled


def state() -> list[Any]:
    derived = WorkItem.objects.filter(claim_number__in=NUMBERS).order_by("claim_id")
    return [work_of(*NUMBERS), list(derived.values_list(*_DERIVED))]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_acts_undone_from_the_last_to_the_first_leave_everything_as_it_was(
    workers: Workers, steps: list[Any]
) -> None:
    with transaction.atomic():
        before, done = state(), []
        for (kind, asked), numbers in steps:
            parameters = dict(asked)
            if isinstance(parameters.get("assignee"), int):
                parameters["assignee"] = (workers.sam, workers.kim)[parameters["assignee"]].pk
            states = state()
            try:
                made = act(
                    kind, ids(*sorted(numbers)), parameters,
                    user=workers.lead, actor="user:1", at=AT,
                )  # fmt: skip
            except NothingToDo:
                assert state() == states
                continue
            done.append((made, states))
        for made, states in reversed(done):
            assert undo(made, user=workers.lead, at=AT).kept == ()
            assert state() == states
        assert state() == before
        transaction.set_rollback(True)
