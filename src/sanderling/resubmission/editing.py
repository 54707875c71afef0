"""What the editor shows of a claim: fields by section, what is wrong with which, what differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.http import QueryDict

from sanderling.barriers.listing import rows_of_claim
from sanderling.barriers.telling import sentence_of
from sanderling.claims.models import Answer, Claim
from sanderling.core.codes.carc import title_of
from sanderling.core.codes.remarks import remark_title, status_category_title, status_title
from sanderling.core.resubmission.document import ClaimDocument
from sanderling.core.resubmission.edits import label_of
from sanderling.core.resubmission.fields import ATTACHMENT, Field, fields_of
from sanderling.core.resubmission.kinds import TITLES, Kind
from sanderling.core.resubmission.named import fields_named
from sanderling.core.resubmission.values import ValueKind
from sanderling.payers.models import Payer
from sanderling.remits.models import Adjustment, ClaimPayment
from sanderling.resubmission.policy import needs_of, policy_of
from sanderling.resubmission.preparing import Ready, Source

PREFIX: Final = "f:"  # of the names of a form's fields
_SHOWN_REASONS: Final = 8
_OPEN_LINES_MAX: Final = 4  # more lines are folded until something is wrong or changed
_INPUTS: Final = {ValueKind.DATE: "date"}


def typed_of(data: QueryDict, document: ClaimDocument) -> dict[str, str]:
    """Return what a form says of fields, as far as it differs from the claim."""
    before = {field.path: field.value(document) for field in fields_of(document)}
    typed = {
        name.removeprefix(PREFIX): value.strip()
        for name, value in data.items()
        if name.startswith(PREFIX) and isinstance(value, str)
    }
    return {path: value for path, value in typed.items() if before.get(path) != value}


def kind_of(text: str) -> Kind | None:
    """Return the way that a form or command names; None lets the facts choose."""
    return Kind(text) if text in set(Kind) else None


def editor(
    claim: Claim, source: Source, ready: Ready, typed: Mapping[str, str], *, today: date
) -> dict[str, Any]:
    """Return what the editor of a claim shows."""
    why = reasons_of(claim, source, today=today)
    named = set(why["named"])
    beside: dict[str, list[dict[str, Any]]] = {}
    for finding in ready.findings:
        beside.setdefault(finding.path, []).append(
            {"text": finding.text, "is_error": finding.is_error}
        )
    return {
        "claim": claim,
        "source": source,
        "why": why,
        "sections": _sections(source.original, typed, beside, named),
        "kinds": _kinds(source, ready),
        **panel(claim, ready, today=today),
    }


def panel(claim: Claim, ready: Ready, *, today: date) -> dict[str, Any]:
    """Return what stands beside the form: what changes, what is wrong, what would go out."""
    known = {field.path: label_of(field) for field in fields_of(ready.source.original)}
    payer = ready.document.subscriber.child("2010BB")
    before = ready.source.original.charge_cents
    after = ready.document.charge_cents
    return {
        "ready": ready,
        "kind_title": TITLES[ready.kind],
        "payer_name": payer.value("NM1", place=3) if payer else "",
        "changes": ready.changes,
        "whole": [one for one in ready.findings if one.path not in known],
        "faults": [
            {
                "path": one.path,
                "text": one.text,
                "is_error": one.is_error,
                "label": known[one.path],
                "id": _id_of(one.path),
            }
            for one in ready.findings
            if one.path in known
        ],
        "errors": len(ready.errors),
        "needs": needs_of(ready.kind, before, after, policy_of(claim.client_id)),
        "segments": segments_of(ready),
        "today": today,
    }


def _id_of(path: str) -> str:
    return f"f-{path.replace('.', '-')}"


def segments_of(ready: Ready) -> list[dict[str, Any]]:
    """Return the segments of the claim as it would go out; those that are new are marked."""
    old = {one.text for loop in ready.source.original.parts for one in loop.walk()}
    return [
        {"text": one.text, "is_new": one.text not in old}
        for loop in ready.document.parts[2:]
        for one in loop.walk()
    ]


def _kinds(source: Source, ready: Ready) -> list[dict[str, Any]]:
    return [
        {
            "value": kind.value,
            "title": title,
            "is_chosen": kind is ready.kind,
            "is_advised": kind is source.choice.kind,
            "refused": source.choice.refused.get(kind, ""),
        }
        for kind, title in TITLES.items()
    ]


def _sections(
    document: ClaimDocument,
    typed: Mapping[str, str],
    beside: Mapping[str, list[dict[str, Any]]],
    named: set[str],
) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for field in fields_of(document):
        sections.setdefault(field.section, []).append(
            _shown(field, document, typed, beside.get(field.path, []), is_named=field.path in named)
        )
    opens_lines = len(document.lines) <= _OPEN_LINES_MAX
    return [
        {
            "title": title,
            "key": title.lower().replace(" ", "-"),
            "is_line": title.startswith("Line "),
            "fields": fields,
            "is_open": any(one["is_changed"] or one["faults"] or one["is_named"] for one in fields)
            or (opens_lines if title.startswith("Line ") else title != ATTACHMENT),
        }
        for title, fields in sections.items()
    ]


def _shown(
    field: Field,
    document: ClaimDocument,
    typed: Mapping[str, str],
    faults: list[dict[str, Any]],
    *,
    is_named: bool,
) -> dict[str, Any]:
    before = field.value(document)
    value = typed.get(field.path, before)
    choices = list(field.choices)
    if choices and before and before not in {code for code, _ in choices}:
        choices.append((before, "as it was sent"))
    return {
        "path": field.path,
        "name": f"{PREFIX}{field.path}",
        "id": _id_of(field.path),
        "label": field.label,
        "at": field.at,
        "value": value,
        "before": before,
        "choices": choices if field.kind is ValueKind.CHOICE else [],
        "may_be_empty": not field.is_required,
        "input": _INPUTS.get(field.kind, "text"),
        "length_max": field.length_max,
        "is_changed": value != before,
        "is_named": is_named,
        "faults": faults,
        "has_error": any(one["is_error"] for one in faults),
    }


def reasons_of(claim: Claim, source: Source, *, today: date) -> dict[str, Any]:
    """Return why it is sent again: the sentence of its barrier, the codes, what they name."""
    party = source.version.party
    payer = Payer.objects.filter(pk=source.version.payer_id or 0).first()
    row = next((one for one in rows_of_claim(claim.pk) if one["party"] == party), None)
    answers = list(
        Answer.objects.filter(claim_id=claim.pk).order_by("-received_date", "-pk")[:_SHOWN_REASONS]
    )
    rejecting = [one for one in answers if one.kind == "277CA" and one.action == "U"] or [
        one for one in answers if one.category in {"A3", "A6", "A7", "A8"}
    ]
    payment = (
        ClaimPayment.objects.filter(claim_id=claim.pk, is_held=False)
        .exclude(status="22")
        .order_by("-received_date", "-pk")
        .first()
    )
    is_decided = source.version.history.is_decided and payment is not None
    reasons = _reasons(payment.pk) if is_decided and payment else []
    remarks = sorted(source.version.history.remarks) if is_decided else []
    statuses = [] if is_decided and not source.version.history.is_rejected else rejecting
    return {
        "sentence": sentence_of(row, payer_name=payer.name if payer else "", as_of=today)
        if row
        else "",
        "codes": [
            *(
                {"code": f"{one.category}:{one.code}", "text": _answer_text(one)}
                for one in statuses
            ),
            *({"code": f"{group}-{code}", "text": title_of(code)} for group, code in reasons),
            *({"code": code, "text": remark_title(code)} for code in remarks),
        ],
        "named": fields_named(
            source.original,
            statuses=[(one.code, one.entity) for one in statuses],
            remarks=remarks,
            reasons=[code for _, code in reasons],
        ),
    }


def _reasons(payment_id: int) -> list[tuple[str, str]]:
    rows = Adjustment.objects.filter(payment_id=payment_id).exclude(
        group_code="CO", reason_code__in=["45", "253"]
    )
    found = rows.order_by("position", "part").values_list("group_code", "reason_code")
    return list(dict.fromkeys(found))[:_SHOWN_REASONS]


def _answer_text(one: Answer) -> str:
    parts = [status_category_title(one.category), status_title(one.code), one.message]
    return "; ".join(part for part in parts if part)
