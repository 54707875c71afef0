"""Addresses of this room's pages.

The editor is not below /claims/: there the second part is a client and the rest any claim number.
"""

from __future__ import annotations

from django.urls import URLPattern, path

from sanderling.resubmission import batch_views, limit_views, secondary_urls, views

urlpatterns: list[URLPattern] = [
    *secondary_urls.urlpatterns,
    path("resubmissions/", views.resubmissions, name="resubmissions"),
    path("resubmissions/claim/<int:claim_id>/", views.edit, name="resubmit"),
    path("resubmissions/claim/<int:claim_id>/check/", views.check, name="resubmit-check"),
    path("resubmissions/batch/", batch_views.batch, name="resubmission-batch"),
    path("resubmissions/bulk/", views.bulk, name="resubmission-bulk"),
    path("resubmissions/limits/", limit_views.limits, name="resubmission-limits"),
    path("resubmissions/<int:resubmission_id>/", views.resubmission, name="resubmission"),
    path(
        "resubmissions/<int:resubmission_id>/decide/", views.decide_view, name="resubmission-decide"
    ),
    path(
        "resubmissions/<int:resubmission_id>/withdraw/",
        views.withdraw_view,
        name="resubmission-withdraw",
    ),
]
