"""Claims, the claims as sent (submissions), and the answers to them before payment.

The rows under a claim are facts out of files and never change; the claim row carries what follows
from them (patient, payer, dates) and is derived anew when a fact arrives. Detail tables carry the
client for row-level security and have no foreign-key constraint: they are written by one door only
(intake), with the row they belong to, at COPY speed.
"""

from __future__ import annotations

from django.db import models

from sanderling.clients.models import Client
from sanderling.core.ledger.accounts import Account
from sanderling.files.models import TransactionSet
from sanderling.payers.models import Payer


class Claim(models.Model):
    """One claim of one client, named by its patient control number."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, db_index=False)
    number = models.TextField()  # CLM01 as we sent it, else CLP01
    number_key = models.TextField()  # normalised, see core.identifiers
    kind = models.TextField(default="")  # P, I, D; "" when only a remittance tells of it
    # Derived from the facts:
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+")
    secondary_payer = models.ForeignKey(
        Payer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    tertiary_payer = models.ForeignKey(
        Payer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    plan = models.TextField(default="")  # group name or number of the first coverage
    patient_last_name = models.TextField(default="")
    patient_first_name = models.TextField(default="")
    patient_birth_date = models.DateField(null=True)
    member_id = models.TextField(default="")
    billing_npi = models.TextField(default="")
    rendering_npi = models.TextField(default="")
    rendering_name = models.TextField(default="")
    location = models.TextField(default="")  # service facility name, else place of service
    service_from_date = models.DateField(null=True)
    service_to_date = models.DateField(null=True)
    first_billed_date = models.DateField(null=True)
    last_billed_date = models.DateField(null=True)
    charge_cents = models.BigIntegerField(default=0)
    # Facts hang on it. A claim born from a remittance loses them when the true claim turns up.
    has_facts = models.BooleanField(default=True)

    class Meta:
        db_table = "claims_claim"
        constraints = [
            models.UniqueConstraint(fields=["client", "number"], name="claim_number_once"),
        ]
        indexes = [
            models.Index(fields=["client", "number_key"], name="claim_by_number_key"),
            models.Index(
                fields=["client", "service_from_date", "charge_cents"], name="claim_by_service"
            ),
            # What aging by client and payer reads of a claim, without its wide row.
            models.Index(
                fields=["id"],
                include=[
                    "payer",
                    "secondary_payer",
                    "tertiary_payer",
                    "service_from_date",
                    "first_billed_date",
                ],
                name="claim_aging",
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"

    def payer_id_of(self, party: int) -> int | None:
        """Return the payer that the party is, None for the patient and where there is none."""
        return {
            Account.PRIMARY: self.payer_id,
            Account.SECONDARY: self.secondary_payer_id,
            Account.TERTIARY: self.tertiary_payer_id,
        }.get(Account(party))


class ClaimNumber(models.Model):
    """Every number a claim was ever known by: ours and the payers'."""

    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    kind = models.TextField()  # ours (CLM01, CLP01), payer (CLP07, REF*F8, REF*1K), clearinghouse
    key = models.TextField()

    class Meta:
        db_table = "claims_claim_number"
        constraints = [
            models.UniqueConstraint(
                fields=["client_id", "key", "kind", "claim_id"], name="claim_number_known_once"
            )
        ]
        indexes = [models.Index(fields=["claim_id"], name="claim_number_of_claim")]

    def __str__(self) -> str:
        return f"{self.kind} number of claim {self.claim_id}"


