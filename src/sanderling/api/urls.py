"""Addresses of the API and of the page where tokens are made."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.api import v1, views, webhook_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("api-access/", views.api_access, name="api-access"),
    path("api-access/tokens/", views.new_token, name="new-api-token"),
    path("api-access/tokens/<int:pk>/revoke/", views.revoke, name="revoke-api-token"),
    path("api-access/webhooks/new/", webhook_views.new_webhook, name="new-webhook"),
    path("api-access/webhooks/<int:pk>/", webhook_views.webhook, name="webhook"),
    path(
        "api-access/webhooks/<int:pk>/change/", webhook_views.change_webhook, name="change-webhook"
    ),
    path(
        "api-access/deliveries/<int:pk>/replay/",
        webhook_views.replay_delivery,
        name="replay-delivery",
    ),
    *v1.url_patterns(),
]
