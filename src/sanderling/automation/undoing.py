"""Takes back what a run of a rule did, as far as nobody changed it since."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.automation.models import Run, RunItem
from sanderling.automation.teams import withdraw
from sanderling.worklists.acting import UNDO_FOR, CannotUndo, undo, undo_fault
from sanderling.worklists.models import BulkAct


def acts_of(run: Run) -> list[BulkAct]:
    """Return the bulk acts of a run, in the order in which they were done."""
    return list(BulkAct.objects.filter(pk__in=run.act_ids).order_by("pk"))


@transaction.atomic
def undo_run(run: Run, *, user: User, at: datetime) -> str:
    """Undo all acts of a run, the latest first; return what came of it in words.

    Acts that were undone already are left; so is what somebody changed since.

    Raises:
        CannotUndo: one of them cannot be undone by this person, or not any more; nothing is.
    """
    run = Run.objects.select_for_update().get(pk=run.pk)
    standing = [one for one in reversed(acts_of(run)) if one.undone_at is None]
    if run.undone_at is not None or not (standing or run.task_ids):
        raise CannotUndo("There is nothing left to undo.")
    if run.task_ids and at - run.started_at > UNDO_FOR:
        raise CannotUndo("It was done more than 24 hours ago; withdraw the tasks one by one.")
    if RunItem.objects.filter(run=run).count() != run.acted:
        raise CannotUndo("The run concerns clients that you do not see; ask who sees them all.")
    restored, kept = withdraw(run.task_ids, user=user, at=at)
    for one in standing:
        fault = undo_fault(one, user=user, at=at)
        if fault:
            raise CannotUndo(f"Nothing was undone: {one.words}: {fault}.")
        done = undo(one, user=user, at=at)
        restored += done.restored
        kept += len(done.kept)
    Run.objects.filter(pk=run.pk).update(undone_at=at)
    rest = f"; {kept} stay, for they were changed since" if kept else ""
    return f"Undone: {restored} changes taken back{rest}."
