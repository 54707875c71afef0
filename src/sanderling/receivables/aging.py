"""Receivables by age, as of any day: what is owed, by whom, since when.

An answer for today reads the maintained open balances; one for a past day reads the balance spans
that hold on that day, and the entries that the spans do not know yet. All reads go through
row-level security, so a user's answer holds the user's clients only.

Conventions (DOMAIN 8): an age is whole days from the basis date to `as_of`, never below 0; the
boundary day belongs to the lower bucket; credit balances are shown apart and never netted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from sanderling.core.ages import DEFAULT_BUCKETS, bucket_columns
from sanderling.core.ledger.accounts import (
    ADJUSTMENT_KINDS,
    CHARGE_KINDS,
    PAYMENT_KINDS,
    REFUND_KINDS,
    TRANSFER_KINDS,
    WRITE_OFF_KINDS,
    Account,
    Kind,
)

BUCKETS_MAX: Final = 12
BASES: Final = ("service", "first_billed", "last_billed", "responsibility")
PARTIES: Final = ("insurance", "patient", "all")
PATIENT_LABEL: Final = "PATIENT"
UNKNOWN_LABEL: Final = "UNKNOWN"
DAYS_OF_CHARGES: Final = 90

# What rows can be grouped and filtered by: name -> SQL over b (balance), c (claim), k (client),
# p (payer of the party).
DIMENSIONS: Final[dict[str, str]] = {
    "client": "k.code",
    "payer": (
        f"CASE WHEN b.party = 14 THEN '{PATIENT_LABEL}'"
        f" ELSE coalesce(p.payer_id, '{UNKNOWN_LABEL}') END"
    ),
    "payer_name": (
        "CASE WHEN b.party = 14 THEN 'Patients' ELSE coalesce(p.name, 'Unknown payer') END"
    ),
    "payer_type": "CASE WHEN b.party = 14 THEN 'patient' ELSE coalesce(p.type, 'other') END",
    "plan": "c.plan",
    "provider": "coalesce(nullif(c.rendering_npi, ''), c.billing_npi)",
    "location": "c.location",
    "responsibility": "CASE b.party WHEN 11 THEN 'primary' WHEN 12 THEN 'secondary'"
    " WHEN 13 THEN 'tertiary' ELSE 'patient' END",
}
_BASIS_DATES: Final = {
    "service": "coalesce(c.service_from_date, c.first_billed_date, {first_posted})",
    "first_billed": "coalesce(c.first_billed_date, c.service_from_date, {first_posted})",
    "last_billed": "coalesce(CASE WHEN c.last_billed_date <= %(as_of)s THEN c.last_billed_date ELSE"
    " (SELECT max(s.submitted_date) FROM claims_submission s"
    " WHERE s.claim_id = b.claim_id AND s.submitted_date <= %(as_of)s) END,"
    " c.service_from_date, {first_posted})",
    # The first day that changed the party's balance (ledger.actions has the same rule).
    "responsibility": "coalesce(b.responsible_from_date,"
    " (SELECT min(d.posted_date) FROM (SELECT e.posted_date FROM ledger_entry e"
    " WHERE e.claim_id = b.claim_id AND b.party IN (e.debit, e.credit)"
    " AND e.posted_date <= %(as_of)s GROUP BY e.posted_date HAVING"
    " sum(CASE e.debit WHEN b.party THEN e.amount_cents ELSE -e.amount_cents END) <> 0) d))",
}
_FIRST_POSTED: Final = (
    "(SELECT min(e.posted_date) FROM ledger_entry e WHERE e.claim_id = b.claim_id)"
)
_BALANCES_TODAY: Final = """
SELECT claim_id, client_id, party, balance_cents, responsible_from_date, true AS is_shared
  FROM ledger_open_balance
"""
_BALANCES_PAST: Final = """
SELECT claim_id, client_id, party, balance_cents, responsible_from_date, is_shared
  FROM ledger_balance_span
 WHERE from_date <= %(as_of)s AND to_date > %(as_of)s
