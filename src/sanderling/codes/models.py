"""What people decided that codes mean for a payer, a type of payer or a client."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models

from sanderling.clients.models import Client
from sanderling.core.codes.names import Category, Nature, NextAction, Team
from sanderling.payers.models import Payer, PayerType

NATURES = (
    Nature.NORMAL,
    Nature.DENIAL,
    Nature.PATIENT_SHARE,
    Nature.INFORMATION,
    Nature.PENDED,
)
PREVENTABLE = {"Y": "Yes", "P": "Partly", "N": "No"}
GROUPS = {
    "CO": "CO: contract",
    "PR": "PR: patient",
    "OA": "OA: other",
    "PI": "PI: payer-initiated",
    "CR": "CR: correction",
}


def _words(words: type[StrEnum]) -> list[str]:
    """Return a closed set of words of the core as plain text, the empty one first."""
    return ["", *(word.value for word in words)]


class CodeRule(models.Model):
    """An override: in its scope a code means this. Posting never changes by it.

    Rows are only ever added; a trigger refuses changes. A row that supersedes another takes its
    place from the beginning: to correct it, or (`is_ended`) to end it. What stands is
    `queries.standing_rules()`. An empty text is any code, or no override.
    """

    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+")
    payer_type = models.TextField(choices=PayerType, blank=True, default="")
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    group_code = models.TextField(blank=True, default="")  # CAS01
    reason_code = models.TextField(blank=True, default="")  # CAS02
    remark_code = models.TextField(blank=True, default="")  # LQ02, MIA, MOA
    status_code = models.TextField(blank=True, default="")  # STC01-2
    category = models.TextField(blank=True, default="")
    nature = models.TextField(blank=True, default="")  # explains only: posting has its own
    next_action = models.TextField(blank=True, default="")
    team = models.TextField(blank=True, default="")
    preventable = models.TextField(blank=True, default="")
    # By the day the file was received; both days are part of the time; null: no such bound.
    valid_from_date = models.DateField(null=True)
    valid_to_date = models.DateField(null=True)
    note = models.TextField()  # why
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="superseded_by"
    )
    is_ended = models.BooleanField(default=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "codes_code_rule"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(payer__isnull=True, payer_type__in=["", *PayerType.values])
                | models.Q(payer_type=""),
                name="code_rule_has_one_scope",
            ),
            models.CheckConstraint(
                condition=models.Q(status_code="") & ~models.Q(reason_code="", remark_code="")
                | ~models.Q(status_code="")
                & models.Q(group_code="", reason_code="", remark_code="", nature=""),
                name="code_rule_is_about_a_code",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    category__in=_words(Category),
                    nature__in=["", *(nature.value for nature in NATURES)],
                    next_action__in=_words(NextAction),
                    team__in=_words(Team),
                    preventable__in=["", *PREVENTABLE],
                    group_code__in=["", *GROUPS],
                ),
                name="code_rule_words_are_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(
                    category="", nature="", next_action="", team="", preventable=""
                ),
                name="code_rule_says_something",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_from_date__isnull=True)
                | models.Q(valid_to_date__isnull=True)
                | models.Q(valid_from_date__lte=models.F("valid_to_date")),
                name="code_rule_days_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(is_ended=False) | models.Q(supersedes__isnull=False),
                name="code_rule_ends_another",
            ),
            models.CheckConstraint(condition=~models.Q(note=""), name="code_rule_says_why"),
        ]

    def __str__(self) -> str:
        return f"rule {self.pk}"
