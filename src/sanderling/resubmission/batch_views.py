"""The page of one correction over many claims: what to change, a preview, the sending."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sanderling.accounts.permissions import person_of, requires
from sanderling.audit.looks import record_listing
from sanderling.core.refusal import Refusal
from sanderling.core.resubmission.rebill import SETTABLE, Change, Op, fault_of
from sanderling.resubmission.actions import Asked, send_many
from sanderling.resubmission.batch import Preview, files_of, previews
from sanderling.resubmission.editing import kind_of
from sanderling.resubmission.models import State
from sanderling.worklists.chosen import chosen_items, ticked_items

UNPROCESSABLE: Final = 422
ROWS: Final = 3  # changes in one form
SHOWN_REFUSED: Final = 5
_OPS: Final = (
    (Op.MODIFIER.value, "Add a modifier to procedure (all when empty)"),
    (Op.PROCEDURE.value, "Replace procedure"),
    (Op.DIAGNOSIS.value, "Replace diagnosis"),
    (Op.CONDITION.value, "Add a condition code"),
)
_WORDS: Final = {
    "payer_id": "Payer ID", "payer_name": "Payer", "payer_order": "This payer pays (P, S, T)",
    "filing_indicator": "Kind of insurance (code)", "delay_reason": "Reason for the delay (code)",
    "authorization": "Prior authorization", "referral": "Referral number",
    "assignment": "Assignment (A, B, C)", "clia": "CLIA number", "note": "Claim note",
}  # fmt: skip


def _choices() -> list[tuple[str, str]]:
    named = [
        (path, _WORDS.get(path) or path.replace(".", " ").replace("_", " ").capitalize())
        for path in SETTABLE
    ]
    return [*((f"set:{path}", f"Set: {text}") for path, text in named), *_OPS]


def _changes(request: HttpRequest) -> tuple[list[dict[str, str]], list[Change]]:
    """Return the rows of the form as they were typed, with faults, and the changes they mean."""
    rows, found = [], []
    for number in range(1, ROWS + 1):
        what = request.POST.get(f"what{number}", "")
        value = request.POST.get(f"value{number}", "").strip()
        old = request.POST.get(f"old{number}", "").strip()
        row = {"number": str(number), "what": what, "value": value, "old": old, "fault": ""}
        if what:
            op, _, field = what.partition(":")
            if op in set(Op):
                change = Change(Op(op), value, field, old)
                row["fault"] = fault_of(change)
                found.append(change)
            else:
                row["fault"] = "Choose what to change."
        rows.append(row)
    return rows, found


@require_http_methods(["GET", "POST"])
@requires("claims.work")
def batch(request: HttpRequest) -> HttpResponse:
    """Correct many claims for one reason: choose on the worklist, say what, look, send."""
    if request.method == "GET":
        messages.info(request, "Choose the claims on the worklist, then Rebill.")
        return redirect("worklist")
    is_first = "act" not in request.POST
    try:
        chosen = chosen_items(request) if is_first else ticked_items(request.POST)
    except Refusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("worklist")
    rows, changes = _changes(request)
    is_right = bool(changes) and not any(row["fault"] for row in rows)
    context: dict[str, Any] = {
        "ids": ",".join(map(str, chosen)),
        "count": len(chosen),
        "rows": rows,
        "choices": _choices(),
        "kind": request.POST.get("kind", "") if not is_first else "",
        "reason": request.POST.get("reason", ""),
        "key": request.POST.get("key") or uuid4(),
    }
    status = 200
    if not is_first:
        try:
            if not is_right:
                context["refusal"] = "" if any(row["fault"] for row in rows) else (
                    "Say what is to be changed."
                )  # fmt: skip
                status = UNPROCESSABLE
            else:
                found = previews(
                    chosen, changes, kind=kind_of(context["kind"]), today=timezone.now().date()
                )
                if request.POST["act"] == "send":
                    return _send(request, found)
                context |= _shown(request, found)
        except Refusal as refusal:
            context["refusal"], status = refusal.sentence, UNPROCESSABLE
    return render(request, "resubmission/batch.html", context, status=status)


def _shown(request: HttpRequest, found: list[Preview]) -> dict[str, Any]:
    record_listing(request, action="resubmission.preview", detail={"rows": len(found)})
    can = [one for one in found if not one.refusal]
    return {
        "found": sorted(found, key=lambda one: bool(one.refusal)),
        "can": len(can),
        "held": sum(1 for one in can if one.needs),
        "files": files_of(found),
    }


def _send(request: HttpRequest, found: list[Preview]) -> HttpResponse:
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        key = uuid4()
    readies = [one.ready for one in found if one.ready is not None and not one.refusal]
    asked = Asked(request.POST.get("reason", ""), person_of(request), timezone.now())
    made, refused = send_many(readies, asked=asked, batch=key)
    held = sum(1 for one in made if one.state == State.HELD)
    left = len(found) - len(made)
    if made:
        waits = f"; {held} of them wait for approval" if held else ""
        messages.success(request, f"Sent again: {len(made)} claims{waits}.")
    if left:
        messages.warning(request, f"{left} were left out; the preview said why.")
    for ready, sentence in refused[:SHOWN_REFUSED]:
        messages.error(request, f"{ready.source.original.number}: {sentence}")
    tab = "held" if held == len(made) else "outbox"
    return redirect(f"{reverse('resubmissions')}?tab={tab}")
