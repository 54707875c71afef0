"""Addresses of the tasks' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.tasks import task_views, views

urlpatterns = [
    path("inbox/", views.inbox_view, name="inbox"),
    path("inbox/bulk/", views.bulk, name="task-bulk"),
    path("inbox/teams/", views.teams, name="teams"),
    path("inbox/<int:task_id>/", task_views.task, name="task"),
    path("inbox/<int:task_id>/answer/", task_views.answer, name="task-answer"),
    path("inbox/<int:task_id>/take/", task_views.take, name="task-take"),
    path("inbox/<int:task_id>/assign/", task_views.assign, name="task-assign"),
    path("inbox/<int:task_id>/return/", task_views.give_back, name="task-return"),
    path("inbox/<int:task_id>/reply/", task_views.reply, name="task-reply"),
    path("inbox/<int:task_id>/withdraw/", task_views.withdraw, name="task-withdraw"),
    path("tasks/new/", task_views.new_task, name="task-form"),
    path("tasks/hold/<int:payment_id>/", task_views.hold, name="task-hold"),
]