class Submission(models.Model):
    """A claim as sent: one CLM of an 837."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="submissions")
    client_id = models.IntegerField()
    transaction = models.ForeignKey(TransactionSet, on_delete=models.PROTECT, db_index=False)
    position = models.IntegerField()
    end_position = models.IntegerField()
    order_key = models.TextField()
    kind = models.TextField()  # P, I, D
    claim_number = models.TextField()
    sequence = models.SmallIntegerField()  # 1 primary, 2 secondary, 3 tertiary and later
    frequency = models.TextField(default="1")
    submitted_date = models.DateField(null=True)
    received_date = models.DateField()
    batch_reference = models.TextField(default="")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, db_index=False)
    payer_name = models.TextField(default="")
    payer_code = models.TextField(default="")
    filing_indicator = models.TextField(default="")
    group_number = models.TextField(default="")
    group_name = models.TextField(default="")
    member_id = models.TextField(default="")
    patient_last_name = models.TextField(default="")
    patient_first_name = models.TextField(default="")
    patient_birth_date = models.DateField(null=True)
    billing_npi = models.TextField(default="")
    billing_name = models.TextField(default="")
    rendering_npi = models.TextField(default="")
    rendering_name = models.TextField(default="")
    facility_code = models.TextField(default="")
    facility_name = models.TextField(default="")
    original_reference = models.TextField(default="")
    clearinghouse_trace = models.TextField(default="")
    prior_authorization = models.TextField(default="")
    principal_diagnosis = models.TextField(default="")
    service_from_date = models.DateField(null=True)
    service_to_date = models.DateField(null=True)
    charge_cents = models.BigIntegerField()
    patient_paid_cents = models.BigIntegerField(null=True)
    prior_paid_cents = models.BigIntegerField(null=True)
    prior_contractual_cents = models.BigIntegerField(null=True)
    prior_share_cents = models.BigIntegerField(null=True)

    class Meta:
        db_table = "claims_submission"
        indexes = [
            models.Index(fields=["transaction_id", "position"], name="submission_of_transaction")
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}"


class SubmissionLine(models.Model):
    """One service line of a submission."""

    submission_id = models.BigIntegerField()
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    line = models.IntegerField()
    position = models.IntegerField()
    procedure = models.TextField(default="")
    modifiers = models.TextField(default="")
    revenue_code = models.TextField(default="")
    description = models.TextField(default="")
    charge_cents = models.BigIntegerField()
    quantity = models.TextField(default="")
    unit = models.TextField(default="")
    place_of_service = models.TextField(default="")
    diagnosis_pointers = models.TextField(default="")
    service_from_date = models.DateField(null=True)
    service_to_date = models.DateField(null=True)
    line_control_number = models.TextField(default="")
    rendering_npi = models.TextField(default="")

    class Meta:
        db_table = "claims_submission_line"
        indexes = [models.Index(fields=["claim_id"], name="submission_line_of_claim")]

    def __str__(self) -> str:
        return f"line {self.line} of submission {self.submission_id}"


class Coverage(models.Model):
    """A payer named on a submission: its destination or another one (loop 2320)."""

    submission_id = models.BigIntegerField()
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    sequence = models.SmallIntegerField()
    is_destination = models.BooleanField()
    payer_id = models.IntegerField(null=True)
    payer_name = models.TextField(default="")
    payer_code = models.TextField(default="")
    filing_indicator = models.TextField(default="")
    group_number = models.TextField(default="")
    member_id = models.TextField(default="")
    paid_cents = models.BigIntegerField(null=True)
    adjudication_date = models.DateField(null=True)
    msp_type = models.TextField(default="", db_default="")  # SBR05: why Medicare is not first

    class Meta:
        db_table = "claims_coverage"
        indexes = [models.Index(fields=["claim_id"], name="coverage_of_claim")]

    def __str__(self) -> str:
        return f"coverage {self.sequence} of submission {self.submission_id}"


class Diagnosis(models.Model):
    """One HI code of a submission."""

    submission_id = models.BigIntegerField()
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    sequence = models.IntegerField()
    qualifier = models.TextField()
    code = models.TextField()

    class Meta:
        db_table = "claims_diagnosis"
        indexes = [models.Index(fields=["claim_id"], name="diagnosis_of_claim")]

    def __str__(self) -> str:
        return f"{self.qualifier} of submission {self.submission_id}"


class Answer(models.Model):
    """What a clearinghouse or payer said of a claim short of paying it: one STC of a 277 or 277CA.

    `claim_id` is null while no claim fits; it is looked for again when claims arrive. Rejections of
    a whole batch (999, TA1, 277CA receiver level) are kept as answers about the batch.
    """

    transaction = models.ForeignKey(TransactionSet, on_delete=models.PROTECT, db_index=False)
    claim_id = models.BigIntegerField(null=True)
    client_id = models.IntegerField(null=True)
    kind = models.TextField()  # 277CA, 277, 999, TA1
    # claim, line, provider, receiver, source, transaction, group, interchange
    level = models.TextField()
    position = models.IntegerField()
    sequence = models.IntegerField(default=1)
    source_entity = models.TextField(default="")  # PR, AY
    source_name = models.TextField(default="")
    claim_number = models.TextField(default="")
    number_key = models.TextField(default="")
    payer_claim_number = models.TextField(default="")
    clearinghouse_trace = models.TextField(default="")
    batch_reference = models.TextField(default="")
    group_control_number = models.TextField(default="")  # 999: the group and set it answers
    control_number = models.TextField(default="")
    category = models.TextField(default="")  # STC01-1; 999 and TA1: A, E, R, ...
    code = models.TextField(default="")  # STC01-2; 999: IK5 codes; TA1: note
    entity = models.TextField(default="")
    action = models.TextField(default="")  # STC03
    status_date = models.DateField(null=True)
    received_date = models.DateField()
    charge_cents = models.BigIntegerField(null=True)
    paid_cents = models.BigIntegerField(null=True)
    payment_date = models.DateField(null=True)
    payment_trace = models.TextField(default="")
    message = models.TextField(default="")
    # Of a 277: the trace it repeats, and the day of service it tells, by which it is matched.
    trace = models.TextField(default="", db_default="")
    service_from_date = models.DateField(null=True)
    # The status request of ours that it answers, and the claim as sent that was asked about.
    request_id = models.BigIntegerField(null=True)
    submission_id = models.BigIntegerField(null=True)
    # The same answer names a claim beside it that fits better: of this one nothing follows.
    is_passed_over = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "claims_answer"
        indexes = [
            models.Index(fields=["claim_id"], name="answer_of_claim"),
            models.Index(fields=["number_key"], name="answer_by_number_key"),
            models.Index(fields=["group_control_number", "control_number"], name="answer_to_batch"),
            # A 277CA that turns a whole batch away names it by our reference alone.
            models.Index(
                fields=["batch_reference"],
                condition=models.Q(kind="277CA", claim_id=None, action="U"),
                name="answer_to_whole_batch",
            ),
            models.Index(
                fields=["request_id"],
                condition=models.Q(request_id__isnull=False),
                name="answer_to_request",
            ),
            # A set or an interchange turned away whole (999, TA1): few among many.
            models.Index(
                fields=["control_number", "group_control_number"],
                condition=models.Q(category__in=["R", "M", "W", "X"], claim_id=None),
                name="answer_turning_away",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.category} at {self.position}"


class Snapshot(models.Model):
    """A claim's balance taken over from another billing system (`claims import`)."""

    transaction = models.ForeignKey(TransactionSet, on_delete=models.PROTECT, db_index=False)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="snapshots")
    client_id = models.IntegerField()
    position = models.IntegerField()  # row of the sheet
    order_key = models.TextField()
    snapshot_date = models.DateField()
    received_date = models.DateField()
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, db_index=False)
    service_from_date = models.DateField(null=True)
    billed_date = models.DateField(null=True)
    charge_cents = models.BigIntegerField(null=True)
    insurance_cents = models.BigIntegerField()
    patient_cents = models.BigIntegerField()
    patient_last_name = models.TextField(default="")
    patient_first_name = models.TextField(default="")
    member_id = models.TextField(default="")
    rendering_name = models.TextField(default="")

    class Meta:
        db_table = "claims_snapshot"

    def __str__(self) -> str:
        return f"snapshot of claim {self.claim_id}"


