"""Work items: one row for each open balance of a party, with what a worklist sorts and filters by.

A row of `WorkItem` is a barrier (why), a claim (what), a valuation (what a touch is worth) and the
work on it (who, when). The first three are copied, so that one index answers a page; they are made
again whenever the barrier is (`keeping`). The work columns are the only ones people change.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce

USER = settings.AUTH_USER_MODEL


# What "due today" asks, and what is summed: in indexes, so that counting reads no rows.
_OF_DUE = (
    *("client_id", "party", "work_date", "not_before_date", "is_pended", "follow_up_date"),
    *("balance_cents", "effort_minutes"),
)
_NARROW = (
    *("id", "payer_id", "party", "barrier", "category", "reason_code", "next_action", "team"),
    *("rendering_npi", "assignee", "project", "service_date", "balance_cents", "deadline_date"),
    *("is_deadline_met", "work_date", "follow_up_date", "not_before_date", "is_pended"),
    *("is_high_dollar", "is_key_client", "is_flagged", "escalation_level", "touches"),
    *("last_touch_date", "promise_state", "effort_minutes", "score", "value_cents", "since_date"),
    "arrived_at",
)


class WorkItem(models.Model):
    """An open balance of one party of one claim; a row exactly while the barrier has one.

    Beside them, with balance 0 and barrier `underpaid`, what a payer paid short and wrote down
    itself: a row while `pricing` has a ClaimVariance without a barrier.
    """

    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()  # 11 primary, 12 secondary, 13 tertiary, 14 patient
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    # Copied from claim, client and payer: patient data, never in logs, addresses or events.
    client_code = models.TextField()
    claim_number = models.TextField()
    patient_name = models.TextField(default="")  # Last, First
    payer_name = models.TextField(default="")
    plan = models.TextField(default="")
    rendering_npi = models.TextField(default="")
    rendering_name = models.TextField(default="")
    location = models.TextField(default="")
    service_date = models.DateField(null=True)
    first_billed_date = models.DateField(null=True)
    charge_cents = models.BigIntegerField(default=0)
    search_text = models.TextField(default="")  # lower case: number, names, member id, payer
    # Copied from the barrier:
    balance_cents = models.BigIntegerField()
    variance_cents = models.BigIntegerField(default=0, db_default=0)  # negative: paid short
    barrier = models.TextField()
    category = models.TextField(default="")
    subcategory = models.TextField(default="")
    detail = models.TextField(default="")
    group_code = models.TextField(default="")
    reason_code = models.TextField(default="")
    remark_code = models.TextField(default="")
    status_code = models.TextField(default="")
    next_action = models.TextField()
    team = models.TextField()
    since_date = models.DateField()
    next_date = models.DateField()
    due_date = models.DateField(null=True)
    deadline_date = models.DateField(null=True)
    deadline_kind = models.TextField(default="")
    deadline_level = models.SmallIntegerField(default=0)
    is_deadline_met = models.BooleanField(default=False)
    cause = models.TextField(default="")
    # The work: who and when. A date or pend that a person set holds until the payer says more.
    assignee = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    assigned_at = models.DateTimeField(null=True)
    follow_up_date = models.DateField(null=True)  # set by a person; else next_date holds
    is_pended = models.BooleanField(default=False)  # put aside until follow_up_date
    escalation_level = models.SmallIntegerField(default=0)  # 0 none ... 6, DOMAIN 9.7
    is_flagged = models.BooleanField(default=False)  # by the client
    tags = ArrayField(models.TextField(), default=list)
    project = models.ForeignKey(
        "worklists.Project", on_delete=models.SET_NULL, null=True, related_name="items"
    )
    # The day from which it is due: follow_up_date, else next_date.
    work_date = models.GeneratedField(
        expression=Coalesce("follow_up_date", "next_date"),
        output_field=models.DateField(),
        db_persist=True,
    )
    # Counted from followup, tasks and writeoffs (`keeping.refresh_work`):
    latest_activity_id = models.BigIntegerField(null=True)  # whose next_date was followed
    touches = models.IntegerField(default=0)
    last_touch_date = models.DateField(null=True)
    last_touch_user_id = models.IntegerField(null=True)
    last_outcome = models.TextField(default="")
    promise_date = models.DateField(null=True)  # of the latest promise that is open or broken
    promise_state = models.TextField(default="")  # open, broken, else empty
    open_tasks = models.SmallIntegerField(default=0)
    write_off_state = models.TextField(default="")  # requested, else empty
    # Overlays of the client:
    is_high_dollar = models.BooleanField(default=False)
    is_key_client = models.BooleanField(default=False)
    schedule_id = models.BigIntegerField(null=True)  # agreements.Schedule that set next_date
    # The valuation (`valuing`): what a touch today brings more than one later.
    value_cents = models.BigIntegerField(default=0)
    effort_minutes = models.FloatField(default=0)
    score = models.FloatField(default=0)  # cents for each minute of work
    not_before_date = models.DateField(null=True)  # "not yet": no touch is worth it before
    reasons = models.JSONField(default=list)  # [[key, {parameters}], ...], see core.priority
    valued_date = models.DateField(null=True)
    arrived_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # the barrier was another before

    class Meta:
        db_table = "worklists_work_item"
        constraints = [
            models.UniqueConstraint(fields=["claim_id", "party"], name="work_item_once"),
        ]
        indexes = [
            models.Index(fields=["client_id", "-score", "id"], name="work_item_by_score"),
            models.Index(fields=["assignee", "-score", "id"], name="work_item_of_assignee"),
            models.Index(fields=["barrier", "-score"], name="work_item_by_barrier"),
            models.Index(
                fields=["client_id", "deadline_date"],
                condition=models.Q(deadline_date__isnull=False),
                name="work_item_by_deadline",
            ),
            # Over all clients, for who sees them all: the order of the page, from its index.
            models.Index(fields=["-score", "-id"], name="work_item_ranked"),
            models.Index(
                fields=["payer_id", "-score", "-id"],
                include=_OF_DUE,
                name="work_item_payer_ranked",
            ),
            models.Index(fields=["payer_name", "-score", "-id"], name="work_item_by_payer"),
            models.Index(fields=["-touches", "-id"], name="work_item_most_touched"),
            models.Index(fields=["-balance_cents", "-id"], name="work_item_largest"),
            models.Index(fields=["work_date", "id"], name="work_item_next"),
            models.Index(fields=["rendering_npi"], name="work_item_of_provider"),
            models.Index(
                fields=["-score", "-id"],
                condition=models.Q(promise_state="broken"),
                name="work_item_broken",
            ),
            models.Index(
                fields=["-score", "-id"],
                condition=models.Q(escalation_level__gt=0),
                name="work_item_escalated",
            ),
            models.Index(
                fields=["-score", "-id"],
                condition=models.Q(is_high_dollar=True),
                name="work_item_high_dollar",
            ),
            models.Index(
                fields=["category", "-score", "-id"],
                condition=models.Q(barrier="denied"),
                name="work_item_denied",
            ),
            models.Index(
                fields=["-balance_cents", "-id"],
                condition=models.Q(party=14),
                name="work_item_of_patients",
            ),
            # What waits longest for a first touch.
            models.Index(
                fields=["since_date", "id"],
                include=("client_id", "payer_id", "party", "work_date", "not_before_date"),
                condition=models.Q(touches=0),
                name="work_item_untouched",
            ),
            # What most filters and sorts ask: counting and sorting read it instead of whole rows.
            models.Index(fields=["client_id"], include=_NARROW, name="work_item_narrow"),
            # By deadline, service and not-before day, and those with tags: in a migration of their
            # own, as the trigrams of search_text.
        ]

    def __str__(self) -> str:
        return f"work item {self.pk}"


class LearnedParameters(models.Model):
    """What history up to before a day teaches the valuation (core.priority.Parameters).

    One row for each day it was learned on, only ever added: a day's items are valued by the latest
    row up to that day, so that the same day always has the same answer. Sums and shares by payer
    and client, nothing of a single claim.
    """

    learned_date = models.DateField(unique=True)
    content = models.JSONField()  # {frame: {column: [values]}}
    touches = models.IntegerField()  # how many were learned from
    responses = models.IntegerField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "worklists_learned_parameters"

    def __str__(self) -> str:
        return f"parameters of {self.learned_date}"


class ItemLock(models.Model):
    """Somebody works on this item now; nobody else gets it before the lock ends."""

    item = models.OneToOneField(
        WorkItem, on_delete=models.CASCADE, primary_key=True, related_name="lock"
    )
    client_id = models.IntegerField()
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    taken_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        db_table = "worklists_item_lock"
        constraints = [
            models.UniqueConstraint(fields=["user"], name="item_lock_one_for_each_user"),
        ]

    def __str__(self) -> str:
        return f"lock of item {self.item_id}"


class Departure(models.Model):
    """A work item that left: its balance was settled, or passed to another party.

    Kept for what flows in and out, for what work brought in, and to give a balance that opens
    again its owner back.
    """

    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    balance_cents = models.BigIntegerField()  # what was open before it left
    barrier = models.TextField()
    category = models.TextField(default="")
    next_action = models.TextField(default="")
    cause = models.TextField(default="")  # remittance, status, activity, write_off, balance, ...
    paid_cents = models.BigIntegerField(default=0)  # what insurance paid on it with that
    assignee_id = models.IntegerField(null=True)
    touches = models.IntegerField(default=0)
    last_touch_date = models.DateField(null=True)
    last_touch_user_id = models.IntegerField(null=True)
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField()

    class Meta:
        db_table = "worklists_departure"
        indexes = [
            models.Index(fields=["client_id", "left_at"], name="departure_by_day"),
            models.Index(fields=["claim_id", "party"], name="departure_of_claim"),
        ]

    def __str__(self) -> str:
        return f"departure {self.pk}"


class SavedView(models.Model):
    """A question to the worklist that somebody keeps: filters, columns, order, grouping."""

    owner = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    name = models.TextField()
    query = models.TextField(default="")  # the page's own query string, checked when it is used
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "worklists_saved_view"
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """How a user likes the worklist: columns, and the question that it opens with."""

    user = models.OneToOneField(USER, on_delete=models.CASCADE, primary_key=True, related_name="+")
    columns = ArrayField(models.TextField(), default=list)  # empty: the usual ones
    query = models.TextField(default="")  # as of a saved view; empty: due today

    class Meta:
        db_table = "worklists_preference"

    def __str__(self) -> str:
        return f"preference of user {self.pk}"


class Tally(models.Model):
    """How many items of a client a built-in view holds, and how much: what the rail shows.

    `scope`: all, t:<team> or u:<user>. Counted anew as a whole for a client (`tallying`).
    """

    client_id = models.IntegerField()
    scope = models.TextField()
    view = models.TextField()  # a built-in view, or denied:<category>
    items = models.IntegerField()
    balance_cents = models.BigIntegerField()
    minutes = models.FloatField()

    class Meta:
        db_table = "worklists_tally"
        constraints = [
            # By client first: then one index serves to sum a scope and to count a client anew.
            models.UniqueConstraint(fields=["client_id", "scope", "view"], name="tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.items} in {self.view}"


class PayerTally(models.Model):
    """How many items of a client and payer a built-in view holds: what a list by payer reads."""

    client_id = models.IntegerField()
    view = models.TextField()  # a built-in view
    payer_id = models.IntegerField()  # 0 unknown
    first_id = models.BigIntegerField()  # the least id of the items
    items = models.IntegerField()
    balance_cents = models.BigIntegerField()
    minutes = models.FloatField()
    soon = models.IntegerField()  # with a deadline soon (built_in.SOON)

    class Meta:
        db_table = "worklists_payer_tally"
        constraints = [
            models.UniqueConstraint(
                fields=["client_id", "view", "payer_id"], name="payer_tally_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.items} in {self.view} at payer {self.payer_id}"


class TallyDay(models.Model):
    """When a client's items were counted last, for which day, and how many there were."""

    client_id = models.IntegerField(primary_key=True)
    for_date = models.DateField()
    counted_at = models.DateTimeField()
    items = models.IntegerField()

    class Meta:
        db_table = "worklists_tally_day"

    def __str__(self) -> str:
        return f"tally of client {self.pk}"


