"""What the doors of intake remember: column mappings, uploads, files seen in watched folders."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models

from sanderling.files.models import StoredFile

TOKEN_BYTES = 16


def new_token() -> str:
    """Return a random name that nobody can guess, safe in addresses and folders."""
    return secrets.token_hex(TOKEN_BYTES)


class Mapping(models.Model):
    """Which column of another billing system's sheet means what; used again for the same header."""

    name = models.TextField(unique=True)
    fingerprint = models.TextField(unique=True)  # of the set of headers, in any order
    columns = models.JSONField()  # field -> header, "buckets" -> headers
    created_at = models.DateTimeField()

    class Meta:
        db_table = "intake_mapping"

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """Files that a person brought in together by the web page; visible to that person."""

    token = models.TextField(primary_key=True, default=new_token)  # also the spool folder's name
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "intake_upload"

    def __str__(self) -> str:
        return f"upload {self.token[:8]}"


class UploadStatus(models.TextChoices):
    """How far an uploaded file has got; a settled one has the fate of its stored file."""

    WAITING = "waiting"
    FAILED = "failed"  # it could not be read from disk; nothing of it was taken
    POSTED = "posted"
    PARTLY = "partly"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"


class UploadedFile(models.Model):
    """One file of an upload, from the spool folder to its fate."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="files")
    index = models.IntegerField()  # 1, 2, ... in the upload: its name in the spool folder
    name = models.TextField()  # as the browser gave it, without folders
    size_bytes = models.BigIntegerField()
    status = models.TextField(choices=UploadStatus, default=UploadStatus.WAITING)
    file = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    kind = models.TextField(default="")
    claim_count = models.IntegerField(default=0)
    problem_count = models.IntegerField(default=0)

    class Meta:
        db_table = "intake_uploaded_file"
        constraints = [
            models.UniqueConstraint(fields=["upload", "index"], name="uploaded_file_once")
        ]
        indexes = [
            models.Index(
                fields=["upload"],
                condition=models.Q(status="waiting"),
                name="uploaded_file_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"file {self.index} of {self.upload_id[:8]}"


class WatchedFile(models.Model):
    """A file seen in a watched folder: read once, and again only when size or time change."""

    path = models.TextField(unique=True)
    size_bytes = models.BigIntegerField()
    modified_ns = models.BigIntegerField()
    seen_at = models.DateTimeField()  # since when it has this size and time
    is_taken = models.BooleanField(default=False)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "intake_watched_file"

    def __str__(self) -> str:
        return f"watched file {self.pk}"
