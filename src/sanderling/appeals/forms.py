"""What the pages of appeals were asked or told, from strings to values."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django import forms

from sanderling.appeals.actions import TEXT_MAX
from sanderling.appeals.models import DECIDED, Channel, LetterTemplate, State
from sanderling.core.appeals.cases import Vehicle, cases
from sanderling.core.appeals.facts import LENGTH_MAX
from sanderling.core.appeals.template import CHARACTERS_MAX
from sanderling.core.deadlines.rules import LEVELS_MAX

DOLLARS_MAX: Final = Decimal(10_000_000)
Choices = list[tuple[str, str]]


class DollarsField(forms.DecimalField):
    """An amount in dollars; `cents_of` makes it whole cents."""

    def __init__(self, *, label: str, lowest: str = "0.01", required: bool = True) -> None:
        super().__init__(
            label=label,
            min_value=Decimal(lowest),
            max_value=DOLLARS_MAX,
            decimal_places=2,
            required=required,
            widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
        )


def cents_of(dollars: Decimal | None) -> int:
    """Return dollars with at most two places as cents, without rounding; none as zero."""
    return 0 if dollars is None else int(dollars.scaleb(2))


def day_field(label: str) -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


def case_choices() -> Choices:
    """Return the cases that are appealed."""
    return [
        (one.key, one.title)
        for one in cases().values()
        if one.vehicle is not Vehicle.CORRECTED_CLAIM
    ]


def any_case_choices() -> Choices:
    """Return the cases, and first of all what each claim calls for."""
    return [("", "What each claim calls for"), *case_choices()]


def letter_choices() -> Choices:
    """Return the letters in use, that of the case first."""
    found = LetterTemplate.objects.filter(is_retired=False).order_by("title")
    return [("", "The letter of the case"), *((one.key, one.title) for one in found)]


class BeginForm(forms.Form):
    """An appeal to begin."""

    case = forms.ChoiceField(label="About", choices=case_choices)
    level = forms.TypedChoiceField(
        label="Level",
        coerce=int,
        choices=[(str(number), f"Level {number}") for number in range(1, LEVELS_MAX + 1)],
    )
    amount = DollarsField(label="What the payer should pay, in dollars")
    letter = forms.ChoiceField(label="Letter", choices=letter_choices, required=False)
    despite = forms.BooleanField(
        label="Appeal all the same", required=False, widget=forms.HiddenInput
    )


class AskForm(forms.Form):
    """Until when the client should send what the checklist lacks."""

    date = forms.DateField(
        label="Needed by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write a day like 2026-03-05."},
    )


class ChangeForm(forms.Form):
    """What a draft is about."""

    case = forms.ChoiceField(label="About", choices=case_choices)
    amount = DollarsField(label="What the payer should pay, in dollars")
    letter = forms.ChoiceField(label="Letter", choices=letter_choices, required=False)
    with_proof = forms.BooleanField(label="Enclose the proof of timely filing", required=False)


class FactForm(forms.Form):
    """One fact that a person states."""

    name = forms.CharField(max_length=60)
    value = forms.CharField(max_length=LENGTH_MAX, required=False, strip=False)
    source_text = forms.CharField(max_length=TEXT_MAX, required=False)


class SentForm(forms.Form):
    """How and when a packet was sent."""

    channel = forms.ChoiceField(
        label="Sent by",
        choices=[one for one in Channel.choices if one[0] != Channel.ELECTRONIC],
    )
    sent_date = day_field("Sent on")
    tracking = forms.CharField(
        label="What proves it",
        max_length=TEXT_MAX,
        help_text="Tracking number, fax confirmation or portal receipt.",
    )


class ReceivedForm(forms.Form):
    """The payer has it."""

    received_date = day_field("Received on")
    reference = forms.CharField(
        label="Payer's number of the appeal", max_length=TEXT_MAX, required=False
    )


class OutcomeForm(forms.Form):
    """How it ended."""

    outcome = forms.ChoiceField(
        label="Decision", choices=[(one, State(one).label) for one in DECIDED]
    )
    decided_date = day_field("Decided on")
    recovered = DollarsField(label="Paid because of it, in dollars", lowest="0", required=False)
    note = forms.CharField(label="Note", max_length=TEXT_MAX, required=False)


class LetterForm(forms.Form):
    """A letter's text."""

    title = forms.CharField(max_length=100)
    text = forms.CharField(
        max_length=CHARACTERS_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true"}),
    )
    note = forms.CharField(label="What changed", max_length=TEXT_MAX, required=False)


class NewLetterForm(forms.Form):
    """A letter of one's own."""

    title = forms.CharField(max_length=100)
    key = forms.CharField(
        label="Short name", max_length=60, help_text="Letters, digits and blanks: acme necessity"
    )
    case = forms.ChoiceField(label="About", choices=case_choices)


class WayForm(forms.Form):
    """Where a payer takes appeals of a level."""

    department = forms.CharField(max_length=200, required=False)
    address = forms.CharField(
        max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    fax = forms.CharField(max_length=60, required=False)
    portal_url = forms.URLField(
        label="Portal", max_length=500, required=False, assume_scheme="https"
    )
    form_name = forms.CharField(label="Payer's own form", max_length=200, required=False)
    decision_days = forms.IntegerField(
        label="Days for its decision", min_value=1, max_value=730, required=False
    )
    source = forms.CharField(
        label="Where it is written", max_length=TEXT_MAX,
        help_text="Manual, contract, letter or call, with its date.",
    )  # fmt: skip


class LetterheadForm(forms.Form):
    """Who writes for a client."""

    name = forms.CharField(max_length=200)
    address = forms.CharField(max_length=600, widget=forms.Textarea(attrs={"rows": 3}))
    contact_name = forms.CharField(label="Contact", max_length=200)
    contact_phone = forms.CharField(label="Phone", max_length=60)
    contact_fax = forms.CharField(label="Fax", max_length=60, required=False)
    signer = forms.CharField(label="Signed by", max_length=200)
    signer_title = forms.CharField(label="Signer's title", max_length=200, required=False)


class PolicyForm(forms.Form):
    """Which appeals another person must approve."""

    from_level = forms.TypedChoiceField(
        label="From level on",
        coerce=int,
        choices=[
            *((str(number), f"Level {number}") for number in range(1, LEVELS_MAX + 1)),
            ("6", "No level by itself"),
        ],
    )
    above = DollarsField(label="And above, in dollars", lowest="0")


class ProjectForm(forms.Form):
    """Many claims to be appealed as one project."""

    name = forms.CharField(max_length=200)
    case = forms.ChoiceField(label="About", choices=any_case_choices, required=False)
    level = forms.TypedChoiceField(
        label="Level",
        coerce=int,
        choices=[(str(number), f"Level {number}") for number in range(1, LEVELS_MAX + 1)],
    )
    letter = forms.ChoiceField(label="Letter", choices=letter_choices, required=False)
    despite = forms.BooleanField(
        label="Also appeal claims for which another way is the right one", required=False
    )
