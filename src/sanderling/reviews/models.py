"""Weekly reviews: the series they belong to, the pack frozen for each, and what a meeting recorded.

All of it is seen by those who see every client of it, and never by clients' own users: a pack holds
sums over its clients, and row-level security cannot take one client out of a sum.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from sanderling.core.reviews.agenda import MINUTES

USER = settings.AUTH_USER_MODEL


class Weekday(models.IntegerChoices):
    """On which day of the week a review meets; as `date.weekday`."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"


class Zone(models.TextChoices):
    """By which clock a series meets."""

    EASTERN = "America/New_York", "Eastern"
    CENTRAL = "America/Chicago", "Central"
    MOUNTAIN = "America/Denver", "Mountain"
    ARIZONA = "America/Phoenix", "Arizona"
    PACIFIC = "America/Los_Angeles", "Pacific"
    ALASKA = "America/Anchorage", "Alaska"
    HAWAII = "Pacific/Honolulu", "Hawaii"
    UTC = "UTC", "UTC"


class Series(models.Model):
    """A review that is held every week: over which clients, when, with whom."""

    name = models.TextField()
    # Of the whole book: the clients there were when its latest pack was made.
    client_ids = ArrayField(models.IntegerField())
    is_whole_book = models.BooleanField(default=False)
    weekday = models.SmallIntegerField(choices=Weekday, default=Weekday.MONDAY)
    starts_at = models.TimeField()  # by the clock of time_zone
    time_zone = models.TextField(choices=Zone, default=Zone.EASTERN)
    minutes = models.SmallIntegerField(default=MINUTES)
    place = models.TextField(default="")  # a room, or the address of a call
    people = ArrayField(models.IntegerField(), default=list)  # who is invited
    is_active = models.BooleanField(default=True)
    sequence = models.IntegerField(default=0)  # of the calendar entry: each change is another
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    key = models.TextField(default="")  # of the form it came from: the same twice is one series

    class Meta:
        db_table = "reviews_series"
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__range=(0, 4)), name="review_series_on_a_work_day"
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__range=(15, 240)), name="review_series_minutes"
            ),
            models.UniqueConstraint(
                fields=["made_by", "key"],
                condition=~models.Q(key=""),
                name="review_series_once",
            ),
            models.CheckConstraint(
                condition=models.Q(time_zone__in=Zone.values), name="review_series_zone_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"review series {self.pk}"


class State(models.TextChoices):
    """Where a review is."""

    WAITING = "waiting", "Being made"
    READY = "ready", "Ready"
    MEETING = "meeting", "Meeting"
    CLOSED = "closed", "Closed"


class Review(models.Model):
    """One week's review: its pack, frozen when it was made, and its meeting.

    A trigger keeps the pack, what it is about, and the record of a closed meeting.
    """

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="reviews")
    client_ids = ArrayField(models.IntegerField())
    is_whole_book = models.BooleanField()
    as_of_date = models.DateField()
    since_date = models.DateField(null=True)  # the day compared with; null: none is kept
    meets_at = models.DateTimeField(null=True)  # as planned
    # key of the agenda -> its numbers; see reviews.packing
    pack = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    state = models.TextField(choices=State, default=State.WAITING)
    item = models.TextField(default="")  # the point of the agenda that the meeting is at
    item_at = models.DateTimeField(null=True)  # since when
    begun_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    present = ArrayField(models.IntegerField(), default=list)  # who was there

    class Meta:
        db_table = "reviews_review"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="review_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", pack__isnull=True)
                | (
                    ~models.Q(state="waiting") & models.Q(pack__isnull=False, made_at__isnull=False)
                ),
                name="review_has_its_pack",
            ),
            models.UniqueConstraint(fields=["series", "as_of_date"], name="review_once_a_day"),
        ]
        indexes = [models.Index(fields=["-as_of_date", "-id"], name="review_latest")]

    def __str__(self) -> str:
        return f"review {self.pk}"


class EntryKind(models.TextChoices):
    """What a meeting writes down."""

    DECISION = "decision", "Decision"
    NOTE = "note", "Note"


class Entry(models.Model):
    """A decision or a note of a meeting. Never changed; struck out by a row of `Strike`."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="entries")
    item = models.TextField()  # a key of the agenda
    kind = models.TextField(choices=EntryKind)
    text = models.TextField()  # may name a patient: never in logs, mails or events
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    key = models.TextField()  # of the form: sent twice it is one entry

    class Meta:
        db_table = "reviews_entry"
        constraints = [
            models.UniqueConstraint(fields=["review", "key"], name="review_entry_once"),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk} of review {self.review_id}"


class Strike(models.Model):
    """An entry was struck out: it stays to be read and is in no minutes."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="strikes")
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="strike")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "reviews_strike"

    def __str__(self) -> str:
        return f"strike of entry {self.entry_id}"


class ActionState(models.TextChoices):
    """Where an action is."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class Action(models.Model):
    """Who does what by when, as a meeting decided; it comes back in the next reviews."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="actions")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="actions")
    item = models.TextField()
    text = models.TextField()  # may name a patient: never in logs, mails or events
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField()
    # Claims that it concerns, what was open on each (cents) and the task that was asked.
    claim_ids = ArrayField(models.BigIntegerField(), default=list)
    open_cents = models.BigIntegerField(default=0)  # on its claims, when it was decided
    task_ids = ArrayField(models.BigIntegerField(), default=list)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    state = models.TextField(choices=ActionState, default=ActionState.OPEN)
    result = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    key = models.TextField()

    class Meta:
        db_table = "reviews_action"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ActionState.values),
                name="review_action_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at__isnull=True)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="review_action_ends_once",
            ),
            models.UniqueConstraint(fields=["review", "key"], name="review_action_once"),
        ]
        indexes = [models.Index(fields=["series", "state", "due_date"], name="review_action_due")]

    def __str__(self) -> str:
        return f"action {self.pk} of review {self.review_id}"
