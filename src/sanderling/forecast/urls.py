"""Addresses of the cash forecast."""

from __future__ import annotations

from django.urls import path

from sanderling.forecast import views

urlpatterns = [
    path("forecast/", views.forecast, name="forecast"),
    path("forecast/tried/", views.forecast_tried, name="forecast-tried"),
]
