"""Addresses of the flags' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.flags import views

urlpatterns = [
    path("flags/", views.flags, name="flags"),
    path("flags/new/<int:claim_id>/", views.flag_new, name="flag-form"),
    path("flags/<int:flag_id>/", views.flag, name="flag"),
    path("flags/<int:flag_id>/write/", views.flag_write, name="flag-write"),
    path("flags/<int:flag_id>/take/", views.flag_take, name="flag-take"),
    path("flags/<int:flag_id>/owner/", views.flag_owner, name="flag-owner"),
    path("flags/<int:flag_id>/withdraw/", views.flag_withdraw, name="flag-withdraw"),
]
