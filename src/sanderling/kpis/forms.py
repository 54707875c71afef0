"""What the pages of key figures are asked, from strings to values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django import forms

from sanderling.clients.models import Client
from sanderling.core.codes.names import Team
from sanderling.core.kpis.frames import Period, add_months
from sanderling.kpis.asking import Question, people_of_team, sees_every_client
from sanderling.kpis.models import EVERY_CLIENT, Cell, Grain, Month
from sanderling.kpis.words import month_text
from sanderling.payers.models import Payer

PROVIDERS_OFFERED: Final = 300
TWO: Final = (
    "Choose a payer or a provider or a team, one at a time: sums are kept by one of them."
    " `sanderling kpis --by payer,provider` works out both."
)


class KpiForm(forms.Form):
    """A month, and what figures are narrowed to."""

    month = forms.ChoiceField()
    client = forms.ChoiceField(required=False)
    payer = forms.ChoiceField(required=False)
    provider = forms.ChoiceField(label="Provider (NPI)", required=False)
    team = forms.ChoiceField(label="Team", required=False)

    def __init__(self, data: Any, *, months: Sequence[Month]) -> None:  # noqa: ANN401
        self.months = {one.month_date: one for one in months}
        given = {name: data.get(name, "").replace("\0", "") for name in self.base_fields}
        given["month"] = given["month"] or f"{usual_month(months):%Y-%m}"
        super().__init__(given)
        named = [(f"{one.month_date:%Y-%m}", _named(one)) for one in reversed(months)]
        clients = [
            (code, f"{code} · {name}")
            for code, name in Client.objects.order_by("code").values_list("code", "name")
        ]
        payers = Payer.objects.order_by("name", "pk").values_list("payer_id", "name")
        self._offer("month", named)
        self._offer("client", [("", "All clients"), *clients])
        self._offer("payer", [("", "All payers"), *payers])
        self._offer("provider", [("", "All providers"), *_providers(given["client"])])
        teams = [(one.value, one.value.replace("_", " ").capitalize()) for one in Team]
        self._offer("team", [("", "Everybody"), *teams])

    def _offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Refuse what no kept sums answer."""
        values = super().clean() or {}
        if sum(bool(values.get(name)) for name in ("payer", "provider", "team")) > 1:
            raise forms.ValidationError(TWO)
        return values

    @property
    def month_date(self) -> date:
        """Return the first day of the month that was chosen."""
        return date.fromisoformat(f"{self.cleaned_data['month']}-01")

    def question(self, *, months: int, by: tuple[str, ...] = ()) -> Question:
        """Return the question about that many months up to the one that was chosen."""
        values = self.cleaned_data
        first = add_months(self.month_date, 1 - months)
        periods = tuple(
            Period(start, one.as_of_date)
            for start, one in self.months.items()
            if first <= start <= self.month_date
        )
        client = values["client"]
        return Question(
            periods,
            by,
            client_ids=tuple(Client.objects.filter(code=client).values_list("pk", flat=True))
            if client
            else None,
            payer_id=Payer.objects.values_list("pk", flat=True).get(payer_id=values["payer"])
            if values["payer"]
            else None,
            provider=values["provider"] or None,
            user_ids=people_of_team(values["team"]) if values["team"] else None,
        )


def usual_month(months: Sequence[Month]) -> date:
    """Return the last month that is over, else the one that goes on."""
    closed = [one for one in months if add_months(one.month_date, 1) > one.as_of_date]
    over = [one for one in closed if (add_months(one.month_date, 1) - one.as_of_date).days == 1]
    return (over or closed)[-1].month_date


def _named(one: Month) -> str:
    goes_on = (add_months(one.month_date, 1) - one.as_of_date).days != 1
    if not goes_on:
        return month_text(one.month_date)
    return f"{month_text(one.month_date)}, to {one.as_of_date:%b} {one.as_of_date.day}"


def _providers(client: str) -> list[tuple[str, str]]:
    found = Cell.objects.filter(grain=Grain.PROVIDER).exclude(provider="")
    if client:
        found = found.filter(client_id__in=Client.objects.filter(code=client).values("pk"))
    elif sees_every_client():
        found = found.filter(client_id=EVERY_CLIENT)
    names = found.order_by("provider").values_list("provider", flat=True).distinct()
    return [(one, one) for one in names[:PROVIDERS_OFFERED]]
