"""What somebody did about a claim, and what follows from it. Facts, only ever added.

An activity is what was done; a note is the form it was recorded with. A promise, an escalation and
an attachment hang on the claim. What takes a fact back is a fact of its own.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sanderling.claims.models import Claim
from sanderling.core.codes.names import NextAction

# What was done has the names of what is to be done next, with words for a page.
ACTIONS: Final = [(action.value, action.value.replace("_", " ").title()) for action in NextAction]


class Channel(models.TextChoices):
    """How it was done."""

    CALL = "call"
    PORTAL = "portal"
    ELECTRONIC = "electronic"
    FAX = "fax"
    MAIL = "mail"
    INTERNAL = "internal"


class Outcome(models.TextChoices):
    """What came of it, or what the other side said."""

    SENT = "sent"
    IN_PROCESS = "in_process"
    PAID = "paid"
    DENIED = "denied"
    NOT_ON_FILE = "not_on_file"
    PENDED = "pended"
    PROMISED = "promised"
    RECEIVED = "received"
    NO_ANSWER = "no_answer"
    DONE = "done"
    OTHER = "other"


class Source(models.TextChoices):
    """Where we know it from."""

    IMPORT = "import"
    PRODUCT = "product"


class StandingActivities(models.Manager["Activity"]):
    """The activities that were not taken back. In SQL: the view followup_standing_activity."""

    def get_queryset(self) -> models.QuerySet[Activity]:
        """Leave out what has a withdrawal."""
        return super().get_queryset().filter(withdrawal__isnull=True)


class Activity(models.Model):
    """One thing done about one claim on one day.

    Known by its content (`source_key`): the same content about the same claim is the same activity,
    from whichever file or page it comes. Never updated, never deleted; a trigger refuses it. Who
    counts what was done reads `standing`: what was taken back counts on no day.
    """

    # The index of `activity_once` finds the activities of a claim.
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, db_index=False)
    client_id = models.IntegerField()
    activity_date = models.DateField()  # from this day on it counts
    user_name = models.TextField(default="")  # as written; may be nobody we know
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    channel = models.TextField(choices=Channel)
    action = models.TextField(choices=ACTIONS)
    outcome = models.TextField(choices=Outcome)
    reference = models.TextField(default="")  # the payer's call or tracking number
    next_date = models.DateField(null=True)
    note = models.TextField(default="")  # patient data: never in logs or the audit trail
    source = models.TextField(choices=Source)
    source_key = models.UUIDField()  # see followup.content.source_key
    recorded_at = models.DateTimeField()

    objects = models.Manager["Activity"]()
    standing = StandingActivities()

    class Meta:
        db_table = "followup_activity"
        constraints = [
            models.UniqueConstraint(fields=["claim", "source_key"], name="activity_once"),
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values), name="activity_channel_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(action__in=[value for value, _ in ACTIONS]),
                name="activity_action_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="activity_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=Source.values), name="activity_source_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(next_date__isnull=True)
                | models.Q(next_date__gte=models.F("activity_date")),
                name="activity_looks_ahead",
            ),
        ]

    def __str__(self) -> str:
        return f"activity {self.pk}"


class Note(models.Model):
    """A touch as it was recorded by a form; or, with `addendum_of`, what was added to one later.

    Never edited: the trigger refuses it. The narrative is also the activity's note.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField(null=True)  # 11 primary ... 14 patient; null: the whole claim
    activity = models.OneToOneField(
        Activity, on_delete=models.PROTECT, null=True, related_name="form"
    )
    addendum_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="addenda"
    )
    scenario = models.TextField()  # a key of core.followup.scenarios.BY_KEY, or addendum
    result = models.TextField(default="")  # which of the scenario's results
    disposition = models.TextField(default="")  # DOMAIN 9.3
    next_action = models.TextField(default="")
    channel = models.TextField(choices=Channel)
    contact = models.TextField(default="")  # the payer's phone or address that was used
    representative = models.TextField(default="")
    answers = models.JSONField(default=dict)  # by question; days as text, amounts in cents
    narrative = models.TextField()  # patient data, as answers
    minutes = models.SmallIntegerField(default=0)
    is_avoidable = models.BooleanField(default=False)  # it told us nothing we had to act on
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    user_name = models.TextField(default="")
    form_key = models.UUIDField(unique=True)  # the same form sent twice is one note
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_note"
        constraints = [
            models.CheckConstraint(
                condition=Q(activity__isnull=False, addendum_of__isnull=True)
                | Q(activity__isnull=True, addendum_of__isnull=False),
                name="note_is_of_an_activity_or_a_note",
            ),
            models.CheckConstraint(condition=Q(minutes__range=(0, 600)), name="note_minutes"),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="note_channel_is_known"
            ),
        ]
        indexes = [models.Index(fields=["client_id", "recorded_at"], name="note_by_day")]

    def __str__(self) -> str:
        return f"note {self.pk}"


