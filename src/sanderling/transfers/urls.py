"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import path

from sanderling.transfers import views

urlpatterns = [
    path("patient-share/", views.patient_share, name="patient-share"),
    path("patient-share/<int:claim_id>/<int:party>/", views.new_transfer, name="transfer-form"),
    path("patient-share/transfers/<int:transfer_id>/", views.transfer, name="transfer"),
    path(
        "patient-share/transfers/<int:transfer_id>/decide/",
        views.decide_view,
        name="transfer-decide",
    ),
    path("patient-share/transfers/<int:transfer_id>/undo/", views.undo_view, name="transfer-undo"),
]
