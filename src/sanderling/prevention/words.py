"""Conditions, scopes and effects in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sanderling.clients.models import Client
from sanderling.core.barriers.words import category_title
from sanderling.core.trends.effects import Verdict
from sanderling.payers.models import Payer
from sanderling.prevention.models import ActionEffect, PreventiveAction
from sanderling.web.templatetags.sanderling import money

MISSING: Final = {
    "authorization": "no authorization number (REF G1)",
    "group": "no group number or name",
    "member": "no member number",
    "rendering": "no rendering provider",
}
_FORMS: Final = {"P": "professional", "I": "institutional", "D": "dental"}
_PATTERNS: Final = {
    "form": "the claim is {}",
    "plan": "the plan is {}",
    "location": "the place is {}",
    "provider": "the rendering provider is {}",
    "place_of_service": "the place of service is {}",
    "procedure": "{} is billed",
    "procedure_modifier": "{} is billed (code and modifier)",
    "procedure_bare": "{} is billed without a modifier",
    "procedures": "{} are billed together",
    "diagnosis": "the principal diagnosis is {}",
    "diagnosis_group": "the principal diagnosis begins with {}",
}
SCOPE_WORDS: Final = {
    "plan": "Plan",
    "form": "Kind of claim",
    "location": "Place",
    "provider": "Rendering provider",
    "procedure": "Procedure",
    "code_family": "Codes",
    "modifier": "Modifier",
    "category": "Kind of denial",
    "carc": "Reason",
    "rarc": "Remark",
}
VERDICTS: Final = {
    Verdict.TOO_EARLY: "Too early to say",
    Verdict.TOO_FEW: "Too little to compare with",
    Verdict.FELL: "The rate fell",
    Verdict.ROSE: "The rate rose",
    Verdict.UNCLEAR: "No change that is certain",
}


def condition_words(conditions: Sequence[Sequence[str]]) -> list[str]:
    """Return each condition of a rule in words."""
    return [_condition(field, value) for field, value in conditions]


def _condition(field: str, value: str) -> str:
    if field == "missing":
        return MISSING.get(value, f"no {value}")
    if field == "payer":
        name = Payer.objects.filter(pk=int(value)).values_list("name", flat=True).first()
        return f"the payer is {name or 'unknown'}"
    if field == "client":
        code = Client.objects.filter(pk=int(value)).values_list("code", flat=True).first()
        return f"the client is {code or 'another one'}"
    if field == "procedures":
        value = value.replace(" ", " and ")
    return _PATTERNS[field].format(_FORMS.get(value, value) if field == "form" else value)


def scope_words(action: PreventiveAction) -> list[tuple[str, str]]:
    """Return what an action's rate counts."""
    codes = Client.objects.filter(pk__in=action.client_ids).order_by("code")
    found = [
        ("Counts", action.get_metric_display()),
        ("Clients", ", ".join(codes.values_list("code", flat=True))),
    ]
    if action.payer_id:
        name = Payer.objects.filter(pk=action.payer_id).values_list("name", flat=True).first()
        found.append(("Payer", name or "unknown"))
    for name, value in action.scope.items():
        text = category_title(value) if name == "category" else _FORMS.get(value, value)
        found.append((SCOPE_WORDS.get(name, name), text))
    return found


def effect_sentence(effect: ActionEffect, *, what: str) -> str:
    """Say what was measured: Denials fell from 18 % (n=412) to 6 % (n=380); saved $9,400, ..."""
    before = _rate(effect.bad_before, effect.count_before)
    after = _rate(effect.bad_after, effect.count_after)
    verdict = Verdict(effect.verdict)
    if verdict is Verdict.TOO_EARLY:
        return (
            f"Too early to say: {effect.weeks_after} week{_s(effect.weeks_after)} with"
            f" {effect.count_after:,} claims are decided since; it takes 4 weeks and 30 claims."
            f" Before: {before}."
        )
    if verdict is Verdict.TOO_FEW:
        return (
            f"Too little went wrong before to compare with: {before} in"
            f" {effect.weeks_before} week{_s(effect.weeks_before)}; it takes 4 weeks, 30 claims and"
            f" 5 {what.lower()}."
        )
    moved = {Verdict.FELL: "fell", Verdict.ROSE: "rose"}.get(verdict, "went")
    sentence = f"{what} {moved} from {before} to {after}"
    if verdict is Verdict.FELL:
        return (
            f"{sentence}; saved {_dollars(effect.saved_cents)}, between"
            f" {_dollars(effect.saved_low_cents)} and {_dollars(effect.saved_high_cents)}."
        )
    if verdict is Verdict.ROSE:
        return f"{sentence}: the action did not help."
    return (
        f"{sentence}; that may be chance: between {_points(effect.change_low)} and"
        f" {_points(effect.change_high)} points."
    )


def _rate(bad: int, count: int) -> str:
    if not count:
        return "none of 0"
    return f"{100 * bad / count:.0f}% (n={count:,})"


def _points(change: float | None) -> str:
    return f"{100 * (change or 0):+.1f}"


def _dollars(cents: int | None) -> str:
    return money(round((cents or 0) / 100) * 100).removesuffix(".00")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def tried_words(tried: Mapping[str, Any] | None) -> str:
    """Say what a rule did on some claims."""
    if tried is None:
        return "no claims then"
    if not tried["held"]:
        return f"held none of {tried['claims']:,}"
    return f"held {tried['held']:,} of {tried['claims']:,}, {tried['right']:,} rightly"
