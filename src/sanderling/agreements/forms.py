"""Forms about agreements: strings to terms, nothing more."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, BoundField, formset_factory

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may
from sanderling.agreements.actions import (
    NOTE_MAX,
    PERMISSION,
    HighDollarTerms,
    ScheduleTerms,
    Terms,
)
from sanderling.agreements.models import Floor
from sanderling.clients.models import Tier
from sanderling.core.barriers.words import BARRIERS
from sanderling.core.service_levels import (
    COUNT_MAX,
    GOAL_PERCENT,
    KIND_WORDS,
    UNIT_WORDS,
    Level,
    ServiceKind,
    default_level,
)
from sanderling.payers.models import Payer, PayerType

ZONES: Final = (
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Arizona"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Puerto_Rico", "Atlantic (Puerto Rico)"),
)
# As short as a column of the table.
FLOORS: Final = (
    (Floor.NONE.value, "by value"),
    (Floor.QUARTER.value, "first quarter"),
    (Floor.TENTH.value, "first tenth"),
)
DOLLARS_MAX: Final = 10**9
SCHEDULES_SHOWN: Final = 2  # empty lines below those that are filled in


class DollarsField(forms.DecimalField):
    """An amount as people type it: whole dollars or with cents."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(
            min_value=0, max_value=DOLLARS_MAX, decimal_places=2, required=False, **options
        )


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no class at run time
    """A person, shown by name."""

    def label_from_instance(self, obj: User) -> str:
        """Return the name."""
        return obj.name


def cents_of(dollars: Any) -> int | None:  # noqa: ANN401 - Decimal or None
    """Return the cents of what a DollarsField read."""
    return None if dollars is None else int(dollars * 100)


def dollars_of(cents: int | None) -> str:
    """Return an amount as the field shows it."""
    if cents is None:
        return ""
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def _name_in_cell(field: forms.Field) -> None:
    """Let a control in a table's cell, under its column's heading, be known by its label."""
    field.widget.attrs["aria-label"] = str(field.label)


class AgreementForm(forms.Form):
    """What is agreed with one client, without its schedules and high-dollar rules."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    tier = forms.ChoiceField(choices=Tier, label="Tier")
    account_manager = PersonField(
        queryset=User.objects.none(), required=False, label="Account manager", empty_label="nobody"
    )
    zone = forms.ChoiceField(
        choices=ZONES, label="Time zone", help_text="Whose business days and hours count (8 to 17)."
    )
    follow_up_days = forms.IntegerField(
        min_value=1,
        max_value=365,
        required=False,
        label="Days between touches",
        help_text="Where no schedule below says otherwise. Empty: as usual.",
    )
    high_dollar = DollarsField(
        label="High-dollar from ($)", help_text="Where no rule below says otherwise. Empty: none."
    )
    second_review = DollarsField(
        label="Write-offs need a second approver from ($)",
        help_text="0: all that a person approves. Empty: by the limits of write-offs.",
    )
    note = forms.CharField(
        max_length=NOTE_MAX,
        required=False,
        label="Why",
        help_text="Kept with this version. No patients' names.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, client_id: int, terms: Terms, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        people = self.fields["account_manager"]
        assert isinstance(people, PersonField)  # noqa: S101 - declared above
        may = [one.pk for one in who_may(PERMISSION, client_id)]
        people.queryset = User.objects.filter(pk__in=may).order_by("name")
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101 - declared above
        if terms.zone not in dict(ZONES):
            zone.choices = [*ZONES, (terms.zone, terms.zone)]
        agreed = {one.kind: one for one in terms.levels}
        self.usual = {kind.value: default_level(terms.tier, kind.value) for kind in ServiceKind}
        for kind in ServiceKind:
            own = agreed.get(kind.value)
            self.fields[f"count_{kind}"] = forms.IntegerField(
                min_value=0,
                max_value=COUNT_MAX,
                required=False,
                initial=own.count if own else None,
                label=f"{KIND_WORDS[kind]}: within",
            )
            self.fields[f"unit_{kind}"] = forms.ChoiceField(
                choices=list(UNIT_WORDS.items()),
                initial=(own or self.usual[kind.value]).unit,
                label=f"{KIND_WORDS[kind]}: of",
            )
            self.fields[f"goal_{kind}"] = forms.IntegerField(
                min_value=1,
                max_value=100,
                required=False,
                initial=own.goal_percent if own else GOAL_PERCENT,
                label=f"{KIND_WORDS[kind]}: in percent of cases",
            )
            for part in ("count", "unit", "goal"):
                _name_in_cell(self.fields[f"{part}_{kind}"])

    def own_fields(self) -> list[BoundField]:
        """Return the fields without those of service levels."""
        return [self[name] for name in self.declared_fields if name != "base"]

    def level_rows(self) -> list[dict[str, Any]]:
        """Return the fields of each kind with what is usual."""
        return [
            {
                "title": KIND_WORDS[kind],
                "usual": self.usual[kind.value].words,
                "count": self[f"count_{kind}"],
                "unit": self[f"unit_{kind}"],
                "goal": self[f"goal_{kind}"],
            }
            for kind in ServiceKind
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse hours of none."""
        values: dict[str, Any] = super().clean() or {}
        for kind in ServiceKind:
            if values.get(f"count_{kind}") == 0 and values.get(f"unit_{kind}") == "business_hours":
                self.add_error(f"count_{kind}", "At least one hour.")
        return values

    def levels(self) -> tuple[Level, ...]:
        """Return the levels that are agreed; the form must be valid."""
        values = self.cleaned_data
        return tuple(
            Level(
                kind.value,
                values[f"count_{kind}"],
                values[f"unit_{kind}"],
                is_agreed=True,
                goal_percent=values[f"goal_{kind}"] or GOAL_PERCENT,
            )
            for kind in ServiceKind
            if values[f"count_{kind}"] is not None
        )


