"""Activities: what somebody did about a claim, and what came of it. Facts, only ever added."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.core.codes.names import NextAction

# What was done has the names of what is to be done next, with words for a page.
ACTIONS: Final = [(action.value, action.value.replace("_", " ").title()) for action in NextAction]


class Channel(models.TextChoices):
    """How it was done."""

    CALL = "call"
    PORTAL = "portal"
    ELECTRONIC = "electronic"
    FAX = "fax"
    MAIL = "mail"
    INTERNAL = "internal"


class Outcome(models.TextChoices):
    """What came of it, or what the other side said."""

    SENT = "sent"
    IN_PROCESS = "in_process"
    PAID = "paid"
    DENIED = "denied"
    NOT_ON_FILE = "not_on_file"
    PENDED = "pended"
    PROMISED = "promised"
    RECEIVED = "received"
    NO_ANSWER = "no_answer"
    DONE = "done"
    OTHER = "other"


class Source(models.TextChoices):
    """Where we know it from."""

    IMPORT = "import"
    PRODUCT = "product"


class Activity(models.Model):
    """One thing done about one claim on one day.

    Known by its content (`source_key`): the same content about the same claim is the same activity,
    from whichever file or page it comes. Never updated, never deleted; a trigger refuses it.
    """

    # The index of `activity_once` finds the activities of a claim.
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, db_index=False)
    client_id = models.IntegerField()
    activity_date = models.DateField()  # from this day on it counts
    user_name = models.TextField(default="")  # as written; may be nobody we know
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    channel = models.TextField(choices=Channel)
    action = models.TextField(choices=ACTIONS)
    outcome = models.TextField(choices=Outcome)
    reference = models.TextField(default="")  # the payer's call or tracking number
    next_date = models.DateField(null=True)
    note = models.TextField(default="")  # patient data: never in logs or the audit trail
    source = models.TextField(choices=Source)
    source_key = models.UUIDField()  # see followup.content.source_key
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_activity"
        constraints = [
            models.UniqueConstraint(fields=["claim", "source_key"], name="activity_once"),
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values), name="activity_channel_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(action__in=[value for value, _ in ACTIONS]),
                name="activity_action_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="activity_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=Source.values), name="activity_source_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(next_date__isnull=True)
                | models.Q(next_date__gte=models.F("activity_date")),
                name="activity_looks_ahead",
            ),
        ]

    def __str__(self) -> str:
        return f"activity {self.pk}"
