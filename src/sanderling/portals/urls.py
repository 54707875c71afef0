"""Addresses of the payer directory, portals and look-ups."""

from __future__ import annotations

from django.urls import path

from sanderling.portals import views

urlpatterns = [
    path("portals/", views.portals, name="portals"),
    path("portals/payers/<int:pk>/", views.payer_contact, name="payer-contact"),
    path("portals/new/", views.portal, name="portal-new"),
    path("portals/<int:pk>/", views.portal, name="payer-portal"),
    path("portals/<int:pk>/start/", views.portal_start, name="portal-start"),
    path("portals/look-ups/", views.portal_lookups, name="portal-lookups"),
    path("portals/look-ups/new/", views.look_up, name="portal-look-up"),
    path("portals/look-ups/cancel/", views.lookups_cancel, name="portal-lookups-cancel"),
]
