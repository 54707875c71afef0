"""What-ifs: the lines of a year priced under a contract as it is and as it might be."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from sanderling.clients.models import Client
from sanderling.payers.models import Payer

USER = settings.AUTH_USER_MODEL


class WhatIfSet(models.Model):
    """One question about several contracts: all of a payer's, or all of a client's.

    The worker answers it contract by contract (`WhatIf.part_of`); what cannot be answered says why.
    Seen by who sees all its clients, and by no user of a client.
    """

    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="+")
    client_ids = ArrayField(models.IntegerField())  # of the contracts
    version_ids = ArrayField(models.IntegerField())  # contracts_version: in force when asked
    title = models.TextField()
    change = models.TextField()  # in words
    percent = models.DecimalField(max_digits=9, decimal_places=4)
    codes = models.TextField(blank=True, default="")
    top = models.IntegerField(null=True)
    refused = models.JSONField(default=list)  # [[version, sentence], ...]
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "evaluation_what_if_set"
        indexes = [models.Index(fields=["finished_at", "id"], name="what_if_set_waiting")]

    def __str__(self) -> str:
        return f"what-ifs {self.pk}"


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
    part_of = models.ForeignKey(
        WhatIfSet, on_delete=models.PROTECT, null=True, related_name="answers"
    )

    class Meta:
        db_table = "evaluation_what_if"
        indexes = [models.Index(fields=["client", "-made_at"], name="what_if_of_client")]
        constraints = [
            models.UniqueConstraint(fields=["part_of", "version_id"], name="what_if_once_in_a_set"),
        ]

    def __str__(self) -> str:
        return f"what-if {self.pk}"

    @property
    def change_cents(self) -> int:
        """Return what the proposal brings in a year."""
        return self.then_cents - self.now_cents
