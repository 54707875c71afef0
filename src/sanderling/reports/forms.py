"""What the pages of reports are asked, from strings to values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django import forms

from sanderling.clients.queries import client_choices
from sanderling.core.kpis.frames import add_months, month_start
from sanderling.receivables.forms import DateInput
from sanderling.reports.blocks import KINDS
from sanderling.reports.models import Audience, Definition

WEEK: Final = 7


def last_month(today: date) -> tuple[date, date]:
    """Return the first and the last day of the last month that is over."""
    first = month_start(today)
    return add_months(first, -1), first - timedelta(days=1)


class DaysForm(forms.Form):
    """The days of a report, and the day at whose end it stands."""

    from_date = forms.DateField(label="From", widget=DateInput())
    to_date = forms.DateField(label="To", widget=DateInput())
    as_of = forms.DateField(
        label="As known at the end of",
        widget=DateInput(),
        required=False,
        help_text="What is open is as of this day. Empty: the last day.",
    )

    def days(self) -> dict[str, date]:
        """Return the days as making takes them."""
        values = self.cleaned_data
        return {
            "from_date": values["from_date"],
            "to_date": values["to_date"],
            "as_of": values["as_of"] or values["to_date"],
        }


class MakeForm(DaysForm):
    """Which composition, for which clients."""

    definition = forms.ChoiceField(label="Composition")
    clients = forms.MultipleChoiceField(
        label="Clients", widget=forms.SelectMultiple(attrs={"size": "8"})
    )
    provider = forms.RegexField(
        r"^[0-9]{10}$",
        label="One provider (NPI)",
        required=False,
        help_text="Empty: all of the client's.",
        error_messages={"invalid": "An NPI has ten digits."},
    )
    field_order = ("definition", "clients", "from_date", "to_date", "as_of", "provider")

    def __init__(self, *args: Any, definitions: Iterable[Definition], **more: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **more)
        self.definitions = {str(one.pk): one for one in definitions}
        _offer(self, "definition", [
            (key, f"{one.name} ({one.client.code})" if one.client else one.name)
            for key, one in self.definitions.items()
        ])  # fmt: skip
        _offer(self, "clients", client_choices())

    def client_ids(self) -> list[int]:
        """Return the clients chosen."""
        return [int(one) for one in self.cleaned_data["clients"]]


class DefinitionForm(forms.Form):
    """A composition: its name, for whom, and its blocks in order."""

    name = forms.CharField(label="Name", max_length=80)
    audience = forms.ChoiceField(label="Written for", choices=Audience.choices)
    client = forms.ChoiceField(label="Client", required=False)

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **more)
        _offer(self, "client", [("", "All clients"), *client_choices()])

    def client_id(self) -> int | None:
        """Return the client that it is for, None for all."""
        return int(self.cleaned_data["client"]) if self.cleaned_data["client"] else None


class PreviewForm(DaysForm):
    """For which client a composition is tried."""

    preview_client = forms.ChoiceField(label="Try it for")

    def __init__(self, *args: Any, **more: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **more)
        _offer(self, "preview_client", client_choices())


class LetterheadForm(forms.Form):
    """What stands on top of reports."""

    name = forms.CharField(label="Name of the company", max_length=80, required=False)
    lines = forms.CharField(
        label="Lines under it", required=False, max_length=400,
        widget=forms.Textarea(attrs={"rows": 4}), help_text="Address, phone, at most four lines.",
    )  # fmt: skip
    color = forms.CharField(
        label="Color", required=False, max_length=7, widget=forms.TextInput(),
        help_text="Of headings and lines, such as #2f6f8f.",
    )  # fmt: skip
    logo = forms.FileField(label="Logo", required=False, help_text="PNG or JPEG, at most 512 kB.")
    without_logo = forms.BooleanField(label="No logo", required=False)


def read_blocks(data: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a QueryDict
    """Return the blocks of a posted builder: those ticked, by their place, with their options.

    Each kind has `use-<kind>`, `place-<kind>` and, where it has options, `by-`, `rows-`, `keys-`.
    """
    found = []
    for number, kind in enumerate(KINDS.values()):
        if not data.get(f"use-{kind.name}"):
            continue
        block: dict[str, Any] = {"kind": kind.name}
        if "by" in kind.options and data.get(f"by-{kind.name}"):
            block["by"] = data[f"by-{kind.name}"]
        if "rows" in kind.options and data.get(f"rows-{kind.name}"):
            text = data[f"rows-{kind.name}"]
            block["rows"] = int(text) if text.isascii() and text.isdigit() else text
        if "keys" in kind.options and data.getlist(f"keys-{kind.name}"):
            block["keys"] = data.getlist(f"keys-{kind.name}")
        text = data.get(f"place-{kind.name}", "")
        place = int(text) if text.isascii() and text.isdigit() else len(KINDS)
        found.append((place, number, block))
    return [block for _, _, block in sorted(found, key=lambda one: one[:2])]


def blocks_key(blocks: Any) -> str:  # noqa: ANN401 - JSON
    """Return blocks as text, to compare them."""
    return json.dumps(blocks, sort_keys=True)


def _offer(form: forms.Form, name: str, choices: Sequence[tuple[int | str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
    field.choices = choices
