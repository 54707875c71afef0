"""The form that reports an issue."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms

from sanderling.accounts.models import User
from sanderling.clients.fields import ClientsField
from sanderling.clients.models import Client
from sanderling.core.barriers.words import CATEGORIES
from sanderling.core.trends.findings import ANY_OF
from sanderling.core.trends.outcomes import AXES
from sanderling.core.trends.words import team_of, title_of
from sanderling.issues.forms import TEAMS
from sanderling.issues.models import IssueReport, Kind
from sanderling.issues.reports import described
from sanderling.payers.fields import PayerField
from sanderling.payers.models import Payer

AXIS_WORDS: Final = {
    "day": "the payer's decision",
    "service_date": "the service",
    "sent_date": "the sending",
}
CODES_MAX: Final = 10
_SEPARATORS: Final = re.compile(r"[\s,;]+(?:or[\s,;]+)?", re.IGNORECASE)
# What a code of each field looks like, and an example.
_CODES: Final = {
    "carc": (
        re.compile(r"[A-Z]{2}-[A-Z]?\d{1,3}|[A-Z]\d[A-Z]?:\d{1,4}"),
        "CO-197 (rejection: A7:21)",
    ),
    "rarc": (re.compile(r"[A-Z]{1,2}\d{1,4}"), "N517"),
    "procedure": (re.compile(r"[A-Z0-9]{5}"), "20610"),
    "modifier": (re.compile(r"[A-Z0-9]{2}"), "25"),
}
# Which fields a kind of issue knows.
_REASONS: Final = ("carc", "rarc", "category")
_OF_LINES: Final = ("procedure", "modifier")
_KNOWN: Final = {
    Kind.DENIAL: (*_REASONS, *_OF_LINES),
    Kind.DOCUMENTATION_HOLD: ("carc", "rarc", *_OF_LINES),
    Kind.REJECTION: ("carc",),
    Kind.UNDERPAYMENT: _OF_LINES,
}
_DIMENSIONS: Final = (*_REASONS, *_OF_LINES, "provider", "location", "plan")


class ReportForm(forms.Form):
    """What goes wrong, for whom, since when, and why that may be."""

    kind = forms.ChoiceField(choices=Kind, label="What happens")
    payer = PayerField(
        queryset=Payer.objects.none(), required=False, label="Payer", empty_label="any"
    )
    clients = ClientsField(
        queryset=Client.objects.none(),
        required=False,
        label="Clients",
        widget=forms.SelectMultiple(attrs={"size": 5}),
        help_text="Several with Ctrl. None chosen: all that you see.",
    )
    carc = forms.CharField(
        max_length=120,
        required=False,
        label="Reasons",
        help_text="Group and code, several with commas: CO-16, CO-252. A rejection's: A7:21.",
    )
    rarc = forms.CharField(max_length=120, required=False, label="Remarks")
    category = forms.ChoiceField(
        choices=[("", "any"), *CATEGORIES.items()], required=False, label="Kind of denial"
    )
    procedure = forms.CharField(max_length=120, required=False, label="Procedures")
    modifier = forms.CharField(max_length=40, required=False, label="Modifiers")
    provider = forms.CharField(max_length=10, required=False, label="Rendering NPI")
    location = forms.CharField(max_length=80, required=False, label="Place")
    plan = forms.CharField(max_length=80, required=False, label="Plan")
    since_date = forms.DateField(label="Since", widget=forms.DateInput(attrs={"type": "date"}))
    axis = forms.ChoiceField(
        choices=[(name, AXIS_WORDS[name]) for name in AXES], label="That is the day of"
    )
    hypothesis = forms.CharField(
        max_length=2_000,
        label="What seems to be behind it",
        help_text="Names no patient and no client: whoever sees one of its clients reads it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    title = forms.CharField(
        max_length=120,
        required=False,
        label="Title",
        help_text="Empty: made of the codes. Clients read it once it is confirmed.",
    )
    team = forms.ChoiceField(
        choices=[("", "as its kind says"), *TEAMS], required=False, label="Team"
    )

    def __init__(self, *args: object, user: User, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]  # as Form's
        self.user = user
        clients, payer = self.fields["clients"], self.fields["payer"]
        assert isinstance(clients, ClientsField)  # noqa: S101 - declared above
        assert isinstance(payer, PayerField)  # noqa: S101
        clients.queryset = Client.objects.order_by("code")
        payer.queryset = Payer.objects.order_by("name")

    def clean(self) -> dict[str, Any]:
        """Read the codes; refuse what the kind does not know, and what is about everything."""
        values = super().clean() or self.cleaned_data
        for name, (form, example) in _CODES.items():
            if values.get(name):
                self._read_codes(name, form, example)
        kind = values.get("kind")
        for name in (*_REASONS, *_OF_LINES):
            if kind and values.get(name) and name not in _KNOWN.get(Kind(kind), ()):
                self.add_error(name, f"{Kind(kind).label} are not counted by this; leave it empty.")
        narrow = any(values.get(name) for name in ("payer", "clients", *_DIMENSIONS))
        if not narrow and not self.errors:
            self.add_error(None, "Say whose claims: a payer, clients or a code.")
        return values

    def _read_codes(self, name: str, form: re.Pattern[str], example: str) -> None:
        codes = sorted(
            {one.upper() for one in _SEPARATORS.split(self.cleaned_data[name].strip()) if one}
        )
        if len(codes) > CODES_MAX:
            self.add_error(name, f"At most {CODES_MAX} codes.")
        elif not all(form.fullmatch(one) for one in codes):
            self.add_error(name, f"Write codes like {example}, several with commas.")
        else:
            self.cleaned_data[name] = ANY_OF.join(codes)

    def report(self) -> dict[str, Any]:
        """Return the fields of a report."""
        values = self.cleaned_data
        chosen = [one.pk for one in values["clients"]]
        dimensions = {name: values[name].strip() for name in _DIMENSIONS if values[name]}
        payer_id = values["payer"].pk if values["payer"] else None
        client_ids = chosen or list(Client.objects.order_by("pk").values_list("pk", flat=True))
        is_every = not chosen and self.user.sees_all_clients
        description = described(
            values["kind"], payer_id, [] if is_every else client_ids, dimensions
        )
        return {
            "kind": values["kind"],
            "payer_id": payer_id,
            "client_ids": client_ids,
            "is_every_client": is_every,
            "dimensions": dimensions,
            "since_date": values["since_date"],
            "axis": values["axis"],
            "title": values["title"].strip() or title_of(description),
            "hypothesis": values["hypothesis"].strip(),
            "team": values["team"] or team_of(description, values["category"]),
        }


def filled_in(report: IssueReport) -> dict[str, Any]:
    """Return the form's values of a report, to say it again otherwise."""
    return {
        **report.dimensions,
        "kind": report.kind,
        "payer": report.payer_id,
        "clients": [] if report.is_every_client else report.client_ids,
        "since_date": report.since_date,
        "axis": report.axis,
        "hypothesis": report.hypothesis,
        "team": report.team,
    }
