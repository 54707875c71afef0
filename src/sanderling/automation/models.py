"""Rules, what they did, alerts, and who is told how.

A rule's text is a version: versions are only added. What a rule did to an item is kept with the
run, so that limits hold whoever is killed, and so that all of it can be undone.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.automation.kinds import ALERTS
from sanderling.mail.models import Mail

USER = settings.AUTH_USER_MODEL


class RuleState(models.TextChoices):
    """Whether the engine runs a rule."""

    DRAFT = "draft", "Draft"
    WATCHING = "watching", "Dry run"  # matches are counted, nothing is done
    LIVE = "live", "Live"
    PAUSED = "paused", "Paused"


class Rule(models.Model):
    """A rule as it stands: its current version, its place in the order, whether it runs."""

    name = models.TextField(unique=True)
    place = models.IntegerField(default=0)  # lower ones go first
    state = models.TextField(choices=RuleState, default=RuleState.DRAFT)
    version = models.ForeignKey(
        "automation.RuleVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Who let it run: it touches only clients that this person sees.
    live_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    pause_reason = models.TextField(default="")
    failures = models.SmallIntegerField(default=0)  # in a row
    next_run_at = models.DateTimeField(null=True)  # of a schedule
    run_at = models.DateTimeField(null=True)  # the latest
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "automation_rule"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RuleState.values), name="rule_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.pk}"


class RuleVersion(models.Model):
    """What a rule says: when, if, then, for whom, how often. Never changed."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    # Of events (names of news.actions.KINDS) or of a schedule: core.rules.schedule.
    trigger = models.JSONField()
    condition = models.TextField()  # in the part of CEL of core.rules
    acts = models.JSONField()  # [{"kind": "assign", ...}, ...]
    client_ids = ArrayField(models.IntegerField(), default=list)  # empty: all that live_by sees
    run_max = models.IntegerField()  # items of one run
    day_max = models.IntegerField()  # items of one day
    rest_days = models.IntegerField()  # the same item again after so many days
    stops_others = models.BooleanField(default=False)  # the first match wins
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "automation_rule_version"
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of rule {self.rule_id}"


class DryRunState(models.TextChoices):
    """How far a dry run is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class DryRun(models.Model):
    """What a version would have done: to today's items, and week by week in kept history."""

    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="dry_runs")
    state = models.TextField(choices=DryRunState, default=DryRunState.WAITING)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    client_ids = ArrayField(models.IntegerField(), default=list)  # looked at
    items = models.IntegerField(default=0)  # different ones, today and in the past
    amount_cents = models.BigIntegerField(default=0)
    today_items = models.IntegerField(default=0)
    today_cents = models.BigIntegerField(default=0)
    week_items_max = models.IntegerField(default=0)  # that matched anew in one week
    from_date = models.DateField(null=True)  # null: no history is kept yet
    # [[week end, items that matched anew, cents], ...]
    weeks = models.JSONField(default=list)
    limits = models.JSONField(default=list)  # sentences: what history could not say

    class Meta:
        db_table = "automation_dry_run"

    def __str__(self) -> str:
        return f"dry run {self.pk}"

    @property
    def is_bound(self) -> bool:
        """Whether its figures of the past are only at most so high."""
        return any("at most" in line for line in self.limits)


class DryRunItem(models.Model):
    """An item that a dry run matched, on the first day it did."""

    dry_run = models.ForeignKey(DryRun, on_delete=models.CASCADE, related_name="found")
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    client_id = models.IntegerField()
    matched_date = models.DateField()
    balance_cents = models.BigIntegerField()
    is_today = models.BooleanField()

    class Meta:
        db_table = "automation_dry_run_item"

    def __str__(self) -> str:
        return f"item of dry run {self.dry_run_id}"


class RunState(models.TextChoices):
    """How a run ended."""

    DONE = "done"
    LIMITED = "limited"  # a limit held some back
    FAILED = "failed"  # nothing was done


class Run(models.Model):
    """One time a rule ran and found something, or failed."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    state = models.TextField(choices=RunState)
    is_dry = models.BooleanField(default=False)
    matched = models.IntegerField(default=0)
    acted = models.IntegerField(default=0)
    amount_cents = models.BigIntegerField(default=0)
    held_back = models.IntegerField(default=0)  # by a limit
    act_ids = ArrayField(models.BigIntegerField(), default=list)  # worklists.BulkAct
    task_ids = ArrayField(models.BigIntegerField(), default=list)  # questions to teams
    undone_at = models.DateTimeField(null=True)
    message = models.TextField(default="")

    class Meta:
        db_table = "automation_run"
        indexes = [models.Index(fields=["rule", "-started_at"], name="run_of_rule")]

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunItem(models.Model):
    """An item that a run acted on (a dry one: would have)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="found")
    rule_id = models.BigIntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    client_id = models.IntegerField()
    balance_cents = models.BigIntegerField()
    on_date = models.DateField()
    is_dry = models.BooleanField(default=False)
    stops_others = models.BooleanField(default=False)

    class Meta:
        db_table = "automation_run_item"
        indexes = [
            models.Index(fields=["claim_id", "party", "on_date"], name="run_item_of_item"),
            models.Index(fields=["rule_id", "on_date"], name="run_item_of_rule"),
            models.Index(fields=["on_date"], name="run_item_of_day"),
        ]

    def __str__(self) -> str:
        return f"item of run {self.run_id}"


