"""What the templates of codes need."""

from __future__ import annotations

from django import template

from sanderling.codes.forms import words

register = template.Library()
register.filter("words", words)
