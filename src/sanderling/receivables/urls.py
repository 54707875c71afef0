"""Addresses of receivables' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.receivables import views

urlpatterns = [
    path("aging/", views.aging_view, name="aging"),
    path("aging/claims/", views.aging_claims, name="aging-claims"),
    path("claims/", views.claims, name="claims"),
    # The number is the provider's own and may hold anything, slashes too.
    path("claims/<str:client>/<path:number>/", views.claim, name="claim"),
    path("suspense/", views.suspense, name="suspense"),
]
