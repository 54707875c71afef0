"""The examples of docs/reference/api.md are what the API answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.builders import Inbox
from tests.integration.api_calls import MADE, Caller, data, refused
from tests.integration.pages import fill

from sanderling.api.delivering import _body
from sanderling.claims.models import Claim
from sanderling.news.models import Event
from sanderling.worklists.models import WorkItem

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"
EVENT = Event(kind="item.left", at=MADE, client_id=1)
IDS = {"claim_id", "activity_id", "item_id", "act_id", "next_cursor"}


def parts(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def without_ids(value: Any) -> Any:
    """Return the answer with the keys of rows by their kind: they differ in each database."""
    if isinstance(value, dict):
        return {k: type(v) if k in IDS else without_ids(v) for k, v in value.items()}
    return [without_ids(one) for one in value] if isinstance(value, list) else value


def test_the_examples_are_true(inbox: Inbox) -> None:
    caller = Caller(fill(inbox).specialist)
    claims = list(Claim.objects.filter(client__code="MINE").order_by("pk"))
    items = list(
        WorkItem.objects.filter(client_code="MINE").order_by("pk").values_list("pk", flat=True)
    )
    examples = parts("http")
    assert len(examples) >= 2
    for example in examples:
        head, *bodies = example.strip().split("\n\n")
        method, address = head.split()
        path = re.sub(
            r"/claims/(\d)",
            lambda m: f"/claims/{claims[int(m[1]) - 1].pk}",
            address[len("/api/v1") :],
        )
        if method == "GET":
            answer = caller.get(path)
        else:
            body = json.loads(bodies.pop(0))
            if "item_ids" in body:
                body["item_ids"] = items[: len(body["item_ids"])]
            answer = caller.post(path, body)
        assert without_ids(data(answer)) == without_ids(json.loads(bodies[0])), address
    problem, told = map(json.loads, parts("json"))
    assert set(told) == set(json.loads(_body(EVENT, codes={}, payers={})))
    assert refused(caller.get("/claims?limit=501"), 422) == problem
