"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.reports import builder_views, delivery_urls, views

urlpatterns = [
    *delivery_urls.urlpatterns,
    path("reports/", views.reports, name="reports"),
    path("reports/make/", views.make, name="report-make"),
    path("reports/making/<int:making_id>/", views.making, name="report-making"),
    path("reports/compositions/", builder_views.definitions, name="report-definitions"),
    path("reports/compositions/new/", builder_views.definition, name="report-definition-new"),
    path(
        "reports/compositions/<int:definition_id>/",
        builder_views.definition,
        name="report-definition",
    ),
    path(
        "reports/compositions/<int:definition_id>/copy/",
        builder_views.definition_copy,
        name="report-definition-copy",
    ),
    path(
        "reports/compositions/<int:definition_id>/archive/",
        builder_views.definition_archive,
        name="report-definition-archive",
    ),
    path("reports/letterhead/", builder_views.letterhead, name="report-letterhead"),
    path("reports/<int:report_id>/", views.report, name="report"),
    path("reports/<int:report_id>/claims/<int:place>/", views.behind, name="report-behind"),
    path("reports/<int:report_id>/pdf/", views.paper, {"form": "pdf"}, name="report-pdf"),
    path("reports/<int:report_id>/xlsx/", views.paper, {"form": "xlsx"}, name="report-xlsx"),
    path("reports/<int:report_id>/again/", views.again, name="report-again"),
    path("reports/<int:report_id>/note/", views.note, name="report-note"),
]
