"""Contracts with payers: their versions, fee schedules and terms; reference schedules."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.db import models

from sanderling.clients.models import Client
from sanderling.payers.models import Payer

USER = settings.AUTH_USER_MODEL
TOKEN_BYTES = 16


class Contract(models.Model):
    """What a client and a payer agreed on, for one plan, product or network or for all.

    Who and whom it is about never changes (a trigger); what it is called does. Confidential:
    row-level security shows it neither to strangers nor to users of the client.
    """

    id = models.AutoField(primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="+")
    plan = models.TextField(blank=True, default="")  # as claims name it, in capitals; empty: any
    name = models.TextField(blank=True, default="")
    reference = models.TextField(blank=True, default="")  # number of the document, where it lies
    note = models.TextField(blank=True, default="")
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "contracts_contract"
        constraints = [
            models.UniqueConstraint(fields=["client", "payer", "plan"], name="contract_once"),
        ]

    def __str__(self) -> str:
        return f"contract {self.pk}"


class FeeSchedule(models.Model):
    """The rates of one file, as loaded: never changed. Versions of a contract stand on it."""

    id = models.AutoField(primary_key=True)
    client_id = models.IntegerField()
    name = models.TextField()  # of the file, without folders
    sha256 = models.TextField()  # of the file: its original is kept under it
    size_bytes = models.BigIntegerField()
    is_encrypted = models.BooleanField(default=False)
    content_sha256 = models.TextField()  # of its rates in any order
    rate_count = models.IntegerField()
    columns = models.JSONField(default=dict)  # field -> header, as it was read
    refused = models.JSONField(default=list)  # [[row, column, message], ...], the first of them
    refused_count = models.IntegerField(default=0)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "contracts_fee_schedule"
        indexes = [
            models.Index(fields=["client_id", "content_sha256"], name="fee_schedule_by_content")
        ]

    def __str__(self) -> str:
        return f"fee schedule {self.pk}"


class Rate(models.Model):
    """What is allowed for one unit of a code. Written by one door, at COPY speed; never changed."""

    schedule_id = models.IntegerField()
    client_id = models.IntegerField()
    code = models.TextField()
    modifier = models.TextField(default="")  # empty: any that has no rate of its own
    place_of_service = models.TextField(default="")  # likewise
    allowed_cents = models.BigIntegerField()
    row = models.IntegerField()  # of the file, as a spreadsheet numbers it

    class Meta:
        db_table = "contracts_rate"
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "code", "modifier", "place_of_service"], name="rate_once"
            ),
            models.CheckConstraint(
                condition=models.Q(allowed_cents__gt=0), name="rate_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"rate {self.pk}"


class ContractVersion(models.Model):
    """What a contract says from a day on: rates and terms. What it says never changes.

    It is in force from its first day until the day before the next version of the contract
    begins, or until its last day if that is earlier. A correction is another version from the same
    day: the corrected one is withdrawn, and stays to be read.
    """

    id = models.AutoField(primary_key=True)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="versions")
    client_id = models.IntegerField()
    from_date = models.DateField()
    to_date = models.DateField(null=True)  # as agreed; null: open
    schedule = models.ForeignKey(
        FeeSchedule, on_delete=models.PROTECT, null=True, related_name="versions"
    )
    terms = models.TextField(blank=True, default="")  # TOML, checked
    note = models.TextField(blank=True, default="")
    source = models.TextField()  # cli, upload, page, demo
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_note = models.TextField(blank=True, default="")

    class Meta:
        db_table = "contracts_version"
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "from_date"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="contract_version_once_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(to_date__isnull=True)
                | models.Q(from_date__lte=models.F("to_date")),
                name="contract_version_days_in_order",
            ),
        ]
        indexes = [models.Index(fields=["client_id"], name="contract_version_of_client")]

    def __str__(self) -> str:
        return f"version {self.pk} of contract {self.contract_id}"


class RateMapping(models.Model):
    """Which column of a payer's fee schedule means what; used again for the same header."""

    name = models.TextField(unique=True)
    fingerprint = models.TextField(unique=True)  # of the set of headers, in any order
    columns = models.JSONField()  # field -> header
    made_at = models.DateTimeField()

    class Meta:
        db_table = "contracts_rate_mapping"

    def __str__(self) -> str:
        return self.name


class BilledCode(models.Model):
    """What a client billed a payer in the last twelve months, by code; counted every night.

    `plan` is told apart only where a contract is for one plan.
    """

    client_id = models.IntegerField()
    payer_id = models.IntegerField()
    plan = models.TextField(default="")
    code = models.TextField()  # procedure, or the revenue code of a line without one
    modifier = models.TextField(default="")  # the first
    place_of_service = models.TextField(default="")
    line_count = models.IntegerField()
    units = models.DecimalField(max_digits=14, decimal_places=2)
    charge_cents = models.BigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "contracts_billed_code"
        indexes = [models.Index(fields=["client_id", "payer_id"], name="billed_code_of_payer")]

    def __str__(self) -> str:
        return f"{self.code} of client {self.client_id}"


