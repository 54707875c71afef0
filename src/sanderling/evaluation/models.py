"""What-ifs: the lines of a year priced under a contract as it is and as it might be."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.clients.models import Client
from sanderling.payers.models import Payer

USER = settings.AUTH_USER_MODEL


class WhatIf(models.Model):
    """One question and its answer, kept as it was asked; never changed.

    Confidential as contracts are: users of the client do not see it.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="+")
    version_id = models.IntegerField()  # contracts_version: the terms as they are
    title = models.TextField()
    change = models.TextField()  # in words
    terms = models.TextField(blank=True, default="")  # proposed terms as uploaded (TOML)
    from_date = models.DateField()  # days of service repriced, both included
    to_date = models.DateField()
    lines = models.IntegerField()
    unpriced_lines = models.IntegerField()
    now_cents = models.BigIntegerField()
    then_cents = models.BigIntegerField()
    # By code: [procedure, lines, units, now_cents, then_cents, change_cents], largest change first.
    by_code = models.JSONField(default=list)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "evaluation_what_if"
        indexes = [models.Index(fields=["client", "-made_at"], name="what_if_of_client")]

    def __str__(self) -> str:
        return f"what-if {self.pk}"

    @property
    def change_cents(self) -> int:
        """Return what the proposal brings in a year."""
        return self.then_cents - self.now_cents
