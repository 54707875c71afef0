"""Addresses of the API and of the page where tokens are made."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.api import v1, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("api-access/", views.api_access, name="api-access"),
    path("api-access/tokens/", views.new_token, name="new-api-token"),
    path("api-access/tokens/<int:pk>/revoke/", views.revoke, name="revoke-api-token"),
    *v1.url_patterns(),
]
