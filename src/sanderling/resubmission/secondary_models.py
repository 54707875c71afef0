"""Claims to the next payer: what was sent, and what people answered to what files do not tell."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.claims.models import Claim
from sanderling.core.ledger.accounts import Account
from sanderling.core.resubmission.msp import TYPES
from sanderling.outbox.models import OutboundFile

USER = settings.AUTH_USER_MODEL
NEXT_PARTIES: Final = (int(Account.SECONDARY), int(Account.TERTIARY))


class SecondaryState(models.TextChoices):
    """Where a claim to the next payer is; what became of the file is the outbox's to say."""

    SENT = "sent", "Billed"
    UNDONE = "undone", "Undone"


class SecondaryClaim(models.Model):
    """A claim that was put into a file to its second or third payer.

    Of one claim and payer there is at most one that was not undone: a second click and a second
    person are refused by the database.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()  # 12 the second payer, 13 the third
    payer_id = models.IntegerField(null=True)
    file = models.ForeignKey(OutboundFile, on_delete=models.PROTECT, related_name="+")
    payment_ids = ArrayField(models.BigIntegerField())  # the claim payments that were told
    charge_cents = models.BigIntegerField()
    prior_paid_cents = models.BigIntegerField()  # AMT*D of all payers before
    due_cents = models.BigIntegerField()  # what was open for it then
    msp_type = models.TextField(default="")  # why Medicare is not first
    activity_id = models.BigIntegerField(null=True)
    state = models.TextField(choices=SecondaryState, default=SecondaryState.SENT)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    undone_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "resubmission_secondary_claim"
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=models.Q(state="sent"),
                name="secondary_claim_once",
            ),
            models.CheckConstraint(
                condition=models.Q(party__in=NEXT_PARTIES), name="secondary_claim_party_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=SecondaryState.values),
                name="secondary_claim_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["client_id", "made_at"], name="secondary_claim_by_day"),
        ]

    def __str__(self) -> str:
        return f"claim {self.claim_id} to party {self.party}"


class SecondaryAnswer(models.Model):
    """What a person told so that a claim can go to its next payer. The last answer counts."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    msp_type = models.TextField(default="")
    goes_now = models.BooleanField(default=False)  # not waiting for the payer before, or crossover
    supplied = models.JSONField(default=dict)  # core.resubmission.next_payer.Supplied; {}: nothing
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "resubmission_secondary_answer"
        constraints = [
            models.UniqueConstraint(fields=["claim", "party"], name="secondary_answer_once"),
            models.CheckConstraint(
                condition=models.Q(party__in=NEXT_PARTIES), name="secondary_answer_party_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(msp_type__in=["", *TYPES]),
                name="secondary_answer_msp_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"answer about claim {self.claim_id} to party {self.party}"
