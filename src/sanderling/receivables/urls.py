"""Addresses of receivables' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.receivables import views, work_views

urlpatterns = [
    path("aging/", views.aging_view, name="aging"),
    path("aging/claims/", views.aging_claims, name="aging-claims"),
    path("claims/", views.claims, name="claims"),
    # The number is the provider's own and may hold anything, slashes too.
    path("claims/<str:client>/<path:number>/", views.claim, name="claim"),
    path("followup/<int:claim_id>/note/", work_views.note_form, name="note-form"),
    path("followup/<int:claim_id>/note/draft/", work_views.note_draft, name="note-draft"),
    path("followup/<int:claim_id>/note/preview/", work_views.note_preview, name="note-preview"),
    path("followup/<int:claim_id>/call-sheet/", work_views.call_sheet_view, name="call-sheet"),
    path("followup/<int:claim_id>/clock/", work_views.claim_clock, name="claim-clock"),
    path(
        "followup/<int:claim_id>/escalation/<int:party>/",
        work_views.escalation,
        name="escalation",
    ),
    path("followup/notes/<int:note_id>/addendum/", work_views.note_addendum, name="note-addendum"),
    path(
        "followup/activities/<int:activity_id>/withdraw/",
        work_views.activity_withdraw,
        name="activity-withdraw",
    ),
    path("suspense/", views.suspense, name="suspense"),
]
