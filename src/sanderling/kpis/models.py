"""Sums of key figures by month, made every night and disposable; and which months they restated."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Grain(models.IntegerChoices):
    """By what a cell tells its client apart."""

    CLIENT = 1, "client"
    PAYER = 2, "payer"
    PROVIDER = 3, "provider"
    LOCATION = 4, "location"
    PERSON = 5, "user"


EVERY_CLIENT = 0  # the client_id of what all clients sum to, for who sees them all


class Cell(models.Model):
    """Numerators and denominators of all figures of a client in a month, whole or by one thing.

    EVERY_CLIENT has the sums over all clients, which only who sees every client may read.

    Place `slot` + 1 of the arrays is the figure with that slot (core.kpis.definitions).
    """

    month_date = models.DateField()
    client_id = models.IntegerField()
    grain = models.SmallIntegerField(choices=Grain)
    payer_id = models.IntegerField(default=0)  # 0 unknown, -1 patients
    provider = models.TextField(default="")
    location = models.TextField(default="")
    user_id = models.IntegerField(default=0)
    numerators = ArrayField(models.BigIntegerField())
    denominators = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "kpis_cell"
        indexes = [
            models.Index(fields=["grain", "month_date", "client_id"], name="kpi_cell_of_month"),
            models.Index(
                fields=["payer_id", "month_date"],
                condition=models.Q(grain=Grain.PAYER),
                name="kpi_cell_of_payer",
            ),
            models.Index(
                fields=["client_id", "provider", "month_date"],
                condition=models.Q(grain=Grain.PROVIDER),
                name="kpi_cell_of_provider",
            ),
        ]

    def __str__(self) -> str:
        return f"cell {self.pk}"


class PayDays(models.Model):
    """How many claims of a client a payer decided so many days after it had them."""

    month_date = models.DateField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField()
    days = models.IntegerField()
    claims = models.IntegerField()

    class Meta:
        db_table = "kpis_pay_days"
        indexes = [models.Index(fields=["month_date", "client_id"], name="kpi_pay_days_of_month")]

    def __str__(self) -> str:
        return f"{self.claims} after {self.days} days"


class Refusals(models.Model):
    """How often and over how much a payer refused claims of a client at first for a reason."""

    month_date = models.DateField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField()
    group_code = models.TextField()
    reason_code = models.TextField()
    claims = models.IntegerField()
    denied_cents = models.BigIntegerField()

    class Meta:
        db_table = "kpis_refusals"
        indexes = [models.Index(fields=["month_date", "client_id"], name="kpi_refusals_of_month")]

    def __str__(self) -> str:
        return f"{self.group_code}-{self.reason_code}"


class Month(models.Model):
    """A month whose sums are kept: until which day, and whether late facts changed it."""

    month_date = models.DateField(primary_key=True)
    as_of_date = models.DateField()  # its last day, or the day of the job while it goes on
    computed_at = models.DateTimeField()
    restated_at = models.DateTimeField(null=True)  # when a closed month was last found changed
    state = models.TextField()  # names what the sums were made from

    class Meta:
        db_table = "kpis_month"

    def __str__(self) -> str:
        return f"month {self.month_date}"


class Restatement(models.Model):
    """A client's figure of a closed month that became another by facts that came late."""

    month_date = models.DateField()
    client_id = models.IntegerField()
    key = models.TextField()
    was_numerator = models.BigIntegerField()
    was_denominator = models.BigIntegerField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    found_at = models.DateTimeField()

    class Meta:
        db_table = "kpis_restatement"
        indexes = [models.Index(fields=["month_date", "key"], name="kpi_restatement_of_month")]

    def __str__(self) -> str:
        return f"{self.key} of {self.month_date}"