"""
# The spans are behind the ledger: the claims with entries that they do not know are summed up, all
# others are taken as they stand. `through` only tells the planner how few entries these are; where
# the spans end is asked again within the statement, so that it sees both at the same moment.
_BALANCES_PAST_AND_SINCE: Final = f"""
WITH known AS MATERIALIZED ({_BALANCES_PAST}),
since AS MATERIALIZED (
    SELECT claim_id, client_id, debit, credit, amount_cents FROM ledger_entry
     WHERE id > %(through)s
       AND id > coalesce((SELECT max(through_entry_id) FROM ledger_span_state), 0)
       AND posted_date <= %(as_of)s AND claim_id IS NOT NULL
       AND (debit BETWEEN 11 AND 14 OR credit BETWEEN 11 AND 14)
)
SELECT claim_id, client_id, party, balance_cents, responsible_from_date, is_shared FROM known
 WHERE NOT EXISTS (SELECT FROM since WHERE since.claim_id = known.claim_id)
UNION ALL
SELECT claim_id, client_id, party, sum(cents)::bigint, NULL, true
  FROM (
    SELECT claim_id, client_id, party, balance_cents AS cents FROM known
     WHERE EXISTS (SELECT FROM since WHERE since.claim_id = known.claim_id)
    UNION ALL
    SELECT claim_id, client_id, debit, amount_cents FROM since WHERE debit BETWEEN 11 AND 14
    UNION ALL
    SELECT claim_id, client_id, credit, -amount_cents FROM since WHERE credit BETWEEN 11 AND 14
  ) AS side
 GROUP BY claim_id, client_id, party HAVING sum(cents) <> 0
"""  # noqa: S608  (parts are ours; what comes from outside are parameters)
_STATE: Final = "SELECT through_entry_id, last_posted_date FROM ledger_span_state"
# Are there entries that the spans do not know: later than the asked day, or up to it?
_SINCE: Final = """
SELECT EXISTS (SELECT FROM ledger_entry WHERE id > %(through)s AND posted_date > %(as_of)s),
       EXISTS (SELECT FROM ledger_entry
                WHERE id > %(through)s AND posted_date <= %(as_of)s AND claim_id IS NOT NULL)
