"""Where the money is: barrier by part and age, the tie to the ledger, and deadlines at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sanderling.barriers.asking import AGE_DAYS, PARTS, Question, run, where
from sanderling.core.ages import DEFAULT_BUCKETS, bucket_columns

WINDOWS: Final = (7, 14, 30)  # days to a deadline
PASSED: Final = "passed"
REFUND: Final = "refund"  # the deadline of a credit: money to give back, not to lose


class NoSuchPart(Exception):
    """The question splits by something that a barrier's money cannot be split by."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The balances of one barrier and part: how many, how much, by age.

    `part`: a key of the part asked for (client or payer row, category, team), "" for none. A claim
    that two parties owe counts with each of them.
    """

    barrier: str
    part: str
    count: int
    balance_cents: int
    ages_cents: tuple[int, ...]


def bucket_condition(number: int, buckets: Sequence[int] = DEFAULT_BUCKETS) -> str:
    """Return the SQL on age_days that says whether a row is in bucket `number`."""
    low = f"age_days > {int(buckets[number - 1])}" if number else "true"
    high = f"age_days <= {int(buckets[number])}" if number < len(buckets) else "true"
    return f"{low} AND {high}"


def slices(question: Question, *, by: str = "") -> list[Slice]:
    """Return the slices of the day, the largest of each barrier first; `by`: a key of PARTS or "".

    Raises:
        NoSuchPart: no such key.
    """
    if by and by not in PARTS:
        raise NoSuchPart(f"no part {by!r}; there are {', '.join(PARTS)}")
    part = PARTS[by] if by else "0"
    sums = ", ".join(
        f"coalesce(sum(balance_cents) FILTER (WHERE {bucket_condition(number)}), 0)::bigint"
        for number in range(len(bucket_columns(DEFAULT_BUCKETS)))
    )
    statement = f"""
        SELECT barrier, part, count(*), sum(balance_cents)::bigint AS balance_cents, {sums}
          FROM (SELECT b.barrier, {part} AS part, b.balance_cents, {AGE_DAYS} AS age_days
                  FROM {question.source()} AS b
                  {where(question.conditions())}
                OFFSET 0) AS aged
         GROUP BY barrier, part
         ORDER BY barrier, abs(sum(balance_cents)) DESC, part
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)
    return [
        Slice(barrier, str(key) if by else "", count, cents, tuple(ages))
        for barrier, key, count, cents, *ages in run(statement, question.params())
    ]


@dataclass(frozen=True, slots=True)
class Tie:
    """The sum over barriers beside the ledger's receivables, both net of credits, in cents."""

    barriers_cents: int
    receivables_cents: int
    without_barrier: int  # open balances that no barrier explains
    without_balance: int  # barriers of nothing open

    @property
    def difference_cents(self) -> int:
        """Return the sum over barriers less receivables; 0, or something is missing."""
        return self.barriers_cents - self.receivables_cents

    @property
    def is_tied(self) -> bool:
        """Say whether both agree, in sum and balance by balance."""
        return not (self.difference_cents or self.without_barrier or self.without_balance)


def tie(question: Question) -> Tie:
    """Return whether the barriers of the question's day and client are all of its receivables.

    Today is compared balance by balance; a kept day in sum, with the ledger as it was posted until
    then (an entry that came later but belongs to that day does not exist: days are of posting).
    """
    params = question.params()
    of_client = where(["client_id = %(client_id)s"] if question.client_id is not None else [])
    if question.is_kept:
        statement = f"""
            SELECT (SELECT coalesce(sum(balance_cents), 0)::bigint
                      FROM {question.source()} AS b {of_client}), 0, 0
        """  # noqa: S608  (as above)
        ((barriers, missing, surplus),) = run(statement, params)
        owed = receivables_cents(question.as_of, client_id=question.client_id)
        return Tie(barriers, owed, missing, surplus)
    statement = f"""
        SELECT coalesce(sum(b.balance_cents), 0)::bigint, coalesce(sum(o.balance_cents), 0)::bigint,
               count(*) FILTER (WHERE b.claim_id IS NULL),
               count(*) FILTER (WHERE o.claim_id IS NULL)
          FROM (SELECT claim_id, party, balance_cents FROM barriers_barrier {of_client}) AS b
          FULL JOIN (SELECT claim_id, party, balance_cents FROM ledger_open_balance {of_client})
               AS o USING (claim_id, party)
    """  # noqa: S608  (as above)
    return Tie(*run(statement, params)[0])


def receivables_cents(as_of: date, *, client_id: int | None = None) -> int:
    """Return the net receivables of claims at the end of `as_of`: today's, less what came since."""
    of_client = " AND client_id = %(client_id)s" if client_id is not None else ""
    statement = f"""
        SELECT (SELECT coalesce(sum(balance_cents), 0) FROM ledger_open_balance
                 WHERE true {of_client})
             - (SELECT coalesce(sum(
                       CASE WHEN debit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END
                     - CASE WHEN credit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END), 0)
                  FROM ledger_entry
                 WHERE posted_date > %(as_of)s AND claim_id IS NOT NULL {of_client})
    """  # noqa: S608  (as above)
    ((cents,),) = run(statement, {"as_of": as_of, "client_id": client_id})
    return int(cents)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Balances whose deadline of one kind falls into a window, and that are not safe already.

    `window`: PASSED, or the days within which the deadline comes: "7", "14", "30". Windows are
    cumulative: what is due within 7 days is due within 30, too. What has passed is in none of them.
    """

    kind: str
    window: str
    count: int
    balance_cents: int


def window_condition(window: str) -> str:
    """Return the SQL on b that says whether a row's deadline is in a window."""
    if window == PASSED:
        due = "b.deadline_date < %(as_of)s"
    else:
        due = f"b.deadline_date BETWEEN %(as_of)s AND %(as_of)s::date + {int(window)}"
    return f"b.deadline_date IS NOT NULL AND NOT b.is_deadline_met AND {due}"


def at_risk(question: Question) -> list[AtRisk]:
    """Return today's money at deadline risk by kind and window; windows without money are left out.

    A deadline that is today has 0 days left and is not passed.
    """
    windows = (PASSED, *(str(days) for days in WINDOWS))
    counts = ", ".join(
        f"count(*) FILTER (WHERE {window_condition(window)}),"
        f" coalesce(sum(b.balance_cents) FILTER (WHERE {window_condition(window)}), 0)::bigint"
        for window in windows
    )
    conditions = [
        "b.deadline_date IS NOT NULL",
        "NOT b.is_deadline_met",
        f"b.deadline_date <= %(as_of)s::date + {WINDOWS[-1]}",
        *question.conditions(),
    ]
    statement = f"""
        SELECT b.deadline_kind, {counts} FROM {question.source()} AS b {where(conditions)}
         GROUP BY b.deadline_kind ORDER BY b.deadline_kind
    """  # noqa: S608  (as above)
    return [
        AtRisk(kind, window, values[2 * number], values[2 * number + 1])
        for kind, *values in run(statement, question.params())
        for number, window in enumerate(windows)
        if values[2 * number]
    ]
