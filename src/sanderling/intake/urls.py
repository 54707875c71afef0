"""Addresses of intake's pages."""

from __future__ import annotations

from django.urls import path

from sanderling.intake import views

urlpatterns = [
    path("bring-in/", views.bring_in, name="bring_in"),
    path("bring-in/<str:token>/", views.upload, name="upload"),
    path("files/<int:pk>/replay/", views.replay, name="replay"),
]
