"""All addresses; each feature brings its own list when it has pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sanderling.web.urls")),
    path("", include("sanderling.clients.urls")),
    path("", include("sanderling.payers.urls")),
    path("", include("sanderling.codes.urls")),
    path("", include("sanderling.accounts.urls")),
    path("", include("sanderling.audit.urls")),
    path("", include("sanderling.news.urls")),
    path("", include("sanderling.worklists.urls")),
    path("", include("sanderling.followup.urls")),
    path("", include("sanderling.tasks.urls")),
    path("", include("sanderling.writeoffs.urls")),
    path("", include("sanderling.automation.urls")),
    path("", include("sanderling.workload.urls")),
    path("", include("sanderling.proofs.urls")),  # before the claims: their numbers hold anything
    path("", include("sanderling.receivables.urls")),
    path("", include("sanderling.barriers.urls")),
    path("", include("sanderling.files.urls")),
    path("", include("sanderling.intake.urls")),
    path("", include("sanderling.transfers.urls")),
    path("", include("sanderling.refunds.urls")),
    path("", include("sanderling.inquiries.urls")),
    path("", include("sanderling.resubmission.urls")),
    path("", include("sanderling.appeals.urls")),
    path("", include("sanderling.portals.urls")),
    path("", include("sanderling.contracts.urls")),
    path("", include("sanderling.underpayments.urls")),
    path("", include("sanderling.kpis.urls")),
    path("", include("sanderling.forecast.urls")),
    path("", include("sanderling.evaluation.urls")),
    path("", include("sanderling.issues.urls")),
    path("", include("sanderling.prevention.urls")),
    path("", include("sanderling.outbox.urls")),
    path("", include("sanderling.exchange.urls")),
    path("", include("sanderling.api.urls")),
    path("account/", include("sanderling.accounts.allauth_urls")),
]
