"""Addresses of the barriers' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.barriers import views

urlpatterns = [
    path("barriers/", views.where_money, name="barriers"),
    path("barriers/changes/", views.what_changed, name="barrier-changes"),
    path("barriers/claims/", views.balances, name="barrier-claims"),
    path("glance/", views.glance, name="glance"),
    path("glance/denials/", views.denials, name="denials"),
]
