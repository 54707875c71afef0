"""Forms about alerts: strings to values, nothing more."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.forms import BoundField

from sanderling.automation.alert_page import COMMENT_MAX
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import Preference, Target
from sanderling.automation.raising import delivery

DELIVERIES: Final = [
    ("none", "only on the page"),
    ("app", "in the app"),
    ("digest", "in the app and the daily mail"),
    ("mail", "in the app and by mail at once"),
]


class AcknowledgeForm(forms.Form):
    """What is done about an alert."""

    comment = forms.CharField(
        max_length=COMMENT_MAX,
        label="What is done about it",
        help_text="Everybody whom it concerns reads this. No patients' names.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class SnoozeForm(forms.Form):
    """Until when an alert is put aside; empty: no longer."""

    until = forms.DateField(
        label="Put aside until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class PreferenceForm(forms.Form):
    """How one hears of each kind, when the daily mail comes, and which targets one uses."""

    has_digest = forms.BooleanField(required=False, label="Mail me each day what is open")
    digest_hour = forms.TypedChoiceField(
        choices=[(str(hour), f"{hour:02d}:00 UTC") for hour in range(24)], coerce=int, label="At"
    )
    targets = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Also send new alerts to",
        help_text="Chats and pagers that an administrator has set up; others may read there, too.",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, preference: Preference, **options: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **options)
        self.initial = {
            "has_digest": preference.has_digest,
            "digest_hour": preference.digest_hour,
            "targets": preference.target_ids,
        }
        for kind, alert in ALERTS.items():
            self.fields[f"kind_{kind}"] = forms.ChoiceField(
                choices=DELIVERIES, initial=delivery(preference, kind), label=alert.title
            )
        targets = self.fields["targets"]
        assert isinstance(targets, forms.MultipleChoiceField)  # noqa: S101 - declared above
        targets.choices = [
            (str(pk), name)
            for pk, name in Target.objects.filter(is_active=True)
            .order_by("name")
            .values_list("pk", "name")
        ]

    def rows(self) -> list[tuple[BoundField, str]]:
        """Return the fields of the kinds with what each is about."""
        return [(self[f"kind_{kind}"], alert.about) for kind, alert in ALERTS.items()]

    def values(self) -> dict[str, Any]:
        """Return what was chosen; the form must be valid."""
        return {
            "has_digest": self.cleaned_data["has_digest"],
            "digest_hour": self.cleaned_data["digest_hour"],
            "target_ids": sorted(self.cleaned_data["targets"]),
            "deliveries": {kind: self.cleaned_data[f"kind_{kind}"] for kind in ALERTS},
        }


class LimitsForm(forms.Form):
    """What each kind goes by, and whether it is on."""

    def __init__(self, *args: Any, standing: dict[str, dict[str, Any]], **options: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **options)
        for kind, alert in ALERTS.items():
            self.fields[f"{kind}__on"] = forms.BooleanField(
                required=False, initial=not standing[kind]["is_off"], label=alert.title
            )
            for name, limit in alert.limits.items():
                self.fields[f"{kind}__{name}"] = forms.IntegerField(
                    min_value=1,
                    max_value=limit.largest,
                    initial=standing[kind][name],
                    label=limit.label.capitalize(),
                )

    def rows(self) -> list[tuple[BoundField, str, list[BoundField]]]:
        """Return for each kind its switch, what it is about, and its limits."""
        return [
            (
                self[f"{kind}__on"],
                alert.about,
                [self[f"{kind}__{name}"] for name in alert.limits],
            )
            for kind, alert in ALERTS.items()
        ]

    def values(self) -> dict[str, dict[str, Any]]:
        """Return the limits of each kind; the form must be valid."""
        return {
            kind: {name: self.cleaned_data[f"{kind}__{name}"] for name in alert.limits}
            | {"is_off": not self.cleaned_data[f"{kind}__on"]}
            for kind, alert in ALERTS.items()
        }


class TargetForm(forms.Form):
    """A target of Apprise: its address, or the variable that holds it."""

    name = forms.CharField(max_length=120, label="Name")
    address = forms.CharField(
        max_length=2_000,
        required=False,
        label="Address",
        help_text="As Apprise writes it, for example slack://…, mailto://…, json://host/path. Kept"
        " encrypted, never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    variable = forms.CharField(
        max_length=80,
        required=False,
        label="Or the variable that holds it",
        help_text="Begins with SANDERLING_TARGET_ and is set where the worker runs.",
    )
