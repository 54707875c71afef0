"""Pages of codes: the list with our use of each, one code, and its overrides."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import requires
from sanderling.codes import code_page, listing, use
from sanderling.codes.actions import RuleRefused, add_code_rule, end_code_rule
from sanderling.codes.forms import CodeFilterForm, EndForm, RuleForm
from sanderling.codes.models import CodeRule
from sanderling.codes.queries import standing_rules
from sanderling.web.downloads import FORMS, export

PAGE_CODES: Final = 50


@require_GET
@requires("codes.view")
def codes(request: HttpRequest) -> HttpResponse:
    """List the codes, those of our files first, and let the list be taken away as a file."""
    form = CodeFilterForm(request.GET)
    found = use.uses()
    rows = listing.codes(form.question(), found)
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows,
            columns=listing.COLUMNS,
            as_of=timezone.now().date(),
            totals=None,
            form=wanted,
            name="codes",
        )
    context = {
        "form": form,
        "page": Paginator(rows, PAGE_CODES).get_page(request.GET.get("page")),
        "unknown": code_page.untold_codes(found.keys()),
        "forms": FORMS,
    }
    return render(request, "codes/codes.html", context)


@require_GET
@requires("codes.view")
def code(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Show what a code means, who sends it to us, and what people decided otherwise."""
    if kind not in listing.KINDS:
        raise Http404
    form = RuleForm(initial={"kind": kind, "code": code} | _to_change(request))
    return _code_page(request, kind, code, form)


@require_POST
@requires("codes.edit")
def add_rule(request: HttpRequest) -> HttpResponse:
    """Add an override."""
    form = RuleForm(request.POST)
    kind, name = request.POST.get("kind", ""), request.POST.get("code", "")
    if kind not in listing.KINDS or not name:
        raise Http404
    if form.is_valid():
        try:
            add_code_rule(
                scope=form.scope(),
                codes=form.codes(),
                meaning=form.meaning(),
                note=form.cleaned_data["note"],
                by=_user(request),
                at=timezone.now(),
                replaces=form.cleaned_data["replaces"],
            )
        except RuleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The override stands. What was posted stays as it is.")
            return redirect("code", kind=kind, code=name)
    return _code_page(request, kind, name, form, status=422)


@require_POST
@requires("codes.edit")
def end_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """End an override: from now on it is as if it had never been."""
    rule = get_object_or_404(CodeRule, pk=pk)
    kind, name = code_page.subject(rule)
    form = EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the override ends.")
        return redirect("code", kind=kind, code=name)
    try:
        end_code_rule(
            rule=rule, note=form.cleaned_data["note"], by=_user(request), at=timezone.now()
        )
    except RuleRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The override is ended.")
    return redirect("code", kind=kind, code=name)


def _to_change(request: HttpRequest) -> dict[str, object]:
    """Return what the override to be changed says, when one was chosen and stands."""
    chosen = request.GET.get("change", "")
    rule = standing_rules().filter(pk=chosen).first() if chosen.isdecimal() else None
    return code_page.form_values(rule) if rule else {}


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _code_page(
    request: HttpRequest, kind: str, name: str, form: RuleForm, status: int = 200
) -> HttpResponse:
    may_edit = isinstance(request.user, User) and request.user.may("codes.edit")
    context = code_page.context(kind=kind, code=name) | {"form": form, "may_edit": may_edit}
    return render(request, "codes/code.html", context, status=status)
