"""Pages of what letters are made from: letters, payers' ways, letterheads, who must approve."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.appeals.approval import Policy, policy_of, set_policy
from sanderling.appeals.forms import (
    LetterForm,
    LetterheadForm,
    NewLetterForm,
    PolicyForm,
    WayForm,
    cents_of,
)
from sanderling.appeals.letters import (
    TemplateRefused,
    ensure_shipped,
    latest_version,
    new_letter,
    save_letter,
)
from sanderling.appeals.models import AppealWay, ApprovalRule, Letterhead, LetterTemplate
from sanderling.appeals.one import claim_facts, owed_by
from sanderling.appeals.ways import set_letterhead, set_way
from sanderling.audit.looks import record_view
from sanderling.claims.models import Claim
from sanderling.clients.models import Client
from sanderling.core.appeals.cases import VEHICLE_TITLES, cases
from sanderling.core.appeals.facts import KINDS
from sanderling.core.appeals.levels import levels_of
from sanderling.core.appeals.shipped import HEADS
from sanderling.core.appeals.template import BadTemplate, Letter, fill, read_template
from sanderling.core.refusal import Refusal
from sanderling.payers.models import Payer

UNPROCESSABLE: Final = 422


@require_http_methods(["GET", "POST"])
@requires("templates.edit")
def letters(request: HttpRequest) -> HttpResponse:
    """List the letters; make one of one's own."""
    now = timezone.now()
    ensure_shipped(at=now)
    form = NewLetterForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = new_letter(**form.cleaned_data, user=person_of(request), at=now)
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect("letter", made.key)
    found = LetterTemplate.objects.prefetch_related("versions").order_by("title")
    rows = [
        {
            "letter": one,
            "case": cases()[one.case].title,
            "vehicle": VEHICLE_TITLES[one.vehicle],
            "version": max(one.versions.all(), key=lambda it: it.number, default=None),
        }
        for one in found
    ]
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "appeals/letters.html", {"rows": rows, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
@requires("templates.edit")
def letter(request: HttpRequest, key: str) -> HttpResponse:
    """Edit a letter, and preview it on a claim; saving keeps a new version."""
    found = get_object_or_404(LetterTemplate, key=key)
    version = latest_version(found)
    initial = {"title": found.title, "text": version.text}
    form = LetterForm(request.POST if request.method == "POST" else None, initial=initial)
    faults: list[str] = []
    text = version.text
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if "save" in request.POST:
            try:
                made = save_letter(
                    found, **form.cleaned_data, user=person_of(request), at=timezone.now()
                )
            except TemplateRefused as refusal:
                faults = refusal.faults or [refusal.sentence]
            else:
                messages.success(request, f"Version {made.number} is what new letters begin with.")
                return redirect("letter", found.key)
    preview, claim, more = _preview(request, text)
    context = {
        "letter": found,
        "version": version,
        "versions": found.versions.select_related("made_by").order_by("-number")[:20],
        "form": form,
        "faults": faults or more,
        "preview": preview,
        "claim": claim,
        "case": cases()[found.case].title,
        "kinds": sorted(KINDS.values(), key=lambda one: one.title),
    }
    is_refused = bool(faults) or (form.is_bound and not form.is_valid())
    return render(
        request, "appeals/letter.html", context, status=UNPROCESSABLE if is_refused else 200
    )


def _preview(
    request: HttpRequest, text: str
) -> tuple[list[dict[str, Any]], Claim | None, list[str]]:
    """Return the text filled for the chosen claim, the claim, and what is wrong in the text."""
    try:
        blocks = read_template(text)
    except BadTemplate as error:
        return [], None, error.faults
    number = request.POST.get("claim") or request.GET.get("claim") or ""
    claim = (
        Claim.objects.select_related("client").filter(pk=number, has_facts=True).first()
        if number.isdecimal()
        else None
    )
    if claim is None:
        return _lines(fill(blocks, {})), None, []
    record_view(request, claim_id=claim.pk, client_id=claim.client_id)
    parties = owed_by(claim.pk) or [11]
    return _lines(fill(blocks, claim_facts(claim, parties[0]), heads=HEADS)), claim, []


def _lines(filled: Letter) -> list[dict[str, Any]]:
    return [
        {"kind": line.kind.value, "runs": line.runs, "numbers": line.numbers}
        for line in filled.lines
    ]


@require_GET
@requires("payers.view")
def ways(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a payer takes appeals, level by level."""
    payer = get_object_or_404(Payer, pk=pk)
    known = {one.level: one for one in payer_ways(payer)}
    rows = [{"level": one, "way": known.get(one.level)} for one in levels_of(payer.type)]
    context = {
        "payer": payer,
        "rows": rows,
        "may_edit": person_of(request).may("payers.edit"),
    }
    return render(request, "appeals/ways.html", context)


def payer_ways(payer: Payer) -> list[AppealWay]:
    """Return the ways of a payer by level."""
    return list(
        AppealWay.objects.select_related("changed_by").filter(payer=payer).order_by("level")
    )


@require_http_methods(["GET", "POST"])
@requires("payers.edit")
def way(request: HttpRequest, pk: int, level: int) -> HttpResponse:
    """Note where a payer takes appeals of a level."""
    payer = get_object_or_404(Payer, pk=pk)
    named = next((one for one in levels_of(payer.type) if one.level == level), None)
    if named is None:
        raise Http404
    known = AppealWay.objects.filter(payer=payer, level=level).first()
    initial = {name: getattr(known, name) for name in WayForm.base_fields} if known else {}
    form = WayForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_way(payer, level, **form.cleaned_data, user=person_of(request), at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Kept.")
            return redirect("appeal-ways", payer.pk)
    return render(
        request,
        "appeals/way.html",
        {"payer": payer, "level": named, "form": form},
        status=UNPROCESSABLE if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
@requires("clients.edit")
def letterhead(request: HttpRequest, pk: int) -> HttpResponse:
    """Note who writes for a client."""
    client = get_object_or_404(Client, pk=pk)
    known = Letterhead.objects.filter(client_id=client.pk).first()
    initial = (
        {name: getattr(known, name) for name in LetterheadForm.base_fields}
        if known
        else {"name": client.name}
    )
    form = LetterheadForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        set_letterhead(client.pk, form.cleaned_data, at=timezone.now())
        messages.success(request, "Kept; letters made from now on have it.")
        return redirect("letterhead", client.pk)
    return render(
        request,
        "appeals/letterhead.html",
        {"client": client, "form": form},
        status=UNPROCESSABLE if form.is_bound else 200,
    )


@require_http_methods(["GET", "POST"])
@requires("users.edit")
def policy(request: HttpRequest) -> HttpResponse:
    """Set which appeals another person must approve: for all clients, or for one."""
    code = request.GET.get("client") or request.POST.get("client") or ""
    client = get_object_or_404(Client, code=code) if code else None
    holds = policy_of(client.pk if client else 0)
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        initial={"from_level": holds.from_level, "above": f"{holds.above_cents / 100:.2f}"},
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            set_policy(
                client.pk if client else None,
                Policy(values["from_level"], cents_of(values["above"])),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "It holds for packets made from now on.")
            return redirect("appeal-policy")
    own = set(ApprovalRule.objects.exclude(client_id=None).values_list("client_id", flat=True))
    context = {
        "form": form,
        "client": client,
        "clients": [(one, one.pk in own) for one in Client.objects.order_by("code")],
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "appeals/policy.html", context, status=status)
