"""Addresses of the write-offs' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.writeoffs import policy_views, views

urlpatterns = [
    path("write-offs/", views.write_offs_view, name="write-offs"),
    path("write-offs/new/", views.new_write_off, name="write-off-form"),
    path("write-offs/bulk/", views.bulk, name="write-off-bulk"),
    path("write-offs/small/", policy_views.small, name="small-balances"),
    path("write-offs/limits/", policy_views.limits, name="write-off-limits"),
    path("write-offs/<int:write_off_id>/", views.write_off, name="write-off"),
    path("write-offs/<int:write_off_id>/decide/", views.decide_view, name="write-off-decide"),
    path("write-offs/<int:write_off_id>/undo/", views.undo, name="write-off-undo"),
    path("write-offs/<int:write_off_id>/withdraw/", views.withdraw, name="write-off-withdraw"),
]
