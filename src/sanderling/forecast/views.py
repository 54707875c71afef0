"""Pages of the cash forecast: the weeks to come, what moved, how past forecasts fared."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.clients.models import Client
from sanderling.forecast import page
from sanderling.forecast.asking import (
    cash_weeks,
    clients_of,
    judged,
    latest_run,
    moved,
    weeks_of,
)
from sanderling.forecast.models import ForecastRun
from sanderling.web.downloads import FORMS, export

WEEKS_SHOWN_BY_CLIENT: Final = 4


@require_GET
@requires("kpis.view")
def forecast(request: HttpRequest) -> HttpResponse:
    """Show the cash expected in the next thirteen weeks, of all clients or of one."""
    client, run, frame = _asked(request)
    if run is None:
        return render(request, "forecast/forecast.html", frame)
    clients = [client.pk] if client else None
    rows = page.rows_of(run, weeks_of(run, clients))
    form = request.GET.get("format", "")
    if form in FORMS:
        return export(
            rows, columns=page.COLUMNS, as_of=run.as_of, totals=None, form=form, name="forecast"
        )
    change = moved(run, clients)
    names = {one.pk: one for one in Client.objects.all()}
    context = {
        **frame,
        "rows": rows,
        "sources": [(page.TITLES[key], page.WORDS[key]) for key in page.TITLES],
        "four_weeks_cents": sum(row["expected_cents"] for row in rows[:WEEKS_SHOWN_BY_CLIENT]),
        "chart": page.chart(cash_weeks(run, clients), rows),
        "source_chart": page.source_chart(rows),
        "moved": page.moved_rows(change) if change is not None else [],
        "by_client": []
        if client
        else [
            {"client": names[row["client_id"]], "cents": row["expected_cents"]}
            for row in clients_of(run, WEEKS_SHOWN_BY_CLIENT).iter_rows(named=True)
            if row["client_id"] in names
        ],
        "judged": judged(run, clients),
    }
    return render(request, "forecast/forecast.html", context)


@require_GET
@requires("kpis.view")
def forecast_tried(request: HttpRequest) -> HttpResponse:
    """Show how forecasts made on past days would have fared."""
    client, run, frame = _asked(request)
    if run is None:
        return render(request, "forecast/tried.html", frame)
    found = judged(run, [client.pk] if client else None)
    rows = page.tried_rows(found)
    form = request.GET.get("format", "")
    if form in FORMS:
        return export(
            rows,
            columns=page.TRIED_COLUMNS,
            as_of=run.as_of,
            totals=None,
            form=form,
            name="forecast-tried",
        )
    nearest = [row for row in rows if (row["week_from"] - row["origin_date"]).days == 1]
    context = {**frame, "judged": found, "rows": nearest, "chart": page.tried_chart(nearest)}
    return render(request, "forecast/tried.html", context)


def _asked(request: HttpRequest) -> tuple[Client | None, ForecastRun | None, dict[str, Any]]:
    code = request.GET.get("client", "")
    client = get_object_or_404(Client, code=code) if code else None
    run = latest_run()
    today = timezone.localdate()
    return (
        client,
        run,
        {
            "run": run,
            "client": client,
            "clients": Client.objects.order_by("code"),
            "forms": FORMS,
            "is_old": run is not None and (today - run.as_of).days > 1,
        },
    )
