"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import path

from sanderling.proofs import views

urlpatterns = [
    path("claims/<int:claim_id>/proof/", views.proof, name="proof"),
    path("claims/<int:claim_id>/proof/part/", views.part, name="proof-part"),
    path(
        "claims/<int:claim_id>/proof/<int:submission_id>/exhibit/",
        views.exhibit,
        name="proof-exhibit",
    ),
]
