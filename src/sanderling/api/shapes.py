"""What goes over the wire: names of the command line, cents, ISO days, rates as fractions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema

from sanderling.core.codes.names import NextAction
from sanderling.followup.models import Channel, Outcome

Day = date  # where a field is named `date`
LIMIT: Any = Field(100, ge=1, le=500, description="Rows of one answer, at most 500.")
CURSOR: Any = Field(
    "", max_length=2000, description="`next_cursor` of the answer before; empty: the beginning."
)
CLIENT: Any = Field("", max_length=100, description="Only this client (code).")
PAYER: Any = Field("", max_length=100, description="Only this payer (payer id).")
ID: Any = Field(None, ge=1, le=2**63 - 1)


class ProblemField(Schema):
    """One field that is wrong."""

    field: str
    message: str


class Problem(Schema):
    """Why a request was refused (RFC 9457); never has patient data."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = []


class ClaimsAsked(Schema):
    """Which claims to list."""

    client: str = CLIENT
    payer_id: str = PAYER
    claim: str = Field("", max_length=100, description="Only this patient control number.")
    limit: int = LIMIT
    cursor: str = CURSOR


class Search(Schema):
    """What to search for; in the body, since addresses are written to logs."""

    text: str = Field(
        min_length=2,
        max_length=200,
        description="The beginning of a claim number or of a patient's last name, a member id, or"
        " any number the claim was known by.",
    )
    limit: int = Field(50, ge=1, le=100)


class ClaimLine(Schema):
    """A claim in a list."""

    claim_id: int
    client: str
    claim: str
    payer_id: str | None
    payer_name: str
    patient: str
    service_from_date: date | None
    service_to_date: date | None
    first_billed_date: date | None
    last_billed_date: date | None
    charge_cents: int


class Claims(Schema):
    """Claims and where to go on."""

    rows: list[ClaimLine]
    next_cursor: str


class ClaimDetail(Schema):
    """Everything about one claim: what `sanderling claims show --format json` prints."""

    claim_id: int
    as_of: date
    client: str
    claim: str
    kind: str
    patient: dict[str, Any]
    payer_id: str | None
    payers: list[dict[str, Any]]
    plan: str
    provider: str
    provider_name: str
    location: str
    service_from_date: date | None
    service_to_date: date | None
    first_billed_date: date | None
    last_billed_date: date | None
    charge_cents: int
    paid_cents: int
    adjusted_cents: int
    taken_over_cents: int
    balance_cents: int
    insurance_cents: int
    patient_cents: int
    balances: dict[str, int]
    suspense_cents: int
    barrier: list[dict[str, Any]] | None
    lines: list[dict[str, Any]]
    submissions: list[dict[str, Any]]
    remittances: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    snapshots: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    escalations: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    timeline: list[dict[str, Any]]


class ActivitiesAsked(Schema):
    """Which activities to list, in the order in which they were recorded."""

    client: str = CLIENT
    claim_id: int | None = ID
    since: date | None = Field(None, description="Only those done on this day or later.")
    limit: int = LIMIT
    cursor: str = CURSOR


class NewActivity(Schema):
    """What was done about a claim, under the names of `sanderling activities import`."""

    date: Day
    channel: Literal[tuple(Channel.values)]  # type: ignore[valid-type]  # one list of words
    action: Literal[tuple(word.value for word in NextAction)]  # type: ignore[valid-type]
    outcome: Literal[tuple(Outcome.values)]  # type: ignore[valid-type]
    reference: str = ""
    next_date: Day | None = None
    note: str = ""


class ActivityLine(Schema):
    """An activity in a list."""

    activity_id: int
    claim_id: int
    client: str
    claim: str
    date: Day
    user: str
    channel: str
    action: str
    outcome: str
    reference: str
    next_date: Day | None
    note: str
    source: str
    is_withdrawn: bool
    recorded_at: datetime


class Activities(Schema):
    """Activities and where to go on; keep `next_cursor` to ask for what is new next time."""

    rows: list[ActivityLine]
    next_cursor: str


class Recorded(Schema):
    """An activity was recorded; the same again is the same activity."""

    activity_id: int
    claim_id: int


class BarriersAsked(Schema):
    """Which open balances to list, and in which order."""

    client: str = CLIENT
    payer_id: str = PAYER
    barrier: str = Field("", max_length=50)
    category: str = Field("", max_length=50)
    team: str = Field("", max_length=50)
    sort: str = Field(
        "-balance",
        max_length=20,
        description="balance, deadline, next, since, service, client, claim, payer, barrier or"
        " team; a minus in front: descending.",
    )
    limit: int = LIMIT
    cursor: str = CURSOR


class BarrierLine(Schema):
    """Why one party of a claim owes."""

    claim_id: int
    party: int
    client: str
    claim: str
    patient: str
    payer_id: str
    payer_name: str
    responsibility: str
    service_date: date | None
    age_days: int | None
    balance_cents: int
    barrier: str
    category: str
    subcategory: str
    sentence: str
    next_action: str
    team: str
    next_date: date | None
    deadline: date | None
    deadline_kind: str
    days_left: int | None
    is_deadline_met: bool
    since: date | None


class Barriers(Schema):
    """Open balances, how many and how much in all, and where to go on."""

    as_of: date
    rows: list[BarrierLine]
    count: int
    balance_cents: int
    next_cursor: str


class AgingAsked(Schema):
    """The question of `sanderling aging`."""

    as_of: date | None = Field(None, description="At the end of this day; default: today.")
    by: str = Field(
        "", max_length=200, description="Comma-separated: client, payer, payer_type, plan, ..."
    )
    basis: str = Field("service", max_length=20)
    buckets: str = Field("30,60,90,120", pattern=r"^\d{1,4}(,\d{1,4}){0,11}$")
    party: str = Field("insurance", max_length=20)
    client: str = CLIENT
    payer_id: str = PAYER


class Aging(Schema):
    """Rows with the group's keys, `count`, one column for each bucket, totals and credits."""

    as_of: date
    rows: list[dict[str, Any]]
    totals: dict[str, Any]


class ClientLine(Schema):
    """A client."""

    client: str
    name: str
    tier: str
    follow_up_days: int | None
    high_dollar_cents: int | None


class PayerLine(Schema):
    """A payer."""

    payer_id: str
    name: str
    type: str
    phone: str
    portal_url: str
    timely_filing_days: int | None
    corrected_claim_days: int | None
    appeal_days: int | None
    response_days: int | None
