"""Pages of payers and of deadline rules."""

from __future__ import annotations

from django.contrib import messages
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import requires
from sanderling.clients.queries import client_choices
from sanderling.core.deadlines.prompt_pay import STATE_RULED_TYPES
from sanderling.core.deadlines.published import published_limits
from sanderling.core.deadlines.rules import TYPE_NAMES
from sanderling.payers.actions import set_calling, set_state
from sanderling.payers.deadline_page import (
    OVERVIEW,
    deadlines_by_type,
    deadlines_of_payer,
    prompt_pay_terms,
    rules_set,
    shown_rule,
)
from sanderling.payers.deadline_rules import (
    RuleRefused,
    Scope,
    end_deadline_rule,
    set_deadline_rule,
    withdraw_deadline_rule,
)
from sanderling.payers.forms import (
    CallingForm,
    EndForm,
    RuleForm,
    StateForm,
    TypeRuleForm,
    WithdrawalForm,
    filled_in,
)
from sanderling.payers.models import DeadlineRule, Payer, PayerType

UNPROCESSABLE = 422


@require_GET
@requires("payers.view")
def payers(request: HttpRequest) -> HttpResponse:
    """List the payers; they are the same for all clients."""
    found = Payer.objects.prefetch_related("aliases").order_by("name", "pk")
    return render(request, "payers/payers.html", {"payers": found})


@require_GET
@requires("payers.view")
def payer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one payer: what we know of it and its deadlines.

    `?published=` names a published limit to start a rule from; one that is not known fills nothing.
    """
    found = get_object_or_404(Payer, pk=pk)
    key = request.GET.get("published", "")
    limit = next((one for one in published_limits() if one.key == key), None)
    initial = filled_in(limit) if limit else None
    return _payer_page(request, found, RuleForm(clients=client_choices(), initial=initial))


@require_POST
@requires("deadlines.edit")
def set_payer_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whose prompt-pay law binds a payer's plans."""
    found = get_object_or_404(Payer, pk=pk)
    form = StateForm(data=request.POST)
    if not form.is_valid():
        rule_form = RuleForm(clients=client_choices())
        return _payer_page(request, found, rule_form, state_form=form)
    if set_state(payer=found, state=form.cleaned_data["state"]):
        messages.success(request, "The state was set.")
    return redirect("payer", pk=found.pk)


