"""Forms of contracts: a new version from a sheet, terms, names, withdrawal, filters."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from sanderling.clients.models import Client
from sanderling.contracts.actions import TERMS_MAX, TEXT_MAX
from sanderling.contracts.claim_lines import BilledLine
from sanderling.contracts.models import ReferenceKind
from sanderling.contracts.rate_sheets import Columns
from sanderling.contracts.reference_loading import NAME_MAX, NewReference
from sanderling.core.contracts.terms_toml import parse_terms
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer

PLAN_MAX: Final = 80
LINES_BY_HAND: Final = 6
SHEET_BYTES_MAX: Final = 3 * 2**20  # about 100,000 rates; larger ones by the command line
FIELD_TITLES: Final = {
    "code": "Code",
    "modifier": "Modifier",
    "place_of_service": "Place of service",
    "allowed": "Allowed, in dollars",
    "allowed_cents": "Allowed, in cents",
}


class DateInput(forms.DateInput):
    """A day as browsers ask for it."""

    input_type = "date"


def _terms_field(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label="Terms (TOML)",
        max_length=TERMS_MAX,
        required=required,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "terms-text"}),
    )


class TermsChecked(forms.Form):
    """A form with terms: what cannot be read is an error of the field."""

    def clean_terms(self) -> str:
        """Refuse terms that cannot be read."""
        text = str(self.cleaned_data["terms"]).replace("\r\n", "\n")
        try:
            parse_terms(text)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
        return text


def _offer_parties(form: forms.Form) -> None:
    """Offer the clients and payers that the session may see."""
    form.fields["client"].choices = [  # type: ignore[attr-defined]
        ("", "Choose a client"),
        *(
            (pk, f"{code} · {name}")
            for pk, code, name in Client.objects.order_by("code").values_list("pk", "code", "name")
        ),
    ]
    form.fields["payer"].choices = [  # type: ignore[attr-defined]
        ("", "Choose a payer"),
        *(
            (pk, f"{name} ({payer_id})")
            for pk, payer_id, name in Payer.objects.order_by("name", "pk").values_list(
                "pk", "payer_id", "name"
            )
        ),
    ]


class UploadForm(TermsChecked):
    """A payer's fee schedule: whose, from when, and the file."""

    client = forms.TypedChoiceField(label="Client", coerce=int)
    payer = forms.TypedChoiceField(label="Payer", coerce=int)
    plan = forms.CharField(
        label="Plan, product or network",
        max_length=PLAN_MAX,
        required=False,
        help_text="As claims name it; empty: any.",
    )
    from_date = forms.DateField(label="First day of service", widget=DateInput())
    to_date = forms.DateField(
        label="Last day", widget=DateInput(), required=False, help_text="Empty: open."
    )
    file = forms.FileField(
        label="Fee schedule (CSV or XLSX)",
        help_text="Any columns in any order; the next page shows how they are read.",
    )
    terms_file = forms.FileField(label="Terms file (TOML)", required=False)
    terms = _terms_field(required=False)
    note = forms.CharField(label="Note", max_length=TEXT_MAX, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """Offer the clients and payers that the session may see."""
        super().__init__(data, files, initial=initial)
        _offer_parties(self)

    def clean_file(self) -> Any:  # noqa: ANN401 - what Django hands over
        """Refuse a file that is too large to be looked at on a page."""
        sent = self.cleaned_data["file"]
        if sent.size > SHEET_BYTES_MAX:
            raise forms.ValidationError(
                f"The file is larger than {SHEET_BYTES_MAX // 2**20} MB: load it with"
                " sanderling contracts import."
            )
        return sent

    def clean(self) -> dict[str, Any]:
        """Take the terms from the file where one was sent, and check the order of the days."""
        values = super().clean() or self.cleaned_data
        sent = values.get("terms_file")
        if sent is not None:
            if sent.size > TERMS_MAX:
                self.add_error("terms_file", "The file is too large for terms.")
            else:
                try:
                    text = sent.read().decode("utf-8-sig").replace("\r\n", "\n")
                    parse_terms(text)
                    values["terms"] = text
                except UnicodeDecodeError:
                    self.add_error("terms_file", "The file is no text; save it as UTF-8.")
                except Refusal as refusal:
                    self.add_error("terms_file", refusal.sentence)
        begin, end = values.get("from_date"), values.get("to_date")
        if begin and end and end < begin:
            self.add_error("to_date", "The last day is before the first.")
        return values


class MappingForm(forms.Form):
    """Which column of a sheet is which field."""

    mapping_name = forms.CharField(
        label="Keep this reading under a name",
        max_length=PLAN_MAX,
        required=False,
        help_text="The next sheet with the same header is read the same way without asking.",
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        headers: list[str],
        columns: Columns | None,
        mapping_name: str = "",
    ) -> None:
        """Offer the headers for each field, with what was understood chosen."""
        super().__init__(data, initial={"mapping_name": mapping_name})
        choices = [("", "not in the sheet"), *((text, text) for text in headers)]
        for name, title in FIELD_TITLES.items():
            at = columns.places.get(name) if columns else None
            self.fields[name] = forms.ChoiceField(
                label=title,
                choices=choices,
                required=False,
                initial=columns.headers[at] if columns and at is not None else "",
            )
        self.order_fields([*FIELD_TITLES, "mapping_name"])

    def given(self) -> dict[str, str]:
        """Return field -> header of what was chosen."""
        return {name: self.cleaned_data[name] for name in FIELD_TITLES if self.cleaned_data[name]}

    def clean(self) -> dict[str, Any]:
        """Refuse a header for two fields."""
        values = super().clean() or self.cleaned_data
        chosen = [values.get(name) for name in FIELD_TITLES if values.get(name)]
        if len(set(chosen)) < len(chosen):
            raise forms.ValidationError("One column cannot be two things: choose another.")
        if values.get("allowed") and values.get("allowed_cents"):
            raise forms.ValidationError("Choose the amount in dollars or in cents, not both.")
        return values


class TermsForm(TermsChecked):
    """New terms of a version: they make a version of their own."""

    terms = _terms_field(required=False)
    from_date = forms.DateField(
        label="In force from",
        widget=DateInput(),
        help_text="The version's own first day corrects it; a later day begins a new version.",
    )
    note = forms.CharField(label="Why", max_length=TEXT_MAX, required=False)


class DescriptionForm(forms.Form):
    """What a contract is called, and where its document lies."""

    name = forms.CharField(label="Name", max_length=200, required=False)
    reference = forms.CharField(
        label="Document",
        max_length=500,
        required=False,
        help_text="Its number, and where it lies.",
    )
    note = forms.CharField(
        label="Note", max_length=TEXT_MAX, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class WithdrawalForm(forms.Form):
    """Taking a version back."""

    note = forms.CharField(label="Why it is withdrawn", max_length=TEXT_MAX)


class ReferenceForm(forms.Form):
    """A public schedule that contracts are a percentage of."""

    name = forms.CharField(
        label="Name", max_length=NAME_MAX, help_text="As terms call it, such as medicare."
    )
    kind = forms.ChoiceField(label="What it holds", choices=ReferenceKind.choices)
    year = forms.IntegerField(label="Year", min_value=1992, max_value=2200)
    from_date = forms.DateField(
        label="First day", widget=DateInput(), required=False, help_text="Empty: January 1."
    )
    conversion_factor = forms.DecimalField(
        label="Conversion factor",
        min_value=0,
        max_digits=10,
        decimal_places=4,
        required=False,
        help_text="Of relative values: dollars for one unit.",
    )
    anesthesia_factor = forms.DecimalField(
        label="Anesthesia factor", min_value=0, max_digits=10, decimal_places=4, required=False
    )
    file = forms.FileField(label="File (CSV or XLSX)")

    def clean_file(self) -> Any:  # noqa: ANN401 - what Django hands over
        """Refuse a file that is too large for a page."""
        sent = self.cleaned_data["file"]
        if sent.size > SHEET_BYTES_MAX:
            raise forms.ValidationError(
                f"The file is larger than {SHEET_BYTES_MAX // 2**20} MB: load it with"
                " sanderling contracts reference."
            )
        return sent

    def said(self) -> NewReference:
        """Return which schedule the file is."""
        values = self.cleaned_data
        return NewReference(
            values["name"],
            ReferenceKind(values["kind"]),
            values["year"],
            values["from_date"],
            values["conversion_factor"],
            values["anesthesia_factor"],
        )


class CalculatorForm(forms.Form):
    """Lines to be priced by hand; a line without a code is left out."""

    client = forms.TypedChoiceField(label="Client", coerce=int)
    payer = forms.TypedChoiceField(label="Payer", coerce=int)
    plan = forms.CharField(label="Plan, product or network", max_length=PLAN_MAX, required=False)
    on_date = forms.DateField(label="Day of service", widget=DateInput())
    kind = forms.ChoiceField(
        label="Kind", choices=[("P", "Professional"), ("I", "Institutional"), ("D", "Dental")]
    )

    def __init__(
        self, data: QueryDict | None = None, *, initial: dict[str, Any] | None = None
    ) -> None:
        """Offer clients and payers, and rows for lines."""
        super().__init__(data, initial=initial)
        _offer_parties(self)
        for number in self.numbers():
            self.fields[f"code_{number}"] = forms.RegexField(
                r"^\s*[0-9A-Za-z]{3,5}\s*$", label="Code", required=number == 1, max_length=7
            )
            self.fields[f"modifiers_{number}"] = forms.RegexField(
                r"^[0-9A-Za-z]{2}([ ,:][0-9A-Za-z]{2}){0,3}$", label="Modifiers", required=False
            )
            self.fields[f"place_{number}"] = forms.RegexField(
                r"^[0-9]{2}$", label="Place", required=False, initial="11" if number == 1 else ""
            )
            self.fields[f"units_{number}"] = forms.DecimalField(
                label="Units", required=False, min_value=Decimal("0.001"), max_digits=9
            )
            self.fields[f"charge_{number}"] = forms.DecimalField(
                label="Charge",
                required=False,
                min_value=0,
                max_value=Decimal(10_000_000),
                decimal_places=2,
            )

    @staticmethod
    def numbers() -> range:
        """Return the numbers of the rows."""
        return range(1, LINES_BY_HAND + 1)

    def head(self) -> list[forms.BoundField]:
        """Return the fields above the lines."""
        return [self[name] for name in ("client", "payer", "plan", "on_date", "kind")]

    def rows(self) -> list[list[forms.BoundField]]:
        """Return the fields of each line."""
        names = ("code", "modifiers", "place", "units", "charge")
        return [[self[f"{name}_{number}"] for name in names] for number in self.numbers()]

    def lines(self) -> tuple[list[BilledLine], frozenset[int]]:
        """Return the lines that have a code, and the numbers of those without a charge."""
        values = self.cleaned_data
        lines: list[BilledLine] = []
        bare: set[int] = set()
        for number in self.numbers():
            code = values.get(f"code_{number}", "").strip().upper()
            if not code:
                continue
            charge = values.get(f"charge_{number}")
            if charge is None:
                bare.add(number)
            is_revenue = values["kind"] == "I" and code.isdigit() and len(code) <= 4  # noqa: PLR2004
            lines.append(
                BilledLine(
                    line=number,
                    procedure="" if is_revenue else code,
                    modifiers=re.sub(r"[ ,]", ":", values.get(f"modifiers_{number}", "")).upper(),
                    revenue_code=code.zfill(4) if is_revenue else "",
                    place_of_service=values.get(f"place_{number}") or "11",
                    units=float(values.get(f"units_{number}") or 1),
                    charge_cents=int(charge.scaleb(2)) if charge is not None else 0,
                    service_date=values["on_date"],
                )
            )
        return lines, frozenset(bare)
