"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.keyaccounts import views

urlpatterns = [
    path("key-accounts/", views.key_accounts, name="key-accounts"),
    path("key-accounts/<str:code>/", views.key_account, name="key-account"),
    path("key-accounts/<str:code>/clocks/", views.clocks, name="key-account-clocks"),
    path("key-accounts/<str:code>/claims/", views.claims, name="key-account-claims"),
]
