"""Write-offs: requested by one person, approved by another, then posted to the ledger."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.core.ledger.accounts import RECEIVABLES
from sanderling.writeoffs.reasons import REASONS

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """Where a write-off is. Posted and reversed are seen in the ledger a moment later."""

    REQUESTED = "requested", "Waits for approval"
    APPROVED = "approved", "Approved, being posted"
    POSTED = "posted", "Written off"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REVERSED = "reversed", "Taken back"


class WriteOff(models.Model):
    """A request to give up what a party owes, and what became of it.

    Triggers refuse changes of what was requested, steps out of order, and an approval without the
    approvals it needs. How much of it stands is the ledger's to say (core.ledger.write_offs).
    """

    id = models.AutoField(primary_key=True)  # the ledger's entries name it in 32 bits
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField(null=True)
    amount_cents = models.BigIntegerField()
    reason = models.TextField()
    note = models.TextField(default="")  # may name a patient: never in logs, notices or events
    evidence = models.TextField(default="")  # what shows that nothing can be collected
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    actor = models.TextField()  # user:17, rule:4, policy
    state = models.TextField(choices=State, default=State.REQUESTED)
    approvals_needed = models.SmallIntegerField()  # 0: the policy approves
    warnings = models.JSONField(default=list)  # [[key, sentence], ...]: what spoke against it
    client_yes = models.TextField(default="")  # who of the client agreed, and when
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")
    posted_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undo_posted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "writeoffs_write_off"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="write_off_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(reason__in=list(REASONS)), name="write_off_reason_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(party__in=[int(party) for party in RECEIVABLES]),
                name="write_off_party_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_cents__gt=0), name="write_off_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(approvals_needed__range=(0, 2)),
                name="write_off_needs_two_at_most",
            ),
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=models.Q(state__in=["requested", "approved"]),
                name="write_off_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["client_id", "requested_at"],
                condition=models.Q(state="requested"),
                name="write_off_waiting",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state="approved")
                | models.Q(state="reversed", undo_posted_at__isnull=True),
                name="write_off_to_post",
            ),
        ]

    def __str__(self) -> str:
        return f"write-off {self.pk}"


class Approval(models.Model):
    """A person's yes to a write-off that somebody else requested. Never updated, never deleted.

    A trigger refuses the requester's own, and a web session's for anybody but its user.
    """

    write_off = models.ForeignKey(WriteOff, on_delete=models.PROTECT, related_name="approvals")
    client_id = models.IntegerField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.TextField(default="")

    class Meta:
        db_table = "writeoffs_approval"
        constraints = [
            models.UniqueConstraint(fields=["write_off", "user"], name="approval_once_each"),
        ]

    def __str__(self) -> str:
        return f"approval of write-off {self.write_off_id}"


class ClientLimits(models.Model):
    """Who may approve how much: for one client, or (client_id null) for all others."""

    client_id = models.IntegerField(null=True)
    auto_below_cents = models.BigIntegerField()
    lead_below_cents = models.BigIntegerField()
    manager_below_cents = models.BigIntegerField()
    needs_second = models.BooleanField(null=True)  # null: key clients need a second approver

    class Meta:
        db_table = "writeoffs_limits"
        constraints = [
            models.UniqueConstraint(
                fields=["client_id"], name="write_off_limits_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(auto_below_cents__gte=0)
                & models.Q(lead_below_cents__gte=models.F("auto_below_cents"))
                & models.Q(manager_below_cents__gte=models.F("lead_below_cents")),
                name="write_off_limits_rise",
            ),
        ]

    def __str__(self) -> str:
        return f"write-off limits of client {self.client_id}"
