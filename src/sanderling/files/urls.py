"""Addresses of files' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.files import views

urlpatterns = [
    path("files/", views.files, name="files"),
    path("files/<int:pk>/", views.file, name="file"),
    path("files/<int:pk>/segments/", views.segments, name="file-segments"),
    path("files/<int:pk>/original/", views.original, name="file-original"),
]
