"""What a report is composed of, and reports as made: their numbers do not change any more.

A definition says which blocks a report has; a report holds a copy of them and every number that it
shows. What becomes of a report (approved, sent, withdrawn) changes; its numbers never do.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.reports import delivery_models  # noqa: F401 - models of this room, found from here

USER = settings.AUTH_USER_MODEL


class Audience(models.TextChoices):
    """For whom a report is written."""

    EXECUTIVE = "executive", "Executive"
    PRACTICE_MANAGER = "practice_manager", "Practice manager"
    PROVIDER = "provider", "Provider"


class Definition(models.Model):
    """A saved composition: which blocks in which order, for whom; of one client or for all."""

    # Names one that came with the product: it can be copied, not changed. Empty: made here.
    preset = models.TextField(default="", blank=True)
    name = models.TextField()
    audience = models.TextField(choices=Audience)
    blocks = models.JSONField()  # [{"kind": "aging", ...options}, ...], see reports.blocks
    client = models.ForeignKey(
        "clients.Client", on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_archived = models.BooleanField(default=False)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "reports_definition"
        constraints = [
            models.UniqueConstraint(
                fields=["name", "client"],
                condition=models.Q(is_archived=False),
                nulls_distinct=False,
                name="report_definition_once",
            ),
            models.UniqueConstraint(
                fields=["preset"], condition=~models.Q(preset=""), name="report_preset_once"
            ),
            models.CheckConstraint(
                condition=models.Q(audience__in=Audience.values), name="report_audience_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class State(models.TextChoices):
    """What became of a report."""

    DRAFT = "draft", "Draft"
    APPROVED = "approved", "Approved"
    SENT = "sent", "Sent"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Report(models.Model):
    """A report of a client over some days, with its numbers as they were known on a day.

    The database refuses to change anything but state and note; the note only of a draft.
    """

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="reports")
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    provider = models.TextField(default="", blank=True)  # NPI that it is narrowed to
    title = models.TextField()
    audience = models.TextField(choices=Audience)
    blocks = models.JSONField()  # of the definition when it was made
    from_date = models.DateField()
    to_date = models.DateField()  # inclusive
    as_of_date = models.DateField()
    numbers = models.JSONField()  # {"layout": 1, "blocks": [...]}, see reports.blocks
    numbers_hash = models.TextField()  # SHA-256 of the numbers in canonical JSON
    note = models.TextField(default="", blank=True)  # words of ours above the numbers
    state = models.TextField(choices=State, default=State.DRAFT)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    approved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "reports_report"
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "client", "provider", "from_date", "to_date", "as_of_date"],
                condition=~models.Q(state="withdrawn"),
                name="report_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="report_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(from_date__lte=models.F("to_date")),
                name="report_days_in_order",
            ),
        ]
        indexes = [models.Index(fields=["client", "-made_at"], name="report_of_client")]

    def __str__(self) -> str:
        return f"report {self.pk}"


class Behind(models.Model):
    """The rows behind the numbers of one block of a report, as they were when it was made.

    `rows`: Parquet with claim_id and what the block's numbers name (shapes). No patient data.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="behind")
    client_id = models.IntegerField()
    place = models.SmallIntegerField()  # of the block
    row_count = models.IntegerField()
    rows = models.BinaryField()

    class Meta:
        db_table = "reports_behind"
        constraints = [
            models.UniqueConstraint(fields=["report", "place"], name="report_behind_once"),
        ]

    def __str__(self) -> str:
        return f"rows of block {self.place} of report {self.report_id}"


class Rerun(models.Model):
    """A report worked out again for its day: whether the numbers were the same, and which not.

    `differences`: [{"block": ..., "figure": ..., "was": ..., "is": ...}, ...].
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="reruns")
    client_id = models.IntegerField()
    is_same = models.BooleanField()
    differences = models.JSONField(default=list)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "reports_rerun"

    def __str__(self) -> str:
        return f"rerun of report {self.report_id}"


class MakingState(models.TextChoices):
    """How far reports that were asked for are."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Making(models.Model):
    """What a person asked for and the worker makes: reports, one made again, or a preview."""

    definition = models.ForeignKey(
        Definition, on_delete=models.PROTECT, null=True, related_name="+"
    )
    report = models.ForeignKey(Report, on_delete=models.PROTECT, null=True, related_name="+")
    blocks = models.JSONField(null=True)  # of a preview, and
    preview = models.JSONField(null=True)  # its numbers
    client_ids = ArrayField(models.IntegerField())
    provider = models.TextField(default="", blank=True)
    from_date = models.DateField()
    to_date = models.DateField()
    as_of_date = models.DateField()
    state = models.TextField(choices=MakingState, default=MakingState.WAITING)
    progress = models.TextField(default="", blank=True)  # what is being worked out
    problem = models.TextField(default="", blank=True)  # why it failed: what to do
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "reports_making"

    def __str__(self) -> str:
        return f"making {self.pk}"


class Brand(models.Model):
    """The letterhead of the installation: one row. Nothing of a client's."""

    name = models.TextField(default="", blank=True)
    lines = ArrayField(models.TextField(), default=list)
    color = models.TextField(default="", blank=True)  # #2f6f8f
    logo = models.BinaryField(null=True)
    set_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        db_table = "reports_brand"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="report_brand_is_one"),
        ]

    def __str__(self) -> str:
        return self.name
