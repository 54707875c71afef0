"""Where payers departed from what they should have allowed, and what history says they allow.

All but `Decision` is derived from remittances, contracts and history, and made again by
`pricing.actions`; a row keeps its id while the remittance line it is about departs. Confidential as
contracts are: users of a client do not see them.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

USER = settings.AUTH_USER_MODEL


class LineVariance(models.Model):
    """One remittance line that departs from its price; a row exactly while it does."""

    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    payment_id = models.BigIntegerField()
    line_index = models.IntegerField()  # of the remittance; 0: the claim compared as a whole
    line = models.IntegerField()  # as billed; 0: not known which, or the whole claim
    contract_version_id = models.IntegerField(null=True)  # null: learned
    code = models.TextField()  # as billed
    modifiers = models.TextField(default="")
    place_of_service = models.TextField(default="")
    rendering_npi = models.TextField(default="")
    service_date = models.DateField(null=True)
    received_date = models.DateField()
    units = models.FloatField()
    charge_cents = models.BigIntegerField()
    paid_cents = models.BigIntegerField()
    allowed_cents = models.BigIntegerField()
    expected_cents = models.BigIntegerField()
    variance_cents = models.BigIntegerField()  # allowed less expected: negative is paid short
    ratio = models.FloatField(null=True)  # allowed of expected
    method = models.TextField(default="")
    term = models.TextField(default="")  # which rule priced it, in words
    basis = models.TextField()  # contract, learned
    confidence = models.TextField()  # high, medium, low
    finding = models.TextField()  # core.contracts.variance.FINDINGS
    is_beyond_tolerance = models.BooleanField()
    is_queued = models.BooleanField()  # a real departure, for somebody to look at
    is_set_aside = models.BooleanField(default=False)  # by a person (`Decision`)
    pattern_key = models.TextField(default="")

    class Meta:
        db_table = "pricing_line_variance"
        constraints = [
            models.UniqueConstraint(fields=["payment_id", "line_index"], name="line_variance_once"),
            models.CheckConstraint(
                condition=models.Q(
                    variance_cents=models.F("allowed_cents") - models.F("expected_cents")
                ),
                name="line_variance_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["claim_id"], name="line_variance_of_claim"),
            models.Index(
                fields=["client_id", "payer_id", "received_date"], name="line_variance_of_payer"
            ),
            models.Index(
                fields=["pattern_key"],
                condition=~models.Q(pattern_key=""),
                name="line_variance_of_pattern",
            ),
        ]

    def __str__(self) -> str:
        return f"variance of line {self.line_index} of payment {self.payment_id}"


class ClaimVariance(models.Model):
    """What a payer's party of a claim was paid short, where that is worth a touch.

    The sum of its queued lines that nobody set aside and whose price is sure (high or medium); a
    row only from the threshold on (UNDERPAID_CLAIM_CENTS). Smaller sums stand in their lines and
    patterns.
    """

    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()  # 11 primary
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    variance_cents = models.BigIntegerField()  # negative
    lines = models.IntegerField()
    since_date = models.DateField()  # received
    service_date = models.DateField(null=True)
    finding = models.TextField()  # of its largest line

    class Meta:
        db_table = "pricing_claim_variance"
        constraints = [
            models.UniqueConstraint(fields=["claim_id", "party"], name="claim_variance_once"),
            models.CheckConstraint(
                condition=models.Q(variance_cents__lt=0), name="claim_variance_is_short"
            ),
        ]
        indexes = [models.Index(fields=["client_id"], name="claim_variance_of_client")]

    def __str__(self) -> str:
        return f"variance of claim {self.claim_id}"


class Pattern(models.Model):
    """Departures that repeat (core.contracts.patterns)."""

    pattern_key = models.TextField(unique=True)
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    contract_version_id = models.IntegerField(null=True)
    codes = ArrayField(models.TextField())
    modifiers = models.TextField(default="")
    place_of_service = models.TextField(default="")
    ratio = models.FloatField()
    ratio_spread = models.FloatField()
    first_service_date = models.DateField()
    last_service_date = models.DateField()
    first_received_date = models.DateField()
    last_received_date = models.DateField()
    axis = models.TextField()
    lines = models.IntegerField()
    lines_within = models.IntegerField()
    variance_cents = models.BigIntegerField()
    is_ongoing = models.BooleanField()
    sentence = models.TextField()

    class Meta:
        db_table = "pricing_pattern"
        indexes = [models.Index(fields=["client_id", "payer_id"], name="pattern_of_client")]

    def __str__(self) -> str:
        return f"pattern {self.pattern_key}"


class Decision(models.Model):
    """Somebody set a variance aside, or took it up again. Only ever added."""

    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    payment_id = models.BigIntegerField()
    line_index = models.IntegerField()
    is_set_aside = models.BooleanField()
    reason = models.TextField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "pricing_decision"
        indexes = [
            models.Index(fields=["payment_id", "line_index", "-id"], name="price_decision_latest")
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class LearnedRate(models.Model):
    """What a payer allows by its history (core.contracts.learned.LEARNED)."""

    payer_id = models.IntegerField()
    client_id = models.IntegerField()  # 0: all clients together, never shown
    kind_of_claim = models.TextField()
    code = models.TextField()
    modifiers = models.TextField(default="")
    setting = models.TextField(default="")
    model = models.TextField()  # amount (cents of a unit), share (millionths of the charge)
    kind = models.TextField()  # rate, alternative, fall, episode, open
    axis = models.TextField()
    from_date = models.DateField(null=True)
    to_date = models.DateField(null=True)
    amount = models.BigIntegerField()
    lines = models.IntegerField()
    cell_lines = models.IntegerField()
    explained = models.FloatField()

    class Meta:
        db_table = "pricing_learned_rate"
        indexes = [
            models.Index(fields=["payer_id", "client_id", "code"], name="learned_rate_of_code")
        ]

    def __str__(self) -> str:
        return f"learned rate {self.pk}"


class LearnedFactor(models.Model):
    """How a client's amounts relate to those of all clients of a payer (learned.FACTORS)."""

    payer_id = models.IntegerField()
    client_id = models.IntegerField()
    factor = models.FloatField(null=True)
    lines = models.IntegerField()
    agreeing = models.IntegerField()

    class Meta:
        db_table = "pricing_learned_factor"
        constraints = [
            models.UniqueConstraint(fields=["payer_id", "client_id"], name="learned_factor_once")
        ]

    def __str__(self) -> str:
        return f"factor of client {self.client_id} with payer {self.payer_id}"


class Practitioner(models.Model):
    """Whoever is paid 85 % of the price on nearly every line, from the beginning."""

    client_id = models.IntegerField()
    npi = models.TextField()
    lines = models.IntegerField()
    agreeing = models.IntegerField()

    class Meta:
        db_table = "pricing_practitioner"
        constraints = [
            models.UniqueConstraint(fields=["client_id", "npi"], name="practitioner_once")
        ]

    def __str__(self) -> str:
        return f"practitioner {self.pk}"


class StalePrice(models.Model):
    """Lines of a client and payer that a changed contract prices anew."""

    client_id = models.IntegerField()
    payer_id = models.IntegerField()

    class Meta:
        db_table = "pricing_stale"

    def __str__(self) -> str:
        return f"stale prices of client {self.client_id}"


class PricingState(models.Model):
    """How far pricing has come; one row."""

    through_payment_id = models.BigIntegerField(default=0)
    through_submission_id = models.BigIntegerField(default=0)
    # Up to where everything was priced together: learned rates and patterns know no more.
    full_payment_id = models.BigIntegerField(default=0)
    full_submission_id = models.BigIntegerField(default=0)
    full_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "pricing_state"

    def __str__(self) -> str:
        return f"pricing through {self.through_payment_id}"
