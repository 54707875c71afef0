"""Systemic issues: what began to go wrong, for whom, since when, and who does what about it.

What an issue is stands in `Issue`; how much of it each client has stands in `IssueClient` and the
tables beside it, one row a client, so that nobody reads another client's counts. Totals are sums
of the rows that a user may see (`Issue.objects.with_totals()`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce

USER = settings.AUTH_USER_MODEL


class Kind(models.TextChoices):
    """What happens to the claims of an issue (names of the command line's contract)."""

    DENIAL = "denial", "Denials"
    REJECTION = "rejection", "Rejections"
    UNDERPAYMENT = "underpayment", "Underpayments"
    SLOW_PAYMENT = "slow_payment", "Slow answers"
    MISSING_REMITTANCE = "missing_remittance", "Missing remittances"
    UNBILLED_SECONDARY = "unbilled_secondary", "Secondary not billed"
    DOCUMENTATION_HOLD = "documentation_hold", "Documents asked for"


class State(models.TextChoices):
    """Where an issue is; see STEPS."""

    NEW = "new", "New"
    CONFIRMED = "confirmed", "Confirmed"
    FIXING = "fixing", "Fixing"
    VERIFYING = "verifying", "Verifying"
    CLOSED = "closed", "Closed"
    DISMISSED = "dismissed", "Dismissed"


# Forward one step at a time, back one step to undo; a trigger keeps to the same table.
STEPS: dict[str, tuple[str, ...]] = {
    "new": ("confirmed", "dismissed"),
    "confirmed": ("fixing", "dismissed", "new"),
    "fixing": ("verifying", "dismissed", "confirmed"),
    "verifying": ("closed", "fixing"),
    "closed": ("verifying",),
    "dismissed": ("new",),
}
OPEN_STATES = ("new", "confirmed", "fixing", "verifying")


class CausedBy(models.TextChoices):
    """Whose change it seems to be."""

    PAYER = "payer", "Payer"
    CLIENT = "client", "Client"
    UNKNOWN = "unknown", "Not known"


class Basis(models.TextChoices):
    """What the issue stands out against."""

    SHIFT = "shift", "Changed on a day"
    STEADY = "steady", "Worse than its peers, since ever"


class FoundBy(models.TextChoices):
    """Who saw it first."""

    SEARCH = "search", "The nightly search"
    PERSON = "person", "Reported by a person"


class IssueQuerySet(models.QuerySet["Issue"]):
    """Issues with their sums over the clients that may be seen."""

    def with_totals(self) -> models.QuerySet[Any]:
        """Add the sums of `IssueClient` under its own names, and clients_hit, clients_exposed."""

        def of_parts(expression: models.Aggregate) -> models.Subquery:
            rows = IssueClient.objects.filter(issue=models.OuterRef("pk")).order_by()
            return models.Subquery(
                rows.values("issue").annotate(total=expression).values("total")[:1]
            )

        sums = {
            name: Coalesce(of_parts(models.Sum(name)), models.Value(0)) for name in IssueClient.SUMS
        }
        return self.annotate(
            **sums,
            excess=Coalesce(of_parts(models.Sum("excess_claims")), models.Value(0.0)),
            clients_hit=of_parts(models.Count("pk", filter=models.Q(is_hit=True))),
            clients_exposed=of_parts(models.Count("pk")),
        )


class Issue(models.Model):
    """One thing that goes wrong for many claims: its smallest description, onset, cause and state.

    Seen by whoever sees a client that it hits. Written by the nightly search, or for a person's
    report (`IssueReport`), whose words the search leaves as they are; people change owner and team
    here, and the state by a row of `IssueState` only.
    """

    # kind and smallest description; another issue of the same key has another onset
    key = models.TextField()
    kind = models.TextField(choices=Kind)
    basis = models.TextField(choices=Basis, default=Basis.SHIFT)
    client_id = models.IntegerField(null=True)  # null: several
    payer_id = models.IntegerField(null=True)  # null: several
    # carc, rarc, category, procedure, code_family, modifier, provider, location, plan, form, ...
    dimensions = models.JSONField(default=dict)
    title = models.TextField()  # short: "CO-4 denials of 20610 with modifier 25"
    onset_date = models.DateField(null=True)  # null: since ever (basis steady)
    onset_low_date = models.DateField(null=True)
    onset_high_date = models.DateField(null=True)
    # what the onset is a day of: day (decided), service_date, sent_date
    onset_axis = models.TextField(default="day")
    found_date = models.DateField()  # the as-of day of the search that found it
    last_seen_date = models.DateField()  # the latest search that still saw it
    ended_date = models.DateField(null=True)  # since when the rate is as before again
    found_by = models.TextField(choices=FoundBy, default=FoundBy.SEARCH)
    # 0 to 1: share of such findings that are real; null: reported, and no search has seen it yet
    confidence = models.FloatField(null=True)
    evidence_nats = models.FloatField(default=0)  # over the limit, when it was clearest
    cause_hypothesis = models.TextField()  # names no client and no count
    caused_by = models.TextField(choices=CausedBy, default=CausedBy.UNKNOWN)
    team = models.TextField()
    owner = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.TextField(choices=State, default=State.NEW)
    state_at = models.DateTimeField()

    objects = IssueQuerySet.as_manager()

    class Meta:
        db_table = "issues_issue"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="issue_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="issue_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__range=(0, 1)), name="issue_confidence_is_a_share"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=False) | models.Q(found_by="person"),
                name="issue_of_a_search_is_so_sure",
            ),
            models.UniqueConstraint(
                fields=["key", "onset_date"], name="issue_once", nulls_distinct=False
            ),
        ]
        indexes = [models.Index(fields=["state", "-found_date"], name="issue_by_state")]

    def __str__(self) -> str:
        return f"issue {self.pk}"


