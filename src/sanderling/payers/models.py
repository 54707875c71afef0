"""Payers and the names and numbers that mean them in files."""

from __future__ import annotations

from django.db import models


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
    # Born from a file that names a payer nobody has imported yet.
    is_provisional = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "payers_payer"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(type__in=PayerType.values), name="payer_type_is_known"
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
