"""The demonstration: a made-up billing company, filled in through the usual doors."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import Count, Sum

from sanderling.accounts.models import ClientAssignment, User
from sanderling.accounts.roles import Role
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.files.models import Arrival, StoredFile
from sanderling.followup.models import Note
from sanderling.intake import demo
from sanderling.intake.demo import fill_demo
from sanderling.ledger.models import Entry, OpenBalance, Posting
from sanderling.payers.models import Payer
from sanderling.tasks.models import Task
from sanderling.worklists.models import BulkAct, SavedView
from sanderling.writeoffs.models import WriteOff

CLAIMS, DAYS, SEED = 40, 25, 7
TODAY = date(2026, 11, 20)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Killed(Exception):
    """Stands for kill -9."""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SANDERLING_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    monkeypatch.setattr(demo, "_today", lambda: TODAY)


def totals() -> tuple[object, ...]:
    sums = OpenBalance.objects.aggregate(Sum("balance_cents"), Count("pk"))
    return (
        tuple(sums.values()),
        Entry.objects.count(),
        Posting.objects.aggregate(Sum("cash_cents"))["cash_cents__sum"],
        Claim.objects.count(),
        tuple(StoredFile.objects.order_by("sha256").values_list("sha256", "status")),
        Arrival.objects.count(),
        Client.objects.count(),
        Payer.objects.count(),
        tuple(Note.objects.order_by("pk").values_list("scenario", "minutes", "recorded_at__date")),
        tuple(Task.objects.order_by("pk").values_list("team", "state")),
        tuple(WriteOff.objects.order_by("pk").values_list("state", "amount_cents")),
        BulkAct.objects.filter(user__isnull=False).count(),
    )


def fill(stop_at: int | None = None) -> list[tuple[int, int, str]]:
    said: list[tuple[int, int, str]] = []

    def progress(done: int, total: int, text: str) -> None:
        said.append((done, total, text))
        if stop_at is not None and "files of" in text and len(said) > stop_at:
            raise Killed

    fill_demo(progress, claims=CLAIMS, days=DAYS, seed=SEED)
    return said


def test_the_demonstration_fills_ends_yesterday_and_has_people_of_every_role(
    tmp_path: Path,
) -> None:
    said = fill()
    assert said[-1][0] == said[-1][1] == StoredFile.objects.count()
    assert not (tmp_path / "home" / "demo").exists()
    days = set(StoredFile.objects.values_list("received_date", flat=True))
    assert TODAY - timedelta(days=7) <= max(days) <= TODAY - timedelta(days=1)
    assert min(days) >= TODAY - timedelta(days=DAYS)
    assert set(StoredFile.objects.values_list("source", flat=True)) == {"demo"}
    assert Claim.objects.count() >= CLAIMS // 2
    assert OpenBalance.objects.exists()
    assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
    for role, least, most in ((Role.SPECIALIST, 2, 7), (Role.CLIENT_USER, 1, 1)):
        user = User.objects.get(role=role)
        assert not user.sees_all_clients
        assert least <= ClientAssignment.objects.filter(user=user).count() <= most
    worked = set(Note.objects.values_list("user__role", flat=True))
    assert {Role.SPECIALIST, Role.LEAD} <= worked
    assert max(Note.objects.values_list("recorded_at__date", flat=True)) < TODAY
    assert Task.objects.filter(state="answered", answered_by__role=Role.CODER).count() == 1
    assert SavedView.objects.filter(is_shared=True).count() == 1
    again = totals()
    fill()  # asked again, it adds nothing
    assert totals() == again


def test_killed_in_the_middle_it_goes_on_and_doubles_nothing() -> None:
    start = transaction.savepoint()
    fill()
    undisturbed = totals()
    transaction.savepoint_rollback(start)
    assert StoredFile.objects.count() == 0
    for stop in (DAYS + 3, 2, 5, 9):  # once after the world was written, then among the days
        with pytest.raises(Killed):
            fill(stop_at=stop)
    fill()
    arrivals = StoredFile.objects.annotate(n=Count("arrivals")).values_list("n", flat=True)
    assert set(arrivals) == {1}
    assert totals() == undisturbed
