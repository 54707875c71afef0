"""Tasks: a question of one team to another about a claim, its answer, and what happened to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.core.codes.names import Team
from sanderling.core.ledger.accounts import RECEIVABLES
from sanderling.tasks.kinds import KINDS

USER = settings.AUTH_USER_MODEL
TEAMS = [team.value for team in Team]


class State(models.TextChoices):
    """Where a task is: with the team, answered, back with the asker, or taken back."""

    OPEN = "open", "Open"
    RETURNED = "returned", "Returned with a question"
    ANSWERED = "answered", "Answered"
    WITHDRAWN = "withdrawn", "Withdrawn"


UNDONE = (State.OPEN, State.RETURNED)


class HeldBy(models.TextChoices):
    """How a task about a held payment knows that the payment is held no more."""

    BARRIER = "barrier"  # the claim's barrier says another thing
    SUSPENSE = "suspense"  # the money has left the suspense account


class Task(models.Model):
    """One question about one party of one claim. Its history is in TaskEvent."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    party = models.SmallIntegerField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    team = models.TextField()
    kind = models.TextField()
    question = models.TextField()  # may name a patient: never in logs, notices or events
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    assignee = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    due_date = models.DateField()
    state = models.TextField(choices=State, default=State.OPEN)
    result = models.TextField(default="")  # a key of KINDS[kind].results
    result_value = models.TextField(default="")  # the new code, the number
    answer = models.TextField(default="")
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    # The same question about several claims: one answer can answer all.
    batch = models.UUIDField(null=True)
    # About a payment that is held: where it stands; the task closes when it is held no more.
    held_by = models.TextField(default="")
    held_transaction_id = models.BigIntegerField(null=True)
    held_position = models.IntegerField(null=True)

    class Meta:
        db_table = "tasks_task"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="task_state_is_known"
            ),
            models.CheckConstraint(condition=models.Q(team__in=TEAMS), name="task_team_is_known"),
            models.CheckConstraint(
                condition=models.Q(kind__in=list(KINDS)), name="task_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(party__in=[int(party) for party in RECEIVABLES]),
                name="task_party_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="answered", answered_at__isnull=False)
                | (~models.Q(state="answered") & models.Q(answered_at__isnull=True)),
                name="task_is_answered_once",
            ),
            models.CheckConstraint(
                condition=models.Q(held_by__in=["", *HeldBy.values]), name="task_hold_is_known"
            ),
            # One open task for a held payment, however often the button is pressed.
            models.UniqueConstraint(
                fields=["held_transaction_id", "held_position"],
                condition=models.Q(state__in=["open", "returned"], held_by__gt=""),
                name="task_once_for_held_payment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["team", "due_date"],
                condition=models.Q(state__in=["open", "returned"]),
                name="task_open_of_team",
            ),
            models.Index(fields=["batch"], name="task_of_batch"),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class TaskEvent(models.Model):
    """Something that happened to a task. Never updated, never deleted; a trigger refuses it."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="events")
    client_id = models.IntegerField()
    at = models.DateTimeField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.TextField()  # created, taken, assigned, answered, returned, replied, ...
    text = models.TextField(default="")

    class Meta:
        db_table = "tasks_task_event"

    def __str__(self) -> str:
        return f"{self.kind} of task {self.task_id}"


class TeamRule(models.Model):
    """How many days a team has for an answer, where the asker does not say."""

    team = models.TextField(primary_key=True)
    due_days = models.SmallIntegerField()

    class Meta:
        db_table = "tasks_team_rule"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(due_days__range=(0, 90)), name="team_due_days_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.due_days} days"
