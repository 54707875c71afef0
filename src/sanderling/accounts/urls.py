"""Addresses of the administrator's pages about users."""

from __future__ import annotations

from django.urls import path

from sanderling.accounts import views

urlpatterns = [
    path("users/", views.users, name="users"),
    path("users/new/", views.new_user, name="new-user"),
    path("users/<int:user_id>/", views.user, name="user"),
]
