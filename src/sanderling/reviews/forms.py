"""What the pages of reviews are told."""

from __future__ import annotations

from datetime import time
from typing import Any, Final
from uuid import uuid4

from django import forms

from sanderling.accounts.models import User
from sanderling.clients.fields import ClientsField
from sanderling.clients.models import Client
from sanderling.core.reviews.agenda import MINUTES
from sanderling.issues.forms import PersonField
from sanderling.reviews.meeting import ASSIGN, TEXT_MAX, WITH_CLAIMS
from sanderling.reviews.models import EntryKind, Series, Weekday, Zone

WHOLE_BOOK: Final = "book"
CHOSEN: Final = "chosen"


class PeopleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # none at run time
    """People by name."""

    def label_from_instance(self, obj: User) -> str:
        """Return name and role."""
        return f"{obj.name} · {obj.get_role_display()}"


def staff() -> Any:  # noqa: ANN401 - a query of users
    """Return who can be invited: everybody but clients' own people."""
    return User.objects.filter(is_active=True).exclude(role="client_user").order_by("name", "pk")


class SeriesForm(forms.Form):
    """When, where and with whom a review is held."""

    name = forms.CharField(max_length=120, label="Name")
    weekday = forms.TypedChoiceField(
        choices=Weekday, coerce=int, initial=Weekday.MONDAY, label="Every"
    )
    starts_at = forms.TimeField(
        label="At", initial=time(10), widget=forms.TimeInput(attrs={"type": "time"})
    )
    time_zone = forms.ChoiceField(choices=Zone, initial=Zone.EASTERN, label="Time zone")
    minutes = forms.IntegerField(
        min_value=15,
        max_value=240,
        initial=MINUTES,
        label="Minutes",
        help_text=f"The usual agenda takes {MINUTES}.",
    )
    place = forms.CharField(
        max_length=300, required=False, label="Place", help_text="A room, or the address of a call."
    )
    people = PeopleField(
        queryset=User.objects.none(),
        required=False,
        label="People",
        widget=forms.SelectMultiple(attrs={"size": 7}),
        help_text="Several with Ctrl. Only who sees all its clients is told of it and invited.",
    )

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]  # as Form's
        people = self.fields["people"]
        assert isinstance(people, PeopleField)  # noqa: S101 - declared above
        people.queryset = staff()

    def values(self) -> dict[str, Any]:
        """Return the fields of a series."""
        names = ("name", "weekday", "starts_at", "time_zone", "minutes", "place")
        found = {name: self.cleaned_data[name] for name in names}
        people = sorted(one.pk for one in self.cleaned_data["people"])
        return {**found, "people": people}


class NewSeriesForm(SeriesForm):
    """With the clients: they do not change later."""

    scope = forms.ChoiceField(
        choices=[(WHOLE_BOOK, "The whole book"), (CHOSEN, "These clients:")],
        widget=forms.RadioSelect,
        label="Over",
        initial=CHOSEN,
    )
    clients = ClientsField(
        queryset=Client.objects.none(),
        required=False,
        label="Clients",
        widget=forms.SelectMultiple(attrs={"size": 7}),
        help_text="Several with Ctrl. Who does not see all of them does not see the review.",
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: object, sees_all: bool, **named: object) -> None:
        super().__init__(*args, **named)
        clients, scope = self.fields["clients"], self.fields["scope"]
        assert isinstance(clients, ClientsField)  # noqa: S101 - declared above
        assert isinstance(scope, forms.ChoiceField)  # noqa: S101
        clients.queryset = Client.objects.order_by("code")
        if not sees_all:
            scope.choices = [(CHOSEN, "These clients:")]
        self.order_fields(["name", "scope", "clients"])

    @property
    def is_whole_book(self) -> bool:
        """Say whether it is over all clients."""
        return bool(self.cleaned_data["scope"] == WHOLE_BOOK)

    def client_ids(self) -> list[int]:
        """Return the clients of the series as they are now."""
        if self.is_whole_book:
            return list(Client.objects.order_by("pk").values_list("pk", flat=True))
        return [one.pk for one in self.cleaned_data["clients"]]

    def clean(self) -> dict[str, Any]:
        """Refuse no clients."""
        values = super().clean() or self.cleaned_data
        if values.get("scope") == CHOSEN and not values.get("clients"):
            self.add_error("clients", "Choose at least one client.")
        return values


def filled_in(series: Series) -> dict[str, object]:
    """Return the form's values of a series."""
    names = ("name", "weekday", "starts_at", "time_zone", "minutes", "place", "people")
    return {name: getattr(series, name) for name in names}


class EntryForm(forms.Form):
    """A decision or a note."""

    item = forms.CharField(widget=forms.HiddenInput)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    kind = forms.ChoiceField(choices=EntryKind, initial=EntryKind.DECISION, label="What")
    text = forms.CharField(
        max_length=TEXT_MAX, label="Words", widget=forms.Textarea(attrs={"rows": 2})
    )


class ActionForm(forms.Form):
    """Who does what by when."""

    item = forms.CharField(widget=forms.HiddenInput)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    text = forms.CharField(
        max_length=TEXT_MAX, label="What is done", widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = PersonField(queryset=User.objects.none(), label="Who", empty_label="choose")
    due_date = forms.DateField(label="By", widget=forms.DateInput(attrs={"type": "date"}))
    with_claims = forms.ChoiceField(
        choices=list(WITH_CLAIMS.items()), initial=ASSIGN, required=False, label="Ticked claims"
    )

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]  # as Form's
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)  # noqa: S101 - declared above
        owner.queryset = staff()


class EndForm(forms.Form):
    """What came of an action."""

    state = forms.CharField()
    result = forms.CharField(max_length=TEXT_MAX, required=False)


def fresh_key() -> str:
    """Return the key of a form that is shown: sent twice it is written once."""
    return uuid4().hex
