"""Events, which machines read (rules, webhooks), and notices, which people read.

A writer says what happened in the transaction in which it happens; nobody is called. Readers pull:
each registered reader finds the events of its kinds in `Pending` until it has dealt with them, so
that none is lost or taken twice, whatever order transactions commit in and whoever is killed.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Event(models.Model):
    """Something that happened to a claim or its work. Never updated, never deleted.

    Kinds are noun.verb: see `news.actions.KINDS`. Never patient data: ids, amounts, codes, days.
    """

    at = models.DateTimeField()
    kind = models.TextField()
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField(null=True)
    party = models.SmallIntegerField(null=True)
    payer_id = models.IntegerField(null=True)
    actor = models.TextField(default="")  # as in the audit trail: user:17, worker, rule:4
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "news_event"
        indexes = [models.Index(fields=["claim_id"], name="news_event_of_claim")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Reader(models.Model):
    """Who reads events, and of which kinds; an event that no reader wants is not kept."""

    name = models.TextField(unique=True)
    kinds = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "news_reader"

    def __str__(self) -> str:
        return self.name


class Pending(models.Model):
    """An event that a reader has not dealt with yet; written by a trigger."""

    reader = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "news_pending"
        constraints = [
            models.UniqueConstraint(fields=["reader", "event_id"], name="pending_once"),
        ]

    def __str__(self) -> str:
        return f"event {self.event_id} for {self.reader}"


class Notice(models.Model):
    """Something a person should know: shown under the bell, sent in the digest.

    `text` carries amounts, codes and claim numbers, never a patient's name. The same `key` for the
    same person is one notice: saying it again changes nothing.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    kind = models.TextField()  # item.left, note.mention, deadline.risk, ...
    key = models.TextField()
    text = models.TextField()
    url = models.TextField(default="")
    client_id = models.IntegerField(null=True)  # null: about no single client
    claim_id = models.BigIntegerField(null=True)
    amount_cents = models.BigIntegerField(null=True)
    is_urgent = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)  # in a digest

    class Meta:
        db_table = "news_notice"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(
                fields=["user", "-at"],
                condition=models.Q(read_at__isnull=True),
                name="notice_unread",
            ),
            models.Index(fields=["user", "-at"], name="notice_of_user"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"
