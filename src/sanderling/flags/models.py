"""Flags: claims that a client wants an answer about, with owner, clock and what was said."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.flags.words import LEVELS, REASONS, State, Urgency

USER = settings.AUTH_USER_MODEL


class Flag(models.Model):
    """One claim that a client flagged. Its history is in FlagEvent.

    Triggers refuse steps out of order and changes of what the client said.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    reason = models.TextField()
    urgency = models.TextField(choices=Urgency, default=Urgency.NORMAL)
    text = models.TextField(default="")  # may name a patient: never in logs, notices or events
    flagged_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    flagged_at = models.DateTimeField()
    owner = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.TextField(choices=State, default=State.RECEIVED)
    # The clock: null while it is not our turn. It begins anew with each turn of ours.
    turn_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)  # of this turn
    level = models.SmallIntegerField(default=0)  # of the ladder, 0: in time
    raised_at = models.DateTimeField(null=True)
    # For attainment: the first answer, and whether any turn of ours was late.
    answered_at = models.DateTimeField(null=True)
    late_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "flags_flag"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="flag_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(reason__in=list(REASONS)), name="flag_reason_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(urgency__in=Urgency.values), name="flag_urgency_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=list(LEVELS)), name="flag_level_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["received", "working"], due_at__isnull=False, turn_at__isnull=False
                )
                | (
                    ~models.Q(state__in=["received", "working"])
                    & models.Q(due_at__isnull=True, turn_at__isnull=True)
                ),
                name="flag_clock_runs_in_our_turn",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["closed", "withdrawn"], closed_at__isnull=False)
                | (~models.Q(state__in=["closed", "withdrawn"]) & models.Q(closed_at__isnull=True)),
                name="flag_is_closed_once",
            ),
            # However often the button is pressed.
            models.UniqueConstraint(
                fields=["claim"],
                condition=~models.Q(state__in=["closed", "withdrawn"]),
                name="flag_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="flag_by_due",
            ),
            models.Index(fields=["client_id", "flagged_at"], name="flag_of_client"),
        ]

    def __str__(self) -> str:
        return f"flag {self.pk}"


class FlagEvent(models.Model):
    """Something that happened to a flag, or was said of it. Never updated, never deleted.

    What is internal is not shown to the client's own users: a policy of the database sees to it.
    """

    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="events")
    client_id = models.IntegerField()
    at = models.DateTimeField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.TextField()  # a key of words.EVENTS
    text = models.TextField(default="")
    is_internal = models.BooleanField(default=False)

    class Meta:
        db_table = "flags_flag_event"

    def __str__(self) -> str:
        return f"{self.kind} of flag {self.flag_id}"
