"""Addresses of the exchange: files of ours, mailboxes."""

from __future__ import annotations

from django.urls import path

from sanderling.exchange import core_views, views

urlpatterns = [
    path("exchange/", views.exchange, name="exchange"),
    path("exchange/files/<int:pk>/", views.outbound_file, name="outbound-file"),
    path("exchange/files/<int:pk>/content/", views.outbound_content, name="outbound-content"),
    path("exchange/files/<int:pk>/approve/", views.outbound_approve, name="outbound-approve"),
    path("exchange/files/<int:pk>/cancel/", views.outbound_cancel, name="outbound-cancel"),
    path("exchange/files/<int:pk>/retry/", views.outbound_retry, name="outbound-retry"),
    path("exchange/mailboxes/core/", core_views.core_mailbox, name="core-mailbox-new"),
    path("exchange/mailboxes/core/<int:pk>/", core_views.core_mailbox, name="core-mailbox"),
    path("status-requests/claims/<int:claim_id>/", core_views.claim_status, name="claim-status"),
    path(
        "status-requests/claims/<int:claim_id>/<int:party>/ask/",
        core_views.ask_status,
        name="claim-status-ask",
    ),
    path("exchange/mailboxes/new/", views.mailbox, name="mailbox-new"),
    path("exchange/mailboxes/<int:pk>/", views.mailbox, name="mailbox"),
    path("exchange/mailboxes/<int:pk>/try/", views.mailbox_try, name="mailbox-try"),
    path("exchange/mailboxes/<int:pk>/start/", views.mailbox_start, name="mailbox-start"),
]
