"""Status requests: each claim asked about, what came back, and how much a payer may be asked."""

from __future__ import annotations

from django.db import models

from sanderling.core.inquiries.limits import WAY_WORDS, WEEKDAYS_ALL, Way
from sanderling.outbox.models import OutboundFile


class Channel(models.TextChoices):
    """How it was asked."""

    BATCH = "batch", "In a batch"
    REAL_TIME = "real_time", "In real time"


class RequestState(models.TextChoices):
    """What became of a request."""

    ASKED = "asked", "No answer yet"
    ANSWERED = "answered", "Answered"
    REFUSED = "refused", "Not answered: the request is wrong"  # E0, E3, E4
    FAILED = "failed", "Not answered: try again later"  # E1, E2, or it never reached the payer


class PayerLimits(models.Model):
    """What one payer takes; without a row the defaults of its type hold (core.inquiries.limits)."""

    payer_id = models.IntegerField(unique=True)
    way = models.TextField(choices=[(way.value, words) for way, words in WAY_WORDS.items()])
    is_automatic = models.BooleanField(default=True)
    requests_a_day = models.IntegerField()
    claims_a_file = models.IntegerField()
    weekdays = models.TextField(default=WEEKDAYS_ALL)
    from_hour = models.SmallIntegerField(default=0)
    to_hour = models.SmallIntegerField(default=24)
    again_days = models.SmallIntegerField()
    answer_days = models.SmallIntegerField()
    tries_max = models.SmallIntegerField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "inquiries_payer_limits"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way__in=[way.value for way in Way]), name="limits_way_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(requests_a_day__range=(0, 1_000_000))
                & models.Q(claims_a_file__range=(1, 5_000))
                & models.Q(again_days__range=(1, 365))
                & models.Q(answer_days__range=(1, 60))
                & models.Q(tries_max__range=(1, 10)),
                name="limits_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(weekdays__regex="^[1-7]+$")
                & models.Q(from_hour__gte=0)
                & models.Q(to_hour__lte=24)
                & models.Q(from_hour__lt=models.F("to_hour")),
                name="limits_hours_are_some",
            ),
        ]

    def __str__(self) -> str:
        return f"limits of payer {self.payer_id}"


class StatusRequest(models.Model):
    """One claim asked about: the trace by which the payer's 277 names it (TRN02).

    `answer_id` is the best of what came back (claims_answer): the latest that says something of the
    claim, else the latest error.
    """

    file = models.ForeignKey(OutboundFile, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField()
    submission_id = models.BigIntegerField()
    payer_claim_number = models.TextField(default="")
    channel = models.TextField(choices=Channel)
    asked_by = models.TextField()  # user:17, rule, schedule
    asked_at = models.DateTimeField()
    asked_date = models.DateField()  # of asked_at
    tries = models.SmallIntegerField(default=1)  # the how manieth in a row without an answer
    state = models.TextField(choices=RequestState, default=RequestState.ASKED)
    answer_id = models.BigIntegerField(null=True)
    answered_date = models.DateField(null=True)
    fault = models.TextField(default="")  # why it failed; no patient data

    class Meta:
        db_table = "inquiries_status_request"
        constraints = [
            # Never twice for one claim and day, whoever asks.
            models.UniqueConstraint(
                fields=["claim_id", "party", "asked_date"],
                condition=models.Q(state__in=["asked", "answered"]),
                name="status_request_once_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=RequestState.values), name="request_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["claim_id", "party", "-id"], name="status_request_of_claim"),
            models.Index(fields=["file"], name="status_request_of_file"),
            models.Index(fields=["payer_id", "asked_date"], name="status_request_of_payer"),
            models.Index(fields=["state", "-asked_date", "-id"], name="status_request_by_state"),
        ]

    def __str__(self) -> str:
        return f"status request {self.pk}"
