"""Mails on their way out and what became of each. What they say is gone when they are sent."""

from __future__ import annotations

import uuid

from django.db import models


class State(models.TextChoices):
    """Where a mail is."""

    WAITING = "waiting", "Waits to go out"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Not delivered"
    CANCELLED = "cancelled", "Cancelled"


class Mail(models.Model):
    """One mail to one address; a row stays for good as the delivery log.

    `key` says what it is about, so that the same mail is queued once whoever asks twice.
    Subject, text and names of attachments hold no patient data.
    """

    kind = models.TextField()  # digest, alert, report, document_request, ...
    key = models.TextField(unique=True)
    client_id = models.IntegerField(null=True)  # null: about no single client
    to_address = models.TextField()
    subject = models.TextField()
    message_id = models.TextField()  # the same at each attempt: a copy can be known as one
    attachment_names = models.JSONField(default=list)
    actor = models.TextField()  # who queued it: user:17, worker
    state = models.TextField(choices=State, default=State.WAITING)
    attempts = models.SmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_after_at = models.DateTimeField(null=True)  # pointless later: given up then
    # Set just before the server is given the mail; while it is being sent, a mail without it has
    # certainly not gone out.
    handed_at = models.DateTimeField(null=True)
    may_be_double = models.BooleanField(default=False)  # tried again though it may have arrived
    sent_at = models.DateTimeField(null=True)
    result = models.TextField(default="")  # why it is not sent (yet); a sentence of ours
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "mail_mail"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="mail_state_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="mail_latest"),
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="mail_to_send",
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"


class Content(models.Model):
    """What a mail says, until it is sent. It may hold a secret link: the web never reads it."""

    mail = models.OneToOneField(
        Mail, on_delete=models.CASCADE, primary_key=True, related_name="content"
    )
    text = models.TextField()

    class Meta:
        db_table = "mail_content"

    def __str__(self) -> str:
        return f"content of mail {self.mail_id}"


class Attachment(models.Model):
    """A file that goes with a mail, until it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)  # known without reading it back
    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="attachments")
    place = models.SmallIntegerField()
    name = models.TextField()
    content_type = models.TextField()
    data = models.BinaryField()

    class Meta:
        db_table = "mail_attachment"

    def __str__(self) -> str:
        return f"attachment {self.place} of mail {self.mail_id}"
