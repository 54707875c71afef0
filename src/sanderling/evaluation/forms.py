"""Forms of contract value: what waiting and working cost, and what is proposed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms

from sanderling.clients.fields import ClientField
from sanderling.clients.models import Client
from sanderling.contracts.actions import TERMS_MAX
from sanderling.contracts.forms import SHEET_BYTES_MAX, TermsChecked
from sanderling.contracts.importing import RateSheet
from sanderling.contracts.models import Contract
from sanderling.core.contracts.codesets import NotACode, code_set
from sanderling.core.contracts.worth import Costs
from sanderling.evaluation.actions import Change
from sanderling.payers.fields import PayerField
from sanderling.payers.models import Payer

MONEY_RATE: Final = Decimal(8)  # percent a year
TOUCH_DOLLARS: Final = Decimal(6)
TITLE_MAX: Final = 120
CODES_MAX: Final = 500
TOP_MAX: Final = 500


class CostsForm(forms.Form):
    """The user's own figures; nobody else can know them."""

    rate = forms.DecimalField(
        label="Cost of money, % a year", min_value=0, max_value=50, decimal_places=2,
        required=False,
    )  # fmt: skip
    touch = forms.DecimalField(
        label="Cost of a touch, dollars", min_value=0, max_value=500, decimal_places=2,
        required=False,
    )  # fmt: skip

    @staticmethod
    def defaults() -> Costs:
        """Return the figures that hold until the user states others."""
        return Costs(money_rate=MONEY_RATE / 100, touch_cents=int(TOUCH_DOLLARS * 100))

    def costs(self) -> Costs:
        """Return the figures; those left out are the defaults."""
        said = self.cleaned_data
        rate = MONEY_RATE if said.get("rate") is None else said["rate"]
        touch = TOUCH_DOLLARS if said.get("touch") is None else said["touch"]
        return Costs(money_rate=rate / 100, touch_cents=int(touch * 100))


class SeveralForm(forms.Form):
    """All contracts of a payer, of a client, or those of both, and by how much they change."""

    payer = PayerField(queryset=Payer.objects.none(), required=False, empty_label="any payer")
    client = ClientField(queryset=Client.objects.none(), required=False, empty_label="any client")
    title = forms.CharField(label="Name", max_length=TITLE_MAX, required=False)
    percent = forms.DecimalField(
        label="Change of rates, %", min_value=-99, max_value=500, decimal_places=4,
        help_text="5 is five percent more, -3 three percent less.",
    )  # fmt: skip
    codes = forms.CharField(
        label="Only these codes", max_length=CODES_MAX, required=False,
        help_text="99213, 70010-79999, J*; empty: everything the contracts state.",
    )  # fmt: skip
    top = forms.IntegerField(
        label="Only the top codes", min_value=1, max_value=TOP_MAX, required=False,
        help_text="Of each contract so many codes that bring most now.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["payer"].queryset = Payer.objects.filter(  # type: ignore[attr-defined]
            pk__in=Contract.objects.values("payer_id")
        ).order_by("name")
        self.fields["client"].queryset = Client.objects.order_by("code")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a question about nothing in particular, and two selections of codes."""
        said = super().clean() or self.cleaned_data
        if said.get("codes") and said.get("top"):
            self.add_error("top", "State codes or a number of top codes, not both.")
        if not self.errors and not (said.get("payer") or said.get("client")):
            self.add_error(None, "Choose a payer or a client.")
        try:
            code_set(str(said.get("codes", "")).replace(",", " ").split())
        except NotACode as error:
            self.add_error("codes", f"{error} is no code, range (70010-79999) or beginning (J*).")
        return said

    def change(self) -> Change:
        """Return what is proposed."""
        said = self.cleaned_data
        return Change(percent=said["percent"], codes=said["codes"].strip(), top=said["top"])


class WhatIfForm(TermsChecked):
    """Which version, and what is proposed in its place."""

    version = forms.TypedChoiceField(label="Contract", coerce=int)
    title = forms.CharField(label="Name", max_length=TITLE_MAX, required=False)
    percent = forms.DecimalField(
        label="Change of rates, %", min_value=-99, max_value=500, decimal_places=4, required=False,
        help_text="5 is five percent more, -3 three percent less.",
    )  # fmt: skip
    codes = forms.CharField(
        label="Only these codes", max_length=CODES_MAX, required=False,
        help_text="99213, 70010-79999, J*; empty: everything the contract states.",
    )  # fmt: skip
    top = forms.IntegerField(
        label="Only the top codes", min_value=1, max_value=TOP_MAX, required=False,
        help_text="So many codes that bring most now.",
    )  # fmt: skip
    sheet = forms.FileField(label="Proposed fee schedule (CSV, XLSX)", required=False)
    terms = forms.CharField(
        label="Proposed terms (TOML)",
        max_length=TERMS_MAX,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "terms-text"}),
    )

    def __init__(self, *args: Any, versions: list[tuple[int, str]], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = [("", "Choose a contract"), *versions]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a question without a proposal, and two selections of codes."""
        said = super().clean() or self.cleaned_data
        if said.get("codes") and said.get("top"):
            self.add_error("top", "State codes or a number of top codes, not both.")
        if said.get("percent") is None and (said.get("codes") or said.get("top")):
            self.add_error("percent", "State by how many percent these codes change.")
        sheet = said.get("sheet")
        if sheet is not None and sheet.size > SHEET_BYTES_MAX:
            self.add_error("sheet", "The file is too large.")
        if said.get("percent") is None and not sheet and not str(said.get("terms", "")).strip():
            self.add_error("percent", "Propose a percentage, a fee schedule or terms.")
        return said

    def change(self) -> Change:
        """Return what is proposed."""
        said = self.cleaned_data
        sheet = said["sheet"]
        return Change(
            percent=said["percent"],
            codes=said["codes"].strip(),
            top=said["top"],
            terms=said["terms"] if said["terms"].strip() else "",
            sheet=RateSheet("proposed", sheet.read()) if sheet else None,
        )
