"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.mail import views

urlpatterns = [
    path("mail/", views.mail_view, name="mail"),
    path("mail/retry/", views.retry_failed, name="mail-retry-failed"),
    path("mail/<int:mail_id>/retry/", views.retry, name="mail-retry"),
    path("mail/<int:mail_id>/cancel/", views.cancel, name="mail-cancel"),
]
