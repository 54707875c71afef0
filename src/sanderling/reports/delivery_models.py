"""When reports are made by themselves, what people decided about one, and to whom each went."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

USER = settings.AUTH_USER_MODEL


class Rhythm(models.TextChoices):
    """How often (core.report_schedules)."""

    MONTHLY = "monthly", "Monthly close"
    WEEKLY = "weekly", "Weekly"


class Schedule(models.Model):
    """A report of a client that is made by itself, and who gets it when it is approved."""

    definition = models.ForeignKey(
        "reports.Definition", on_delete=models.PROTECT, related_name="schedules"
    )
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    rhythm = models.TextField(choices=Rhythm)
    day = models.SmallIntegerField()  # n-th business day of the month, or weekday (0 Monday)
    to_client_users = models.BooleanField(default=True)  # all of the client's own people
    addresses = ArrayField(models.TextField(), default=list)  # and these
    attaches_pdf = models.BooleanField(default=False)  # only where no claim is named
    next_date = models.DateField()
    is_active = models.BooleanField(default=True)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "reports_schedule"
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "client", "rhythm"],
                condition=models.Q(is_active=True),
                name="report_schedule_once",
            ),
            models.CheckConstraint(
                condition=models.Q(rhythm="monthly", day__range=(1, 15))
                | models.Q(rhythm="weekly", day__range=(0, 6)),
                name="report_schedule_day_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_date"],
                condition=models.Q(is_active=True),
                name="report_schedule_due",
            ),
        ]

    def __str__(self) -> str:
        return f"schedule {self.pk}"


class DueState(models.TextChoices):
    """What became of a report that was due."""

    WAITING = "waiting", "Being made"
    MADE = "made", "Made"
    FAILED = "failed", "Could not be made"


class Due(models.Model):
    """One report that a schedule called for on a day: made once, also by two workers at once."""

    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="dues")
    client_id = models.IntegerField()
    due_date = models.DateField()
    from_date = models.DateField()
    to_date = models.DateField()
    state = models.TextField(choices=DueState, default=DueState.WAITING)
    report = models.ForeignKey(
        "reports.Report", on_delete=models.PROTECT, null=True, related_name="dues"
    )
    problem = models.TextField(default="", blank=True)
    made_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reports_due"
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_date"], name="report_due_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_date"], condition=models.Q(state="waiting"), name="report_due_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"report of schedule {self.schedule_id} due {self.due_date}"


class StepKind(models.TextChoices):
    """What a person did with a report."""

    NOTE = "note", "Wrote the note"
    APPROVE = "approve", "Approved"
    REJECT = "reject", "Rejected"
    TAKE_BACK = "take_back", "Took the approval back"
    SEND = "send", "Sent"
    RESEND = "resend", "Sent again"
    WITHDRAW = "withdraw", "Withdrew"


class Step(models.Model):
    """One thing that a person did with a report. Never changed."""

    report = models.ForeignKey("reports.Report", on_delete=models.PROTECT, related_name="steps")
    client_id = models.IntegerField()
    kind = models.TextField(choices=StepKind)
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(default="", blank=True)  # why; may name a patient

    class Meta:
        db_table = "reports_step"
        indexes = [models.Index(fields=["report", "at"], name="report_step_of_report")]

    def __str__(self) -> str:
        return f"{self.kind} of report {self.report_id}"


class Delivery(models.Model):
    """A report on its way to one person: by log-in (`user`) or by a link of his own."""

    report = models.ForeignKey(
        "reports.Report", on_delete=models.PROTECT, related_name="deliveries"
    )
    client_id = models.IntegerField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    address = models.TextField()
    mail = models.ForeignKey("mail.Mail", on_delete=models.PROTECT, null=True, related_name="+")
    has_pdf = models.BooleanField(default=False)
    link_expires_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    queued_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)  # read or taken as PDF, the first time
    last_opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # replaced by a later one, or withdrawn
    told_at = models.DateTimeField(null=True)  # people of ours heard that it was not delivered

    class Meta:
        db_table = "reports_delivery"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "address"],
                condition=models.Q(ended_at__isnull=True),
                name="report_delivery_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="report_delivery_latest"),
            models.Index(
                fields=["mail"],
                condition=models.Q(told_at__isnull=True),
                name="report_delivery_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} of report {self.report_id}"
