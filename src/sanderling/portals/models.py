"""Payers' portals, which payers each speaks for, and the look-ups of claims in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sanderling.claims.models import Claim
from sanderling.payers.models import Payer

USER = settings.AUTH_USER_MODEL


class Portal(models.Model):
    """A web site of a payer, or of several. Credentials by reference only (accounts.secrets)."""

    id = models.AutoField(primary_key=True)
    name = models.TextField(unique=True)
    url = models.TextField()  # where one logs in; never with a claim's data in it
    # Which adapter works it; empty: people do, by hand.
    adapter = models.TextField(default="", blank=True)
    user_reference = models.TextField(default="", blank=True)
    password_reference = models.TextField(default="", blank=True)
    # How politely: what the payer's terms allow is a person's to know.
    looks_per_minute = models.SmallIntegerField(default=6)
    looks_per_day = models.IntegerField(default=500)
    hours_from = models.SmallIntegerField(default=0)  # UTC, the hour in which looking begins
    hours_to = models.SmallIntegerField(default=24)  # and the hour before which it ends
    how_to = models.TextField(default="", blank=True)
    is_on = models.BooleanField(default=True)
    # The adapter stopped: a locked account, a captcha, a changed page. A person starts it again.
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.TextField(default="", blank=True)

    class Meta:
        db_table = "portals_portal"
        constraints = [
            models.CheckConstraint(
                condition=Q(looks_per_minute__range=(1, 60)), name="portal_looks_a_minute"
            ),
            models.CheckConstraint(
                condition=Q(looks_per_day__range=(0, 100_000)), name="portal_looks_a_day"
            ),
            models.CheckConstraint(
                condition=Q(hours_from__gte=0, hours_to__lte=24, hours_to__gt=F("hours_from")),
                name="portal_hours_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PortalPayer(models.Model):
    """A payer whose claims are looked up in a portal; one portal a payer."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="payers")
    payer = models.OneToOneField(Payer, on_delete=models.CASCADE, related_name="portal_entry")

    class Meta:
        db_table = "portals_payer"

    def __str__(self) -> str:
        return f"payer {self.payer_id} in portal {self.portal_id}"


class State(models.TextChoices):
    """Where a look-up is."""

    QUEUED = "queued", "Waits"
    LOOKING = "looking", "Being looked up"
    FOUND = "found", "Found"
    NOT_FOUND = "not_found", "Not on file"
    UNCLEAR = "unclear", "Needs a person"
    FAILED = "failed", "Not looked up"
    CANCELLED = "cancelled", "Cancelled"


class Lookup(models.Model):
    """One claim to be looked up, and what the portal showed. `reading` is patient data."""

    portal = models.ForeignKey(Portal, on_delete=models.PROTECT, related_name="lookups")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    state = models.TextField(choices=State, default=State.QUEUED)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reading = models.JSONField(default=dict)
    fault = models.TextField(default="")  # why not, for a person; never patient data
    note_id = models.BigIntegerField(null=True)  # followup.Note that tells of it

    class Meta:
        db_table = "portals_lookup"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="portal_lookup_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=Q(state__in=["queued", "looking"]),
                name="portal_lookup_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["portal", "asked_at"],
                condition=Q(state__in=["queued", "looking"]),
                name="portal_lookup_waiting",
            ),
            models.Index(fields=["-asked_at"], name="portal_lookup_latest"),
            models.Index(fields=["portal", "begun_at"], name="portal_lookup_begun"),
        ]

    def __str__(self) -> str:
        return f"look-up {self.pk}"
