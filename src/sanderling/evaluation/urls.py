"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.evaluation import views

urlpatterns = [
    path("contract-value/", views.contract_value, name="contract-value"),
    path("contract-value/lines/", views.contract_value_lines, name="contract-value-lines"),
    path("contract-value/what-if/", views.what_ifs, name="what-ifs"),
    path("contract-value/what-if/<int:what_if_id>/", views.what_if, name="what-if"),
    path("contract-value/what-if/<int:what_if_id>/pdf/", views.what_if_print, name="what-if-print"),
]
