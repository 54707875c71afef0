"""All addresses; each feature brings its own list when it has pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sanderling.web.urls")),
    path("account/", include("sanderling.accounts.allauth_urls")),
]
