"""Addresses of payers' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.payers import views

urlpatterns = [
    path("payers/", views.payers, name="payers"),
    path("payers/deadlines/", views.type_deadlines, name="type-deadlines"),
    path("payers/deadlines/rules/", views.new_type_rule, name="new-type-rule"),
    path("payers/deadlines/rules/<int:pk>/", views.deadline_rule, name="deadline-rule"),
    path("payers/<int:pk>/", views.payer, name="payer"),
    path("payers/<int:pk>/state/", views.set_payer_state, name="set-payer-state"),
    path("payers/<int:pk>/calling/", views.set_payer_calling, name="set-payer-calling"),
    path("payers/<int:pk>/rules/", views.new_payer_rule, name="new-payer-rule"),
]
