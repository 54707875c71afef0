"""Projects: many lines that one payer paid short, one dispute, dollars proven by remittances.

Confidential as contracts are: users of a client do not see them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.worklists.models import Project

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """Where a project is."""

    DRAFT = "draft", "Draft"
    SENT = "sent", "Sent"
    CLOSED = "closed", "Closed"


class Channel(models.TextChoices):
    """How a dispute went to the payer."""

    PORTAL = "portal", "Portal"
    EMAIL = "email", "Secure e-mail"
    FAX = "fax", "Fax"
    MAIL = "mail", "Mail"


class LineState(models.TextChoices):
    """What came of one line of a project."""

    CHOSEN = "chosen", "In the draft"
    SENT = "sent", "Sent"
    PARTLY = "partly", "Partly recovered"
    RECOVERED = "recovered", "Recovered"
    RETRACTED = "retracted", "Retracted"  # we were wrong, or gave it up


class UnderpaymentProject(models.Model):
    """A dispute of lines of one client with one payer.

    The project itself (name, owner) is the worklist's, so that its claims are found there, too.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="underpayment")
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    pattern_key = models.TextField(default="")  # made from; new lines of it join the draft
    about = models.TextField(default="")  # the pattern's sentence when it was made
    state = models.TextField(choices=State, default=State.DRAFT)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    sent_date = models.DateField(null=True)
    sent_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    channel = models.TextField(choices=Channel, default="", blank=True)
    reference = models.TextField(default="")  # the payer's number of the dispute
    answer_due_date = models.DateField(null=True)
    letter_sha256 = models.TextField(default="")  # what was sent, as originals
    sheet_sha256 = models.TextField(default="")
    is_encrypted = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    closing_note = models.TextField(default="")

    class Meta:
        db_table = "underpayments_project"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="underpayment_state_is_known"
            ),
        ]
        indexes = [models.Index(fields=["client_id", "-made_at"], name="underpayment_latest")]

    def __str__(self) -> str:
        return f"underpayment project {self.pk}"


class DisputedLine(models.Model):
    """One remittance line of a project, as it was when it joined; sought is fixed by sending."""

    project = models.ForeignKey(UnderpaymentProject, on_delete=models.CASCADE, related_name="lines")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    payment_id = models.BigIntegerField()
    line_index = models.IntegerField()
    line = models.IntegerField()  # as billed; 0: the claim as a whole
    code = models.TextField()
    modifiers = models.TextField(default="")
    service_date = models.DateField(null=True)
    charge_cents = models.BigIntegerField()
    paid_cents = models.BigIntegerField()
    allowed_cents = models.BigIntegerField()
    expected_cents = models.BigIntegerField()
    sought_cents = models.BigIntegerField()
    term = models.TextField(default="")
    state = models.TextField(choices=LineState, default=LineState.CHOSEN)
    # Paid on the line by the payer when the dispute was sent: what is more afterwards is recovered.
    paid_before_cents = models.BigIntegerField(null=True)
    recovered_cents = models.BigIntegerField(default=0)
    recovered_date = models.DateField(null=True)
    proof_payment_id = models.BigIntegerField(null=True)  # the claim payment that proves it
    note = models.TextField(default="")  # why it was retracted

    class Meta:
        db_table = "underpayments_line"
        constraints = [
            models.UniqueConstraint(
                fields=["payment_id", "line_index"],
                condition=~models.Q(state="retracted"),
                name="disputed_once",
            ),
            models.CheckConstraint(condition=models.Q(sought_cents__gt=0), name="sought_something"),
            models.CheckConstraint(
                condition=models.Q(recovered_cents__range=(0, models.F("sought_cents"))),
                name="recovered_of_what_was_sought",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=LineState.values), name="disputed_state_is_known"
            ),
        ]
        indexes = [models.Index(fields=["claim_id"], name="disputed_line_of_claim")]

    def __str__(self) -> str:
        return f"disputed line {self.pk}"


class AdversePayment(models.Model):
    """Something a payer did to a payment to our harm, beside plain denials; made anew each night.

    `kind`: downcoded, bundled, own_reduction, taken_back, offset, interest_missing,
    wrong_sequestration. `cents` is what it cost us, at most.
    """

    kind = models.TextField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    claim_id = models.BigIntegerField(null=True)  # null: of the provider (PLB)
    payment_id = models.BigIntegerField(null=True)
    line_index = models.IntegerField(default=0)
    on_date = models.DateField()  # received
    code = models.TextField(default="")
    detail = models.TextField(default="")  # codes and days, no patient data
    cents = models.BigIntegerField()

    class Meta:
        db_table = "underpayments_adverse"
        indexes = [
            models.Index(fields=["client_id", "kind", "-on_date"], name="adverse_of_client"),
            models.Index(fields=["claim_id"], name="adverse_of_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
