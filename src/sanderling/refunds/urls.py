"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import path

from sanderling.refunds import views

urlpatterns = [
    path("credits/", views.credits_view, name="credits"),
    path("credits/refunds/", views.refunds_view, name="refunds"),
    path("credits/<int:claim_id>/<int:party>/", views.credit, name="credit"),
    path(
        "credits/<int:claim_id>/<int:party>/identify/", views.identify_view, name="credit-identify"
    ),
    path("credits/clocks/<int:identified_id>/", views.investigate_view, name="credit-investigate"),
    path("credits/refunds/<int:refund_id>/", views.refund, name="refund"),
    path("credits/refunds/<int:refund_id>/decide/", views.decide_view, name="refund-decide"),
    path("credits/refunds/<int:refund_id>/made/", views.made_view, name="refund-made"),
    path("credits/refunds/<int:refund_id>/withdraw/", views.withdraw_view, name="refund-withdraw"),
    path("credits/refunds/<int:refund_id>/undo/", views.undo_view, name="refund-undo"),
    path("credits/refunds/<int:refund_id>/letter/", views.letter, name="refund-letter"),
]
