"""Forms about the work on a claim: strings to values, nothing more."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms

from sanderling.core.followup.days import read_day
from sanderling.core.followup.ladder import LADDER


class DayField(forms.CharField):
    """A day to come, as people type it: +7, 2w, mon, 2026-03-05."""

    def __init__(self, *, today: date, **options: object) -> None:
        super().__init__(max_length=20, **options)  # type: ignore[arg-type]  # passed through
        self._today = today

    def clean(self, value: object) -> date | None:
        """Return the day, None for an empty text."""
        text = str(super().clean(value) or "")
        if not text:
            return None
        day = read_day(text, today=self._today)
        if day is None or day > self._today + timedelta(days=3660):
            raise forms.ValidationError("Write a day like +7, 2w, mon or 2026-03-05.")
        return day


class EscalationForm(forms.Form):
    """A step up or down the ladder."""

    level = forms.TypedChoiceField(coerce=int, label="To")
    reason = forms.CharField(max_length=500, label="Why")
    contact = forms.CharField(max_length=200, required=False, label="Who was reached")
    reference = forms.CharField(max_length=200, required=False, label="Reference")
    to_user = forms.TypedChoiceField(
        coerce=int, empty_value=None, required=False, label="Tell only"
    )

    def __init__(
        self,
        data: object = None,
        *,
        level: int,
        people: list[tuple[int, str]],
        today: date,
        **options: object,
    ) -> None:
        options.setdefault("auto_id", "escalation-%s")
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed through
        to_level, to_user = self.fields["level"], self.fields["to_user"]
        assert isinstance(to_level, forms.TypedChoiceField)  # noqa: S101 - declared above
        assert isinstance(to_user, forms.TypedChoiceField)  # noqa: S101 - declared above
        to_level.choices = [
            (rung.level, f"{rung.level} {rung.title}") for rung in LADDER if rung.level != level
        ]
        to_level.initial = min(level + 1, LADDER[-1].level)
        to_user.choices = [("", "all leads of the client"), *people]
        self.fields["due_date"] = DayField(today=today, required=False, label="Answer due")
        self.order_fields(["level", "reason", "contact", "reference", "due_date", "to_user"])