class OwedByPayer(models.Model):
    """What a payer owes a client; counted every night, to see what no contract covers."""

    client_id = models.IntegerField()
    payer_id = models.IntegerField()
    claim_count = models.IntegerField()
    balance_cents = models.BigIntegerField()  # debits only
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "contracts_owed"
        constraints = [
            models.UniqueConstraint(fields=["client_id", "payer_id"], name="owed_by_payer_once")
        ]

    def __str__(self) -> str:
        return f"owed by payer {self.payer_id} to client {self.client_id}"


def new_token() -> str:
    """Return a random name that nobody can guess, safe in addresses."""
    return secrets.token_hex(TOKEN_BYTES)


class ContractUpload(models.Model):
    """A sheet that a person brought in by the page: looked at and mapped before it is taken."""

    token = models.TextField(primary_key=True, default=new_token)
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="+", db_index=False)
    plan = models.TextField(blank=True, default="")
    from_date = models.DateField()
    to_date = models.DateField(null=True)
    terms = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    name = models.TextField()  # of the file, without folders
    sha256 = models.TextField()
    is_encrypted = models.BooleanField(default=False)
    mapping_name = models.TextField(blank=True, default="")
    given = models.JSONField(default=dict)  # field -> header, as the person said
    made_at = models.DateTimeField()
    version = models.ForeignKey(
        ContractVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )  # what it became

    class Meta:
        db_table = "contracts_upload"

    def __str__(self) -> str:
        return f"upload {self.token[:8]}"


class ReferenceKind(models.TextChoices):
    """What a reference schedule holds."""

    RVU = "rvu", "Relative values (RVU)"
    GPCI = "gpci", "Geographic factors (GPCI)"
    FEES = "fees", "Fees"


class ReferenceSchedule(models.Model):
    """A public schedule that contracts are a percentage of: of one name, kind and first day."""

    id = models.AutoField(primary_key=True)
    name = models.TextField()  # "medicare": contracts' terms name it
    kind = models.TextField(choices=ReferenceKind)
    year = models.IntegerField()
    from_date = models.DateField()  # January 1 of the year, or when it changed within it
    # Of relative values: dollars for one unit, and for one unit of anesthesia.
    conversion_factor = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    anesthesia_factor = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    row_count = models.IntegerField()
    file_name = models.TextField()
    sha256 = models.TextField()
    is_encrypted = models.BooleanField(default=False)
    content_sha256 = models.TextField()
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)  # a later load took its place

    class Meta:
        db_table = "contracts_reference_schedule"
        constraints = [
            models.UniqueConstraint(
                fields=["name", "kind", "from_date"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="reference_schedule_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ReferenceKind.values),
                name="reference_schedule_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.kind} {self.from_date}"


def _value() -> models.DecimalField[Decimal | None, Decimal | None]:
    return models.DecimalField(max_digits=12, decimal_places=4, null=True)


class RelativeValue(models.Model):
    """The units of a code, and Medicare's indicators (core.contracts.frames.RVUS)."""

    schedule_id = models.IntegerField()
    code = models.TextField()
    modifier = models.TextField(default="")
    work = _value()
    practice_nonfacility = _value()
    practice_facility = _value()
    malpractice = _value()
    multiple_procedure = models.TextField(default="")
    bilateral = models.TextField(default="")
    assistant = models.TextField(default="")
    co_surgeon = models.TextField(default="")
    endoscopic_base = models.TextField(default="")
    pre_operative = _value()
    intra_operative = _value()
    post_operative = _value()
    anesthesia_base = _value()
    row = models.IntegerField()

    class Meta:
        db_table = "contracts_relative_value"
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "code", "modifier"], name="relative_value_once"
            )
        ]

    def __str__(self) -> str:
        return f"row {self.row} of reference schedule {self.schedule_id}"


class GeographicFactor(models.Model):
    """What the units of a place are multiplied with (core.contracts.frames.GPCIS)."""

    schedule_id = models.IntegerField()
    locality = models.TextField()
    name = models.TextField(default="")
    work = _value()
    practice = _value()
    malpractice = _value()
    row = models.IntegerField()

    class Meta:
        db_table = "contracts_geographic_factor"
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "locality"], name="geographic_factor_once"
            )
        ]

    def __str__(self) -> str:
        return f"row {self.row} of reference schedule {self.schedule_id}"


class ReferenceFee(models.Model):
    """The price of a code in a public schedule (core.contracts.frames.FEES)."""

    schedule_id = models.IntegerField()
    locality = models.TextField(default="")
    code = models.TextField()
    modifier = models.TextField(default="")
    amount_cents = models.BigIntegerField()
    row = models.IntegerField()

    class Meta:
        db_table = "contracts_reference_fee"
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_id", "code", "modifier", "locality"], name="reference_fee_once"
            )
        ]

    def __str__(self) -> str:
        return f"row {self.row} of reference schedule {self.schedule_id}"
