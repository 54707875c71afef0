"""Pages of alerts: one's own list, one alert, one's settings; limits and targets for admins."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.automation.alert_forms import (
    AcknowledgeForm,
    LimitsForm,
    PreferenceForm,
    SnoozeForm,
    TargetForm,
)
from sanderling.automation.alert_page import (
    SHOWS,
    AlertRefused,
    acknowledge,
    alerts_of,
    kinds_shown,
    mark_read,
    snooze,
    tabs,
)
from sanderling.automation.choosing import limits_now, preference_of, set_limits, set_preference
from sanderling.automation.kinds import ALERTS
from sanderling.automation.models import AlertRecipient, Digest, Message, SendState, Target
from sanderling.automation.targets import TargetUnusable, make_target, switch_target
from sanderling.automation.tasks import defer_target_test

PAGE_ALERTS: Final = 50
SENT_SHOWN: Final = 20
UNPROCESSABLE: Final = 422


def _mine(request: HttpRequest, pk: int) -> AlertRecipient:
    """Return the person's copy of an alert; strangers get 404."""
    mine = AlertRecipient.objects.select_related("alert", "alert__acknowledged_by")
    return get_object_or_404(mine, user=person_of(request), alert_id=pk)


@require_GET
@requires("claims.work")
def alerts(request: HttpRequest) -> HttpResponse:
    """List one's alerts, urgent ones first."""
    show, kind = request.GET.get("show", "open"), request.GET.get("kind", "")
    if show not in SHOWS or (kind and kind not in ALERTS):
        raise Http404
    today = timezone.now().date()
    found = alerts_of(person_of(request), show=show, kind=kind, today=today)
    page = Paginator(found, PAGE_ALERTS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": tabs(person_of(request), show=show, today=today),
        "kinds": kinds_shown(),
        "kind": kind,
        "show": show,
        "may_edit": person_of(request).may("api.edit"),
    }
    return render(request, "automation/alerts.html", context)


@require_GET
@requires("claims.work")
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one alert; it counts as read."""
    mine = _mine(request, pk)
    mark_read(mine, at=timezone.now())
    return _alert_page(request, mine)


def _alert_page(request: HttpRequest, mine: AlertRecipient, **forms: Any) -> HttpResponse:  # noqa: ANN401 - forms by name
    context = {
        "mine": mine,
        "alert": mine.alert,
        "kind": ALERTS[mine.alert.kind],
        "acknowledge_form": AcknowledgeForm(),
        "snooze_form": SnoozeForm(),
        "today": timezone.now().date(),
        **forms,
    }
    status = UNPROCESSABLE if forms else 200
    return render(request, "automation/alert.html", context, status=status)


@require_POST
@requires("claims.work")
def acknowledge_alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is done about it."""
    mine, form = _mine(request, pk), AcknowledgeForm(request.POST)
    if form.is_valid():
        try:
            acknowledge(
                mine, form.cleaned_data["comment"], by=person_of(request), at=timezone.now()
            )
        except AlertRefused as refusal:
            form.add_error("comment", str(refusal))
        else:
            messages.success(request, "Noted for everybody whom it concerns.")
            return redirect("alerts")
    return _alert_page(request, mine, acknowledge_form=form)


@require_POST
@requires("claims.work")
def snooze_alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it aside until a day."""
    mine, form = _mine(request, pk), SnoozeForm(request.POST)
    if form.is_valid():
        try:
            snooze(mine, form.cleaned_data["until"], today=timezone.now().date())
        except AlertRefused as refusal:
            form.add_error("until", str(refusal))
        else:
            return redirect("alerts")
    return _alert_page(request, mine, snooze_form=form)


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def alert_settings(request: HttpRequest) -> HttpResponse:
    """Choose how to hear of which kind."""
    user = person_of(request)
    form = PreferenceForm(request.POST or None, preference=preference_of(user))
    if request.method == "POST" and form.is_valid():
        set_preference(user, form.values())
        messages.success(request, "Saved.")
        return redirect("alert-settings")
    context = {
        "form": form,
        "rows": form.rows(),
        "digests": Digest.objects.filter(user=user).select_related("mail").order_by("-on_date")[:7],
    }
    return render(
        request,
        "automation/alert_settings.html",
        context,
        status=UNPROCESSABLE if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "POST"])
@requires("api.edit")
def alert_limits(request: HttpRequest) -> HttpResponse:
    """Set what each kind goes by."""
    form = LimitsForm(request.POST or None, standing=limits_now())
    if request.method == "POST" and form.is_valid():
        set_limits(form.values())
        messages.success(request, "Saved; the next hourly look goes by it.")
        return redirect("alert-limits")
    return render(
        request,
        "automation/alert_limits.html",
        {"form": form, "rows": form.rows()},
        status=UNPROCESSABLE if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "POST"])
@requires("api.edit")
def targets(request: HttpRequest) -> HttpResponse:
    """List the targets of Apprise, and make one."""
    form = TargetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            make_target(**form.cleaned_data, by=person_of(request), at=timezone.now())
        except TargetUnusable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Made. Send a test; then people can choose it.")
            return redirect("targets")
    context = {
        "form": form,
        "targets": Target.objects.select_related("made_by").order_by("name"),
        "failed": Message.objects.filter(state__in=[SendState.FAILED, SendState.WAITING])
        .exclude(result="")
        .select_related("target")
        .order_by("-changed_at")[:SENT_SHOWN],
    }
    return render(
        request,
        "automation/targets.html",
        context,
        status=UNPROCESSABLE if request.method == "POST" else 200,
    )


@require_POST
@requires("api.edit")
def target_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test by the worker, or switch a target off or on."""
    target = get_object_or_404(Target, pk=pk)
    match request.POST.get("do"):
        case "test":
            defer_target_test(target.pk)
            messages.success(request, "The worker sends a test; look again in a moment.")
        case "on" | "off" as wanted:
            switch_target(target, is_active=wanted == "on", at=timezone.now())
        case _:
            raise Http404
    return redirect("targets")
