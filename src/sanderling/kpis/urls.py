"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, path

from sanderling.kpis import score_views, views

urlpatterns: list[URLPattern] = [
    path("kpis/", views.kpis, name="kpis"),
    path("kpis/<slug:key>/", views.kpi, name="kpi"),
    path("kpis/<slug:key>/claims/", views.kpi_claims, name="kpi-claims"),
    path("scorecards/", score_views.scorecards, name="scorecards"),
    path("scorecards/payers/<int:payer_id>/", score_views.payer_card, name="payer-card"),
]
