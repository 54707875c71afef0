"""Preventive actions, edit rules tried on history, and what was measured of both."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.issues.models import Issue

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """Where a preventive action is; see STEPS."""

    OPEN = "open", "Open"
    DOING = "doing", "Being done"
    VERIFYING = "verifying", "Verifying"
    PROVEN = "proven", "Proven"
    FAILED = "failed", "Did not help"
    CANCELLED = "cancelled", "Cancelled"


# The first of each is the way forward; a trigger keeps to the same table.
STEPS: dict[str, tuple[str, ...]] = {
    "open": ("doing", "cancelled"),
    "doing": ("verifying", "cancelled", "open"),
    "verifying": ("proven", "failed", "doing"),
    "proven": ("verifying",),
    "failed": ("verifying", "doing"),
    "cancelled": ("open",),
}
UNDONE = ("open", "doing", "verifying")


class Kind(models.TextChoices):
    """What is done so that it does not happen again (DOMAIN 9.11)."""

    EDIT_RULE = "edit_rule", "Edit rule before billing"
    TRAINING = "training", "Training"
    TEMPLATE = "template", "Template or form"
    CONTRACT = "contract", "Contract"
    PAYER_FIX = "payer_fix", "Fix by the payer"
    OTHER = "other", "Something else"


class RootCause(models.TextChoices):
    """Where the trouble begins (DOMAIN 9.11)."""

    FRONT_END = "front_end", "Front desk"
    AUTHORIZATION = "authorization", "Authorization"
    CODING = "coding", "Coding"
    CHARGE = "charge", "Charge entry"
    BILLING = "billing", "Billing"
    PAYER = "payer", "Payer"
    CLIENT = "client", "Client"
    CREDENTIALING = "credentialing", "Credentialing"
    SYSTEM = "system", "System"


class Team(models.TextChoices):
    """Who owns the action."""

    BILLING = "billing", "Billing"
    CODING = "coding", "Coding"
    INTAKE = "intake", "Intake"
    AUTHORIZATION = "authorization", "Authorization"
    CREDENTIALING = "credentialing", "Credentialing"
    CLIENT = "client", "Client"
    AR = "ar", "AR"
    CONTRACTS = "contracts", "Contracts"


class Metric(models.TextChoices):
    """The rate that must fall."""

    DENIAL = "denial", "Denials"
    REJECTION = "rejection", "Rejections"


class PreventiveAction(models.Model):
    """What is done so that something stops going wrong, and how it is verified.

    Seen by those who see all its clients: its measurements are sums over them.
    """

    title = models.TextField()
    issue = models.ForeignKey(
        Issue, on_delete=models.SET_NULL, null=True, related_name="preventive_actions"
    )
    client_ids = ArrayField(models.IntegerField())
    payer_id = models.IntegerField(null=True)
    metric = models.TextField(choices=Metric)
    # Which claims, and which denials of them: procedure, modifier, provider, location, plan, form;
    # category, carc (CO-197), rarc. The names of an issue's dimensions.
    scope = models.JSONField(default=dict)
    problem = models.TextField()  # names no patient
    root_cause = models.TextField(choices=RootCause)
    whys = models.JSONField(default=list)  # up to five sentences, each the reason of the one before
    containment = models.TextField(default="")
    kind = models.TextField(choices=Kind)
    correction = models.TextField()
    team = models.TextField(choices=Team)
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    due_date = models.DateField()
    since_date = models.DateField(null=True)  # the trouble began: what was before is another world
    effective_date = models.DateField(null=True)  # from when on claims were prevented
    window_weeks = models.SmallIntegerField(default=8)
    baseline_claims = models.IntegerField(null=True)  # of the issue, when the action was made
    baseline_month_cents = models.BigIntegerField(null=True)
    state = models.TextField(choices=State, default=State.OPEN)
    state_at = models.DateTimeField()
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    key = models.TextField(default="")  # of the form it came from: the same twice is one action

    class Meta:
        db_table = "prevention_action"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="prevention_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="prevention_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(team__in=Team.values), name="prevention_team_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(metric__in=Metric.values), name="prevention_metric_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(window_weeks__range=(4, 26)), name="prevention_window_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(effective_date__isnull=False)
                | ~models.Q(state__in=["verifying", "proven", "failed"]),
                name="prevention_verified_since_a_day",
            ),
            models.UniqueConstraint(
                fields=["made_by", "key"],
                condition=~models.Q(key=""),
                name="prevention_action_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_date"], name="prevention_action_by_state")]

    def __str__(self) -> str:
        return f"preventive action {self.pk}"


class ActionStep(models.Model):
    """Something that happened to an action. Never updated, never deleted.

    A trigger refuses a state that does not follow and sets the action's.
    """

    action = models.ForeignKey(PreventiveAction, on_delete=models.PROTECT, related_name="history")
    from_state = models.TextField(default="")  # empty: made
    to_state = models.TextField(choices=State)  # the same: something else was changed
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    note = models.TextField(default="")  # names no patient

    class Meta:
        db_table = "prevention_step"
        indexes = [models.Index(fields=["action", "id"], name="prevention_step_of_action")]

    def __str__(self) -> str:
        return f"preventive action {self.action_id}: {self.to_state}"


class ActionEffect(models.Model):
    """What was measured of an action with what was known at the end of a day. Kept each night."""

    action = models.ForeignKey(PreventiveAction, on_delete=models.CASCADE, related_name="effects")
    as_of_date = models.DateField()
    effective_date = models.DateField()
    verdict = models.TextField()  # core.trends.effects.Verdict
    bad_before = models.IntegerField()
    count_before = models.IntegerField()
    bad_after = models.IntegerField()
    count_after = models.IntegerField()
    weeks_before = models.IntegerField()
    weeks_after = models.IntegerField()
    ripe_days = models.IntegerField()  # outcomes are counted that long after the claim was sent
    ripe_until_date = models.DateField(null=True)
    expected_rate = models.FloatField(null=True)
    change_low = models.FloatField(null=True)
    change = models.FloatField(null=True)
    change_high = models.FloatField(null=True)
    avoided_low = models.FloatField(null=True)
    avoided = models.FloatField(null=True)
    avoided_high = models.FloatField(null=True)
    saved_low_cents = models.BigIntegerField(null=True)
    saved_cents = models.BigIntegerField(null=True)
    saved_high_cents = models.BigIntegerField(null=True)
    has_trend = models.BooleanField(default=False)
    peers = models.TextField(default="")  # whom it was compared with, in words; empty: nobody
    weeks = models.JSONField(default=list)  # [[Monday, claims, bad, cents], ...]

    class Meta:
        db_table = "prevention_effect"
        constraints = [
            models.UniqueConstraint(fields=["action", "as_of_date"], name="prevention_effect_once"),
        ]

    def __str__(self) -> str:
        return f"effect of preventive action {self.action_id} on {self.as_of_date}"


class TrialState(models.TextChoices):
    """Where the search for an edit rule is."""

    WAITING = "waiting", "Being searched"
    DONE = "done", "Found"
    REFUSED = "refused", "None proposed"


class EditTrial(models.Model):
    """A search for edit rules that would have held an action's claims, and what it found."""

    action = models.ForeignKey(PreventiveAction, on_delete=models.CASCADE, related_name="trials")
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    state = models.TextField(choices=TrialState, default=TrialState.WAITING)
    finished_at = models.DateTimeField(null=True)
    refusal = models.TextField(default="")
    as_of_date = models.DateField(null=True)
    # [{conditions, train, test, before}, ...]: see core.trends.edits
    candidates = models.JSONField(default=list)

    class Meta:
        db_table = "prevention_trial"
        constraints = [
            models.UniqueConstraint(
                fields=["action"],
                condition=models.Q(state="waiting"),
                name="prevention_trial_waits_once",
            ),
        ]

    def __str__(self) -> str:
        return f"trial {self.pk} of preventive action {self.action_id}"


