"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.issues import views

urlpatterns = [
    path("issues/", views.issues, name="issues"),
    path("issues/<int:issue_id>/", views.issue, name="issue"),
    path("issues/<int:issue_id>/claims/", views.issue_claims, name="issue-claims"),
    path("issues/<int:issue_id>/steps/", views.issue_step, name="issue-step"),
    path("issues/<int:issue_id>/owner/", views.issue_hand_over, name="issue-hand-over"),
    path("issues/<int:issue_id>/tasks/", views.issue_ask, name="issue-ask"),
]
