"""Forms about users: strings to values, nothing more."""

from __future__ import annotations

from django import forms

from sanderling.accounts.roles import Role
from sanderling.core.codes.names import Team


class UserForm(forms.Form):
    """What a user is and may see."""

    name = forms.CharField(max_length=200)
    role = forms.ChoiceField(choices=Role.choices)
    is_active = forms.BooleanField(required=False, initial=True, label="May log in")
    sees_all_clients = forms.BooleanField(required=False, label="Sees all clients")
    teams = forms.MultipleChoiceField(
        choices=[(team.value, team.value.replace("_", " ")) for team in Team],
        required=False,
        label="Works for the teams",
        help_text="Whose tasks come into the inbox; none chosen: those of the role.",
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    clients = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Assigned clients",
        help_text="Of no effect for a user who sees all clients.",
        widget=forms.SelectMultiple(attrs={"size": 10}),
    )

    def __init__(
        self, *, data: object = None, clients: list[tuple[int, str]], **options: object
    ) -> None:
        super().__init__(data, **options)  # type: ignore[arg-type]  # passed through
        field = self.fields["clients"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 - declared above
        field.choices = clients


class NewUserForm(UserForm):
    """The same with what is given once: the address and a first password."""

    email = forms.EmailField()
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        label="First password",
        help_text="At least 12 characters; hand it over in person.",
    )
    field_order = (
        "email",
        "name",
        "role",
        "password",
        "is_active",
        "sees_all_clients",
        "clients",
        "teams",
    )
