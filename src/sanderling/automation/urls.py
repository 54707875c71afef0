"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.automation import alert_views, rule_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("alerts/", alert_views.alerts, name="alerts"),
    path("alerts/settings/", alert_views.alert_settings, name="alert-settings"),
    path("alerts/limits/", alert_views.alert_limits, name="alert-limits"),
    path("alerts/targets/", alert_views.targets, name="targets"),
    path("alerts/targets/<int:pk>/", alert_views.target_act, name="target-act"),
    path("alerts/<int:pk>/", alert_views.alert, name="alert"),
    path(
        "alerts/<int:pk>/acknowledgment/", alert_views.acknowledge_alert, name="acknowledge-alert"
    ),
    path("alerts/<int:pk>/snooze/", alert_views.snooze_alert, name="snooze-alert"),
    path("rules/", rule_views.rules, name="rules"),
    path("rules/new/", rule_views.new_rule, name="new-rule"),
    path("rules/check/", rule_views.check_rule, name="check-rule"),
    path("rules/<int:pk>/", rule_views.rule, name="rule"),
    path("rules/<int:pk>/edit/", rule_views.edit_rule, name="edit-rule"),
    path("rules/<int:pk>/state/", rule_views.rule_state, name="rule-state"),
    path("rules/<int:pk>/move/", rule_views.move_rule, name="move-rule"),
    path("rules/<int:pk>/dry-runs/", rule_views.new_dry_run, name="new-dry-run"),
    path("rules/dry-runs/<int:pk>/", rule_views.dry_run, name="dry-run"),
    path("rules/runs/<int:pk>/", rule_views.rule_run, name="rule-run"),
    path("rules/runs/<int:pk>/undo/", rule_views.undo_rule_run, name="undo-rule-run"),
]
