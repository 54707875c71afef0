"""Addresses of the contracts' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.contracts import price_views, reference_views, upload_views, version_views, views

urlpatterns = [
    path("contracts/", views.contracts, name="contracts"),
    path("contracts/<int:contract_id>/", views.contract, name="contract"),
    path("contracts/<int:contract_id>/describe/", views.describe, name="contract-describe"),
    path("contracts/<int:contract_id>/billed/<str:code>/", views.billed_code, name="contract-code"),
    path("contracts/import/", upload_views.upload, name="contract-import"),
    path("contracts/import/<str:token>/", upload_views.uploaded, name="contract-upload"),
    path("contracts/versions/<int:version_id>/", version_views.version, name="contract-version"),
    path(
        "contracts/versions/<int:version_id>/terms/",
        version_views.terms,
        name="contract-version-terms",
    ),
    path(
        "contracts/versions/<int:version_id>/withdraw/",
        views.withdraw,
        name="contract-version-withdraw",
    ),
    path(
        "contracts/versions/<int:before_id>/<int:after_id>/",
        version_views.comparison,
        name="contract-comparison",
    ),
    path("contracts/price/", price_views.calculator, name="price-calculator"),
    path("contracts/price/<int:claim_id>/", price_views.claim_price, name="claim-price"),
    path("contracts/references/", reference_views.references, name="reference-schedules"),
    path(
        "contracts/schedules/<int:schedule_id>/file/",
        version_views.schedule_file,
        name="fee-schedule-file",
    ),
]
