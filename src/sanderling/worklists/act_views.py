"""Pages of bulk acts: what to do, what was done, undo; and the status inquiries that wait."""

from __future__ import annotations

import json
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.worklists.act_forms import FIELDS, ActForm, act_form
from sanderling.worklists.act_kinds import KINDS
from sanderling.worklists.act_parts import InvalidParameters, Who, claims_text
from sanderling.worklists.acting import CannotUndo, act, sort_out, undo, undo_fault
from sanderling.worklists.acts_done import changes_of, recent_acts, refusals_of
from sanderling.worklists.chosen import chosen_items, ticked_items
from sanderling.worklists.models import BulkAct

UNPROCESSABLE: Final = 422
ACTS_SHOWN: Final = 100


def _way_back(request: HttpRequest) -> str:
    """Return the page that the act was asked for on, if it is one of ours."""
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return address if is_ours else ""


@require_POST
@requires("claims.work")
def prepare(request: HttpRequest) -> HttpResponse:
    """Ask for what the act needs, and say whom it will leave out."""
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        raise Http404
    try:
        chosen = chosen_items(request)
    except Refusal as refusal:
        return render(request, "worklists/act_refused.html", {"refusal": refusal}, status=422)
    initial = {"ids": ",".join(map(str, chosen)), "next": _way_back(request)}
    form = act_form(kind, person_of(request), initial=initial)
    return _form_page(request, form, kind, chosen)


def _form_page(
    request: HttpRequest, form: ActForm, kind: str, chosen: list[int], status: int = 200
) -> HttpResponse:
    refused: list[tuple[int, str]] = []
    if kind not in FIELDS and chosen:
        who = Who(person_of(request), timezone.now())
        _, refused = sort_out(kind, chosen, {}, who, is_locking=False)
    context = {
        "form": form,
        "kind": kind,
        "title": KINDS[kind].title,
        "claims": claims_text(len(chosen)),
        "count": len(chosen),
        "can": len(chosen) - len(refused),
        "reasons": _counted(refused),
        "way_back": form.initial.get("next") or request.POST.get("next") or "",
    }
    is_htmx = bool(request.headers.get("HX-Request"))
    name = "worklists/act_form.html" if is_htmx else "worklists/act_form_page.html"
    return render(request, name, context, status=status)


def _counted(refused: list[tuple[int, str]]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for _, reason in refused:
        counts[reason] = counts.get(reason, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def acts(request: HttpRequest) -> HttpResponse:
    """Do something to the chosen claims; GET: what was done lately."""
    if request.method == "GET":
        return _acts_done(request)
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        raise Http404
    user, chosen = person_of(request), ticked_items(request.POST)
    form = act_form(kind, user, data=request.POST, initial={})
    if not form.is_valid():
        return _form_page(request, form, kind, chosen, status=UNPROCESSABLE)
    try:
        done = act(
            kind,
            chosen,
            form.parameters(),
            user=user,
            actor=f"user:{user.pk}",
            at=timezone.now(),
            key=form.cleaned_data["key"],
        )
    except InvalidParameters as refusal:
        form.add_faults(refusal.faults)
    except Refusal as refusal:
        form.add_error(None, str(refusal)[:1].upper() + str(refusal)[1:])
    else:
        return _answer(request, done)
    return _form_page(request, form, kind, chosen, status=UNPROCESSABLE)


def _answer(request: HttpRequest, done: BulkAct) -> HttpResponse:
    """Show a toast with undo, or without script go to the act's page."""
    if not request.headers.get("HX-Request"):
        return redirect("work-act", done.pk)
    answer = render(request, "worklists/act_toast.html", {"act": done, "can_undo": True})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#toasts", "beforeend"
    answer["HX-Trigger"] = json.dumps({"work-acted": {"kind": done.kind, "items": done.items}})
    return answer


def _acts_done(request: HttpRequest) -> HttpResponse:
    user, now = person_of(request), timezone.now()
    sees_all = user.may("claims.assign")
    found = [
        {"act": one, "can_undo": not undo_fault(one, user=user, at=now)}
        for one in recent_acts(None if sees_all else user.pk, limit=ACTS_SHOWN)
    ]
    return render(request, "worklists/acts.html", {"acts": found, "sees_all": sees_all})


@require_GET
@requires("claims.work")
def act_page(request: HttpRequest, act_id: int) -> HttpResponse:
    """Show what an act did to which claims, and what it left out."""
    user = person_of(request)
    done = get_object_or_404(BulkAct, pk=act_id)
    changes = changes_of(done)
    is_own = done.user_id == user.pk
    if not is_own and not changes:
        raise Http404
    record_listing(request, action="work.act", detail={"act": done.pk, "claims": len(changes)})
    context = {
        "act": done,
        "changes": changes,
        "refusals": refusals_of(done),
        "undo_fault": undo_fault(done, user=user, at=timezone.now()),
    }
    return render(request, "worklists/act.html", context)


@require_POST
@requires("claims.work")
def undo_act(request: HttpRequest, act_id: int) -> HttpResponse:
    """Take an act back."""
    done = get_object_or_404(BulkAct, pk=act_id)
    is_htmx = bool(request.headers.get("HX-Request"))
    try:
        undone = undo(done, user=person_of(request), at=timezone.now())
    except CannotUndo as refusal:
        text = f"Not undone: {refusal}."
        level = messages.ERROR
    else:
        text = f"Undone: {undone.act.words}."
        if undone.kept:
            text += f" Not for {claims_text(len(undone.kept))}: {_why(undone.kept)}."
        level = messages.SUCCESS
    if is_htmx:
        answer = render(request, "worklists/act_toast.html", {"text": text})
        answer["HX-Trigger"] = json.dumps({"work-acted": {"kind": "undo"}})
        return answer
    messages.add_message(request, level, text)
    return redirect(_way_back(request) or reverse("work-act", args=[done.pk]))


def _why(kept: tuple[tuple[int, int, str], ...]) -> str:
    return ", ".join(sorted({reason for _, _, reason in kept}))
