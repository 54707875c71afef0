"""Barriers as they stand today, as they stood at week ends, and the denials behind them.

All three are derived from the facts and disposable: `barriers.actions` makes them again for the
claims that an ingest, an activity or a changed rule touches, and for those whose day has come.
"""

from __future__ import annotations

from django.db import models


class Barrier(models.Model):
    """Why one party of one claim owes money today; a row exactly while it owes."""

    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    party = models.SmallIntegerField()  # 11 primary, 12 secondary, 13 tertiary, 14 patient
    payer_id = models.IntegerField(null=True)
    balance_cents = models.BigIntegerField()
    barrier = models.TextField()  # the names of the command line's contract
    category = models.TextField(default="")
    subcategory = models.TextField(default="")  # the finer category of DOMAIN 3.2
    detail = models.TextField(default="")  # which of a barrier's cases, see core.barriers.rows
    group_code = models.TextField(default="")
    reason_code = models.TextField(default="")
    remark_code = models.TextField(default="")
    status_code = models.TextField(default="")  # 277 or 277CA: category:code:entity
    next_action = models.TextField()
    team = models.TextField()
    since_date = models.DateField()  # the barrier holds since then
    next_date = models.DateField()  # when somebody should look
    due_date = models.DateField(null=True)  # until when waiting is right
    deadline_date = models.DateField(null=True)
    deadline_kind = models.TextField(default="")
    deadline_level = models.SmallIntegerField(default=0)  # of an appeal
    deadline_rule = models.TextField(default="")  # in words
    is_deadline_met = models.BooleanField(default=False)  # filed in time, with proof
    recheck_date = models.DateField(null=True)  # time alone changes the row on this day
    schedule_id = models.BigIntegerField(null=True)  # agreements.Schedule that set next_date
    service_date = models.DateField(null=True)  # from which the balance ages
    cause = models.TextField(default="")  # kind of the fact that decided: remittance, time, ...
    # [[kind, transaction_id, position, date], ...], the deciding fact first
    evidence = models.JSONField(default=list)

    class Meta:
        db_table = "barriers_barrier"
        constraints = [
            models.UniqueConstraint(fields=["claim_id", "party"], name="barrier_once"),
        ]
        indexes = [
            models.Index(fields=["client_id", "barrier"], name="barrier_of_client"),
            models.Index(
                fields=["recheck_date"],
                condition=models.Q(recheck_date__isnull=False),
                name="barrier_to_recheck",
            ),
            models.Index(
                fields=["deadline_date"],
                condition=models.Q(deadline_date__isnull=False),
                name="barrier_by_deadline",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.barrier} of claim {self.claim_id}"


class WeekEnd(models.Model):
    """A Sunday whose barriers are kept in FrozenBarrier, to tell what changed since."""

    as_of_date = models.DateField(unique=True)

    class Meta:
        db_table = "barriers_week_end"

    def __str__(self) -> str:
        return f"week end {self.as_of_date}"


class FrozenBarrier(models.Model):
    """Why a party of a claim owed money at a week end."""

    as_of_date = models.DateField()
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    payer_id = models.IntegerField(null=True)
    balance_cents = models.BigIntegerField()
    barrier = models.TextField()
    category = models.TextField(default="")
    service_date = models.DateField(null=True)  # from which the balance ages

    class Meta:
        db_table = "barriers_frozen_barrier"
        indexes = [
            models.Index(fields=["as_of_date", "claim_id"], name="frozen_barrier_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.barrier} of claim {self.claim_id} on {self.as_of_date}"


class Denial(models.Model):
    """A service line (0: the whole claim) that a payer refused on a remittance.

    Kept also after it was overturned: rates and trends count it.
    """

    payment_id = models.BigIntegerField()
    line_index = models.IntegerField()
    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    party = models.SmallIntegerField()
    received_date = models.DateField()
    payment_date = models.DateField(null=True)
    procedure = models.TextField(default="")
    rendering_npi = models.TextField(default="")
    group_code = models.TextField()
    reason_code = models.TextField()
    remark_code = models.TextField(default="")
    category = models.TextField()
    subcategory = models.TextField()
    team = models.TextField()
    preventable = models.TextField(default="")
    denied_cents = models.BigIntegerField()
    is_initial = models.BooleanField()  # the first decision of that payer
    is_duplicate = models.BooleanField()  # answers a claim sent twice: counts in no rate
    is_standing = models.BooleanField()  # neither reversed nor replaced since

    class Meta:
        db_table = "barriers_denial"
        constraints = [
            models.UniqueConstraint(fields=["payment_id", "line_index"], name="denial_once"),
        ]
        indexes = [
            models.Index(fields=["claim_id"], name="denial_of_claim"),
            models.Index(fields=["client_id", "received_date"], name="denial_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.group_code}-{self.reason_code} of claim {self.claim_id}"


class ResponseTime(models.Model):
    """How many days a payer takes to answer, learned from what it answered before a month.

    A row for each payer and month that was asked for; see core.barriers.response.
    """

    month_date = models.DateField()  # first day of the month the figure is used in
    payer_id = models.IntegerField()
    days = models.IntegerField()
    observations = models.IntegerField()

    class Meta:
        db_table = "barriers_response_time"
        constraints = [
            models.UniqueConstraint(fields=["month_date", "payer_id"], name="response_time_once"),
        ]

    def __str__(self) -> str:
        return f"{self.days} days of payer {self.payer_id}"


class StaleClaim(models.Model):
    """A claim about which something new is known since its barriers were worked out.

    Written in the transaction that brings the fact in; `barriers.actions.refresh_stale` works it
    off, at once after an ingest, and after an interruption with the next command or job.
    """

    claim_id = models.BigIntegerField()
    client_id = models.IntegerField()
    known_date = models.DateField()  # the earliest day on which the new fact counts

    class Meta:
        db_table = "barriers_stale_claim"
        indexes = [models.Index(fields=["claim_id"], name="stale_claim_by_claim")]

    def __str__(self) -> str:
        return f"stale claim {self.claim_id}"
