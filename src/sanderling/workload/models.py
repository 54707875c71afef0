"""What leads set down: hours of people, days off, and reviews of notes."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.core.refusal import Refusal

USER = settings.AUTH_USER_MODEL
DAY_MINUTES_MAX = 24 * 60


class InvalidHours(Refusal):
    """Hours or days off cannot be taken as they stand."""


class WorkHours(models.Model):
    """A person's minutes for each day of the week, Monday first; without a row: the usual ones."""

    user = models.OneToOneField(USER, on_delete=models.CASCADE, related_name="+")
    minutes = ArrayField(models.SmallIntegerField(), size=7)

    class Meta:
        db_table = "workload_work_hours"

    def __str__(self) -> str:
        return f"hours of user {self.user_id}"


class DayOff(models.Model):
    """Days on which a person does not work, the first and the last included."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    from_date = models.DateField()
    to_date = models.DateField()

    class Meta:
        db_table = "workload_day_off"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(to_date__gte=models.F("from_date")), name="day_off_in_order"
            ),
            models.UniqueConstraint(fields=["user", "from_date", "to_date"], name="day_off_once"),
        ]

    def __str__(self) -> str:
        return f"days off of user {self.user_id}"


class QualityReview(models.Model):
    """What a reviewer found about one activity of the week's sample. A fact: only ever added."""

    activity_id = models.BigIntegerField()
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    user_id = models.IntegerField()  # whose work it was
    reviewer = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    # For each question of the checklist: yes, no or does not apply; see quality.CHECKLIST.
    answers = models.JSONField(default=dict)
    comment = models.TextField(default="")  # may name a patient: never in logs or the trail
    reviewed_at = models.DateTimeField()

    class Meta:
        db_table = "workload_quality_review"
        constraints = [
            models.UniqueConstraint(fields=["activity_id", "reviewer"], name="quality_review_once"),
        ]
        indexes = [models.Index(fields=["user_id", "reviewed_at"], name="review_of_user")]

    def __str__(self) -> str:
        return f"review {self.pk}"
