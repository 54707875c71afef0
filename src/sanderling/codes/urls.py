"""Addresses of the pages of codes."""

from __future__ import annotations

from django.urls import path

from sanderling.codes import views

urlpatterns = [
    path("codes/", views.codes, name="codes"),
    path("codes/rules/", views.add_rule, name="code-rules"),
    path("codes/rules/<int:pk>/end/", views.end_rule, name="code-rule-end"),
    # A code comes from strangers' files: it may hold any character.
    path("codes/<slug:kind>/<path:code>/", views.code, name="code"),
]