class IssueClient(models.Model):
    """One client's part of an issue; also of a client that could be hit and is not (is_hit)."""

    SUMS = (
        *("outcomes_before", "events_before", "outcomes_after", "events_after", "claims"),
        *("open_claims", "open_cents", "at_stake_cents", "month_cents"),
    )

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="parts")
    client_id = models.IntegerField()
    is_hit = models.BooleanField()
    outcomes_before = models.IntegerField()  # denominators: decided (sent, due) before the onset
    events_before = models.IntegerField()  # numerators: of these denied (rejected, late, ...)
    outcomes_after = models.IntegerField()
    events_after = models.IntegerField()
    excess_claims = models.FloatField()  # events after the onset beyond what the rate before makes
    claims = models.IntegerField()  # sibling claims: hit since the onset
    open_claims = models.IntegerField()  # of these still open
    open_cents = models.BigIntegerField()  # what these owe
    at_stake_cents = models.BigIntegerField()  # what the events since the onset hold back
    month_cents = models.BigIntegerField()  # what 30 more days like the last would add

    class Meta:
        db_table = "issues_issue_client"
        constraints = [
            models.UniqueConstraint(fields=["issue", "client_id"], name="issue_client_once"),
        ]
        indexes = [models.Index(fields=["client_id", "issue"], name="issue_client_by_client")]

    def __str__(self) -> str:
        return f"part of client {self.client_id} in issue {self.issue_id}"


class IssueEvidence(models.Model):
    """One week of one client within the scope of an issue: the series that shows it."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="evidence")
    client_id = models.IntegerField()
    week_date = models.DateField()  # its Monday
    outcomes = models.IntegerField()
    events = models.IntegerField()
    event_cents = models.BigIntegerField()

    class Meta:
        db_table = "issues_evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "client_id", "week_date"], name="issue_evidence_once"
            ),
        ]

    def __str__(self) -> str:
        return f"week {self.week_date} of issue {self.issue_id}"


class IssueClaim(models.Model):
    """A claim hit since the onset: the siblings of an issue."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="siblings")
    client_id = models.IntegerField()
    claim_id = models.BigIntegerField()
    event_date = models.DateField()  # when it was hit, the first time
    amount_cents = models.BigIntegerField()  # what it holds back
    is_open = models.BooleanField()  # it still owes, or is written down and disputed

    class Meta:
        db_table = "issues_claim"
        constraints = [
            models.UniqueConstraint(fields=["issue", "claim_id"], name="issue_claim_once"),
        ]
        indexes = [models.Index(fields=["claim_id"], name="issue_claim_by_claim")]

    def __str__(self) -> str:
        return f"claim {self.claim_id} of issue {self.issue_id}"