class Withdrawal(models.Model):
    """Takes an activity back: it counts on no day any more. The activity stays to be read."""

    activity = models.OneToOneField(Activity, on_delete=models.PROTECT, related_name="withdrawal")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    reason = models.TextField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    user_name = models.TextField(default="")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_withdrawal"

    def __str__(self) -> str:
        return f"withdrawal of activity {self.activity_id}"


class PromiseState(models.TextChoices):
    """What became of a promise."""

    OPEN = "open"  # its day, and the days of grace, have not gone by
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"  # the payer promised another day before it came


class Promise(models.Model):
    """A payer said that it pays (or decides) by a day. Its state is what `PromiseOutcome` says."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField(null=True)
    activity = models.OneToOneField(Activity, on_delete=models.PROTECT, related_name="promise")
    made_date = models.DateField()  # payments posted from this day on keep it
    promised_date = models.DateField()
    amount_cents = models.BigIntegerField(null=True)  # null: any payment keeps it
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_promise"
        constraints = [
            models.CheckConstraint(
                condition=Q(promised_date__gte=F("made_date")), name="promise_looks_ahead"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__isnull=True) | Q(amount_cents__gt=0),
                name="promise_amount_is_positive",
            ),
            models.CheckConstraint(condition=Q(party__range=(11, 13)), name="promise_of_a_payer"),
        ]

    def __str__(self) -> str:
        return f"promise {self.pk}"


class PromiseOutcome(models.Model):
    """How a promise ended; there is none while it is open."""

    promise = models.OneToOneField(Promise, on_delete=models.PROTECT, related_name="end")
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    state = models.TextField(choices=PromiseState)
    paid_cents = models.BigIntegerField(default=0)  # what insurance paid since it was made
    decided_date = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_promise_outcome"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["kept", "broken", "replaced"]),
                name="promise_outcome_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"outcome of promise {self.promise_id}"


class Escalation(models.Model):
    """A step on the ladder (core.followup.ladder); a party's latest says where its claim is."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    level_before = models.SmallIntegerField()
    level = models.SmallIntegerField()
    reason = models.TextField()
    contact = models.TextField(default="")
    reference = models.TextField(default="")
    due_date = models.DateField(null=True)
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    user_name = models.TextField(default="")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_escalation"
        constraints = [
            models.CheckConstraint(
                condition=Q(level__range=(0, 6), level_before__range=(0, 6))
                & ~Q(level=F("level_before")),
                name="escalation_moves_on_the_ladder",
            ),
        ]
        indexes = [models.Index(fields=["claim", "party", "-id"], name="escalation_latest")]

    def __str__(self) -> str:
        return f"escalation {self.pk}"


class Attachment(models.Model):
    """A document kept with a note: its bytes lie with the originals, under their hash."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="attachments")
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    name = models.TextField()  # without folders; patient data, as it may name somebody
    content_type = models.TextField()
    size_bytes = models.BigIntegerField()
    sha256 = models.TextField()
    is_encrypted = models.BooleanField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "followup_attachment"
        constraints = [
            models.UniqueConstraint(fields=["note", "sha256"], name="attachment_once"),
        ]
        indexes = [models.Index(fields=["claim_id"], name="attachment_of_claim")]

    def __str__(self) -> str:
        return f"attachment {self.pk}"
