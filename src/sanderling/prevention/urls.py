"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.prevention import feedback_views, views

urlpatterns = [
    path("prevention/", views.prevention, name="prevention"),
    path("prevention/new/", views.new_action, name="prevention-new"),
    path("prevention/feedback/<str:team>/", feedback_views.feedback, name="prevention-feedback"),
    path("prevention/<int:action_id>/", views.preventive_action, name="preventive-action"),
    path("prevention/<int:action_id>/edit/", views.edit_action, name="preventive-action-edit"),
    path("prevention/<int:action_id>/steps/", views.action_step, name="preventive-action-step"),
    path("prevention/<int:action_id>/trials/", views.new_trial, name="preventive-action-trial"),
    path(
        "prevention/<int:action_id>/trials/state/",
        views.trial_state,
        name="preventive-action-trial-state",
    ),
    path(
        "prevention/<int:action_id>/trials/<int:trial_id>/keep/",
        views.keep_rule,
        name="edit-rule-keep",
    ),
    path(
        "prevention/<int:action_id>/rules/<int:rule_id>/",
        views.rule_active,
        name="edit-rule-active",
    ),
]
