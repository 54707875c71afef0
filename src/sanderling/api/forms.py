"""Forms of the API page: strings to values, nothing more."""

from __future__ import annotations

from django import forms

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.api.models import Scope
from sanderling.news.actions import KINDS


class DayInput(forms.DateInput):
    """A day picker that says days as 2026-03-05."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no such thing at run time
    """A choice of people, each with the role."""

    def label_from_instance(self, obj: User) -> str:
        """Return "Ann Lee (Specialist)"."""
        return f"{obj.name} ({Role(obj.role).label})"


class TokenForm(forms.Form):
    """What a new token is for, whose it is, what it may and sees."""

    name = forms.CharField(
        max_length=100, help_text="What uses it, such as: nightly export to the billing system."
    )
    owner = PersonField(
        queryset=User.objects.none(),
        help_text="The token acts as this person: with the role's permissions and clients.",
    )
    scope = forms.ChoiceField(choices=Scope.choices, label="May")
    clients = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Only these clients",
        help_text="None chosen: all that the owner sees.",
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )
    last_date = forms.DateField(
        required=False, label="Last day", widget=DayInput(), help_text="Empty: until it is revoked."
    )

    def __init__(
        self, *, data: object = None, clients: list[tuple[int, str]], **options: object
    ) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed through
        owner = self.fields["owner"]
        assert isinstance(owner, PersonField)  # noqa: S101 - declared above
        owner.queryset = User.objects.filter(is_active=True).order_by("name", "pk")
        field = self.fields["clients"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 - declared above
        field.choices = clients


class WebhookForm(forms.Form):
    """Where events go, which ones, and whose."""

    name = forms.CharField(max_length=100)
    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="Begins with https://; it gets a POST for each event.",
        widget=forms.URLInput(),
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind, f"{kind}: {words}") for kind, words in KINDS.items()],
        label="Events",
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    clients = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Only of these clients",
        help_text="None chosen: all that you see.",
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )

    def __init__(
        self, *, data: object = None, clients: list[tuple[int, str]], **options: object
    ) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed through
        field = self.fields["clients"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 - declared above
        field.choices = clients
