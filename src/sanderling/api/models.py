"""Tokens by which programs act for a person, and the answers kept for repeated writes."""

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
