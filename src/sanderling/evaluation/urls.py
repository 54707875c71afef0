"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.evaluation import several_views, views

urlpatterns = [
    path("contract-value/", views.contract_value, name="contract-value"),
    path("contract-value/lines/", views.contract_value_lines, name="contract-value-lines"),
    path("contract-value/what-if/", views.what_ifs, name="what-ifs"),
    path("contract-value/what-if/several/", several_views.what_if_several, name="what-if-several"),
    path(
        "contract-value/what-if/several/<int:set_id>/",
        several_views.what_if_set,
        name="what-if-set",
    ),
    path(
        "contract-value/what-if/several/<int:set_id>/state/",
        several_views.what_if_set_state,
        name="what-if-set-state",
    ),
    path(
        "contract-value/what-if/several/<int:set_id>/pdf/",
        several_views.what_if_set_print,
        name="what-if-set-print",
    ),
    path("contract-value/what-if/<int:what_if_id>/", views.what_if, name="what-if"),
    path("contract-value/what-if/<int:what_if_id>/pdf/", views.what_if_print, name="what-if-print"),
]
