"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, path

from sanderling.document_requests import link_views, portal_views, settings_views, views

urlpatterns: list[URLPattern] = [
    path("document-requests/", views.requests_page, name="document-requests"),
    path("document-requests/settings/", settings_views.settings_page,
         name="document-request-settings"),
    path("document-requests/contacts/<int:contact_id>/forget/", settings_views.forget_contact,
         name="document-contact-forget"),
    path("document-requests/files/<int:upload_id>/", views.download, name="document-download"),
    path("document-requests/<int:request_id>/", views.request_page, name="document-request"),
    path("document-requests/<int:request_id>/send/", views.send, name="document-request-send"),
    path("document-requests/<int:request_id>/link/", views.make_link,
         name="document-request-link"),
    path("document-requests/<int:request_id>/withdraw/", views.withdraw,
         name="document-request-withdraw"),
    path("portal/requests/", portal_views.portal_requests, name="portal-requests"),
    path("portal/requests/<int:request_id>/", portal_views.portal_request, name="portal-request"),
    path("l/documents/<str:token>/", link_views.documents_by_link, name="documents-by-link"),
]  # fmt: skip
