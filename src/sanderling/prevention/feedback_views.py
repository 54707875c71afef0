"""Pages for the teams where denials begin: what to do so that they do not."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from sanderling.accounts.permissions import requires
from sanderling.audit.looks import record_listing
from sanderling.clients.models import Client
from sanderling.core.barriers.words import category_title, team_title
from sanderling.prevention.feedback import (
    BYS,
    CATEGORIES,
    COLUMNS,
    TEAMS,
    top_denials,
    totals,
    trend_chart,
)
from sanderling.web.downloads import FORMS, export


@require_GET
@requires("issues.view")
def feedback(request: HttpRequest, team: str) -> HttpResponse:
    """Show a team the preventable denials of its kind, by code, provider or client."""
    if team not in TEAMS:
        raise Http404
    today = timezone.now().date()
    by = request.GET.get("by", "code")
    by = by if by in BYS else "code"
    codes = list(Client.objects.order_by("code").values_list("code", flat=True))
    client = request.GET.get("client", "")
    client = client if client in codes else ""
    rows = top_denials(team, by=by, client=client, today=today)
    record_listing(request, action="feedback.view", detail={"team": team, "rows": len(rows)})
    wanted = request.GET.get("format", "")
    if wanted in FORMS:
        return export(
            rows, columns=COLUMNS, as_of=today, totals=None, form=wanted, name=f"feedback-{team}"
        )
    context = {
        "team": team,
        "title": team_title(team),
        "teams": [(one, team_title(one)) for one in TEAMS],
        "kinds": [category_title(one) for one in CATEGORIES[team]],
        "by": by,
        "bys": BYS,
        "by_title": BYS[by],
        "client": client,
        "clients": codes,
        "rows": rows,
        "total": totals(team, client=client, today=today),
        "chart": trend_chart(rows, today=today),
        "today": today,
        "forms": FORMS,
    }
    return render(request, "prevention/feedback.html", context)
