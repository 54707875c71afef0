"""Fifty people claim at once, on connections of their own, and one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from tests.builders import Inbox, rows
from tests.integration.pages import PASSWORD
from tests.integration.work_items import AT, TODAY, fill_items

from sanderling.accounts.actions import create_user
from sanderling.accounts.models import User
from sanderling.worklists.claiming import LOCK_FOR, claim_next, holder
from sanderling.worklists.models import WorkItem


def many_users(client_id: int, number: int) -> list[User]:
    return [
        create_user(
            email=f"user{place}@x.test", name=f"User {place}", role="specialist",
            password=PASSWORD, client_ids=[client_id],
        )
        for place in range(number)
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_get_each_another_and_none_is_lost_also_when_one_is_killed(
    inbox: Inbox,
) -> None:
    numbers = [f"C{place}" for place in range(60)]
    workers = fill_items(inbox, numbers)
    WorkItem.objects.update(team="ar", follow_up_date=TODAY, not_before_date=None, score=1)
    users = many_users(workers.mine.pk, 50)
    start = Barrier(len(users))

    def work(user: User) -> list[int | None]:
        try:
            start.wait()
            return [claim_next(user=user, at=AT)]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(users)) as pool:
        found = [one for given in pool.map(work, users) for one in given]
    assert None not in found
    assert len(set(found)) == 50
    held = rows("SELECT item_id, user_id FROM worklists_item_lock ORDER BY user_id")
    assert held == list(zip(found, [user.pk for user in users], strict=True))
    # Ten are left for an eleventh, who is killed with one in his hands.
    killed = claim_and_die(workers.kim)
    assert killed not in found
    assert holder(killed, user=workers.sam, at=AT) is not None
    rest = set()
    for user in many_more(workers.mine.pk, 9):
        rest.add(claim_next(user=user, at=AT))
    assert len(rest) == 9
    assert killed not in rest
    assert claim_next(user=workers.sam, at=AT) is None  # none is left, none was lost
    later = AT + LOCK_FOR
    everything = {claim_next(user=user, at=later) for user in users} | {
        claim_next(user=user, at=later) for user in User.objects.filter(email__startswith="more")
    }
    assert killed in everything | {claim_next(user=workers.sam, at=later)}


def many_more(client_id: int, number: int) -> list[User]:
    return [
        create_user(
            email=f"more{place}@x.test", name=f"More {place}", role="specialist",
            password=PASSWORD, client_ids=[client_id],
        )
        for place in range(number)
    ]  # fmt: skip


def claim_and_die(user: User) -> int:
    """Let a process of its own claim an item, and kill it with the item in its hands."""
    parameters = connection.settings_dict
    code = (
        "import django, time; django.setup()\n"
        "from django.db import connection\n"
        f"connection.settings_dict['NAME'] = {parameters['NAME']!r}\n"
        "from datetime import datetime, UTC\n"
        "from sanderling.accounts.models import User\n"
        "from sanderling.worklists.claiming import claim_next\n"
        f"at = datetime.fromisoformat({AT.isoformat()!r})\n"
        f"print(claim_next(user=User.objects.get(pk={user.pk}), at=at), flush=True)\n"
        "time.sleep(60)\n"
    )
    holding = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE, text=True
    )
    assert holding.stdout is not None
    text = holding.stdout.readline()
    os.kill(holding.pid, signal.SIGKILL)
    holding.wait()
    holding.stdout.close()
    return int(text)
