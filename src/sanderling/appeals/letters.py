"""Letter templates and their versions: those that we ship, and those that people wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from sanderling.accounts.models import User
from sanderling.appeals.models import LetterTemplate, TemplateVersion
from sanderling.audit.actions import record_event
from sanderling.core.appeals.cases import GENERAL, Vehicle, cases
from sanderling.core.appeals.facts import Fact
from sanderling.core.appeals.shipped import HEADS, shipped_letters
from sanderling.core.appeals.template import BadTemplate, Letter, fill, read_template
from sanderling.core.refusal import Refusal

SHIPPED: Final = "as shipped"
NAME_MAX: Final = 100


class TemplateRefused(Refusal):
    """The template cannot be kept so; `faults` says line by line what to do."""

    def __init__(self, sentence: str, faults: list[str] | None = None) -> None:
        super().__init__(sentence)
        self.faults = faults or []


@transaction.atomic
def ensure_shipped(*, at: datetime) -> None:
    """See to it that the letters we ship are there, in our latest words where nobody changed them.

    Run again it changes nothing; two at once make one.
    """
    known = {one.key: one for one in LetterTemplate.objects.prefetch_related("versions")}
    for letter in shipped_letters():
        template = known.get(letter.key)
        if template is None:
            template, _ = LetterTemplate.objects.get_or_create(
                key=letter.key,
                defaults={"title": letter.title, "case": letter.case, "vehicle": letter.vehicle},
            )
        versions = sorted(template.versions.all(), key=lambda one: one.number)
        latest = versions[-1] if versions else None
        if latest is None or (latest.note == SHIPPED and latest.text != letter.text):
            _add(template, letter.text, note=SHIPPED, user=None, at=at)


def _add(
    template: LetterTemplate, text: str, *, note: str, user: User | None, at: datetime
) -> TemplateVersion:
    latest = template.versions.order_by("-number").first()
    try:
        with transaction.atomic():
            return TemplateVersion.objects.create(
                template=template,
                number=latest.number + 1 if latest else 1,
                text=text,
                note=note,
                made_by=user,
                made_at=at,
            )
    except IntegrityError as error:
        raise TemplateRefused("somebody saved this letter just now; reload it") from error


def latest_version(template: LetterTemplate) -> TemplateVersion:
    """Return the text that new letters are written from."""
    found = template.versions.select_related("template").order_by("-number").first()
    if found is None:
        raise TemplateRefused(f"letter {template.key} has no text; write one")
    return found


def version_for(case: str, *, key: str = "", at: datetime) -> TemplateVersion:
    """Return the letter of a case, or the one with this key.

    Raises:
        TemplateRefused: there is none of that key.
    """
    ensure_shipped(at=at)
    usable = LetterTemplate.objects.filter(is_retired=False)
    if key:
        found = usable.filter(key=key).first()
        if found is None:
            raise TemplateRefused(f"there is no letter {key!r}; choose one of the list")
        return latest_version(found)
    found = usable.filter(case=case).order_by("pk").first() or usable.filter(key=GENERAL).first()
    if found is None:
        raise TemplateRefused("there is no letter for this case; write one under Letters")
    return latest_version(found)


@transaction.atomic
def save_letter(
    template: LetterTemplate, *, title: str, text: str, note: str, user: User | None, at: datetime
) -> TemplateVersion:
    """Keep a new version of a letter; the same text again changes nothing.

    Raises:
        TemplateRefused: the text is no template, or somebody else saved it just now.
    """
    text = text.replace("\r\n", "\n").strip() + "\n"
    try:
        read_template(text)
    except BadTemplate as error:
        raise TemplateRefused("the letter cannot be read as it stands", error.faults) from error
    title = " ".join(title.split())
    if not 0 < len(title) <= NAME_MAX:
        raise TemplateRefused(f"give the letter a title of at most {NAME_MAX} characters")
    if title != template.title:
        template.title = title
        template.save(update_fields=["title"])
    latest = template.versions.order_by("-number").first()
    if latest is not None and latest.text == text:
        return latest
    made = _add(template, text, note=note.strip() or "changed", user=user, at=at)
    record_event(
        action="letter.save",
        at=at,
        subject=("letter_template", template.pk),
        detail={"key": template.key, "version": made.number},
    )
    return made


@transaction.atomic
def new_letter(*, key: str, title: str, case: str, user: User, at: datetime) -> LetterTemplate:
    """Make a letter of one's own, to begin with as the one that we ship for the case.

    Raises:
        TemplateRefused: the key is taken or no plain word, or there is no such case.
    """
    if case not in cases() or cases()[case].vehicle is Vehicle.CORRECTED_CLAIM:
        raise TemplateRefused("choose what the letter is about")
    plain = key.strip().lower().replace(" ", "_")
    if not plain.replace("_", "").isalnum() or not plain.isascii() or len(plain) > NAME_MAX:
        raise TemplateRefused("name the letter with plain letters and digits")
    title = " ".join(title.split())
    if not 0 < len(title) <= NAME_MAX:
        raise TemplateRefused(f"give the letter a title of at most {NAME_MAX} characters")
    text = next(one.text for one in shipped_letters() if one.case == case)
    try:
        with transaction.atomic():
            made = LetterTemplate.objects.create(
                key=plain, title=title, case=case, vehicle=cases()[case].vehicle.value
            )
    except IntegrityError as error:
        raise TemplateRefused(
            f"there is a letter {plain!r} already; choose another name"
        ) from error
    _add(made, text, note=f"from the letter shipped for {case}", user=user, at=at)
    return made


def filled(version: TemplateVersion, facts: Mapping[str, Fact]) -> Letter:
    """Return the letter that a version makes of facts."""
    return fill(read_template(version.text), facts, heads=HEADS)