class _LineForm(forms.Form):
    """A line of a table; left empty or ticked, it is none."""

    remove = forms.BooleanField(required=False, label="Remove")

    def __init__(self, *args: Any, payers: list[tuple[str, str]], **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        payer = self.fields["payer"]
        assert isinstance(payer, forms.ChoiceField)  # noqa: S101 - of the subclasses
        payer.choices = [("", "any payer"), *payers]
        for field in self.fields.values():
            _name_in_cell(field)

    @property
    def is_kept(self) -> bool:
        """Say whether the line says something; the form must be valid."""
        return bool(self.cleaned_data) and not self.cleaned_data.get("remove")


class ScheduleForm(_LineForm):
    """When to look at which balances."""

    payer = forms.ChoiceField(required=False, label="Payer")
    payer_type = forms.ChoiceField(
        choices=[("", "any type"), *PayerType.choices], required=False, label="Type of payer"
    )
    barrier = forms.ChoiceField(
        choices=[("", "any reason"), *BARRIERS.items()], required=False, label="Why it is open"
    )
    from_age_days = forms.IntegerField(
        min_value=0, max_value=3650, required=False, label="Age from (days)"
    )
    min_dollars = DollarsField(label="Balance from ($)")
    first_days = forms.IntegerField(min_value=0, max_value=365, label="First look after (days)")
    repeat_days = forms.IntegerField(min_value=1, max_value=365, label="Then every (days)")
    floor = forms.ChoiceField(choices=FLOORS, required=False, label="Place on the worklist")

    def clean(self) -> dict[str, Any]:
        """Refuse a payer together with a type."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("payer") and values.get("payer_type"):
            raise ValidationError("Choose a payer or a type of payer, not both.")
        return values

    def terms(self) -> ScheduleTerms:
        """Return the schedule; the form must be valid."""
        values = self.cleaned_data
        return ScheduleTerms(
            first_days=values["first_days"],
            repeat_days=values["repeat_days"],
            barrier=values["barrier"],
            payer_id=int(values["payer"]) if values["payer"] else None,
            payer_type=values["payer_type"],
            from_age_days=values["from_age_days"] or 0,
            min_cents=cents_of(values["min_dollars"]) or 0,
            floor=values["floor"],
        )


class HighDollarForm(_LineForm):
    """From which amount on a balance is high-dollar, and whose it is then."""

    payer = forms.ChoiceField(required=False, label="Payer")
    min_dollars = DollarsField(label="Balance from ($)")
    owner = PersonField(
        queryset=User.objects.none(),
        required=False,
        label="Goes to",
        empty_label="whom it finds",
    )

    def __init__(self, *args: Any, people: list[int], **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)  # noqa: S101 - declared above
        owner.queryset = User.objects.filter(pk__in=people).order_by("name")

    def clean(self) -> dict[str, Any]:
        """Ask for the amount."""
        values: dict[str, Any] = super().clean() or {}
        if self.has_changed() and not values.get("remove") and not values.get("min_dollars"):
            self.add_error("min_dollars", "Say from which amount on.")
        return values

    def terms(self) -> HighDollarTerms:
        """Return the rule; the form must be valid."""
        values = self.cleaned_data
        owner = values["owner"]
        return HighDollarTerms(
            min_cents=cents_of(values["min_dollars"]) or 0,
            payer_id=int(values["payer"]) if values["payer"] else None,
            owner_id=owner.pk if owner else None,
        )


class AgreementForms:
    """The whole page: the form and its two tables, filled in from the terms that hold."""

    def __init__(self, data: Any, *, client_id: int, terms: Terms, base: int) -> None:  # noqa: ANN401
        payers = [(str(pk), name) for pk, name in _payers()]
        people = [one.pk for one in who_may(PERMISSION, client_id)]
        self.form = AgreementForm(
            data,
            client_id=client_id,
            terms=terms,
            initial={
                "base": base,
                "tier": terms.tier,
                "account_manager": terms.account_manager_id,
                "zone": terms.zone,
                "follow_up_days": terms.follow_up_days,
                "high_dollar": dollars_of(terms.high_dollar_cents),
                "second_review": dollars_of(terms.second_review_cents),
            },
        )
        schedule_lines = formset_factory(ScheduleForm, extra=SCHEDULES_SHOWN, max_num=42)
        self.schedules: BaseFormSet[ScheduleForm] = schedule_lines(
            data,
            prefix="schedules",
            form_kwargs={"payers": payers},
            initial=[
                {
                    "payer": one.payer_id or "",
                    "payer_type": one.payer_type,
                    "barrier": one.barrier,
                    "from_age_days": one.from_age_days or None,
                    "min_dollars": dollars_of(one.min_cents or None),
                    "first_days": one.first_days,
                    "repeat_days": one.repeat_days,
                    "floor": one.floor,
                }
                for one in terms.schedules
            ],
        )
        rule_lines = formset_factory(HighDollarForm, extra=1, max_num=20)
        self.high_dollar: BaseFormSet[HighDollarForm] = rule_lines(
            data,
            prefix="high",
            form_kwargs={"payers": payers, "people": people},
            initial=[
                {
                    "payer": one.payer_id or "",
                    "min_dollars": dollars_of(one.min_cents),
                    "owner": one.owner_id,
                }
                for one in terms.high_dollar
            ],
        )

    def is_valid(self) -> bool:
        """Say whether all of it is; every part is looked at."""
        return all([self.form.is_valid(), self.schedules.is_valid(), self.high_dollar.is_valid()])

    def terms(self) -> Terms:
        """Return what the page says; it must be valid."""
        values = self.form.cleaned_data
        manager = values["account_manager"]
        return Terms(
            tier=values["tier"],
            follow_up_days=values["follow_up_days"],
            high_dollar_cents=cents_of(values["high_dollar"]),
            account_manager_id=manager.pk if manager else None,
            zone=values["zone"],
            second_review_cents=cents_of(values["second_review"]),
            levels=self.form.levels(),
            schedules=tuple(one.terms() for one in self.schedules.forms if one.is_kept),
            high_dollar=tuple(one.terms() for one in self.high_dollar.forms if one.is_kept),
        )


def _payers() -> list[tuple[int, str]]:
    """Return the payers that can be chosen, by name."""
    return list(Payer.objects.order_by("name", "pk").values_list("pk", "name"))
