"""Addresses of the pages of a client's own people."""

from __future__ import annotations

from django.urls import path

from sanderling.client_portal import flag_views, views

urlpatterns = [
    path("portal/", views.portal, name="portal"),
    path("portal/clock/", views.portal_clock, name="portal-clock"),
    path("portal/claims/", views.portal_claims, name="portal-claims"),
    path("portal/claims/<int:claim_id>/", views.portal_claim, name="portal-claim"),
    path("portal/claims/<int:claim_id>/flag/", flag_views.portal_flag_new, name="portal-flag-new"),
    path("portal/flags/", flag_views.portal_flags, name="portal-flags"),
    path("portal/flags/<int:flag_id>/", flag_views.portal_flag, name="portal-flag"),
    path("portal/flags/<int:flag_id>/act/", flag_views.portal_flag_act, name="portal-flag-act"),
]
