"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import path

from sanderling.appeals import project_views, settings_views, step_views, views

urlpatterns = [
    path("appeals/", views.appeals, name="appeals"),
    path("appeals/new/", views.new_appeal, name="appeal-form"),
    path("appeals/rates/", views.rates, name="appeal-rates"),
    path("appeals/<int:appeal_id>/", views.appeal, name="appeal"),
    path("appeals/<int:appeal_id>/lines/", views.lines, name="appeal-lines"),
    path("appeals/<int:appeal_id>/packet/", views.packet, name="appeal-packet"),
    path("appeals/<int:appeal_id>/facts/", step_views.facts, name="appeal-facts"),
    path("appeals/<int:appeal_id>/change/", step_views.change, name="appeal-change"),
    path("appeals/<int:appeal_id>/items/", step_views.item, name="appeal-item"),
    path("appeals/<int:appeal_id>/asking/", step_views.ask, name="appeal-ask"),
    path("appeals/<int:appeal_id>/evidence/", step_views.evidence, name="appeal-evidence"),
    path(
        "appeals/<int:appeal_id>/evidence/<int:evidence_id>/",
        step_views.evidence_file,
        name="appeal-evidence-file",
    ),
    path(
        "appeals/<int:appeal_id>/evidence/<int:evidence_id>/removal/",
        step_views.remove,
        name="appeal-evidence-remove",
    ),
    path("appeals/<int:appeal_id>/steps/", step_views.step, name="appeal-step"),
    path("appeals/<int:appeal_id>/sent/", step_views.sent, name="appeal-sent"),
    path("appeals/<int:appeal_id>/received/", step_views.received, name="appeal-received"),
    path("appeals/<int:appeal_id>/outcome/", step_views.outcome, name="appeal-outcome"),
    path("appeals/many/", project_views.appeal_many, name="appeal-many"),
    path("appeals/projects/", project_views.appeal_projects, name="appeal-projects"),
    path("appeals/projects/<int:project_id>/", project_views.appeal_project, name="appeal-project"),
    path(
        "appeals/projects/<int:project_id>/finish/",
        project_views.finish_view,
        name="appeal-project-finish",
    ),
    path(
        "appeals/projects/<int:project_id>/sent/",
        project_views.send_view,
        name="appeal-project-sent",
    ),
    path(
        "appeals/projects/<int:project_id>/packet/",
        project_views.project_packet,
        name="appeal-project-packet",
    ),
    path(
        "appeals/projects/<int:project_id>/lines/",
        project_views.project_lines,
        name="appeal-project-lines",
    ),
    path("appeals/letters/", settings_views.letters, name="letters"),
    path("appeals/letters/<str:key>/", settings_views.letter, name="letter"),
    path("appeals/approval/", settings_views.policy, name="appeal-policy"),
    path("payers/<int:pk>/appeals/", settings_views.ways, name="appeal-ways"),
    path("payers/<int:pk>/appeals/<int:level>/", settings_views.way, name="appeal-way"),
    path("clients/<int:pk>/letterhead/", settings_views.letterhead, name="letterhead"),
]
