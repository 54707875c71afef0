"""Transfers of what a payer leaves to the patient."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.core.ledger.accounts import INSURANCE_RECEIVABLES

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """Where a transfer is."""

    REQUESTED = "requested", "Waits for approval"
    APPROVED = "approved", "Approved, being posted"
    POSTED = "posted", "Moved to the patient"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REVERSED = "reversed", "Taken back"


class Transfer(models.Model):
    """A request to move what a payer owes to the patient, and what became of it.

    Triggers refuse changes of what was requested, steps out of order, and a yes of the asker.
    How much of it stands is the ledger's to say (core.ledger.decided).
    """

    id = models.AutoField(primary_key=True)  # the ledger's entries name it in 32 bits
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()  # from whom
    payer_id = models.IntegerField(null=True)
    amount_cents = models.BigIntegerField()
    codes = models.TextField(default="")  # what the payer left to the patient by: PR-26 PR-204
    note = models.TextField(default="")  # may name a patient: never in logs, notices or events
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    needs_approval = models.BooleanField()
    state = models.TextField(choices=State, default=State.REQUESTED)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")
    posted_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undo_posted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "transfers_transfer"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="transfer_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(party__in=[int(party) for party in INSURANCE_RECEIVABLES]),
                name="transfer_party_is_an_insurer",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_cents__gt=0), name="transfer_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("requested_by")),
                name="transfer_is_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=models.Q(state__in=["requested", "approved"]),
                name="transfer_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state="approved")
                | models.Q(state="reversed", undo_posted_at__isnull=True),
                name="transfer_to_post",
            ),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"