class WriteOffFact(models.Model):
    """A write-off that was approved, or (`is_reversal`) taken back after it was posted.

    Written by `writeoffs.posting` and nobody else; never updated, never deleted. What of it stands
    on the claim is the ledger's to say: see core.ledger.write_offs.
    """

    write_off_id = models.IntegerField()  # the request, of the room writeoffs
    is_reversal = models.BooleanField()
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    amount_cents = models.BigIntegerField()
    known_date = models.DateField()  # when it was approved, or taken back
    order_key = models.TextField()  # that instant: orders several of one day

    class Meta:
        db_table = "claims_write_off"
        constraints = [
            models.UniqueConstraint(
                fields=["write_off_id", "is_reversal"], name="write_off_fact_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_cents__gt=0), name="write_off_fact_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"write-off {self.write_off_id}"


class DecidedFact(models.Model):
    """A refund that was made, or a transfer to the patient that was approved, or its taking back.

    Written by `refunds.posting` and `transfers.posting` and nobody else; never updated, never
    deleted. What of it stands on the claim is the ledger's to say: see core.ledger.decided.
    """

    kind = models.TextField()  # refund, transfer
    decision_id = models.IntegerField()  # the request, of the room refunds or transfers
    is_reversal = models.BooleanField()
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    amount_cents = models.BigIntegerField()
    known_date = models.DateField()  # when it was made or approved, or taken back
    order_key = models.TextField()  # that instant: orders several of one day

    class Meta:
        db_table = "claims_decided"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "decision_id", "is_reversal"], name="decided_fact_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_cents__gt=0), name="decided_fact_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["refund", "transfer"]), name="decided_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.decision_id}"
