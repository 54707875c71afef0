"""Mailboxes, what a run of one did, and the files that lay in them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from sanderling.exchange.core_models import CoreBatch

__all__ = ["AfterFetch", "CoreBatch", "Kind", "Mailbox", "RemoteFile", "RemoteState", "Run"]


class Kind(models.TextChoices):
    """How a mailbox is reached."""

    SFTP = "sftp", "SFTP"
    FOLDER = "folder", "Folder"
    CORE = "core", "CAQH CORE"


class AfterFetch(models.TextChoices):
    """What becomes of a remote file when it is kept and settled here."""

    LEAVE = "leave", "leave it there"
    MOVE = "move", "move it to the folder for done files"
    DELETE = "delete", "delete it there"


class Mailbox(models.Model):
    """A place where files are left for a counterpart and fetched from it. Secrets by reference."""

    id = models.AutoField(primary_key=True)
    name = models.TextField(unique=True)
    kind = models.TextField(choices=Kind)
    # Whose files go here; empty: everybody's. The most specific mailbox takes a file.
    client_ids = ArrayField(models.IntegerField(), default=list, blank=True)
    payer_ids = ArrayField(models.IntegerField(), default=list, blank=True)
    sends = ArrayField(models.TextField(), default=list, blank=True)  # 837P, 837I, 837D, 276, ...
    host = models.TextField(default="", blank=True)
    port = models.IntegerField(default=22)
    user = models.TextField(default="", blank=True)
    password_reference = models.TextField(default="", blank=True)
    key_reference = models.TextField(default="", blank=True)
    host_key = models.TextField(default="", blank=True)  # SHA256:... as OpenSSH prints it
    root = models.TextField(default="", blank=True)  # of a folder mailbox: a path of this machine
    outgoing_folder = models.TextField(default="", blank=True)
    incoming_folders = ArrayField(models.TextField(), default=list, blank=True)
    pattern = models.TextField(default="*")
    after_fetch = models.TextField(choices=AfterFetch, default=AfterFetch.LEAVE)
    done_folder = models.TextField(default="", blank=True)
    # Of a CORE mailbox: the address and what it wants to hear; see exchange.core_endpoint.
    endpoint = models.JSONField(default=dict, blank=True)
    every_minutes = models.SmallIntegerField(default=15)
    # Until when, after sending, a TA1 or 999 and a 277CA should be here.
    receipt_days = models.SmallIntegerField(default=1)  # business days
    acceptance_days = models.SmallIntegerField(default=2)
    is_on = models.BooleanField(default=True)
    # It stopped: a changed host key, a refused log-in. A person starts it again.
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.TextField(default="", blank=True)
    last_run_at = models.DateTimeField(null=True)
    last_fault = models.TextField(default="", blank=True)
    failures = models.IntegerField(default=0)  # runs in a row that broke off

    class Meta:
        db_table = "exchange_mailbox"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="mailbox_kind_is_known"),
            models.CheckConstraint(
                condition=Q(after_fetch__in=AfterFetch.values), name="mailbox_after_fetch_is_known"
            ),
            models.CheckConstraint(condition=Q(port__range=(1, 65_535)), name="mailbox_port"),
            models.CheckConstraint(
                condition=Q(every_minutes__range=(1, 1_440)), name="mailbox_schedule"
            ),
            models.CheckConstraint(
                condition=Q(receipt_days__range=(1, 30), acceptance_days__range=(1, 60)),
                name="mailbox_waits",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One visit to a mailbox."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="runs")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    sent = models.IntegerField(default=0)
    fetched = models.IntegerField(default=0)
    resting = models.IntegerField(default=0)  # seen, perhaps still growing
    fault = models.TextField(default="")

    class Meta:
        db_table = "exchange_run"
        indexes = [models.Index(fields=["mailbox", "-begun_at"], name="mailbox_run_latest")]

    def __str__(self) -> str:
        return f"run {self.pk}"


class RemoteState(models.TextChoices):
    """How far a remote file is."""

    SEEN = "seen", "Seen"
    SETTLED = "settled", "Taken in"
    REMOVED = "removed", "Taken in and removed there"
    REFUSED = "refused", "Not taken in"


class RemoteFile(models.Model):
    """A file that lay in a mailbox: one row for each path, size and time it had."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="remote_files")
    path = models.TextField()
    size_bytes = models.BigIntegerField()
    modified = models.BigIntegerField()  # the server's own time stamp, seconds
    seen_at = models.DateTimeField()
    state = models.TextField(choices=RemoteState, default=RemoteState.SEEN)
    settled_at = models.DateTimeField(null=True)
    stored_file_id = models.BigIntegerField(null=True)
    status = models.TextField(default="")  # what intake said: posted, duplicate, quarantined, ...
    fault = models.TextField(default="")

    class Meta:
        db_table = "exchange_remote_file"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RemoteState.values), name="remote_file_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["mailbox", "path", "size_bytes", "modified"], name="remote_file_once"
            ),
        ]
        indexes = [models.Index(fields=["-seen_at"], name="remote_file_latest")]

    def __str__(self) -> str:
        return f"remote file {self.pk}"
