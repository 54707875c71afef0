"""Tags and filters that every template has: money, days, rates, icons, form controls."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def money(cents: int | None) -> str:
    """Return cents as dollars: 123456 -> $1,234.56, -500 -> -$5.00, None -> an empty text."""
    if cents is None:
        return ""
    sign = "-" if cents < 0 else ""
    dollars, rest = divmod(abs(int(cents)), 100)
    return f"{sign}${dollars:,}.{rest:02d}"


@register.filter
def isodate(day: date | datetime | None) -> str:
    """Return the day as 2026-03-05, an instant as 2026-03-05 14:02 UTC, None as an empty text."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        return day.strftime("%Y-%m-%d %H:%M UTC")
    return day.isoformat()


@register.filter
def percent(rate: float | None) -> str:
    """Return a fraction as a percentage with one digit: 0.1234 -> 12.3%, None -> an empty text."""
    return "" if rate is None else f"{100 * rate:.1f}%"


@register.simple_tag
@cache  # a page draws a hundred of them, of the same few
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; names are listed in tools/assets.json."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw a form's control with the classes of its kind, marked invalid when it has errors."""
    kind = {
        "checkbox": "form-check-input",
        "select": "form-select",
        "selectmultiple": "form-select",
    }.get(field.widget_type, "form-control")
    attributes: dict[str, str | bool] = {"class": kind + (" is-invalid" if field.errors else "")}
    if field.errors:
        attributes["aria-invalid"] = "true"
        attributes["aria-describedby"] = f"{field.auto_id}_error"
    return field.as_widget(attrs=attributes)
