"""What was agreed with a client, version by version, and the clocks that run by it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.clients.models import Client
from sanderling.core.barriers.words import BARRIERS
from sanderling.core.service_levels import COUNT_MAX, ZONE, ServiceKind, Unit

USER = settings.AUTH_USER_MODEL


class Floor(models.TextChoices):
    """How far up the worklist a schedule lifts what is due by it."""

    NONE = "", "By its value alone"
    QUARTER = "quarter", "Among the first quarter"
    TENTH = "tenth", "Among the first tenth"


class Agreement(models.Model):
    """A version of what was agreed with a client. The latest holds; never updated, never deleted.

    Tier, usual follow-up days and the usual high-dollar limit stay with the client
    (clients.Client), whom an import may change; their changes are in the audit trail.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="agreements")
    number = models.IntegerField()
    account_manager = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    zone = models.TextField(default=ZONE)  # the client's time zone: its days and hours
    # Write-offs from this amount on need a second approver; null: nothing was agreed.
    second_review_cents = models.BigIntegerField(null=True)
    note = models.TextField(default="")  # why it was changed; names no patient
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "agreements_agreement"
        constraints = [
            models.UniqueConstraint(fields=["client", "number"], name="agreement_version_once"),
            models.CheckConstraint(
                condition=models.Q(second_review_cents__isnull=True)
                | models.Q(second_review_cents__gte=0),
                name="agreement_review_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"agreement {self.pk}"


class ServiceLevel(models.Model):
    """Within how much time something is to be done, by a version of the agreement."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="levels")
    client_id = models.IntegerField()
    kind = models.TextField()
    count = models.IntegerField()
    unit = models.TextField()
    goal_percent = models.SmallIntegerField()

    class Meta:
        db_table = "agreements_service_level"
        constraints = [
            models.UniqueConstraint(fields=["agreement", "kind"], name="service_level_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in ServiceKind]),
                name="service_level_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(unit__in=[unit.value for unit in Unit]),
                name="service_level_unit_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(count__range=(0, COUNT_MAX))
                & (models.Q(count__gte=1) | ~models.Q(unit=Unit.BUSINESS_HOURS.value)),
                name="service_level_count_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(goal_percent__range=(1, 100)), name="service_level_goal_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of agreement {self.agreement_id}"


class Schedule(models.Model):
    """When to look at a client's open balances: the narrowest that fits a balance holds.

    Empty or null: any. Narrower is, in this order: a payer, a barrier, a payer type, a higher
    amount, a greater age.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="schedules")
    client_id = models.IntegerField()
    barrier = models.TextField(default="")
    payer_id = models.IntegerField(null=True)
    payer_type = models.TextField(default="")
    from_age_days = models.IntegerField(default=0)  # since the day of service
    min_cents = models.BigIntegerField(default=0)
    first_days = models.IntegerField()  # from when the balance came to be open for that reason
    repeat_days = models.IntegerField()  # from each touch to the next
    floor = models.TextField(choices=Floor, default=Floor.NONE, blank=True)

    class Meta:
        db_table = "agreements_schedule"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("agreement", "barrier", "payer_id", "payer_type", "from_age_days"),
                    "min_cents",
                ],
                name="schedule_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(barrier__in=["", *BARRIERS]), name="schedule_barrier_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(payer_id__isnull=True) | models.Q(payer_type=""),
                name="schedule_payer_or_type",
            ),
            models.CheckConstraint(
                condition=models.Q(first_days__range=(0, 365))
                & models.Q(repeat_days__range=(1, 365))
                & models.Q(from_age_days__range=(0, 3650))
                & models.Q(min_cents__gte=0),
                name="schedule_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(floor__in=Floor.values), name="schedule_floor_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"schedule {self.pk}"


class HighDollarRule(models.Model):
    """From which amount on a balance is high-dollar, by payer, and whose it is then."""

    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="high_dollar_rules"
    )
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    min_cents = models.BigIntegerField()
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "agreements_high_dollar_rule"
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "payer_id"], name="high_dollar_rule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(min_cents__gt=0), name="high_dollar_rule_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"high-dollar rule {self.pk}"


class Clock(models.Model):
    """Something that is to be done in time for a client, by the level that held when it began.

    `subject` names it once within its kind: claim:7:11:2026-03-02, flag:12. A clock that is dropped
    counts for nothing: what it was about went away by itself, in time.
    """

    client_id = models.IntegerField()
    kind = models.TextField()
    subject = models.TextField()
    claim_id = models.BigIntegerField(null=True)
    party = models.SmallIntegerField(null=True)
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    started_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "agreements_clock"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="clock_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in ServiceKind]),
                name="clock_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gte=models.F("started_at"))
                & (
                    models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at"))
                ),
                name="clock_runs_ahead",
            ),
        ]
        indexes = [
            models.Index(
                fields=["client_id", "due_at"],
                condition=models.Q(ended_at__isnull=True, dropped_at__isnull=True),
                name="clock_running",
            ),
            models.Index(fields=["client_id", "kind", "due_at"], name="clock_of_client"),
            models.Index(fields=["claim_id"], name="clock_of_claim"),
        ]

    def __str__(self) -> str:
        return f"clock {self.pk}"
