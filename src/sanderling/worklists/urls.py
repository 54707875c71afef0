"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.worklists import act_views, focus_views, saved_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("work/acts/", act_views.acts, name="work-acts"),
    path("work/acts/prepare/", act_views.prepare, name="work-acts-prepare"),
    path("work/acts/<int:act_id>/", act_views.act_page, name="work-act"),
    path("work/acts/<int:act_id>/undo/", act_views.undo_act, name="work-act-undo"),
    path("work/next/", focus_views.next_claim, name="work-next"),
    path("work/undo/", focus_views.undo_latest, name="work-undo-latest"),
    path("work/focus/<int:item_id>/", focus_views.focus, name="work-focus"),
    path("work/focus/<int:item_id>/hold/", focus_views.focus_hold, name="work-focus-hold"),
    path("work/focus/<int:item_id>/skip/", focus_views.focus_skip, name="work-focus-skip"),
    path("work/focus/<int:item_id>/leave/", focus_views.focus_leave, name="work-focus-leave"),
    path("work/", views.worklist, name="worklist"),
    path("work/rows/", views.work_rows, name="work-rows"),
    path("work/size/", views.work_size, name="work-size"),
    path("work/filters/", views.work_filters, name="work-filters"),
    path("work/order-cost/", views.work_order_cost, name="work-order-cost"),
    path("work/search/", views.work_search, name="work-search"),
    path("work/items/<int:item_id>/", views.work_item, name="work-item"),
    path("work/call/<int:payer_id>/", views.work_call, name="work-call"),
    path("work/columns/", saved_views.work_columns, name="work-columns"),
    path("work/views/", saved_views.work_save_view, name="work-save-view"),
    path("work/views/<int:view_id>/", saved_views.work_view, name="work-view"),
    path("work/default/", saved_views.work_default, name="work-default"),
]