@require_POST
@requires("deadlines.edit")
def set_payer_calling(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how a payer is reached and how many claims it takes in a call."""
    found = get_object_or_404(Payer, pk=pk)
    form = CallingForm(data=request.POST)
    if not form.is_valid():
        rule_form = RuleForm(clients=client_choices())
        return _payer_page(request, found, rule_form, calling_form=form)
    if set_calling(payer=found, **form.cleaned_data):
        messages.success(request, "How to reach the payer was changed.")
    return redirect("payer", pk=found.pk)


@require_POST
@requires("deadlines.edit")
def new_payer_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a deadline rule of one payer."""
    found = get_object_or_404(Payer, pk=pk)
    form = RuleForm(data=request.POST, clients=client_choices())
    if _is_set(request, form, payer_id=found.pk):
        return redirect("payer", pk=found.pk)
    return _payer_page(request, found, form)


@require_GET
@requires("payers.view")
def type_deadlines(request: HttpRequest) -> HttpResponse:
    """Show the deadlines of each type of payer."""
    return _types_page(request, TypeRuleForm(clients=client_choices()))


@require_POST
@requires("deadlines.edit")
def new_type_rule(request: HttpRequest) -> HttpResponse:
    """Set a deadline rule of a type of payer."""
    form = TypeRuleForm(data=request.POST, clients=client_choices())
    if _is_set(request, form):
        return redirect("type-deadlines")
    return _types_page(request, form)


@require_http_methods(["GET", "POST"])
@requires("deadlines.edit")
def deadline_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """End a rule on a day, or take it back."""
    rule = get_object_or_404(
        DeadlineRule.objects.select_related("payer", "client", "superseded_by"), pk=pk
    )
    is_ending = "effective_to_date" in request.POST
    end = EndForm(request.POST if is_ending else None)
    withdrawal = WithdrawalForm(
        request.POST if request.method == "POST" and not is_ending else None
    )
    form = end if is_ending else withdrawal
    if request.method == "POST" and form.is_valid():
        try:
            _change(rule, form, request)
        except RuleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The rule was changed.")
            return redirect(_page_of(rule))
    context = {
        "shown": shown_rule(rule),
        "page": _page_of(rule),
        "page_name": rule.payer.name if rule.payer else "Deadlines by type",
        "end": end,
        "withdrawal": withdrawal,
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "payers/deadline_rule.html", context, status=status)


def _change(rule: DeadlineRule, form: EndForm | WithdrawalForm, request: HttpRequest) -> None:
    note, by, at = form.cleaned_data["note"], _person(request), timezone.now()
    if isinstance(form, EndForm):
        last_date = form.cleaned_data["effective_to_date"]
        end_deadline_rule(rule=rule, effective_to_date=last_date, note=note, by=by, at=at)
    else:
        withdraw_deadline_rule(rule=rule, note=note, by=by, at=at)


def _is_set(request: HttpRequest, form: RuleForm, payer_id: int | None = None) -> bool:
    """Set the rule of a form; say whether it was, else the form has the errors."""
    if not form.is_valid():
        return False
    values = form.cleaned_data
    prior = values["prior_payer_type"]
    scope = Scope(
        payer_id=payer_id,
        payer_type=None if payer_id else PayerType(values["payer_type"]),
        client_id=values["client"],
        prior_payer_type=PayerType(prior) if prior else None,
    )
    try:
        set_deadline_rule(
            scope=scope,
            limit=form.rule_limit(),
            reason=form.rule_reason(),
            by=_person(request),
            at=timezone.now(),
        )
    except RuleRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, "The rule was set.")
    return True


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _page_of(rule: DeadlineRule) -> str:
    if rule.payer_id is None:
        return reverse("type-deadlines")
    return reverse("payer", args=[rule.payer_id])


def _may_edit(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.may("deadlines.edit")


def _payer_page(
    request: HttpRequest,
    found: Payer,
    form: RuleForm,
    state_form: StateForm | None = None,
    calling_form: CallingForm | None = None,
) -> HttpResponse:
    context = {
        "payer": found,
        "prompt_pay": prompt_pay_terms(payer=found, on_date=timezone.localdate()),
        # It says nothing about the payers of other types.
        "has_state": found.type in STATE_RULED_TYPES or bool(found.state),
        "state_form": state_form or StateForm(initial={"state": found.state}),
        "calling_form": calling_form or CallingForm(initial=model_to_dict(found)),
        "type_name": TYPE_NAMES[found.type],
        "aliases": found.aliases.order_by("kind", "value"),
        "deadlines": deadlines_of_payer(payer=found, on_date=timezone.localdate()),
        "rules": rules_set(payer=found),
        "form": form,
        "chosen": request.GET.get("published", ""),
        "published": [one for one in published_limits() if one.payer_type == found.type],
        "may_edit": _may_edit(request),
        "today": timezone.localdate(),
    }
    status = UNPROCESSABLE if form.is_bound or state_form or calling_form else 200
    return render(request, "payers/payer.html", context, status=status)


def _types_page(request: HttpRequest, form: TypeRuleForm) -> HttpResponse:
    context = {
        "types": deadlines_by_type(on_date=timezone.localdate()),
        "overview": OVERVIEW,
        "rules": rules_set(payer=None),
        "form": form,
        "may_edit": _may_edit(request),
        "today": timezone.localdate(),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "payers/type_deadlines.html", context, status=status)
