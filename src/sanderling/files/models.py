"""Files as they came, the transaction sets in them, and what was wrong with them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class FileStatus(models.TextChoices):
    """What became of a file."""

    RECEIVED = "received"  # kept, not read to its end yet
    POSTED = "posted"
    PARTLY = "partly"  # some transaction sets posted, others not
    QUARANTINED = "quarantined"  # nothing posted; the problems say why
    DUPLICATE = "duplicate"  # everything in it was known already


class SetStatus(models.TextChoices):
    """What became of a transaction set."""

    POSTED = "posted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"


class StoredFile(models.Model):
    """A file's content, kept byte for byte under its SHA-256; recognised whatever its name."""

    sha256 = models.TextField(unique=True)
    name = models.TextField()  # the name it first came under, without folders
    size_bytes = models.BigIntegerField()
    kind = models.TextField(
        default=""
    )  # 835, 837P, ..., several joined by "+", or "" if unreadable
    status = models.TextField(choices=FileStatus, default=FileStatus.RECEIVED)
    received_date = models.DateField()  # the day the business had it
    recorded_at = models.DateTimeField()  # the instant Sanderling first saw it
    source = models.TextField()  # cli, upload, watched
    is_encrypted = models.BooleanField(default=False)
    interchange_count = models.IntegerField(default=0)
    transaction_count = models.IntegerField(default=0)
    claim_count = models.IntegerField(default=0)
    client_ids = ArrayField(models.IntegerField(), default=list)  # every client with data in it

    class Meta:
        db_table = "files_stored_file"
        indexes = [models.Index(fields=["-received_date", "-id"], name="stored_file_latest")]

    def __str__(self) -> str:
        return f"{self.kind or 'file'} {self.sha256[:12]}"


class Arrival(models.Model):
    """One time a file's content came in; the second and later ones changed nothing."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="arrivals")
    name = models.TextField()
    received_date = models.DateField()
    recorded_at = models.DateTimeField()
    source = models.TextField()

    class Meta:
        db_table = "files_arrival"

    def __str__(self) -> str:
        return f"arrival of {self.file_id} on {self.received_date}"


class TransactionSet(models.Model):
    """One ST...SE (or TA1): posts wholly or not at all."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="transactions")
    index = models.IntegerField()  # 1, 2, ... in the file
    kind = models.TextField()
    guide = models.TextField(default="")
    sender_id = models.TextField(default="")
    receiver_id = models.TextField(default="")
    interchange_control_number = models.TextField(default="")
    functional_code = models.TextField(default="")
    group_control_number = models.TextField(default="")
    control_number = models.TextField(default="")
    position = models.IntegerField()
    end_position = models.IntegerField(default=0)
    content_sha256 = models.TextField()
    # What makes two sets the same event although written differently; "" when nothing does.
    identity = models.TextField(default="")
    status = models.TextField(choices=SetStatus)
    received_date = models.DateField()
    claim_count = models.IntegerField(default=0)
    charge_cents = models.BigIntegerField(default=0)
    paid_cents = models.BigIntegerField(default=0)
    client_ids = ArrayField(models.IntegerField(), default=list)

    class Meta:
        db_table = "files_transaction_set"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "content_sha256"],
                condition=models.Q(status="posted"),
                name="transaction_set_posted_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "identity"],
                condition=models.Q(status="posted") & ~models.Q(identity=""),
                name="transaction_set_identity_posted_once",
            ),
        ]
        indexes = [
            models.Index(fields=["file", "index"], name="transaction_set_of_file"),
            models.Index(
                fields=["received_date"],
                condition=models.Q(status="posted"),
                name="transaction_set_latest",
            ),
            models.Index(
                fields=["group_control_number", "control_number"], name="transaction_set_numbers"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.control_number}"


class FileProblem(models.Model):
    """One deviation, beside the segment it stands in."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="problems")
    transaction = models.ForeignKey(
        TransactionSet, on_delete=models.PROTECT, related_name="problems", null=True
    )
    code = models.TextField()
    severity = models.TextField()  # warning, claim, refused
    segment = models.TextField(default="")
    position = models.IntegerField(default=0)
    loop = models.TextField(default="")
    element = models.TextField(default="")
    message = models.TextField()
    client_ids = ArrayField(models.IntegerField(), default=list)

    class Meta:
        db_table = "files_problem"

    def __str__(self) -> str:
        return f"{self.code} at {self.segment} {self.position}"
