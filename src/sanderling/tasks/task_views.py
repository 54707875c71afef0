"""One task: its page, asking, answering, giving back, withdrawing; a held payment as a task."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sanderling.accounts.models import User
from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing, record_view
from sanderling.core.refusal import Refusal
from sanderling.tasks.actions import (
    answer_task,
    assign_task,
    create_tasks,
    reply_task,
    return_task,
    take_task,
    withdraw_task,
)
from sanderling.tasks.forms import AnswerForm, QuestionForm, TextForm
from sanderling.tasks.holds import ask_posting
from sanderling.tasks.models import State, Task
from sanderling.tasks.one import claims_asked, kind_for, task_facts
from sanderling.tasks.people import team_members

UNPROCESSABLE = 422


def _page(
    request: HttpRequest, task_id: int, *, form: AnswerForm | None = None, status: int = 200
) -> HttpResponse:
    found = get_object_or_404(
        Task.objects.select_related(
            "claim", "claim__client", "assignee", "asked_by", "answered_by"
        ),
        pk=task_id,
    )
    user = person_of(request)
    record_view(request, claim_id=found.claim_id, client_id=found.client_id, action="task.view")
    facts = task_facts(found, today=timezone.now().date())
    if form is None and found.state == State.OPEN:
        form = AnswerForm(kind=found.kind, is_shared=facts["open_siblings"] > 0)
    context = {
        **facts,
        "task": found,
        "form": form,
        "is_mine": found.assignee_id == user.pk,
        "may_assign": user.may("claims.assign"),
        "members": team_members(found.team, found.client_id),
    }
    return render(request, "tasks/task.html", context, status=status)


@require_GET
@requires("claims.work")
def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """Show a task with its claim, its history and the form to answer it."""
    return _page(request, task_id)


@require_POST
@requires("claims.work")
def answer(request: HttpRequest, task_id: int) -> HttpResponse:
    """Answer a task."""
    found = get_object_or_404(Task, pk=task_id)
    form = AnswerForm(kind=found.kind, is_shared=found.batch is not None, data=request.POST)
    if not form.is_valid():
        return _page(request, task_id, form=form, status=UNPROCESSABLE)
    values = form.cleaned_data
    try:
        answered = answer_task(
            task_id,
            result=values["result"],
            value=values.get("value", ""),
            text=values["text"],
            user=person_of(request),
            at=timezone.now(),
            answers_all=values.get("answers_all", False),
        )
    except Refusal as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, task_id, form=form, status=UNPROCESSABLE)
    if len(answered) > 1:
        messages.success(request, f"Answered for {len(answered)} claims.")
    else:
        messages.success(request, "Answered; who asked is told.")
    return redirect("inbox")


def _act(request: HttpRequest, task_id: int, act: Callable[[], Any], done: str) -> HttpResponse:
    get_object_or_404(Task, pk=task_id)
    try:
        act()
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return redirect("task", task_id)


@require_POST
@requires("claims.work")
def take(request: HttpRequest, task_id: int) -> HttpResponse:
    """Make the task one's own."""
    return _act(
        request,
        task_id,
        lambda: take_task(task_id, user=person_of(request), at=timezone.now()),
        "It is yours.",
    )


@require_POST
@requires("claims.assign")
def assign(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give the task to somebody of the team, or back to the team."""
    chosen = request.POST.get("assignee", "")
    assignee = get_object_or_404(User, pk=chosen) if chosen.isdecimal() else None
    return _act(
        request,
        task_id,
        lambda: assign_task(task_id, assignee=assignee, user=person_of(request), at=timezone.now()),
        f"It is {assignee.name}'s now." if assignee else "It is the team's again.",
    )


@require_POST
@requires("claims.work")
def give_back(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give the task back with a question."""
    return _with_text(request, task_id, return_task, "question", "Returned with your question.")


@require_POST
@requires("claims.work")
def reply(request: HttpRequest, task_id: int) -> HttpResponse:
    """Answer the team's question."""
    return _with_text(request, task_id, reply_task, "text", "The team has it again.")


@require_POST
@requires("claims.work")
def withdraw(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take the question back."""
    return _with_text(request, task_id, withdraw_task, "reason", "Withdrawn.")


def _with_text(
    request: HttpRequest, task_id: int, act: Callable[..., Any], name: str, done: str
) -> HttpResponse:
    form = TextForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    return _act(
        request,
        task_id,
        lambda: act(task_id, **{name: text}, user=person_of(request), at=timezone.now()),
        done,
    )


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def new_task(request: HttpRequest) -> HttpResponse:
    """Ask a team about one or several claims; a fragment for htmx, else a page of its own."""
    claims = claims_asked(
        request.GET.getlist("claim") or request.POST.getlist("claim"),
        request.GET.get("party") or request.POST.get("party") or "",
    )
    if not claims:
        raise Http404
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        initial={"kind": request.GET.get("kind") or kind_for(claims)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = create_tasks(
                claims=claims,
                team=form.team_asked(),
                kind=form.cleaned_data["kind"],
                question=form.cleaned_data["question"],
                due_date=form.cleaned_data["due_date"],
                asked_by=person_of(request),
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return _asked(request, made)
    elif request.method == "GET":
        for claim, _ in claims[:1]:
            record_view(request, claim_id=claim.pk, client_id=claim.client_id)
        if len(claims) > 1:
            record_listing(request, action="tasks.ask", detail={"claims": len(claims)})
    is_part = bool(request.headers.get("HX-Request"))
    return render(
        request,
        "tasks/form.html" if is_part else "tasks/new.html",
        {"form": form, "claims": claims, "party": claims[0][1]},
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _asked(request: HttpRequest, made: list[Task]) -> HttpResponse:
    first = made[0]
    if request.headers.get("HX-Request"):
        answer = render(request, "tasks/asked.html", {"task": first, "count": len(made)})
        answer["HX-Trigger"] = json.dumps({"work-saved": {"task": first.pk}})
        return answer
    messages.success(request, "Asked; the answer comes to your inbox.")
    if len(made) > 1:
        return redirect(f"{reverse('inbox')}?whose=asked")
    return redirect("claim", first.claim.client.code, first.claim.number)


@require_POST
@requires("claims.work")
def hold(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Hand a held claim payment to posting."""
    try:
        made = ask_posting(payment_id, asked_by=person_of(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("suspense")
    messages.success(request, "Posting has it; it closes by itself when nothing is held.")
    return redirect("task", made.pk)
