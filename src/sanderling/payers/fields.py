"""Fields of forms in which payers are chosen."""

from __future__ import annotations

from django import forms

from sanderling.payers.models import Payer


class PayerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no class at run time
    """A payer by name."""

    def label_from_instance(self, obj: Payer) -> str:
        """Return the name."""
        return obj.name