class EditRule(models.Model):
    """A rule that would have held claims before billing, with what it did on history.

    Active: claims sent since are looked at every night, and those that match are listed.
    """

    action = models.ForeignKey(PreventiveAction, on_delete=models.PROTECT, related_name="edits")
    trial = models.ForeignKey(EditTrial, on_delete=models.PROTECT, related_name="+")
    place = models.SmallIntegerField()  # which candidate of the trial
    conditions = models.JSONField()  # [[field, value], ...]
    back_test = models.JSONField()  # train, test, before
    is_active = models.BooleanField(default=False)
    makes_tasks = models.BooleanField(default=False)
    active_since_date = models.DateField(null=True)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "prevention_edit_rule"
        constraints = [
            models.UniqueConstraint(fields=["trial", "place"], name="prevention_rule_once"),
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(active_since_date__isnull=False),
                name="prevention_rule_active_since",
            ),
        ]

    def __str__(self) -> str:
        return f"edit rule {self.pk}"


class EditCatch(models.Model):
    """A claim as sent that an active edit rule matched, and what became of it."""

    rule = models.ForeignKey(EditRule, on_delete=models.CASCADE, related_name="catches")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    submission_id = models.BigIntegerField()
    caught_date = models.DateField()
    charge_cents = models.BigIntegerField()
    task_id = models.BigIntegerField(null=True)
    outcome = models.TextField(default="")  # bad, good; empty: not known yet

    class Meta:
        db_table = "prevention_catch"
        constraints = [
            models.UniqueConstraint(fields=["rule", "submission_id"], name="prevention_catch_once"),
        ]
        indexes = [models.Index(fields=["claim_id"], name="prevention_catch_of_claim")]

    def __str__(self) -> str:
        return f"catch {self.pk} of edit rule {self.rule_id}"