class StaleTally(models.Model):
    """A client whose items have changed since they were counted: written by a trigger."""

    client_id = models.IntegerField()

    class Meta:
        db_table = "worklists_stale_tally"
        indexes = [models.Index(fields=["client_id"], name="stale_tally_of_client")]

    def __str__(self) -> str:
        return f"stale tally of client {self.client_id}"


class Project(models.Model):
    """Many claims with one problem, one conversation with the payer."""

    name = models.TextField()
    payer_id = models.IntegerField(null=True)
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(default="")
    is_closed = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "worklists_project"

    def __str__(self) -> str:
        return self.name


class BulkAct(models.Model):
    """What was done to one or many items at once, and can be undone; also by a rule."""

    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.TextField()  # user:17, rule:4
    kind = models.TextField()  # assign, defer, note, tag, escalate, ...
    words = models.TextField()  # "Assigned 14 claims to Sam": no patient data
    key = models.TextField(default="")  # of the form it came from: the same twice is one act
    items = models.IntegerField()
    refused = models.JSONField(default=list)  # [[item id, why not], ...]
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "worklists_bulk_act"
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "key"], condition=~models.Q(key=""), name="bulk_act_once"
            ),
        ]
        indexes = [models.Index(fields=["user", "-made_at"], name="bulk_act_of_user")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.items} items"


