"""Addresses of money paid short: patterns, lines, projects, the adverse-payment ledger."""

from __future__ import annotations

from django.urls import path

from sanderling.underpayments import project_views, views

urlpatterns = [
    path("underpayments/", views.underpayments, name="underpayments"),
    path("underpayments/lines/", views.lines, name="underpaid-lines"),
    path("underpayments/lines/set-aside/", views.set_lines_aside, name="underpaid-set-aside"),
    path("underpayments/over/", views.overpaid, name="overpaid-lines"),
    path("underpayments/adverse/", views.adverse, name="adverse-payments"),
    path("underpayments/projects/", project_views.projects, name="underpayment-projects"),
    path("underpayments/projects/new/", project_views.begin_project, name="underpayment-new"),
    path("underpayments/projects/<int:pk>/", project_views.project, name="underpayment-project"),
    path(
        "underpayments/projects/<int:pk>/letter/",
        project_views.letter,
        name="underpayment-letter",
    ),
    path("underpayments/projects/<int:pk>/sheet/", project_views.sheet, name="underpayment-sheet"),
    path("underpayments/projects/<int:pk>/step/", project_views.step, name="underpayment-step"),
]
