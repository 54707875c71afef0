"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.compliance import audit_views, chain_views

urlpatterns = [
    path("audit/", audit_views.audit, name="audit"),
    path("audit/claims/", audit_views.audit_claims, name="audit-claims"),
    path("audit/events/<int:event_id>/", audit_views.audit_event, name="audit-event"),
    path("compliance/chain/", chain_views.chain, name="chain"),
]
