"""What the pages about next payers were asked or told, from strings to values."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from sanderling.core.resubmission.msp import TYPES
from sanderling.core.resubmission.next_payer import Supplied
from sanderling.resubmission.secondary_actions import RELATIONSHIPS

# SBR09, the usual ones first.
INSURANCE: Final = {
    "CI": "Commercial",
    "BL": "Blue Cross Blue Shield",
    "HM": "HMO",
    "12": "PPO",
    "MB": "Medicare Part B",
    "MA": "Medicare Part A",
    "16": "Medicare Advantage HMO",
    "MC": "Medicaid",
    "CH": "TRICARE",
    "VA": "Veterans Affairs",
    "FI": "Federal employees",
    "WC": "Workers' compensation",
    "AM": "Automobile medical",
    "LM": "Liability medical",
    "OF": "Other federal",
    "11": "Other non-federal",
    "13": "Point of service",
    "14": "EPO",
    "15": "Indemnity",
    "ZZ": "Other",
}


class MspForm(forms.Form):
    """Why Medicare is not the first payer."""

    msp_type = forms.ChoiceField(
        label="Why Medicare comes second",
        choices=[("", "Choose"), *((code, f"{code} {text}") for code, text in TYPES.items())],
        error_messages={"required": "Choose why Medicare comes second."},
    )


class CoverageForm(forms.Form):
    """A coverage that the claim as sent does not name fully."""

    payer_name = forms.CharField(label="Payer", max_length=60)
    payer_id = forms.CharField(label="Electronic payer id", max_length=80)
    member_id = forms.CharField(label="Member id", max_length=80)
    filing_indicator = forms.ChoiceField(
        label="Kind of insurance", choices=[("", "Choose"), *INSURANCE.items()]
    )
    group_number = forms.CharField(label="Group number", max_length=50, required=False)
    relationship = forms.ChoiceField(
        label="The patient is", choices=list(RELATIONSHIPS.items()), initial="18"
    )
    subscriber_last_name = forms.CharField(
        label="Insured's last name", max_length=60, required=False,
        help_text="Only when the patient is not the insured.",
    )  # fmt: skip
    subscriber_first_name = forms.CharField(
        label="Insured's first name", max_length=35, required=False
    )

    def supplied(self) -> Supplied:
        """Return what was told; the form is valid."""
        values: dict[str, Any] = self.cleaned_data
        return Supplied(**{name: str(value).strip() for name, value in values.items()})
