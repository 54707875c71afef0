"""Claims that are sent again: what was corrected, why, who approved it, in which file it went.

What becomes of a file on its way is the outbox's to say (`outbox.models`), what the payer makes of
the claim is in the facts; see `standing`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim, Submission
from sanderling.core.resubmission.kinds import TITLES, Kind
from sanderling.followup.models import Activity
from sanderling.outbox.models import OutboundFile
from sanderling.resubmission.secondary_models import SecondaryAnswer, SecondaryClaim

__all__ = ["Limits", "Resubmission", "SecondaryAnswer", "SecondaryClaim", "State"]

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """How far it is with us; from `queued` on the outbox and the facts say more."""

    DRAFT = "draft", "Draft"
    HELD = "held", "Waits for approval"
    QUEUED = "queued", "In the outbox"
    DECLINED = "declined", "Not approved"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN: tuple[str, ...] = (State.DRAFT.value, State.HELD.value, State.QUEUED.value)


class Resubmission(models.Model):
    """A claim sent again, or about to be: the version it corrects, and the corrections.

    Triggers refuse changes of what was asked once it is no draft, steps out of order, and one's own
    approval. One version of a claim is corrected once: the next correction starts from what went
    out.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()  # 11 primary, 12 secondary, 13 tertiary
    payer_id = models.IntegerField(null=True)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField(choices=[(kind.value, title) for kind, title in TITLES.items()])
    reason = models.TextField()  # may name a patient: never in logs, notices or events
    edits = models.JSONField(default=list)  # core.resubmission.edits.to_json: patient data
    charge_before_cents = models.BigIntegerField()
    charge_after_cents = models.BigIntegerField()
    state = models.TextField(choices=State)
    needs = models.TextField(default="")  # why somebody must approve it; "" when nobody must
    batch = models.UUIDField(null=True)  # made together with others
    form_key = models.UUIDField(unique=True)  # the same form sent twice is one
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    actor = models.TextField()  # user:17, cli:alice
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")
    queued_at = models.DateTimeField(null=True)
    file = models.ForeignKey(OutboundFile, on_delete=models.PROTECT, null=True, related_name="+")
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "resubmission_resubmission"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="resubmission_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind.value for kind in Kind]),
                name="resubmission_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(party__range=(11, 13)), name="resubmission_to_a_payer"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("made_by")),
                name="resubmission_is_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["submission"],
                condition=models.Q(state__in=OPEN),
                name="resubmission_once_of_a_version",
            ),
        ]
        indexes = [
            models.Index(fields=["claim", "-id"], name="resubmission_of_claim"),
            models.Index(fields=["client_id", "-made_at"], name="resubmission_latest"),
            models.Index(fields=["state", "made_at"], name="resubmission_by_state"),
        ]

    def __str__(self) -> str:
        return f"resubmission {self.pk}"


class Limits(models.Model):
    """What somebody else must approve: for one client, or (client_id null) for all others."""

    client_id = models.IntegerField(null=True)
    above_cents = models.BigIntegerField()  # claims of this charge and more
    charge_changes = models.BooleanField()  # every claim whose charge changes

    class Meta:
        db_table = "resubmission_limits"
        constraints = [
            models.UniqueConstraint(
                fields=["client_id"], name="resubmission_limits_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(above_cents__gte=0), name="resubmission_limit_is_no_debt"
            ),
        ]

    def __str__(self) -> str:
        return f"limits of resubmissions of client {self.client_id}"
