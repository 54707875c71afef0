"""What goes over the wire about the worklist, acts and tasks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema

from sanderling.api.shapes import CLIENT, CURSOR, ID, LIMIT

_MANY: Any = Field(default_factory=list, max_length=50)


class ItemFilters(Schema):
    """Which work items: the filters of the worklist page, under the same names."""

    view: str = Field("due", max_length=50, description="A name of /items/views.")
    scope: str = Field("all", description="all, team or mine.")
    client: list[str] = _MANY
    payer: list[str] = Field(default_factory=list, max_length=50, description="Payer ids.")
    barrier: list[str] = _MANY
    category: list[str] = _MANY
    reason: list[str] = _MANY
    action: list[str] = _MANY
    team: list[str] = _MANY
    owner: list[str] = Field(
        default_factory=list, max_length=50, description="Ids of users; none: nobody's."
    )
    tag: list[str] = _MANY
    project: list[str] = _MANY
    within: int | None = Field(None, ge=0, le=3650, description="A deadline in so many days.")
    touched: int | None = Field(None, ge=0, le=3650, description="Not touched for so many days.")
    late_min: int | None = Field(
        None, ge=-3650, le=3650, description="Days since it could be worked; negative: to come."
    )
    late_max: int | None = Field(None, ge=-3650, le=3650)
    sort: str = Field(
        "",
        max_length=100,
        description="Up to three of the worklist's orders, comma-separated, a minus in front:"
        " descending. Empty: the order of the view.",
    )


class ItemsAsked(ItemFilters):
    """Which work items to list."""

    limit: int = LIMIT
    cursor: str = CURSOR


class ItemSearch(ItemsAsked):
    """The same with words to search for; in the body, since addresses are written to logs."""

    text: str = Field(min_length=2, max_length=200)


class Item(Schema):
    """What one party of a claim owes, and what is to be done about it."""

    item_id: int
    claim_id: int
    party: int
    client: str
    claim: str
    patient: str
    payer_id: str | None
    payer_name: str
    service_date: date | None
    charge_cents: int
    balance_cents: int
    barrier: str
    category: str
    group_code: str
    reason_code: str
    remark_code: str
    status_code: str
    next_action: str
    team: str
    since: date
    next_date: date
    follow_up_date: date | None
    work_date: date
    is_pended: bool
    deadline: date | None
    deadline_kind: str
    is_deadline_met: bool
    owner: str
    owner_id: int | None
    tags: list[str]
    escalation_level: int
    touches: int
    last_touch_date: date | None
    last_outcome: str
    promise_date: date | None
    promise_state: str
    open_tasks: int
    write_off_state: str
    effort_minutes: float
    value_cents: int
    not_before_date: date | None
    reasons: list[str]


class Items(Schema):
    """Work items in the asked order, how many and how much in all, and where to go on."""

    as_of: date
    rows: list[Item]
    count: int
    balance_cents: int
    next_cursor: str


class ViewCount(Schema):
    """A built-in view of the worklist, with what is in it."""

    view: str
    title: str
    count: int
    balance_cents: int
    minutes: float


class Views(Schema):
    """All built-in views; counted at `counted_at`, which is now unless much has just changed."""

    counted_at: datetime | None
    rows: list[ViewCount]


class NewAct(Schema):
    """Something to be done to one or many items at once."""

    kind: str = Field(max_length=50, description="assign, defer, pend, note, tag, ...")
    item_ids: list[int] = Field(min_length=1, max_length=5_000)
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="assign: assignee (a user's id). defer, pend: date. note: note. tag: tags.",
    )


class RefusedItem(Schema):
    """An item to which it was not done, and why."""

    item_id: int
    reason: str


class Act(Schema):
    """What was done, to how many, and to which it was not."""

    act_id: int
    kind: str
    words: str
    items: int
    refused: list[RefusedItem]


class KeptItem(Schema):
    """A balance that stays as it is, and why."""

    claim_id: int
    party: int
    reason: str


class UndoneAct(Schema):
    """How many items are as they were before, and which are not."""

    act_id: int
    restored: int
    kept: list[KeptItem]


class TasksAsked(Schema):
    """Which tasks to list, the earliest asked first."""

    client: str = CLIENT
    team: str = Field("", max_length=50)
    state: str = Field("", max_length=20, description="open, returned, answered or withdrawn.")
    claim_id: int | None = ID
    limit: int = LIMIT
    cursor: str = CURSOR


class NewTask(Schema):
    """A question to a team about one party of a claim."""

    claim_id: int = Field(ge=1, le=2**63 - 1)
    party: int = Field(11, ge=11, le=14, description="11 primary, 12 secondary, ... 14 patient.")
    team: str
    kind: str
    question: str = Field(min_length=1, max_length=10_000)
    due_date: date | None = None


class NewAnswer(Schema):
    """The answer to a task: a result of its kind, with a value where the result has one."""

    result: str
    value: str = ""
    text: str = Field("", max_length=10_000)


class TaskLine(Schema):
    """A task in a list."""

    task_id: int
    claim_id: int
    client: str
    claim: str
    party: int
    payer_id: str | None
    team: str
    kind: str
    question: str
    asked_at: datetime
    due_date: date
    state: str
    result: str
    value: str
    answer: str
    answered_at: datetime | None


class Tasks(Schema):
    """Tasks and where to go on."""

    rows: list[TaskLine]
    next_cursor: str


class TaskMade(Schema):
    """The task, and where it is now."""

    task_id: int
    state: str


class WriteOffsAsked(Schema):
    """Which write-offs to list, the earliest requested first."""

    client: str = CLIENT
    state: str = Field(
        "",
        max_length=20,
        description="requested, approved, posted, rejected, withdrawn or reversed.",
    )
    claim_id: int | None = ID
    limit: int = LIMIT
    cursor: str = CURSOR


class NewWriteOff(Schema):
    """A request to give up what a party owes, or a part of it."""

    claim_id: int = Field(ge=1, le=2**63 - 1)
    party: int = Field(11, ge=11, le=14)
    amount_cents: int = Field(ge=1, le=10**15)
    reason: str = Field(max_length=50)
    note: str = Field("", max_length=10_000)
    evidence: str = Field("", max_length=10_000)
    despite_warnings: bool = False


class Decision(Schema):
    """A yes or no to a write-off; a no says why."""

    approves: bool
    note: str = Field("", max_length=10_000)
    client_yes: str = Field("", max_length=1_000, description="Who of the client agreed, when.")
    despite_warnings: bool = False


class WriteOffLine(Schema):
    """A write-off in a list."""

    write_off_id: int
    claim_id: int
    client: str
    claim: str
    party: int
    payer_id: str | None
    amount_cents: int
    reason: str
    note: str
    state: str
    approvals_needed: int
    requested_at: datetime
    decided_at: datetime | None
    posted_at: datetime | None


class WriteOffs(Schema):
    """Write-offs and where to go on."""

    rows: list[WriteOffLine]
    next_cursor: str


class WriteOffMade(Schema):
    """The write-off, and where it is now."""

    write_off_id: int
    state: str
