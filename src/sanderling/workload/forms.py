"""What the pages of the workload are asked and told, from strings to values."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms

from sanderling.clients.models import Client
from sanderling.payers.models import Payer
from sanderling.workload.models import DAY_MINUTES_MAX
from sanderling.workload.narrowing import Narrow
from sanderling.workload.people import Person
from sanderling.workload.quality import CHECKLIST, COMMENT_MAX
from sanderling.workload.queue import PARTS

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES_MAX = 100_000
SPAN_DAYS = 28
SPAN_DAYS_MAX = 366


class DayInput(forms.DateInput):
    """A day picker that says days as 2026-03-05."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def client_choices(first: str) -> list[tuple[str, str]]:
    """Return the clients that the session sees, by code."""
    found = Client.objects.order_by("code").values_list("code", "name")
    return [("", first), *((code, f"{code} · {name}") for code, name in found)]


def payer_choices(first: str) -> list[tuple[str, str]]:
    """Return the payers, by name."""
    found = Payer.objects.order_by("name", "pk").values_list("payer_id", "name")
    return [("", first), *found]


class NarrowForm(forms.Form):
    """A client and a payer."""

    client = forms.ChoiceField(required=False)
    payer = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(*args, **options)
        _choose(self, "client", client_choices("All clients"))
        _choose(self, "payer", payer_choices("All payers"))

    def narrow(self) -> Narrow:
        """Return what was chosen, as rows."""
        client, payer = self.cleaned_data["client"], self.cleaned_data["payer"]
        return Narrow(
            client_id=Client.objects.values_list("pk", flat=True).get(code=client)
            if client
            else None,
            payer_id=Payer.objects.values_list("pk", flat=True).get(payer_id=payer)
            if payer
            else None,
        )


class QueueForm(NarrowForm):
    """What the queue's table is split by."""

    by = forms.ChoiceField(
        choices=[(name, name.capitalize()) for name in PARTS],
        required=False,
        label="Split by",
    )

    def clean_by(self) -> str:
        """Return the split, by barrier unless another was chosen."""
        return self.cleaned_data["by"] or "barrier"


class MoveForm(NarrowForm):
    """Which work goes from whom to whom."""

    from_user = forms.ChoiceField(label="From")
    to_user = forms.ChoiceField(label="To")
    minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MINUTES_MAX,
        label="At most minutes",
        help_text="Empty: all of it. The most valuable for each minute goes first.",
    )
    is_all = forms.BooleanField(required=False, label="Also what is not due yet")
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    field_order = ("from_user", "to_user", "client", "payer", "minutes", "is_all", "key")

    def __init__(self, people: Sequence[Person], *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(*args, **options)
        choices = [(str(person.user_id), person.name) for person in people]
        _choose(self, "from_user", [("none", "Nobody's"), *choices])
        _choose(self, "to_user", [*choices, ("none", "Nobody")])
        self.fields["key"].initial = uuid.uuid4

    def user_id(self, name: str) -> int | None:
        """Return the person of `from_user` or `to_user`, None for nobody."""
        text = self.cleaned_data[name]
        return None if text == "none" else int(text)


class SpanForm(NarrowForm):
    """A span of days, a client and a payer."""

    from_date = forms.DateField(label="From", widget=DayInput(), required=False)
    to_date = forms.DateField(label="To", widget=DayInput(), required=False)
    field_order = ("from_date", "to_date", "client", "payer")

    def __init__(self, *args: Any, today: date, **options: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(*args, **options)
        self.today = today
        self.fields["from_date"].initial = today - timedelta(days=SPAN_DAYS - 1)
        self.fields["to_date"].initial = today

    def clean(self) -> dict[str, Any]:
        """Fill in the last four weeks; refuse what is the wrong way round or too long."""
        values = dict(super().clean() or {})
        last = values.get("to_date") or self.today
        first = values.get("from_date") or last - timedelta(days=SPAN_DAYS - 1)
        if not 0 <= (last - first).days <= SPAN_DAYS_MAX:
            raise forms.ValidationError("Choose a last day from the first on, within a year.")
        return values | {"from_date": first, "to_date": last}


class WeekForm(forms.Form):
    """A week, by any day of it, and a person."""

    week = forms.DateField(label="Week of", widget=DayInput(), required=False)


class ReviewForm(forms.Form):
    """The checklist of a note."""

    comment = forms.CharField(
        required=False, max_length=COMMENT_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(*args, **options)
        for key, question in CHECKLIST.items():
            self.fields[key] = forms.ChoiceField(
                choices=[("", "choose"), ("yes", "Yes"), ("no", "No"), ("na", "Does not apply")],
                label=question,
            )
        self.order_fields([*CHECKLIST, "comment"])

    def answers(self) -> dict[str, str]:
        """Return the answer to each question."""
        return {key: self.cleaned_data[key] for key in CHECKLIST}


class HoursForm(forms.Form):
    """Minutes for each day of the week."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(*args, **options)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day_{number}"] = forms.IntegerField(
                min_value=0, max_value=DAY_MINUTES_MAX, label=name
            )

    def minutes(self) -> list[int]:
        """Return the minutes, Monday first."""
        return [self.cleaned_data[f"day_{number}"] for number in range(len(WEEKDAYS))]


class DayOffForm(forms.Form):
    """Days on which somebody does not work."""

    from_date = forms.DateField(label="First day off", widget=DayInput())
    to_date = forms.DateField(label="Last day off", widget=DayInput())


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
    field.choices = list(choices)
