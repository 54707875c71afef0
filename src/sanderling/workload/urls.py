"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.workload import people_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("workload/", views.workload, name="workload"),
    path("workload/move/", views.move_work, name="move-work"),
    path("workload/replan/", views.apply_plan, name="apply-replan"),
    path("workload/people/", people_views.work, name="workload-people"),
    path("workload/quality/", people_views.quality, name="workload-quality"),
    path("workload/quality/<int:activity_id>/", people_views.review_note, name="workload-review"),
    path("workload/queue/", views.queue, name="workload-queue"),
    path("workload/hours/<int:user_id>/", views.person_hours, name="workload-hours"),
    path(
        "workload/hours/<int:user_id>/off/<int:pk>/remove/",
        views.remove_day_off,
        name="remove-day-off",
    ),
]
