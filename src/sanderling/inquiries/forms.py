"""The form of a payer's limits: strings to values, nothing more."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django import forms

from sanderling.core.inquiries.limits import WAY_WORDS, Limits, Way

_DAYS: Final = [
    *[("1", "Mon"), ("2", "Tue"), ("3", "Wed"), ("4", "Thu")],
    *[("5", "Fri"), ("6", "Sat"), ("7", "Sun")],
]


class LimitsForm(forms.Form):
    """What a payer takes."""

    way = forms.ChoiceField(
        choices=[(way.value, words) for way, words in WAY_WORDS.items()], label="Takes requests"
    )
    is_automatic = forms.BooleanField(
        required=False,
        label="Ask by itself when a status is to be checked",
        help_text="Otherwise only what people and rules ask for.",
    )
    requests_a_day = forms.IntegerField(min_value=0, max_value=1_000_000, label="Claims a day")
    claims_a_file = forms.IntegerField(min_value=1, max_value=5_000, label="Claims in one file")
    weekdays = forms.MultipleChoiceField(
        choices=_DAYS, widget=forms.SelectMultiple(attrs={"size": 7}), label="On"
    )
    from_hour = forms.IntegerField(min_value=0, max_value=23, label="From hour", help_text="UTC")
    to_hour = forms.IntegerField(min_value=1, max_value=24, label="To hour", help_text="UTC")
    again_days = forms.IntegerField(
        min_value=1,
        max_value=365,
        label="Days between two requests about a claim",
        help_text="Twice as many after each that got no answer.",
    )
    answer_days = forms.IntegerField(
        min_value=1, max_value=60, label="Days until a missing answer is late"
    )
    tries_max = forms.IntegerField(
        min_value=1, max_value=10, label="Requests in a row without an answer, at most"
    )

    def limits(self) -> Limits:
        """Return the limits of a valid form."""
        values: dict[str, Any] = self.cleaned_data
        return Limits(
            **{**values, "way": Way(values["way"]), "weekdays": "".join(values["weekdays"])}
        )


def initial(limits: Limits) -> dict[str, Any]:
    """Return the form's first values."""
    return {**asdict(limits), "weekdays": list(limits.weekdays)}