class IssueState(models.Model):
    """A step of an issue from one state to the next. Never updated, never deleted.

    A trigger refuses a step that does not follow and sets the issue's state.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="history")
    from_state = models.TextField(default="")  # empty: found
    to_state = models.TextField(choices=State)
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.TextField()  # user:17, search
    at = models.DateTimeField()
    note = models.TextField(default="")  # why; a dismissal needs one. Names no patient

    class Meta:
        db_table = "issues_state"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(to_state="dismissed") | ~models.Q(note=""),
                name="issue_dismissed_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["issue", "id"], name="issue_state_of_issue")]

    def __str__(self) -> str:
        return f"issue {self.issue_id}: {self.to_state}"


class IssueReport(models.Model):
    """What a person says goes wrong for many claims; the worker counts, and makes the issue of it.

    Seen by whoever sees all its clients. Its words name no patient; those who see one of the
    clients read them on the issue.
    """

    class Step(models.TextChoices):
        """counting -> counted -> wanted -> made; joined: a detected issue is about it already."""

        COUNTING = "counting", "Being counted"
        COUNTED = "counted", "Counted"
        WANTED = "wanted", "Being made an issue"
        MADE = "made", "An issue"
        JOINED = "joined", "Part of an issue that was known"
        REFUSED = "refused", "No issue"

    kind = models.TextField(choices=Kind)
    payer_id = models.IntegerField(null=True)  # null: any
    client_ids = ArrayField(models.IntegerField())  # those meant; never empty
    is_every_client = models.BooleanField(default=False)  # also those that come later
    dimensions = models.JSONField(default=dict)  # as of Issue
    since_date = models.DateField()
    axis = models.TextField(default="day")  # what since_date is a day of, as Issue.onset_axis
    title = models.TextField()
    hypothesis = models.TextField()
    team = models.TextField()
    reported_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    step = models.TextField(choices=Step, default=Step.COUNTING)
    # By the worker: {claims, open_claims, at_stake_cents, outcomes_before, events_before, ...}
    counts = models.JSONField(default=dict)
    overlaps = models.JSONField(default=list)  # [[issue_id, claims in common], ...], most first
    counted_at = models.DateTimeField(null=True)
    refusal = models.TextField(default="")
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, null=True, related_name="reports")

    class Meta:
        db_table = "issues_report"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(step__in=("made", "joined"), issue__isnull=False)
                | models.Q(step__in=("counting", "counted", "wanted", "refused"), issue=None),
                name="issue_report_made_has_an_issue",
            ),
        ]
        indexes = [models.Index(fields=["step", "id"], name="issue_report_waiting")]

    def __str__(self) -> str:
        return f"report {self.pk} of an issue"


class SearchRun(models.Model):
    """One nightly search: of which day, over how much, how long. No counts of clients."""

    as_of_date = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)  # null: running, or interrupted
    claims = models.IntegerField(default=0)
    hypotheses = models.JSONField(default=dict)  # {kind: how many were searched}
    settings = models.JSONField(default=dict)  # floors and error rates that held
    seconds = models.FloatField(default=0)
    failure = models.TextField(default="")

    class Meta:
        db_table = "issues_search_run"
        indexes = [models.Index(fields=["-as_of_date", "-id"], name="search_run_latest")]

    def __str__(self) -> str:
        return f"search of {self.as_of_date}"
