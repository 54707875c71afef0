"""What a page was asked, from strings to values."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django import forms
from django.http import QueryDict

from sanderling.clients.queries import client_ids_by_code
from sanderling.core.ages import DEFAULT_BUCKETS
from sanderling.receivables.aging import (
    BASES,
    PARTIES,
    AgingQuestion,
    WrongQuestion,
)

EARLIEST: Final = date(1970, 1, 1)
NO_VALUE: Final = "(none)"  # how a group without a value stands in an address
GROUPS: Final = (
    ("client", "Client"),
    ("payer", "Payer"),
    ("payer_type", "Payer type"),
    ("plan", "Plan"),
    ("provider", "Provider (NPI)"),
    ("location", "Location"),
    ("responsibility", "Responsibility"),
)
GROUP_NAMES: Final = dict(GROUPS)
BASIS_NAMES: Final = {
    "service": "Date of service",
    "first_billed": "First billed",
    "last_billed": "Last billed",
    "responsibility": "Responsible since",
}
PARTY_NAMES: Final = {"insurance": "Insurance", "patient": "Patient", "all": "All"}


class DateInput(forms.DateInput):
    """A day picker that says days as 2026-03-05."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class AsOfForm(forms.Form):
    """A day: what was true at its end."""

    as_of = forms.DateField(label="As of", widget=DateInput())


class AgingForm(AsOfForm):
    """The question an aging answers. Filters are named like the groups."""

    compare_to = forms.DateField(label="Compare with", widget=DateInput())
    party = forms.ChoiceField(
        label="Owed by", choices=[(name, PARTY_NAMES[name]) for name in PARTIES]
    )
    basis = forms.ChoiceField(
        label="Age from", choices=[(name, BASIS_NAMES[name]) for name in BASES]
    )
    by = forms.ChoiceField(label="Group by", choices=[("", "No group"), *GROUPS], required=False)
    then_by = forms.ChoiceField(label="Then by", choices=[("", "-"), *GROUPS], required=False)
    buckets = forms.CharField(label="Buckets (days)", max_length=80)
    client = forms.ChoiceField(label="Client", required=False)
    payer = forms.ChoiceField(label="Payer", required=False)
    payer_type = forms.CharField(required=False, widget=forms.HiddenInput())
    plan = forms.CharField(required=False, widget=forms.HiddenInput())
    provider = forms.CharField(label="Provider (NPI)", required=False, max_length=20)
    location = forms.CharField(required=False, widget=forms.HiddenInput())
    responsibility = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(
        self, data: Mapping[str, str], *, clients: Mapping[str, str], payers: Mapping[str, str]
    ) -> None:
        super().__init__(data)
        for name, choices in (("client", clients), ("payer", payers)):
            asked = data.get(name, "")
            known = [("", "All"), *((code, f"{code} · {text}") for code, text in choices.items())]
            if asked and asked not in choices:
                known.append((asked, asked))  # not there (or not to be seen): an empty answer
            self.fields[name].choices = known  # type: ignore[attr-defined]  # a ChoiceField

    def clean_buckets(self) -> tuple[int, ...]:
        """Return the upper bounds in days."""
        try:
            return tuple(int(part) for part in self.cleaned_data["buckets"].split(","))
        except ValueError:
            raise forms.ValidationError("Whole numbers, such as 30,60,90,120") from None

    def clean(self) -> dict[str, Any]:
        """Hold the values against each other and against what can be asked."""
        cleaned = super().clean() or {}
        as_of, compare_to = cleaned.get("as_of"), cleaned.get("compare_to")
        for name, day in (("as_of", as_of), ("compare_to", compare_to)):
            if day and day < EARLIEST:
                self.add_error(name, f"must not be before {EARLIEST}")
        if as_of and compare_to and compare_to >= as_of:
            self.add_error("compare_to", "must be before the as-of date")
        if not self.errors:
            try:
                cleaned["question"] = _question(cleaned)
            except WrongQuestion as error:
                raise forms.ValidationError(str(error)) from None
        return cleaned

    def question(self) -> AgingQuestion:
        """Return the question of a valid form."""
        asked = self.cleaned_data["question"]
        assert isinstance(asked, AgingQuestion)  # noqa: S101  (for the type checker)
        return asked


def aging_form(
    asked: QueryDict, *, today: date, clients: Mapping[str, str], payers: Mapping[str, str]
) -> AgingForm:
    """Return the bound form of an address; what it leaves out has its default."""
    as_of = _day(asked.get("as_of", ""))
    if as_of is None or as_of < EARLIEST:
        as_of = today
    defaults = {
        "as_of": today.isoformat(),
        "compare_to": month_before(as_of).isoformat(),
        "party": "insurance",
        "basis": "service",
        "buckets": ",".join(map(str, DEFAULT_BUCKETS)),
        "by": "payer",
    }
    given = {
        name: text for name in asked if (text := asked.get(name, "").replace("\0", "").strip())
    }
    if "by" in asked:
        defaults.pop("by")  # asked for no group
    return AgingForm({**defaults, **given}, clients=clients, payers=payers)


def month_before(day: date) -> date:
    """Return the same day of the month before, its last day when there is none."""
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _question(cleaned: Mapping[str, Any]) -> AgingQuestion:
    by = [name for name in (cleaned["by"], cleaned["then_by"]) if name]
    filters = {
        name: "" if cleaned[name] == NO_VALUE else cleaned[name]
        for name in GROUP_NAMES
        if cleaned[name] and name != "client"
    }
    client_ids = None
    if cleaned["client"]:
        found = client_ids_by_code().get(cleaned["client"])
        client_ids = (found,) if found is not None else ()
    return AgingQuestion(
        as_of=cleaned["as_of"],
        by=tuple(dict.fromkeys(by)),
        basis=cleaned["basis"],
        buckets=cleaned["buckets"],
        party=cleaned["party"],
        filters=filters,
        client_ids=client_ids,
    )
