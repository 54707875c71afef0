"""Files of ours on their way out, and the claims in each."""

from __future__ import annotations

from django.conf import settings
from django.db import models

USER = settings.AUTH_USER_MODEL
CONTROL_NUMBERS_FROM = 700_000_000
CONTROL_NUMBERS = 100_000_000


class Purpose(models.TextChoices):
    """Why a file is sent."""

    CORRECTED = "corrected", "Corrected claims"
    VOID = "void", "Voided claims"
    RESUBMISSION = "resubmission", "Claims sent anew"
    SECONDARY = "secondary", "Claims to the next payer"
    STATUS = "status", "Status requests"
    APPEAL = "appeal", "Appeals and records"


class State(models.TextChoices):
    """Where a file is."""

    HELD = "held", "Waits for approval"
    QUEUED = "queued", "Waits to go out"
    WAITING = "waiting", "Ready; no mailbox takes it"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Not delivered"
    CANCELLED = "cancelled", "Cancelled"


class Standing(models.TextChoices):
    """What the other side said of what it was sent."""

    NONE = "", "Nothing said yet"
    RECEIVED = "received", "Received"
    ACCEPTED = "accepted", "Accepted"
    PARTLY = "partly", "Partly accepted"
    REJECTED = "rejected", "Rejected"


class OutboundFile(models.Model):
    """One file that we send: what it is, where it is, what the other side said of it.

    Its id gives all control numbers and its name, so that it can be made again after an
    interruption and comes out the same. The bytes are an original (files.storage) under `sha256`.
    """

    kind = models.TextField()  # 837P, 837I, 837D, 276, packet
    purpose = models.TextField(choices=Purpose)
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    # Whom we speak as and to in ISA; empty for what is no X12.
    sender_id = models.TextField(default="")
    receiver_id = models.TextField(default="")
    claim_count = models.IntegerField()
    sha256 = models.TextField(default="")
    size_bytes = models.BigIntegerField(default=0)
    is_encrypted = models.BooleanField(default=False)
    state = models.TextField(choices=State)
    queued_at = models.DateTimeField()
    queued_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.TextField()  # user:17, rule:4, schedule
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    # Brought in as what we sent (an 837 through intake): the stored file of it.
    stored_file_id = models.BigIntegerField(null=True)
    # Delivery, kept by `exchange`.
    mailbox_id = models.IntegerField(null=True)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    # Whole there under another name; from here on only the last step, its renaming, is missing.
    handed_over_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    # By when somebody should have confirmed it: the file (TA1, 999), its claims (277CA, 277).
    receipt_due_date = models.DateField(null=True)
    acceptance_due_date = models.DateField(null=True)
    fault = models.TextField(default="")  # why it was not delivered; no patient data
    # What came back, kept by `exchange`.
    standing = models.TextField(choices=Standing, default=Standing.NONE, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_file"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="outbound_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="outbound_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(standing__in=Standing.values),
                name="outbound_standing_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("queued_by")),
                name="outbound_is_approved_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="outbound_file_latest"),
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(state__in=["queued", "sending", "failed"]),
                name="outbound_file_to_send",
            ),
        ]

    def __str__(self) -> str:
        return f"outbound file {self.pk}"

    @property
    def name(self) -> str:
        """The file's name, unique for good; says nothing of a patient."""
        return f"SL{self.pk:09d}.{_SUFFIXES.get(self.kind, 'dat')}"

    @property
    def control_number(self) -> int:
        """ISA13 and GS06; the sets in it count from 1 (ST02 0001).

        In a range of its own: other programs of the same sender count from 1, and a 999 names
        the group by this number alone.
        """
        return CONTROL_NUMBERS_FROM + self.pk % CONTROL_NUMBERS

    @property
    def reference(self) -> str:
        """BHT03: comes back in a 277CA (TRN02 of the receiver's level)."""
        return f"SL{self.pk:09d}"


_SUFFIXES = {"837P": "837", "837I": "837", "837D": "837", "276": "276", "packet": "pdf"}


class OutboundClaim(models.Model):
    """One claim in a file of ours."""

    file = models.ForeignKey(OutboundFile, on_delete=models.PROTECT, related_name="claims")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    reference = models.TextField(default="")  # by which an answer names it: CLM01, TRN02
    standing = models.TextField(choices=Standing, default=Standing.NONE, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_claim"
        indexes = [
            models.Index(fields=["claim_id"], name="outbound_claim_of_claim"),
            models.Index(fields=["reference"], name="outbound_claim_by_reference"),
        ]

    def __str__(self) -> str:
        return f"claim {self.claim_id} of outbound file {self.file_id}"