"""


class WrongQuestion(Exception):
    """The question names a dimension, basis or bucket that does not exist."""


@dataclass(frozen=True, slots=True)
class AgingQuestion:
    """What to ask. `filters`: dimension -> value; `client_ids`: None for all that are visible."""

    as_of: date
    by: tuple[str, ...] = ()
    basis: str = "service"
    buckets: tuple[int, ...] = DEFAULT_BUCKETS
    party: str = "insurance"
    filters: dict[str, str] = field(default_factory=dict)
    client_ids: tuple[int, ...] | None = None

    @property
    def group_keys(self) -> tuple[str, ...]:
        """The SQL of each dimension asked for, over b, c, k and p."""
        return tuple(self.dimension(name) for name in self.by)

    def dimension(self, name: str) -> str:
        """Return the SQL of a dimension."""
        return DIMENSIONS[name]

    def __post_init__(self) -> None:
        for name in (*self.by, *self.filters):
            if name not in DIMENSIONS:
                raise WrongQuestion(f"no dimension {name!r}; there are {', '.join(DIMENSIONS)}")
        if self.basis not in BASES:
            raise WrongQuestion(f"no basis {self.basis!r}; there are {', '.join(BASES)}")
        if self.party not in PARTIES:
            raise WrongQuestion(f"no party {self.party!r}; there are {', '.join(PARTIES)}")
        is_rising = all(a < b for a, b in zip(self.buckets, self.buckets[1:], strict=False))
        if not self.buckets or not is_rising or len(self.buckets) > BUCKETS_MAX:
            raise WrongQuestion(f"buckets must rise, 1 to {BUCKETS_MAX} of them, such as 30,60,90")
        if self.buckets[0] < 0:
            raise WrongQuestion("buckets must not be negative")


@dataclass(frozen=True, slots=True)
class AgingAnswer:
    """Rows with the keys of `columns`, and one row of totals."""

    columns: tuple[str, ...]
    bucket_columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]


def aging(question: AgingQuestion) -> AgingAnswer:
    """Answer `question`: one row per group in the order of the group keys, and the totals."""
    names = bucket_columns(question.buckets)
    columns = (*question.by, "count", *names, "total_cents", "credits_cents")
    rows: list[dict[str, Any]] = []
    claims = again = 0
    for *values, positive, repeated in _run(_aging_statement(question), question):
        row = dict(zip(columns, values, strict=True))
        rows.append(row)
        claims += positive
        # The same on every row: how often a claim stands in the answer more than once.
        again = repeated
    totals = {name: sum(row[name] for row in rows) for name in columns[len(question.by) :]}
    totals["count"] = claims - again if rows else 0
    return AgingAnswer(columns, names, rows, totals)


def _aging_statement(question: AgingQuestion) -> str:
    """Return the statement behind `aging`.

    Groups are formed over whole numbers where there are any, buckets before sums (one sum for all
    of them), and a claim with several parties is taken off the count afterwards: sorting all rows
    to count distinct claims took twice as long. The last two columns: rows with a debit in the
    group, and repeated claims in the whole answer.
    """
    names = ", ".join(question.by)
    listed = f"{names}, " if names else ""
    grouped = f"GROUP BY {names}" if names else ""
    labels = "".join(f"{_label(name)} AS {name}, " for name in question.by)
    order = ", ".join(str(number) for number in range(1, len(question.by) + 1))
    columns = bucket_columns(question.buckets)
    sums = "".join(
        f"coalesce(sum(cents) FILTER (WHERE bucket = {number}), 0)::bigint AS {name}, "
        for number, name in enumerate(columns)
    )
    return f"""
        , aged AS MATERIALIZED ({_aged(question)}),
        often AS MATERIALIZED (
            SELECT claim_id FROM aged WHERE balance_cents > 0 AND is_shared
             GROUP BY claim_id HAVING count(*) > 1
        ),
        several AS MATERIALIZED (
            SELECT {listed}claim_id, count(*) AS times
              FROM aged JOIN often USING (claim_id)
             WHERE balance_cents > 0 GROUP BY {listed}claim_id
        ),
        repeats AS (SELECT {listed}sum(times - 1) AS extra FROM several {grouped}),
        whole AS (
            SELECT coalesce(sum(times) - count(DISTINCT claim_id), 0)::bigint AS repeated
              FROM several
        ),
        cells AS (
            SELECT {listed}{_bucket_number(question.buckets)} AS bucket,
                   count(*) AS times, sum(balance_cents) AS cents
              FROM aged GROUP BY {listed}bucket
        ),
        sums AS (
            SELECT {listed}coalesce(sum(times) FILTER (WHERE bucket >= 0), 0) AS positive, {sums}
                   coalesce(sum(cents) FILTER (WHERE bucket >= 0), 0)::bigint AS total_cents,
                   coalesce(sum(cents) FILTER (WHERE bucket < 0), 0)::bigint AS credits_cents
              FROM cells {grouped}
        )
        SELECT {labels}(positive - coalesce(extra, 0))::bigint, {", ".join(columns)},
               total_cents, credits_cents, positive::bigint, repeated
          FROM sums {f"LEFT JOIN repeats USING ({names})" if names else "CROSS JOIN repeats"}
         CROSS JOIN whole
         {f"ORDER BY {order}" if names else ""}
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)


# Dimensions that are grouped by a number first: name -> number over b and c, text of a number.
_NUMBERED: Final[dict[str, tuple[str, str]]] = {
    "client": ("b.client_id", "(SELECT code FROM clients_client WHERE id = client)"),
    "payer": (
        (
            "CASE b.party WHEN 11 THEN coalesce(c.payer_id, 0)"
            " WHEN 12 THEN coalesce(c.secondary_payer_id, 0)"
            " WHEN 13 THEN coalesce(c.tertiary_payer_id, 0) ELSE -1 END"
        ),
        (
            f"CASE payer WHEN -1 THEN '{PATIENT_LABEL}' WHEN 0 THEN '{UNKNOWN_LABEL}'"  # noqa: S608
            " ELSE (SELECT p.payer_id FROM payers_payer p WHERE p.id = payer) END"
        ),
    ),
}


def _label(name: str) -> str:
    return _NUMBERED[name][1] if name in _NUMBERED else name


