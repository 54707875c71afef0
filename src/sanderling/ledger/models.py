"""The ledger: entries that are only ever added, and the open balances they sum to."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from sanderling.claims.models import Claim
from sanderling.files.models import StoredFile


class Posting(models.Model):
    """One database transaction's worth of entries; checked as a whole when it commits.

    The deferred trigger `ledger_posting_balances` compares the entries with these control totals.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True)
    reason = models.TextField()  # intake, import, rematch
    posted_date = models.DateField()
    recorded_at = models.DateTimeField()
    first_entry_id = models.BigIntegerField()
    entry_count = models.IntegerField()
    cash_cents = models.BigIntegerField()  # what the remittances posted here paid in all

    class Meta:
        db_table = "ledger_posting"

    def __str__(self) -> str:
        return f"posting {self.pk}"


class Entry(models.Model):
    """An amount moved from one account (credit) to another (debit).

    Named by its source: the segment of the transaction set it follows from, `part`, `line` and
    `kind`; when what follows from a source changes, the difference is a further entry with the next
    `revision`. Never updated, never deleted; a trigger refuses it.
    """

    posting_id = models.BigIntegerField()
    claim_id = models.BigIntegerField(null=True)  # null: money of the provider, not of a claim
    client_id = models.IntegerField(null=True)
    transaction_id = models.BigIntegerField()  # 0: follows from the claim as a whole
    position = models.IntegerField()
    part = models.SmallIntegerField()
    line = models.SmallIntegerField()  # 0: the claim itself
    kind = models.SmallIntegerField()
    debit = models.SmallIntegerField()
    credit = models.SmallIntegerField()
    revision = models.SmallIntegerField(default=0)
    amount_cents = models.BigIntegerField()
    # Null where no CAS stands behind the entry: an empty group would be a code of its own.
    group_code = models.TextField(null=True)  # noqa: DJ001
    reason_code = models.TextField(null=True)  # noqa: DJ001
    effective_date = models.DateField()
    posted_date = models.DateField()  # from this day on it is known

    class Meta:
        db_table = "ledger_entry"
        indexes = [BrinIndex(fields=["posted_date"], name="ledger_entry_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "claim_id",
                    "transaction_id",
                    "position",
                    "part",
                    "line",
                    "kind",
                    "debit",
                    "credit",
                    "revision",
                ],
                name="ledger_entry_source_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~models.Q(amount_cents=0), name="ledger_entry_moves_money"
            ),
            models.CheckConstraint(
                condition=~models.Q(debit=models.F("credit")), name="ledger_entry_has_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk}"


class OpenBalance(models.Model):
    """What a party of a claim owes today; a row only while it is not zero.

    Always equal to the sum of the claim's entries (checked with every posting's claims and by
    `sanderling doctor`), so that today's aging need not read the ledger.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, db_index=False)
    client_id = models.IntegerField()
    party = models.SmallIntegerField()  # a receivable account: 11 primary ... 14 patient
    balance_cents = models.BigIntegerField()
    responsible_from_date = models.DateField()  # since when the party owes

    class Meta:
        db_table = "ledger_open_balance"
        constraints = [
            models.UniqueConstraint(fields=["claim", "party"], name="open_balance_once"),
            models.CheckConstraint(
                condition=~models.Q(balance_cents=0), name="open_balance_is_open"
            ),
        ]
        indexes = [models.Index(fields=["client_id"], name="open_balance_of_client")]

    def __str__(self) -> str:
        return f"open balance of claim {self.claim_id}"


class BalanceSpan(models.Model):
    """What a party of a claim owed from one day to before another; a row only while not zero.

    The balance of any past day is one row, whatever happened since. Derived from the entries up to
    SpanState.through_entry_id and disposable: `ledger.spans.extend_spans` writes the spans of a
    claim anew when entries were added to it, whatever day they are of.
    """

    pk = models.CompositePrimaryKey("claim_id", "party", "from_date")
    claim_id = models.BigIntegerField()
    balance_cents = models.BigIntegerField()
    client_id = models.IntegerField()
    from_date = models.DateField()
    to_date = models.DateField()  # the first day it was no more so; ledger.spans.OPEN: still so
    responsible_from_date = models.DateField()  # the party's first day, as in OpenBalance
    party = models.SmallIntegerField()
    is_shared = models.BooleanField()  # another party has a balance on one of these days

    class Meta:
        db_table = "ledger_balance_span"

    def __str__(self) -> str:
        return f"balance of claim {self.claim_id} from {self.from_date}"


class SpanState(models.Model):
    """How far the balance spans go: one row, or none before they were first made."""

    through_entry_id = models.BigIntegerField()
    last_posted_date = models.DateField()  # the latest day of the entries up to it

    class Meta:
        db_table = "ledger_span_state"

    def __str__(self) -> str:
        return f"spans through entry {self.through_entry_id}"
