"""Pages where a claim is worked: the note's form, its addenda, acts taken back, the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_view
from sanderling.claims.models import Claim
from sanderling.followup.actions import InvalidActivity, withdraw
from sanderling.followup.attachments import FileRefused, NewFile
from sanderling.followup.escalations import EscalationRefused, de_escalate, escalate
from sanderling.followup.models import Activity, Note
from sanderling.followup.notes import (
    InvalidNote,
    add_addendum,
    preview,
    read_form,
    record_note,
)
from sanderling.followup.people import workers_of_client
from sanderling.followup.queries import escalation_level
from sanderling.receivables.call_sheet import call_sheet
from sanderling.receivables.clock_page import clock_context
from sanderling.receivables.note_form import (
    Typed,
    asked_in,
    form_context,
    minutes_of,
    touched,
    typed,
    with_pasted,
)
from sanderling.receivables.responsibility import clock_of_claim
from sanderling.receivables.work_forms import EscalationForm

UNPROCESSABLE: Final = 422
SAVED: Final = "work-saved"  # what a page that embeds the form waits for


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def note_form(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show the form of a touch; record it when it comes back."""
    claim = _claim(claim_id)
    about = touched(claim, _asked(request, "party"), today=timezone.now().date())
    if request.method == "GET":
        record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="note.form")
        context = form_context(about, asked_in(request), at=timezone.now())
        return _shown(request, context)
    form, at = typed(request.POST), timezone.now()
    minutes, fault = minutes_of(form, at=at)
    faults: Mapping[str, str] = {"minutes": fault} if fault else {}
    if not faults:
        try:
            note = record_note(
                claim=claim,
                party=about.party,
                scenario=form.scenario,
                channel=form.channel,
                contact=form.contact,
                answers=form.texts,
                next_text=form.next_text,
                minutes=minutes,
                form_key=form.form_key,
                deadline=about.deadline,
                files=_files(request),
                every_days=about.every_days,
                user=person_of(request),
                at=at,
            )
        except InvalidNote as error:
            faults = error.faults
        except FileRefused as error:
            faults = {"files": str(error)}
        else:
            return _saved(request, note)
    context = form_context(about, form, at=at, faults=faults)
    return _shown(request, context, status=UNPROCESSABLE)


