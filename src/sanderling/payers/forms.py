"""Forms about deadline rules: strings to values, nothing more."""

from __future__ import annotations

from typing import Final

from django import forms

from sanderling.core.deadlines.prompt_pay import STATES, prompt_pay_rules
from sanderling.core.deadlines.published import PublishedLimit
from sanderling.core.deadlines.rules import (
    AMOUNT_MAX,
    PAYER_TYPES,
    TYPE_NAMES,
    UNIT_WORDS,
    Clock,
    Confidence,
    Kind,
    ProviderStatus,
    ReceiptRule,
    Unit,
    WeekendRule,
    clocks_of,
    limit_name,
    limits,
)
from sanderling.payers.actions import CLAIMS_PER_CALL_MAX
from sanderling.payers.deadline_rules import Limit, Reason

ANY: Final = ("", "any")
LIMITS: Final = [(f"{kind.value}:{level}", limit_name(kind, level)) for kind, level in limits()]
UNITS: Final = [
    *((unit.value, words[1]) for unit, words in UNIT_WORDS.items()),
    (Unit.CALENDAR_YEAR_END.value, "years, and to 31 December"),
]
CLOCKS: Final = [
    ("", "the usual day"),
    (Clock.SERVICE_TO.value, "service (institutional: the through date)"),
    (Clock.SERVICE_FROM.value, "first service day"),
    (Clock.PRIMARY_REMITTANCE.value, "remittance of the payer before"),
    (Clock.REMITTANCE.value, "remittance"),
    (Clock.REMITTANCE_RECEIPT.value, "remittance and 5 days of presumed mail"),
    (Clock.REQUEST.value, "the payer's request"),
    (Clock.NOTICE.value, "notice of the decision"),
]
CONFIDENCES: Final = [
    (Confidence.HIGH.value, "read in the contract or manual"),
    (Confidence.MEDIUM.value, "told by the payer"),
    (Confidence.LOW.value, "not verified"),
]
TYPES: Final = [(name, TYPE_NAMES[name]) for name in PAYER_TYPES if name != "self_pay"]
DAY: Final = forms.DateInput(attrs={"type": "date"})
TEXT_LENGTH_MAX: Final = 400


