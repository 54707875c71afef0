"""Payers and the names and numbers that mean them in files."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models

from sanderling.clients.models import Client
from sanderling.core.deadlines.rules import (
    LEVELS_MAX,
    Clock,
    Confidence,
    Kind,
    ProviderStatus,
    ReceiptRule,
    Unit,
    WeekendRule,
)


class PayerType(models.TextChoices):
    """What kind of insurer a payer is: decides its default deadlines."""

    MEDICARE = "medicare"
    MEDICARE_ADVANTAGE = "medicare_advantage"
    MEDICAID = "medicaid"
    COMMERCIAL = "commercial"
    BCBS = "bcbs"
    TRICARE = "tricare"
    VA = "va"
    WORKERS_COMP = "workers_comp"
    AUTO = "auto"
    SELF_PAY = "self_pay"
    OTHER = "other"


class AliasKind(models.TextChoices):
    """What an alias is: another payer id, a name, or the originator id of TRN03."""

    ID = "id"
    NAME = "name"
    TRN = "trn"


class Payer(models.Model):
    """An insurer. Empty day counts: not set."""

    id = models.AutoField(primary_key=True)
    payer_id = models.TextField(unique=True)
    name = models.TextField()
    type = models.TextField(choices=PayerType, default=PayerType.COMMERCIAL)
    timely_filing_days = models.IntegerField(null=True)
    corrected_claim_days = models.IntegerField(null=True)
    appeal_days = models.IntegerField(null=True)
    response_days = models.IntegerField(null=True)
    phone = models.TextField(blank=True, default="")
    portal_url = models.TextField(blank=True, default="")
    # Whose prompt-pay law binds its plans: two letters; empty: none, or not known.
    state = models.TextField(blank=True, default="", db_default="")
    # When its people answer the phone, and how many claims they take in one call.
    call_hours = models.TextField(blank=True, default="", db_default="")
    claims_per_call = models.SmallIntegerField(null=True)
    # Born from a file that names a payer nobody has imported yet.
    is_provisional = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "payers_payer"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(type__in=PayerType.values), name="payer_type_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__regex=r"^([A-Z]{2})?$"), name="payer_state_is_two_letters"
            ),
            models.CheckConstraint(
                condition=models.Q(claims_per_call__isnull=True)
                | models.Q(claims_per_call__range=(1, 100)),
                name="payer_claims_per_call_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.payer_id


class PayerAlias(models.Model):
    """Another way in which files name a payer; the value is normalised."""

    payer = models.ForeignKey(Payer, on_delete=models.CASCADE, related_name="aliases")
    kind = models.TextField(choices=AliasKind)
    value = models.TextField()

    class Meta:
        db_table = "payers_payer_alias"
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="payer_alias_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=AliasKind.values), name="payer_alias_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


def _values(words: type[StrEnum]) -> list[str]:
    """Return a closed set of words of the core as plain text (migrations must not import it)."""
    return [word.value for word in words]


class DeadlineRule(models.Model):
    """A limit that a person set: for a payer or a type of payer, of one client or of all.

    Rows are only ever added; a trigger refuses changes. A row that supersedes another takes its
    place from the beginning: to correct it, to give it a last day, or (`is_withdrawn`) to take it
    back. What stands is `queries.standing_rules()`.
    """

    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+")
    payer_type = models.TextField(choices=PayerType, null=True)  # noqa: DJ001 - or the payer
    prior_payer_type = models.TextField(choices=PayerType, null=True)  # noqa: DJ001 - null: any
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    kind = models.TextField()
    level = models.SmallIntegerField(default=0)  # 1 to 5 for appeals
    amount = models.IntegerField()
    unit = models.TextField()
    clock = models.TextField()
    receipt_rule = models.TextField(default=ReceiptRule.RECEIVED.value)
    weekend_rule = models.TextField(default=WeekendRule.NONE.value)
    provider_status = models.TextField(default=ProviderStatus.ANY.value)
    # By the clock's day; both days are part of the time; null: no such bound.
    effective_from_date = models.DateField(null=True)
    effective_to_date = models.DateField(null=True)
    source = models.TextField()
    confidence = models.TextField()
    note = models.TextField(blank=True, default="")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="superseded_by"
    )
    is_withdrawn = models.BooleanField(default=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "payers_deadline_rule"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(payer__isnull=False, payer_type__isnull=True)
                | models.Q(payer__isnull=True, payer_type__in=PayerType.values),
                name="deadline_rule_has_one_scope",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=Kind.APPEAL.value, level__range=(1, LEVELS_MAX))
                | (~models.Q(kind=Kind.APPEAL.value) & models.Q(kind__in=_values(Kind), level=0)),
                name="deadline_rule_level_is_of_appeals",
            ),
            models.CheckConstraint(
                condition=models.Q(prior_payer_type__isnull=True)
                | models.Q(kind=Kind.SECONDARY_FILING.value, prior_payer_type__in=PayerType.values),
                name="deadline_rule_prior_is_of_secondary",
            ),
            models.CheckConstraint(
                condition=models.Q(unit=Unit.CALENDAR_YEAR_END.value, amount__range=(0, 10))
                | (
                    ~models.Q(unit=Unit.CALENDAR_YEAR_END.value)
                    & models.Q(unit__in=_values(Unit))
                    & models.Q(amount__range=(1, 3650))
                ),
                name="deadline_rule_amount_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    clock__in=_values(Clock),
                    receipt_rule__in=_values(ReceiptRule),
                    weekend_rule__in=_values(WeekendRule),
                    provider_status__in=_values(ProviderStatus),
                    confidence__in=_values(Confidence),
                ),
                name="deadline_rule_words_are_known",
            ),
            models.CheckConstraint(
                condition=models.Q(effective_from_date__isnull=True)
                | models.Q(effective_to_date__isnull=True)
                | models.Q(effective_from_date__lte=models.F("effective_to_date")),
                name="deadline_rule_days_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(is_withdrawn=False) | models.Q(supersedes__isnull=False),
                name="deadline_rule_withdraws_another",
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.pk}"