@require_POST
@requires("claims.work")
def note_draft(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show the form again with what was typed: for another scenario, or with a pasted text."""
    claim, at = _claim(claim_id), timezone.now()
    about = touched(claim, _asked(request, "party"), today=at.date())
    form, pasted = with_pasted(typed(request.POST), request.POST.get("pasted", ""))
    return _shown(request, form_context(about, form, at=at, pasted=pasted))


@require_POST
@requires("claims.work")
def note_preview(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show the narrative that the form would write now."""
    claim, at = _claim(claim_id), timezone.now()
    about = touched(claim, _asked(request, "party"), today=at.date())
    form = typed(request.POST)
    try:
        read = read_form(
            scenario=form.scenario,
            channel=form.channel,
            answers=form.texts,
            next_text=form.next_text,
            today=at.date(),
            every_days=about.every_days,
        )
    except InvalidNote:
        return HttpResponse("")
    text = preview(
        read,
        claim=claim,
        party=about.party,
        contact=form.contact,
        deadline=about.deadline,
        user=person_of(request),
        at=at,
    )
    return render(request, "receivables/work/preview.html", {"text": text})


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def note_addendum(request: HttpRequest, note_id: int) -> HttpResponse:
    """Add to a note what was missing or wrong in it."""
    note = get_object_or_404(Note.objects.select_related("claim__client"), pk=note_id)
    if request.method == "GET":
        record_view(request, claim_id=note.claim_id, client_id=note.client_id, action="note.view")
        return _addendum(request, note, Typed(), {})
    form = typed(request.POST)
    text = request.POST.get("text", "")
    try:
        add_addendum(
            note=note, text=text, user=person_of(request), at=timezone.now(), form_key=form.form_key
        )
    except InvalidNote as error:
        return _addendum(request, note, form, error.faults, text=text)
    messages.success(request, "The addendum was added.")
    return redirect("claim", note.claim.client.code, note.claim.number)


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def activity_withdraw(request: HttpRequest, activity_id: int) -> HttpResponse:
    """Take an activity back, with a reason."""
    activity = get_object_or_404(Activity.objects.select_related("claim__client"), pk=activity_id)
    reason, fault = request.POST.get("reason", ""), ""
    if request.method == "POST":
        try:
            withdraw(activity, user=person_of(request), at=timezone.now(), reason=reason)
        except InvalidActivity as error:
            fault = dict(error.faults).get("reason", str(error))
        else:
            messages.success(request, "It was taken back and does not count any more.")
            return redirect("claim", activity.claim.client.code, activity.claim.number)
    else:
        record_view(
            request,
            claim_id=activity.claim_id,
            client_id=activity.client_id,
            action="activity.view",
        )
    context = {"activity": activity, "claim": activity.claim, "reason": reason, "fault": fault}
    status = UNPROCESSABLE if fault else 200
    return render(request, "receivables/work/withdraw.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def escalation(request: HttpRequest, claim_id: int, party: int) -> HttpResponse:
    """Take a claim up or down the ladder."""
    claim, at = _claim(claim_id), timezone.now()
    level = escalation_level(claim.pk, party)
    people = {user.pk: user for user in workers_of_client(claim.client_id)}
    form = EscalationForm(
        request.POST if request.method == "POST" else None,
        level=level,
        people=[(pk, user.name or user.email) for pk, user in people.items()],
        today=at.date(),
    )
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            if asked["level"] < level:
                de_escalate(
                    claim=claim,
                    party=party,
                    level=asked["level"],
                    reason=asked["reason"],
                    user=person_of(request),
                    at=at,
                )
            else:
                to_user = people.get(asked["to_user"]) if asked["to_user"] else None
                escalate(
                    claim=claim, party=party, user=person_of(request), at=at,
                    **{**asked, "to_user": to_user},
                )  # fmt: skip
        except EscalationRefused as error:
            for name, message in error.faults:
                form.add_error(name, f"It {message}.")
        else:
            messages.success(request, "The step was recorded.")
            return redirect("claim", claim.client.code, claim.number)
    context = {"claim": claim, "party": party, "level": level, "form": form}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "receivables/work/escalation.html", context, status=status)


@require_GET
@requires("claims.work")
def call_sheet_view(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show what to have at hand for a call about one claim, or several of one payer."""
    claim = _claim(claim_id)
    others = [int(text) for text in request.GET.get("claims", "").split(",") if text.isdecimal()]
    today = timezone.now().date()
    sheet = call_sheet(claim, others, _asked(request, "party"), today=today)
    for one in sheet.claims:
        record_view(
            request, claim_id=one["id"], client_id=one["client_id"], action="claim.call_sheet"
        )
    return render(request, "receivables/work/call_sheet.html", {"sheet": sheet, "today": today})


def _claim(claim_id: int) -> Claim:
    return get_object_or_404(
        Claim.objects.select_related("client", "payer", "secondary_payer", "tertiary_payer"),
        pk=claim_id,
        has_facts=True,
    )


def _asked(request: HttpRequest, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name, "")


def _files(request: HttpRequest) -> list[NewFile]:
    return [
        NewFile(one.name or "", one.size or 0, one.chunks())
        for one in request.FILES.getlist("files")
    ]


def _is_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def _shown(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    name = "note" if _is_fragment(request) else "note_page"
    return render(request, f"receivables/work/{name}.html", context, status=status)


def _saved(request: HttpRequest, note: Note) -> HttpResponse:
    if not _is_fragment(request):
        messages.success(request, "The note was saved.")
        return redirect("claim", note.claim.client.code, note.claim.number)
    answer = render(request, "receivables/work/note_saved.html", {"note": note})
    answer["HX-Trigger"] = SAVED
    return answer


def _addendum(
    request: HttpRequest, note: Note, form: Typed, faults: Mapping[str, str], *, text: str = ""
) -> HttpResponse:
    context = {
        "note": note,
        "claim": note.claim,
        "form_key": form.form_key,
        "text": text,
        "faults": faults,
    }
    status = UNPROCESSABLE if faults else 200
    return render(request, "receivables/work/addendum.html", context, status=status)


@require_GET
@requires("claims.view")
def claim_clock(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show whom the days of a claim are charged to; htmx gets the section alone."""
    claim = get_object_or_404(Claim.objects.select_related("client"), pk=claim_id, has_facts=True)
    record_view(request, claim_id=claim.pk, client_id=claim.client_id, action="claim.clock")
    clock = clock_of_claim(claim.pk, as_of=timezone.now().date())
    is_part = bool(request.headers.get("HX-Request"))
    return render(
        request,
        "receivables/clock.html" if is_part else "receivables/clock_page.html",
        {"claim": claim, "clock": clock_context(clock)},
    )