class RuleForm(forms.Form):
    """A limit, for whom and when it holds, and how we know."""

    limit = forms.ChoiceField(choices=LIMITS, label="What it limits")
    amount = forms.IntegerField(min_value=0, max_value=max(AMOUNT_MAX.values()), label="How long")
    unit = forms.ChoiceField(choices=UNITS, initial=Unit.CALENDAR_DAYS.value)
    clock = forms.ChoiceField(choices=CLOCKS, required=False, label="Counted from")
    client = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    prior_payer_type = forms.ChoiceField(
        choices=[ANY, *TYPES],
        required=False,
        label="After a payer of type",
        help_text="Secondary filing only.",
    )
    effective_from_date = forms.DateField(
        required=False,
        widget=DAY,
        label="First day",
        help_text="Of the day counted from: a service, a remittance. Empty: always.",
    )
    effective_to_date = forms.DateField(required=False, widget=DAY, label="Last day")
    weekend_rule = forms.ChoiceField(
        choices=[
            (WeekendRule.NONE.value, "stays"),
            (WeekendRule.NEXT_BUSINESS_DAY.value, "moves to the next business day"),
        ],
        label="Last day on a weekend or holiday",
    )
    receipt_rule = forms.ChoiceField(
        choices=[
            (ReceiptRule.RECEIVED.value, "the payer must have it"),
            (ReceiptRule.SENT.value, "it must be sent"),
        ],
        label="By the last day",
    )
    provider_status = forms.ChoiceField(
        choices=[
            (ProviderStatus.ANY.value, "all providers"),
            (ProviderStatus.PAR.value, "providers in the network"),
            (ProviderStatus.NONPAR.value, "providers out of network"),
        ],
        label="Binds whom",
    )
    source = forms.CharField(
        max_length=TEXT_LENGTH_MAX, help_text="Contract and section, manual and page, letter, call."
    )
    confidence = forms.ChoiceField(choices=CONFIDENCES, label="How sure")
    note = forms.CharField(
        max_length=TEXT_LENGTH_MAX,
        required=False,
        help_text="No patient data.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, *, data: object = None, clients: list[tuple[int, str]], **options: object
    ) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed through
        field = self.fields["client"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101 - declared above
        field.choices = [("", "all clients"), *clients]

    def rule_limit(self) -> Limit:
        """Return the limit that a valid form speaks of, on the usual clock when none was chosen."""
        values = self.cleaned_data
        name, level = values["limit"].split(":")
        kind = Kind(name)
        clock = values["clock"] or clocks_of(kind, int(level))[0].value
        return Limit(
            kind=kind,
            level=int(level),
            amount=values["amount"],
            unit=Unit(values["unit"]),
            clock=Clock(clock),
            effective_from_date=values["effective_from_date"],
            effective_to_date=values["effective_to_date"],
            weekend_rule=WeekendRule(values["weekend_rule"]),
            receipt_rule=ReceiptRule(values["receipt_rule"]),
            provider_status=ProviderStatus(values["provider_status"]),
        )

    def rule_reason(self) -> Reason:
        """Return why the rule is believed."""
        values = self.cleaned_data
        return Reason(values["source"], Confidence(values["confidence"]), values["note"])


def filled_in(limit: PublishedLimit) -> dict[str, object]:
    """Return a rule form's first values from a published limit."""
    return {
        "limit": f"{limit.kind.value}:{limit.level}",
        "amount": limit.amount,
        "unit": limit.unit.value,
        "clock": limit.clock.value,
        "weekend_rule": limit.weekend_rule.value,
        "provider_status": limit.provider_status.value,
        "source": limit.source,
        # Nobody here has read it in this payer's own papers yet.
        "confidence": Confidence.LOW.value,
    }


class TypeRuleForm(RuleForm):
    """The same for a type of payer."""

    payer_type = forms.ChoiceField(choices=TYPES, label="Type of payer")
    field_order = ("payer_type",)


class EndForm(forms.Form):
    """The last day of a rule."""

    effective_to_date = forms.DateField(
        widget=DAY,
        label="Last day",
        help_text="Of the day counted from; what begins later follows the rule beneath.",
    )
    note = forms.CharField(max_length=TEXT_LENGTH_MAX, required=False, help_text="No patient data.")


class WithdrawalForm(forms.Form):
    """Why a rule is taken back."""

    note = forms.CharField(
        max_length=TEXT_LENGTH_MAX, required=False, label="Why", help_text="No patient data."
    )


class StateForm(forms.Form):
    """Whose prompt-pay law binds a payer's plans."""

    state = forms.ChoiceField(
        required=False,
        label="State whose prompt-pay law binds its plans",
        help_text="Where most of its plans are issued. None for self-funded plans: no state's law"
        " binds them.",
    )

    def __init__(self, *, data: object = None, **options: object) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed through
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        sourced = {rule.jurisdiction for rule in prompt_pay_rules()}
        field.choices = [
            ("", "none"),
            *((code, code if code in sourced else f"{code} (no sourced rule)") for code in STATES),
        ]


class CallingForm(forms.Form):
    """How a payer is reached."""

    phone = forms.CharField(max_length=40, required=False)
    portal_url = forms.URLField(
        max_length=TEXT_LENGTH_MAX, required=False, label="Portal", assume_scheme="https"
    )
    call_hours = forms.CharField(
        max_length=100, required=False, label="Hours", help_text="Mon-Fri 8-18 ET"
    )
    claims_per_call = forms.IntegerField(
        min_value=1,
        max_value=CLAIMS_PER_CALL_MAX,
        required=False,
        label="Claims in one call",
        help_text="How many its people talk about in one call; empty: not known.",
    )