class BulkChange(models.Model):
    """One item of a bulk act: the columns as they were and as they became, and what was added."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="changes")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # What the act added elsewhere, to be withdrawn: [["activity", 17], ["task", 4], ...]
    added = models.JSONField(default=list)

    class Meta:
        db_table = "worklists_bulk_change"
        indexes = [models.Index(fields=["claim_id"], name="bulk_change_of_claim")]

    def __str__(self) -> str:
        return f"change {self.pk}"


class InquiryState(models.TextChoices):
    """How far a status inquiry got."""

    QUEUED = "queued"
    WRITTEN = "written"
    WITHDRAWN = "withdrawn"


class StatusInquiry(models.Model):
    """Somebody wants to ask the payer for the status of a claim by a 276."""

    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField()
    state = models.TextField(choices=InquiryState, default=InquiryState.QUEUED)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # written or withdrawn

    class Meta:
        db_table = "worklists_status_inquiry"
        constraints = [
            models.UniqueConstraint(
                fields=["claim_id", "party"],
                condition=models.Q(state="queued"),
                name="status_inquiry_queued_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=InquiryState.values), name="inquiry_state_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["client_id", "payer_id"],
                condition=models.Q(state="queued"),
                name="status_inquiry_queued",
            ),
        ]

    def __str__(self) -> str:
        return f"status inquiry {self.pk}"


class SkipReason(models.TextChoices):
    """Why somebody passed a claim over."""

    LATER = "later", "Later today"
    HELP = "help", "I need help with it"
    SKILL = "skill", "Not my kind of claim"
    PAYER = "payer", "The payer cannot be reached now"
    WRONG = "wrong", "It should not be on the list"


class Skip(models.Model):
    """Somebody passed a claim over: it is not offered to him again that day. No touch."""

    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    party = models.SmallIntegerField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField(choices=SkipReason)
    skipped_at = models.DateTimeField()

    class Meta:
        db_table = "worklists_skip"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=SkipReason.values), name="skip_reason_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "claim_id", "skipped_at"], name="skip_of_user"),
            models.Index(fields=["claim_id"], name="skip_of_claim"),
        ]

    def __str__(self) -> str:
        return f"skip {self.pk}"
