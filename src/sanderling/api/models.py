"""Tokens by which programs act for a person, kept answers, webhooks and their deliveries."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

USER = settings.AUTH_USER_MODEL


class Scope(models.TextChoices):
    """What a token may do of all that its owner may."""

    READ = "read", "Read only"
    WRITE = "write", "Read and write"


class ApiToken(models.Model):
    """A secret by which a program acts as its owner; only the secret's SHA-256 is kept.

    A person sees his own tokens, an administrator all of them.
    """

    name = models.TextField()
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    prefix = models.TextField()  # the beginning of the secret, to tell tokens apart
    sha256 = models.TextField(unique=True)
    scope = models.TextField(choices=Scope)
    # Only these of the owner's clients; null: all of them.
    client_ids = ArrayField(models.IntegerField(), null=True)
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=Scope.values), name="api_token_scope_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"token {self.pk}"


class KeptAnswer(models.Model):
    """What a write with an Idempotency-Key was answered, so that a second one changes nothing."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    token_id = models.BigIntegerField(default=0)  # 0: a session
    key = models.TextField()
    request_sha256 = models.TextField()  # of method, path and body
    status = models.SmallIntegerField(null=True)
    answer = models.TextField(default="")  # JSON, to the letter
    created_at = models.DateTimeField()

    class Meta:
        db_table = "api_kept_answer"
        constraints = [
            models.UniqueConstraint(fields=["user", "token_id", "key"], name="kept_answer_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_by_age")]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class Webhook(models.Model):
    """An address that is told of events, signed with its secret; of its owner's clients only."""

    name = models.TextField()
    url = models.TextField()
    secret = models.TextField()  # encrypted, see webhooks.seal_secret
    kinds = ArrayField(models.TextField())  # of news.actions.KINDS
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    client_ids = ArrayField(models.IntegerField(), null=True)  # as of ApiToken
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)  # the first of the failures in a row
    disabled_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_webhook"

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class DeliveryState(models.TextChoices):
    """How far a delivery is."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Delivered"
    GIVEN_UP = "given_up", "Given up"


class Delivery(models.Model):
    """One event for one webhook: sent until it is received, so many times at most.

    Recorded exactly once for each; the receiver may get it more than once, with the same id.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.BigIntegerField(null=True)  # null: a test
    kind = models.TextField()
    client_id = models.IntegerField(null=True)
    body = models.TextField()  # JSON, to the letter as it is signed; no patient data
    state = models.TextField(choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    status_code = models.SmallIntegerField(null=True)  # of the last answer
    fault = models.TextField(default="")  # why the last attempt failed, in our words
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_delivery"
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "event_id"],
                condition=models.Q(event_id__isnull=False),
                name="delivery_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=DeliveryState.values), name="delivery_state_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state="waiting"),
                name="delivery_waiting",
            ),
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
