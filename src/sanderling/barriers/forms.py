"""What the barrier pages were asked, from strings to values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.http import QueryDict

from sanderling.barriers.asking import NONE, PATIENT_PAYER, UNKNOWN_PAYER, Question
from sanderling.barriers.glance import Scope
from sanderling.clients.models import Client
from sanderling.core.barriers.words import BARRIERS, CATEGORIES, TEAMS
from sanderling.payers.models import Payer

PATIENT_CODE: Final = "PATIENT"
UNKNOWN_CODE: Final = "UNKNOWN"
NOBODY: Final = -9  # a row that does not exist: an unknown name gives an empty answer, not an error
PART_NAMES: Final = {
    "payer": "Payer",
    "client": "Client",
    "category": "Category",
    "team": "Team",
}
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Names:
    """Clients and payers that the user may see: row -> code and name."""

    clients: Mapping[int, tuple[str, str]]
    payers: Mapping[int, tuple[str, str]]

    def client_id(self, code: str) -> int | None:
        """Return the client's row, None for no code, NOBODY for an unknown one."""
        return _row_of(self.clients, code)

    def payer_key(self, code: str) -> int | None:
        """Return what stands for the payer in a question: see asking.PAYER_KEY."""
        special = {PATIENT_CODE: PATIENT_PAYER, UNKNOWN_CODE: UNKNOWN_PAYER}
        return special[code] if code in special else _row_of(self.payers, code)

    def of_part(self, by: str, key: str) -> tuple[str, str]:
        """Return code and name of a client or payer by the text of its row."""
        if by == "client":
            return self.clients.get(int(key), (key, ""))
        if int(key) == PATIENT_PAYER:
            return PATIENT_CODE, "Patients"
        if int(key) == UNKNOWN_PAYER:
            return UNKNOWN_CODE, "Unknown payer"
        return self.payers.get(int(key), (key, ""))


def visible_names() -> Names:
    """Return the names of what the user may see."""
    clients = Client.objects.order_by("code").values_list("pk", "code", "name")
    payers = Payer.objects.order_by("name").values_list("pk", "payer_id", "name")
    return Names(
        {pk: (code, name) for pk, code, name in clients},
        {pk: (code, name) for pk, code, name in payers},
    )


class NarrowForm(forms.Form):
    """Client and payer."""

    client = forms.ChoiceField(label="Client", required=False)
    payer = forms.ChoiceField(label="Payer", required=False)

    def __init__(self, data: Mapping[str, str], *, names: Names) -> None:
        super().__init__(data)
        self.names = names
        self._offer("client", _choices(names.clients.values(), data.get("client", "")))
        special = [(PATIENT_CODE, "Patients"), (UNKNOWN_CODE, "Unknown payer")]
        payers = [*names.payers.values(), *special]
        self._offer("payer", _choices(payers, data.get("payer", "")))

    def _offer(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def label_of(self, name: str) -> str:
        """Return what was chosen for client or payer, in words."""
        choices: Choices = self.fields[name].choices  # type: ignore[attr-defined]  # as above
        asked = str(self.data[name])
        return dict(choices).get(asked, asked)

    def scope(self, today: date) -> Scope:
        """Return the scope of a valid form."""
        cleaned = self.cleaned_data
        return Scope(
            as_of=today,
            client_id=self.names.client_id(cleaned["client"]),
            payer_key=self.names.payer_key(cleaned["payer"]),
        )


class BarrierForm(NarrowForm):
    """The question of "Where the money is"; an empty day is today."""

    as_of = forms.ChoiceField(label="As of", required=False)
    by = forms.ChoiceField(label="Then by", choices=[], required=False)
    barrier = forms.ChoiceField(label="Barrier", required=False)
    team = forms.ChoiceField(label="Team", required=False)
    category = forms.ChoiceField(label="Category", required=False)
    field_order = ("as_of", "by", "client", "payer", "barrier", "category", "team")

    def __init__(
        self, data: Mapping[str, str], *, names: Names, today: date, days: Iterable[date]
    ) -> None:
        super().__init__(data, names=names)
        self._today = today
        kept = [(day.isoformat(), day.isoformat()) for day in days if day < today]
        self._offer("as_of", [("", "Today"), *kept])
        self._offer("by", [("", "Nothing"), *PART_NAMES.items()])
        for name, words in (
            ("barrier", BARRIERS),
            ("team", TEAMS),
            ("category", {**CATEGORIES, NONE: "None"}),
        ):
            self._offer(name, _words(words, data.get(name, "")))

    def clean(self) -> dict[str, Any]:
        """Refuse what a kept day cannot tell."""
        cleaned = super().clean() or {}
        if cleaned.get("as_of") and cleaned.get("team"):
            self.add_error("team", "Teams are known for today only")
        if cleaned.get("as_of") and cleaned.get("by") == "team":
            self.add_error("by", "Teams are known for today only")
        return cleaned

    def question(self) -> Question:
        """Return the question of a valid form."""
        cleaned = self.cleaned_data
        kept = cleaned["as_of"]
        return Question(
            as_of=date.fromisoformat(kept) if kept else self._today,
            is_kept=bool(kept),
            client_id=self.names.client_id(cleaned["client"]),
            payer_key=self.names.payer_key(cleaned["payer"]),
            barrier=cleaned["barrier"],
            team=cleaned.get("team", ""),
            category=cleaned.get("category", ""),
        )


def barrier_form(
    asked: QueryDict, *, names: Names, today: date, days: Iterable[date]
) -> BarrierForm:
    """Return the bound form of an address; what it leaves out has its default."""
    given = texts_of(asked)
    if "by" not in asked:
        given["by"] = "payer"
    if given.get("as_of") == today.isoformat():
        del given["as_of"]
    return BarrierForm(given, names=names, today=today, days=days)


def texts_of(asked: QueryDict) -> dict[str, str]:
    """Return the parameters of an address that say something."""
    return {name: text for name in asked if (text := asked.get(name, "").replace("\0", "").strip())}


def _row_of(rows: Mapping[int, tuple[str, str]], code: str) -> int | None:
    if not code:
        return None
    return next((pk for pk, (known, _) in rows.items() if known == code), NOBODY)


def _choices(rows: Iterable[tuple[str, str]], asked: str) -> Choices:
    known = [(code, f"{name} · {code}" if name else code) for code, name in rows]
    if asked and asked not in dict(known):
        known.append((asked, asked))  # not there (or not to be seen): an empty answer
    return [("", "All"), *known]


def _words(words: Mapping[str, str], asked: str) -> Choices:
    known = [("", "All"), *words.items()]
    if asked and asked not in dict(known):
        known.append((asked, asked))
    return known
