"""Checks of the audit chain, reviews of access, what is kept how long, and what was deleted."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

USER = settings.AUTH_USER_MODEL


class CheckState(models.TextChoices):
    """Where a check of the chain is."""

    WAITING = "waiting", "Waiting for the worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


class ChainCheck(models.Model):
    """One walk over the whole chain of seals, by the worker; kept as evidence."""

    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    state = models.TextField(choices=CheckState, default=CheckState.WAITING)
    total = models.BigIntegerField(default=0)
    checked = models.BigIntegerField(default=0)
    unsealed = models.BigIntegerField(default=0)
    dated_back = models.BigIntegerField(default=0)
    first_dated_back = models.BigIntegerField(null=True)
    # What is not as it was sealed, a mapping each: event, kind, words.
    findings = models.JSONField(default=list)
    head_seal_id = models.BigIntegerField(null=True)
    head_event_id = models.BigIntegerField(null=True)
    head_hash = models.TextField(default="")
    head_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "compliance_chain_check"

    def __str__(self) -> str:
        return f"check {self.pk}"


class Campaign(models.Model):
    """A review of who may do and see what, as it was on the day it began."""

    name = models.TextField()
    begun_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    due_date = models.DateField()
    closed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        db_table = "compliance_campaign"
        constraints = [
            # One at a time, whatever two people click at once.
            models.UniqueConstraint(
                fields=["is_open"], condition=models.Q(is_open=True), name="one_open_campaign"
            ),
        ]

    def __str__(self) -> str:
        return f"campaign {self.pk}"


class Decision(models.TextChoices):
    """What a reviewer decided about a person's access."""

    OPEN = "", "Open"
    CERTIFIED = "certified", "Certified"
    REVOKED = "revoked", "Revoked"


class AccessRow(models.Model):
    """What one person may do and see, frozen when the campaign began, and what was decided."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="rows")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    email = models.TextField()
    name = models.TextField()
    role = models.TextField()
    is_active = models.BooleanField()
    sees_all_clients = models.BooleanField()
    client_ids = ArrayField(models.IntegerField(), default=list)
    client_codes = ArrayField(models.TextField(), default=list)
    tokens = models.IntegerField(default=0)  # of the API, that work
    last_login_at = models.DateTimeField(null=True)
    unusual = ArrayField(models.TextField(), default=list)  # words: see access.unusual
    decision = models.TextField(choices=Decision, default=Decision.OPEN, blank=True)
    note = models.TextField(default="", blank=True)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "compliance_access_row"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="person_reviewed_once"),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("user")), name="nobody_reviews_himself"
            ),
            models.CheckConstraint(
                condition=models.Q(decision="", decided_at__isnull=True)
                | (~models.Q(decision="") & models.Q(decided_at__isnull=False)),
                name="decision_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"access row {self.pk}"


class RetentionRule(models.Model):
    """How many years data of a kind is kept; without a row the kind's own default holds."""

    kind = models.TextField(unique=True)  # of retention.KINDS
    years = models.IntegerField()
    changed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "compliance_retention_rule"

    def __str__(self) -> str:
        return f"{self.kind}: {self.years} years"


class LegalHold(models.Model):
    """Nothing of the client (none: of anybody) is deleted while it stands."""

    client_id = models.IntegerField(null=True)
    reason = models.TextField()
    placed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "compliance_legal_hold"

    def __str__(self) -> str:
        return f"hold {self.pk}"


class RetentionRun(models.Model):
    """A count of what is past its time (dry), or its deletion; kept for good."""

    is_dry = models.BooleanField()
    state = models.TextField(choices=CheckState, default=CheckState.WAITING)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    dry_run = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    # By kind: years, before, due, held, deleted.
    counts = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "compliance_retention_run"

    def __str__(self) -> str:
        return f"run {self.pk}"