class Alert(models.Model):
    """Something that somebody should see to; one row from the day it is raised to its end.

    One of a key is open at a time. Counts, amounts and names of payers and clients; no patients.
    """

    kind = models.TextField()
    key = models.TextField()
    client_id = models.IntegerField(null=True)  # null: about no single client
    payer_id = models.IntegerField(null=True)
    text = models.TextField()
    items = models.IntegerField(default=0)
    amount_cents = models.BigIntegerField(null=True)
    url = models.TextField(default="")
    is_urgent = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    comment = models.TextField(default="")

    class Meta:
        db_table = "automation_alert"
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(resolved_at__isnull=True),
                name="alert_open_once",
            ),
        ]
        indexes = [models.Index(fields=["kind", "resolved_at"], name="alert_of_kind")]

    def __str__(self) -> str:
        return f"{self.kind} alert {self.pk}"

    @property
    def kind_title(self) -> str:
        """What the kind is called."""
        return ALERTS[self.kind].title


class AlertRecipient(models.Model):
    """A person whom an alert concerns; what he did with it."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="recipients")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    client_id = models.IntegerField(null=True)  # the alert's
    read_at = models.DateTimeField(null=True)
    snoozed_until_date = models.DateField(null=True)
    mailed_at = models.DateTimeField(null=True)  # at once

    class Meta:
        db_table = "automation_alert_recipient"
        constraints = [
            models.UniqueConstraint(fields=["alert", "user"], name="alert_recipient_once"),
        ]
        indexes = [models.Index(fields=["user"], name="alert_recipient_of_user")]

    def __str__(self) -> str:
        return f"recipient of alert {self.alert_id}"


class AlertRule(models.Model):
    """The limits of one kind of alert, where an installation has other ones than the defaults."""

    kind = models.TextField(unique=True)
    parameters = models.JSONField(default=dict)
    is_off = models.BooleanField(default=False)

    class Meta:
        db_table = "automation_alert_rule"

    def __str__(self) -> str:
        return f"limits of {self.kind}"


class Delivery(models.TextChoices):
    """How a person hears of a kind of alert, beside the page."""

    NONE = "none"
    APP = "app"
    DIGEST = "digest"
    MAIL = "mail"


class Preference(models.Model):
    """How one person wants to hear of alerts."""

    user = models.OneToOneField(USER, on_delete=models.CASCADE, related_name="+")
    deliveries = models.JSONField(default=dict)  # kind -> Delivery; missing: the default
    has_digest = models.BooleanField(default=True)
    digest_hour = models.SmallIntegerField(default=12)  # UTC
    target_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "automation_preference"

    def __str__(self) -> str:
        return f"preference of user {self.user_id}"


class SendState(models.TextChoices):
    """What became of a message."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # and will not be tried again


class Digest(models.Model):
    """One person's mail of one day, or that nothing was open: one row a day, and so one mail."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    on_date = models.DateField()
    alerts = models.IntegerField(default=0)
    mail = models.ForeignKey(Mail, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "automation_digest"
        constraints = [
            models.UniqueConstraint(fields=["user", "on_date"], name="digest_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"digest {self.pk}"


class Target(models.Model):
    """A chat, pager or the like that Apprise reaches. Its address is a secret."""

    name = models.TextField(unique=True)
    sealed = models.BinaryField(default=b"")  # the address, encrypted; or
    variable = models.TextField(default="")  # the environment variable that holds it
    is_active = models.BooleanField(default=True)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    tested_at = models.DateTimeField(null=True)
    test_result = models.TextField(default="")

    class Meta:
        db_table = "automation_target"

    def __str__(self) -> str:
        return f"target {self.pk}"


class Message(models.Model):
    """An alert on its way to a target."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="messages")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="messages")
    state = models.TextField(choices=SendState, default=SendState.WAITING)
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    result = models.TextField(default="")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "automation_message"
        constraints = [
            models.UniqueConstraint(fields=["target", "alert"], name="message_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="message_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
