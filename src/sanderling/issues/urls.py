"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.issues import report_views, views

urlpatterns = [
    path("issues/", views.issues, name="issues"),
    path("issues/report/", report_views.issue_report, name="issue-report"),
    path(
        "issues/reports/<int:reported_id>/",
        report_views.issue_report_counted,
        name="issue-report-counted",
    ),
    path(
        "issues/reports/<int:reported_id>/state/",
        report_views.issue_report_state,
        name="issue-report-state",
    ),
    path(
        "issues/reports/<int:reported_id>/make/",
        report_views.issue_report_make,
        name="issue-report-make",
    ),
    path(
        "issues/reports/<int:reported_id>/join/<int:issue_id>/",
        report_views.issue_report_join,
        name="issue-report-join",
    ),
    path("issues/<int:issue_id>/", views.issue, name="issue"),
    path("issues/<int:issue_id>/claims/", views.issue_claims, name="issue-claims"),
    path("issues/<int:issue_id>/steps/", views.issue_step, name="issue-step"),
    path("issues/<int:issue_id>/owner/", views.issue_hand_over, name="issue-hand-over"),
    path("issues/<int:issue_id>/tasks/", views.issue_ask, name="issue-ask"),
]
