"""Addresses of agreements."""

from __future__ import annotations

from django.urls import path

from sanderling.agreements import views

urlpatterns = [path("key-accounts/<str:code>/agreement/", views.agreement, name="agreement")]
