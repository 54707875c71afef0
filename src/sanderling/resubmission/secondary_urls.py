"""Addresses of the pages about claims to next payers."""

from __future__ import annotations

from django.urls import path

from sanderling.resubmission import secondary_views as views

_ONE = "resubmissions/secondary/<int:claim_id>/<int:party>/"

urlpatterns = [
    path("resubmissions/secondary/", views.secondary_claims, name="secondary-claims"),
    path("resubmissions/secondary/review/", views.review, name="secondary-review"),
    path("resubmissions/secondary/bill/", views.bill, name="secondary-bill"),
    path("resubmissions/secondary/files/<int:file_id>/undo/", views.undo, name="secondary-undo"),
    path(_ONE, views.secondary_claim, name="secondary-claim"),
    path(f"{_ONE}answer/", views.answer_view, name="secondary-answer"),
]
