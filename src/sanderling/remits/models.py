"""Remittances (835) as facts: claim payments, service payments, adjustments, PLB.

Written by one door (intake) at COPY speed, never changed; only a claim payment's link to a claim
may move, when a better match arrives.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.files.models import TransactionSet
from sanderling.payers.models import Payer


class Remittance(models.Model):
    """One 835 transaction set: one payment of one payer."""

    transaction = models.OneToOneField(TransactionSet, on_delete=models.PROTECT)
    client_id = models.IntegerField(null=True)  # the payee, when it is one client
    client_ids = ArrayField(models.IntegerField(), default=list)
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True)
    payer_name = models.TextField(default="")
    payer_code = models.TextField(default="")
    payee_name = models.TextField(default="")
    payee_npi = models.TextField(default="")
    payee_tin = models.TextField(default="")
    handling = models.TextField(default="")
    method = models.TextField(default="")
    amount_cents = models.BigIntegerField()
    payment_date = models.DateField(null=True)
    production_date = models.DateField(null=True)
    trace = models.TextField(default="")
    payer_trace_id = models.TextField(default="")
    received_date = models.DateField()
    paid_total_cents = models.BigIntegerField()
    provider_adjustment_total_cents = models.BigIntegerField()

    class Meta:
        db_table = "remits_remittance"
        indexes = [models.Index(fields=["trace"], name="remittance_by_trace")]

    def __str__(self) -> str:
        return f"remittance {self.pk}"


class ClaimPayment(models.Model):
    """One CLP."""

    remittance = models.ForeignKey(Remittance, on_delete=models.PROTECT)
    claim_id = models.BigIntegerField(null=True)
    client_id = models.IntegerField(null=True)
    transaction_id = models.BigIntegerField()
    position = models.IntegerField()
    end_position = models.IntegerField()
    order_key = models.TextField()
    claim_number = models.TextField(default="")
    number_key = models.TextField(default="")
    status = models.TextField(default="")
    sequence = models.SmallIntegerField(null=True)  # by CLP02, else by payer; null: not told
    charge_cents = models.BigIntegerField()
    paid_cents = models.BigIntegerField()
    patient_share_cents = models.BigIntegerField(null=True)
    filing_indicator = models.TextField(default="")
    payer_claim_number = models.TextField(default="")
    original_reference = models.TextField(default="")
    facility_code = models.TextField(default="")
    frequency = models.TextField(default="")
    drg = models.TextField(default="")
    patient_last_name = models.TextField(default="")
    patient_first_name = models.TextField(default="")
    patient_id = models.TextField(default="")
    corrected_id = models.TextField(default="")
    rendering_npi = models.TextField(default="")
    crossover_name = models.TextField(default="")
    is_forwarded = models.BooleanField(default=False)
    statement_from_date = models.DateField(null=True)
    service_from_date = models.DateField(null=True)
    payer_received_date = models.DateField(null=True)  # DTM*050
    payment_date = models.DateField(null=True)
    received_date = models.DateField()
    gap_cents = models.BigIntegerField(default=0)
    is_held = models.BooleanField(default=False)  # does not balance or cannot be read
    match_method = models.TextField(default="")  # number, payer_number, score, born, none
    match_points = models.IntegerField(default=0)

    class Meta:
        db_table = "remits_claim_payment"
        indexes = [
            models.Index(fields=["claim_id"], name="claim_payment_of_claim"),
            models.Index(fields=["client_id", "number_key"], name="claim_payment_by_number"),
        ]

    def __str__(self) -> str:
        return f"claim payment {self.pk}"


class ServicePayment(models.Model):
    """One SVC."""

    payment_id = models.BigIntegerField()
    claim_id = models.BigIntegerField(null=True)
    client_id = models.IntegerField(null=True)
    line_index = models.IntegerField()
    position = models.IntegerField()
    procedure_qualifier = models.TextField(default="")
    procedure = models.TextField(default="")
    modifiers = models.TextField(default="")
    revenue_code = models.TextField(default="")
    submitted_procedure = models.TextField(default="")
    submitted_modifiers = models.TextField(default="")
    charge_cents = models.BigIntegerField()
    paid_cents = models.BigIntegerField()
    allowed_cents = models.BigIntegerField(null=True)
    units_paid = models.TextField(default="")
    submitted_units = models.TextField(default="")
    service_from_date = models.DateField(null=True)
    service_to_date = models.DateField(null=True)
    line_control_number = models.TextField(default="")

    class Meta:
        db_table = "remits_service_payment"
        indexes = [models.Index(fields=["payment_id"], name="service_payment_of_payment")]

    def __str__(self) -> str:
        return f"service payment {self.line_index} of {self.payment_id}"


class Adjustment(models.Model):
    """One CAS triplet, of the claim (line_index 0) or of a service."""

    payment_id = models.BigIntegerField()
    claim_id = models.BigIntegerField(null=True)
    client_id = models.IntegerField(null=True)
    line_index = models.IntegerField()
    position = models.IntegerField()
    part = models.SmallIntegerField()
    group_code = models.TextField()
    reason_code = models.TextField()
    amount_cents = models.BigIntegerField()
    quantity = models.TextField(default="")

    class Meta:
        db_table = "remits_adjustment"
        indexes = [models.Index(fields=["payment_id"], name="adjustment_of_payment")]

    def __str__(self) -> str:
        return f"{self.group_code}-{self.reason_code} of {self.payment_id}"


class Remark(models.Model):
    """One remark code: LQ of a service, MIA or MOA of the claim."""

    payment_id = models.BigIntegerField()
    claim_id = models.BigIntegerField(null=True)
    client_id = models.IntegerField(null=True)
    line_index = models.IntegerField()
    position = models.IntegerField()
    source = models.TextField()
    code = models.TextField()

    class Meta:
        db_table = "remits_remark"
        indexes = [models.Index(fields=["payment_id"], name="remark_of_payment")]

    def __str__(self) -> str:
        return f"{self.code} of {self.payment_id}"


class ProviderAdjustment(models.Model):
    """One PLB pair: money that belongs to the provider, not to a claim of this remittance."""

    remittance = models.ForeignKey(Remittance, on_delete=models.PROTECT)
    client_id = models.IntegerField(null=True)
    transaction_id = models.BigIntegerField()
    position = models.IntegerField()
    part = models.SmallIntegerField()
    provider_id = models.TextField(default="")
    fiscal_date = models.DateField(null=True)
    code = models.TextField(default="")
    reference = models.TextField(default="")
    amount_cents = models.BigIntegerField()  # as sent: positive reduces the payment
    received_date = models.DateField()

    class Meta:
        db_table = "remits_provider_adjustment"

    def __str__(self) -> str:
        return f"{self.code} of remittance {self.remittance_id}"