def _group_key(name: str) -> str:
    return _NUMBERED[name][0] if name in _NUMBERED else DIMENSIONS[name]


CELL_COLUMNS: Final = (
    "client",
    "claim",
    "patient",
    "payer",
    "payer_name",
    "responsibility",
    "provider",
    "service_date",
    "basis_date",
    "age_days",
    "charge_cents",
    "balance_cents",
)


# What the claims behind a cell can be sorted by: name -> SQL.
CELL_ORDERS: Final = {
    "balance": "abs(balance_cents)",
    "charge": "charge_cents",
    "age": "age_days",
    "service": "service_date",
    "client": "client",
    "claim": "claim",
    "patient": "patient",
    "payer": "payer_name",
    "responsibility": "responsibility",
}


def claims_in_cell(
    question: AgingQuestion,
    *,
    bucket: int | None = None,
    credits_only: bool = False,
    order: str = "balance",
    is_descending: bool = True,
    limit: int | None = None,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Return the claims behind a cell of `aging`, the largest balance first.

    `bucket`: number of the bucket column, None for all; the group is said by `question.filters`;
    `order`: a key of CELL_ORDERS.
    """
    if order not in CELL_ORDERS:
        raise WrongQuestion(f"no order {order!r}; there are {', '.join(CELL_ORDERS)}")
    direction = "DESC NULLS LAST" if is_descending else "ASC NULLS LAST"
    conditions = _cell_conditions(question, bucket, credits_only=credits_only)
    statement = f"""
        SELECT client, claim, patient, payer, payer_name, responsibility, provider, service_date,
               basis_date, age_days, charge_cents, balance_cents
          FROM ({_aged(question, with_claims=True)}) AS a
         WHERE {" AND ".join(conditions)}
         ORDER BY {CELL_ORDERS[order]} {direction}, client, claim, responsibility
         {"LIMIT %(limit)s OFFSET %(offset)s" if limit is not None else ""}
    """  # noqa: S608  (as above)
    rows = _run(statement, question, limit=limit, offset=offset)
    return [dict(zip(CELL_COLUMNS, row, strict=True)) for row in rows]


AGED_COLUMNS: Final = ("client", "payer", "responsibility", "provider")


def aged_rows(question: AgingQuestion) -> list[tuple[Any, ...]]:
    """Return every balance behind `aging`, for sums over many clients at once.

    AGED_COLUMNS (client and payer as our keys; payer -1 the patient, 0 unknown), then claim_id,
    age_days and balance_cents, debits and credits.
    """
    asked = replace(question, by=AGED_COLUMNS)
    names = ", ".join((*AGED_COLUMNS, "claim_id", "age_days", "balance_cents"))
    return _run(f"SELECT {names} FROM ({_aged(asked)}) AS a", asked)  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class CellSize:
    """How much stands behind a cell: rows (claim and party), claims, cents."""

    row_count: int
    claim_count: int
    balance_cents: int


def cell_size(
    question: AgingQuestion, *, bucket: int | None = None, credits_only: bool = False
) -> CellSize:
    """Return how many rows `claims_in_cell` has without a limit, and their sum."""
    conditions = _cell_conditions(question, bucket, credits_only=credits_only)
    statement = f"""
        SELECT count(*), count(DISTINCT claim_id), coalesce(sum(balance_cents), 0)::bigint
          FROM ({_aged(question)}) AS a
         WHERE {" AND ".join(conditions)}
    """  # noqa: S608  (as above)
    return CellSize(*_run(statement, question)[0])


def _cell_conditions(
    question: AgingQuestion, bucket: int | None, *, credits_only: bool
) -> list[str]:
    conditions = ["balance_cents < 0" if credits_only else "balance_cents > 0"]
    if bucket is not None:
        conditions.append(_bucket_condition(question.buckets, bucket))
    return conditions


@dataclass(frozen=True, slots=True)
class RollForward:
    """Opening balance + what happened = closing balance, of claims, all parties, in cents."""

    from_date: date  # the opening balance is that of the end of this day
    to_date: date
    opening_cents: int
    charges_cents: int
    payments_cents: int  # negative: payments lower what is owed
    adjustments_cents: int
    write_offs_cents: int  # negative, as payments are
    refunds_cents: int  # positive: credits given back
    taken_over_cents: int  # balances imported from another system
    closing_cents: int

    @property
    def difference_cents(self) -> int:
        """Return closing less opening and movements; 0, or the ledger is wrong."""
        return self.closing_cents - (
            self.opening_cents
            + self.charges_cents
            + self.payments_cents
            + self.adjustments_cents
            + self.write_offs_cents
            + self.refunds_cents
            + self.taken_over_cents
        )


def roll_forward(
    *, from_date: date, to_date: date, client_ids: tuple[int, ...] | None = None
) -> RollForward:
    """Return how the net receivables moved from the end of `from_date` to that of `to_date`.

    Opening and closing are read from balances, the movements from entries: two ways to one sum.
    """
    moved = _movements(from_date, to_date, client_ids)
    known = {
        Kind.OPENING_BALANCE,
        *CHARGE_KINDS,
        *PAYMENT_KINDS,
        *ADJUSTMENT_KINDS,
        *WRITE_OFF_KINDS,
        *REFUND_KINDS,
    }
    assert set(moved) <= {*known, *TRANSFER_KINDS}, moved  # noqa: S101  (kinds are ours)
    return RollForward(
        from_date=from_date,
        to_date=to_date,
        opening_cents=_net_balance(from_date, client_ids),
        charges_cents=sum(moved.get(kind, 0) for kind in CHARGE_KINDS),
        payments_cents=sum(moved.get(kind, 0) for kind in PAYMENT_KINDS),
        adjustments_cents=sum(moved.get(kind, 0) for kind in ADJUSTMENT_KINDS),
        write_offs_cents=sum(moved.get(kind, 0) for kind in WRITE_OFF_KINDS),
        refunds_cents=sum(moved.get(kind, 0) for kind in REFUND_KINDS),
        taken_over_cents=moved.get(Kind.OPENING_BALANCE, 0),
        closing_cents=_net_balance(to_date, client_ids),
    )


@dataclass(frozen=True, slots=True)
class Indicators:
    """The figures on top of the aging page; None where there is nothing to divide by."""

    total_cents: int
    credits_cents: int
    days_in_ar: float | None
    charges_90_days_cents: int
    over_90_rate: float | None
    over_90_cents: int
    over_120_rate: float | None
    over_120_cents: int


def indicators(question: AgingQuestion) -> Indicators:
    """Return days in AR (K01: debits over average daily charges of 90 days) and old shares."""
    answer = aging(
        AgingQuestion(
            as_of=question.as_of,
            basis=question.basis,
            party=question.party,
            filters=question.filters,
            client_ids=question.client_ids,
        )
    ).totals
    total = answer["total_cents"]
    over_120 = answer["b120_plus_cents"]
    over_90 = over_120 + answer["b91_120_cents"]
    charges = _movements(
        question.as_of - timedelta(days=DAYS_OF_CHARGES), question.as_of, question.client_ids
    )
    charged = sum(charges.get(kind, 0) for kind in CHARGE_KINDS)
    return Indicators(
        total_cents=total,
        credits_cents=answer["credits_cents"],
        days_in_ar=total * DAYS_OF_CHARGES / charged if charged > 0 else None,
        charges_90_days_cents=charged,
        over_90_rate=over_90 / total if total else None,
        over_90_cents=over_90,
        over_120_rate=over_120 / total if total else None,
        over_120_cents=over_120,
    )


def _bucket_condition(buckets: Sequence[int], number: int) -> str:
    if number < 0 or number > len(buckets):
        raise WrongQuestion(f"there is no bucket {number}")
    low = f"age_days > {int(buckets[number - 1])}" if number else "true"
    high = f"age_days <= {int(buckets[number])}" if number < len(buckets) else "true"
    return f"{low} AND {high}"


def _bucket_number(buckets: Sequence[int]) -> str:
    """Return SQL for the number of the bucket; -1 for credits. No balance is 0."""
    whens = " ".join(
        f"WHEN age_days <= {int(bound)} THEN {number}" for number, bound in enumerate(buckets)
    )
    return f"CASE WHEN balance_cents < 0 THEN -1 {whens} ELSE {len(buckets)} END"


def _aged(question: AgingQuestion, *, with_claims: bool = False) -> str:
    basis_date = _BASIS_DATES[question.basis].format(first_posted=_FIRST_POSTED)
    age = f"greatest(%(as_of)s::date - {basis_date}, 0)"
    columns = [f"{_group_key(name)} AS {name}" for name in question.by]
    if with_claims:
        columns = [
            f"{DIMENSIONS[name]} AS {name}"
            for name in ("client", "payer", "payer_name", "responsibility", "provider")
        ]
        columns += [
            "c.number AS claim",
            (
                "concat_ws(', ', nullif(c.patient_last_name, ''),"
                " nullif(c.patient_first_name, '')) AS patient"
            ),
            "c.service_from_date AS service_date",
            f"{basis_date} AS basis_date",
            "c.charge_cents",
        ]
    conditions = {
        "insurance": ["b.party BETWEEN 11 AND 13"],
        "patient": [f"b.party = {int(Account.PATIENT)}"],
        "all": ["true"],
    }[question.party]
    conditions += [f"{DIMENSIONS[name]} = %(filter_{name})s" for name in question.filters]
    # An inner join that nothing reads costs a pass over all balances.
    needs_client = with_claims or "client" in question.filters
    if question.client_ids is not None:
        conditions.append("b.client_id = ANY (%(client_ids)s)")
    return f"""
        SELECT b.claim_id, b.balance_cents, b.is_shared,
               {age} AS age_days{"".join(", " + c for c in columns)}
          FROM b
          JOIN claims_claim c ON c.id = b.claim_id
          {"JOIN clients_client k ON k.id = b.client_id" if needs_client else ""}
          LEFT JOIN payers_payer p ON p.id = CASE b.party
               WHEN 11 THEN c.payer_id WHEN 12 THEN c.secondary_payer_id
               WHEN 13 THEN c.tertiary_payer_id END
         WHERE {" AND ".join(conditions)}
        OFFSET 0
    """  # noqa: S608  (parts are ours; what comes from outside are parameters)


def _run(
    statement: str, question: AgingQuestion, *, limit: int | None = None, offset: int = 0
) -> list[tuple[Any, ...]]:
    """Return the rows of `statement`, which goes on after `WITH b AS (the balances of the day)`."""
    params: dict[str, Any] = {
        "as_of": question.as_of,
        "client_ids": list(question.client_ids or ()),
        "limit": limit,
        "offset": offset,
    }
    params |= {f"filter_{name}": value for name, value in question.filters.items()}
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        params["through"], last_date = cursor.fetchone() or (0, date.min)
        cursor.execute(_SINCE, params)
        has_later, has_since = cursor.fetchone()
        if last_date <= question.as_of and not has_later:
            balances = _BALANCES_TODAY
        else:
            balances = _BALANCES_PAST_AND_SINCE if has_since else _BALANCES_PAST
        cursor.execute(f"WITH b AS ({balances}) {statement}", params)
        return list(cursor.fetchall())


def _movements(after: date, until: date, client_ids: tuple[int, ...] | None) -> dict[int, int]:
    """Return by kind of entry how receivables moved in the days after `after` up to `until`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind,
                   sum(CASE WHEN debit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END
                     - CASE WHEN credit BETWEEN 11 AND 14 THEN amount_cents ELSE 0 END)::bigint
              FROM ledger_entry
             WHERE posted_date > %(after)s AND posted_date <= %(until)s
               AND claim_id IS NOT NULL AND (%(all)s OR client_id = ANY (%(client_ids)s))
               AND (debit BETWEEN 11 AND 14 OR credit BETWEEN 11 AND 14)
             GROUP BY kind
            """,
            {
                "after": after,
                "until": until,
                "all": client_ids is None,
                "client_ids": list(client_ids or ()),
            },
        )
        return {Kind(kind): cents for kind, cents in cursor.fetchall()}


def _net_balance(as_of: date, client_ids: tuple[int, ...] | None) -> int:
    question = AgingQuestion(as_of=as_of, party="all", client_ids=client_ids)
    totals = aging(question).totals
    return int(totals["total_cents"] + totals["credits_cents"])
