"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.compliance import (
    audit_views,
    chain_views,
    glass_views,
    retention_views,
    views,
)

urlpatterns = [
    path("audit/", audit_views.audit, name="audit"),
    path("audit/claims/", audit_views.audit_claims, name="audit-claims"),
    path("audit/events/<int:event_id>/", audit_views.audit_event, name="audit-event"),
    path("break-glass/", glass_views.break_glass, name="break-glass"),
    path("break-glass/<int:pk>/end/", glass_views.break_glass_end, name="break-glass-end"),
    path("compliance/", views.compliance, name="compliance"),
    path("compliance/chain/", chain_views.chain, name="chain"),
    path("compliance/break-glass/", glass_views.break_glasses, name="break-glasses"),
    path("compliance/break-glass/<int:pk>/", glass_views.break_glass_one, name="break-glass-one"),
    path("compliance/access/", views.access_reviews, name="access-reviews"),
    path("compliance/access/<int:campaign_id>/", views.access_review, name="access-review"),
    path(
        "compliance/access/<int:campaign_id>/decide/",
        views.access_review_decide,
        name="access-review-decide",
    ),
    path(
        "compliance/access/<int:campaign_id>/close/",
        views.access_review_close,
        name="access-review-close",
    ),
    path("compliance/retention/", retention_views.retention_view, name="retention"),
    path("compliance/retention/holds/", retention_views.retention_hold, name="retention-hold"),
    path(
        "compliance/retention/holds/<int:hold_id>/lift/",
        retention_views.retention_lift,
        name="retention-lift",
    ),
    path("compliance/retention/runs/", retention_views.retention_run, name="retention-run"),
    path(
        "compliance/retention/<slug:kind>/years/",
        retention_views.retention_years,
        name="retention-years",
    ),
]
