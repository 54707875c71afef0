"""Clients and the numbers that name them in files."""

from __future__ import annotations

from django.db import models


class Tier(models.TextChoices):
    """How much attention a client gets."""

    STANDARD = "standard"
    KEY = "key"


class IdentifierKind(models.TextChoices):
    """What kind of number names a client in an 837 or 835."""

    NPI = "npi"
    TIN = "tin"


class Client(models.Model):
    """A practice or hospital we bill for.

    Protected by row-level security: under the role sanderling_app only assigned clients exist.
    """

    # A 32-bit key: the session's visible clients are an int[].
    id = models.AutoField(primary_key=True)
    code = models.TextField(unique=True)
    name = models.TextField()
    tier = models.TextField(choices=Tier, default=Tier.STANDARD)
    follow_up_days = models.IntegerField(null=True)
    high_dollar_cents = models.BigIntegerField(null=True)
    # Born from a file that names a provider nobody has imported yet.
    is_provisional = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "clients_client"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tier__in=Tier.values), name="client_tier_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(follow_up_days__isnull=True)
                | models.Q(follow_up_days__range=(1, 365)),
                name="client_follow_up_days_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(high_dollar_cents__isnull=True)
                | models.Q(high_dollar_cents__gte=0),
                name="client_high_dollar_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ClientIdentifier(models.Model):
    """An NPI or tax number by which a file names a client."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.TextField(choices=IdentifierKind)
    value = models.TextField()

    class Meta:
        db_table = "clients_client_identifier"
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="client_identifier_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=IdentifierKind.values),
                name="client_identifier_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
