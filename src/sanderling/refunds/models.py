"""Credits with their clock, and the refunds that give them back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.core.ledger.accounts import RECEIVABLES

USER = settings.AUTH_USER_MODEL


class Cause(models.TextChoices):
    """Why a credit most likely came to be."""

    TAKEBACK_PENDING = "takeback_pending", "The payer is taking it back"
    PAID_TWICE = "paid_twice", "Paid twice"
    BOTH_PRIMARY = "both_primary", "Two payers paid as primary"
    VOIDED = "voided", "Voided after it was paid"
    ABOVE_CHARGE = "above_charge", "Paid above the charge"
    ABOVE_BALANCE = "above_balance", "Payments and reductions exceed the charge"
    PATIENT_PAID = "patient_paid", "The patient's part was settled twice"
    UNKNOWN = "unknown", "Not told by the remittances"


class Method(models.TextChoices):
    """How a credit is given back."""

    CHECK = "check", "Check"
    PORTAL = "portal", "Payer's portal or card"
    TAKEBACK = "takeback", "The payer takes it back (offset)"


class State(models.TextChoices):
    """Where a refund is."""

    REQUESTED = "requested", "Waits for approval"
    APPROVED = "approved", "Approved, to be made"
    MADE = "made", "Made, being posted"
    POSTED = "posted", "Given back"
    SETTLED = "settled", "Taken back by the payer"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REVERSED = "reversed", "Undone"


OPEN_STATES = (State.REQUESTED, State.APPROVED, State.MADE)


class Identified(models.Model):
    """A credit that somebody, or the rule, identified as an overpayment: its clock runs.

    One stands for each party of a claim until the credit is gone.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField(null=True)
    amount_cents = models.BigIntegerField()  # the credit then, above zero
    identified_date = models.DateField()
    identified_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    identified_at = models.DateTimeField()
    note = models.TextField(default="")
    investigation_started_date = models.DateField(null=True)
    investigation_ended_date = models.DateField(null=True)
    told_days = models.SmallIntegerField(null=True)  # the nearest alarm that was raised: 30, 14, 0
    closed_date = models.DateField(null=True)

    class Meta:
        db_table = "refunds_identified"
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=models.Q(closed_date__isnull=True),
                name="credit_identified_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_cents__gt=0), name="identified_credit_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"credit of claim {self.claim_id}"


class Refund(models.Model):
    """A request to give a credit back, and what became of it.

    Triggers refuse changes of what was requested, steps out of order, and a yes of the asker.
    How much of it stands is the ledger's to say (core.ledger.decided).
    """

    id = models.AutoField(primary_key=True)  # the ledger's entries name it in 32 bits
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField(null=True)
    amount_cents = models.BigIntegerField()
    method = models.TextField(choices=Method)
    cause = models.TextField(choices=Cause)
    note = models.TextField(default="")  # may name a patient: never in logs, notices or events
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    state = models.TextField(choices=State, default=State.REQUESTED)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(null=True)
    made_date = models.DateField(null=True)  # the day on the check
    reference = models.TextField(default="")  # check number, confirmation
    posted_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undo_posted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "refunds_refund"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="refund_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(method__in=Method.values), name="refund_method_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(party__in=[int(party) for party in RECEIVABLES]),
                name="refund_party_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_cents__gt=0), name="refund_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="refund_is_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=models.Q(state__in=["requested", "approved", "made"]),
                name="refund_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state="made")
                | models.Q(state="reversed", undo_posted_at__isnull=True),
                name="refund_to_post",
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"
