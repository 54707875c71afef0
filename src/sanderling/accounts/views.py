"""Pages where an administrator makes users and assigns clients."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.actions import UserRefused, assign_clients, change_user, create_user
from sanderling.accounts.forms import NewUserForm, UserForm
from sanderling.accounts.models import User
from sanderling.accounts.permissions import requires
from sanderling.clients.queries import client_choices

UNPROCESSABLE = 422


@require_GET
@requires("users.edit")
def users(request: HttpRequest) -> HttpResponse:
    """List all users."""
    found = User.objects.annotate(clients=Count("assignments")).order_by("name", "pk")
    return render(request, "accounts/users.html", {"users": found})


@require_http_methods(["GET", "POST"])
@requires("users.edit")
def new_user(request: HttpRequest) -> HttpResponse:
    """Make a user."""
    form = NewUserForm(data=request.POST or None, clients=client_choices())
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            user = create_user(
                email=values["email"],
                name=values["name"],
                role=values["role"],
                password=values["password"],
                client_ids=values["clients"],
                sees_all_clients=values["sees_all_clients"],
                teams=values["teams"],
            )
        except UserRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{user.name} can log in now.")
            return redirect("users")
    return _form_page(request, form, title="New user")


@require_http_methods(["GET", "POST"])
@requires("users.edit")
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """Change a user's role and clients."""
    person = get_object_or_404(User, pk=user_id)
    form = UserForm(
        data=request.POST or None,
        clients=client_choices(),
        initial={
            "name": person.name,
            "role": person.role,
            "is_active": person.is_active,
            "sees_all_clients": person.sees_all_clients,
            "teams": person.teams,
            "clients": list(person.assignments.values_list("client_id", flat=True)),
        },
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        change_user(
            user=person,
            name=values["name"],
            role=values["role"],
            is_active=values["is_active"],
            sees_all_clients=values["sees_all_clients"],
            teams=values["teams"],
        )
        assign_clients(user=person, client_ids=values["clients"])
        messages.success(request, f"{person.name} was changed.")
        return redirect("users")
    return _form_page(request, form, title=person.name)


def _form_page(request: HttpRequest, form: UserForm, *, title: str) -> HttpResponse:
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "accounts/user.html", {"form": form, "title": title}, status=status)
