"""Addresses of approval, delivery, schedules, the client's own people, and links."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from sanderling.reports import delivery_views, link_views, log_views, portal_views


class Form(StringConverter):
    """How a report is taken."""

    regex = "pdf|xlsx"


register_converter(Form, "report_form")

urlpatterns = [
    path("reports/approvals/", delivery_views.approvals_view, name="report-approvals"),
    path(
        "reports/approvals/approve/",
        delivery_views.approve_several_view,
        name="report-approve-several",
    ),
    path("reports/deliveries/", log_views.deliveries_view, name="report-deliveries"),
    path(
        "reports/deliveries/<int:delivery_id>/again/",
        delivery_views.send_again_view,
        name="report-send-again",
    ),
    path("reports/schedules/", log_views.schedules_view, name="report-schedules"),
    path("reports/schedules/new/", log_views.new_schedule_view, name="report-schedule-new"),
    path(
        "reports/schedules/<int:schedule_id>/end/",
        log_views.end_schedule_view,
        name="report-schedule-end",
    ),
    path("reports/due/<int:due_id>/again/", log_views.try_again_view, name="report-due-again"),
    path("reports/<int:report_id>/approval/", delivery_views.approval_view, name="report-approval"),
    path(
        "reports/<int:report_id>/pages/<int:number>.png",
        delivery_views.page_picture,
        name="report-page",
    ),
    path("reports/<int:report_id>/approve/", delivery_views.approve_view, name="report-approve"),
    path("reports/<int:report_id>/reject/", delivery_views.reject_view, name="report-reject"),
    path(
        "reports/<int:report_id>/take-back/", delivery_views.take_back_view, name="report-take-back"
    ),
    path("reports/<int:report_id>/send/", delivery_views.send_view, name="report-send"),
    path("reports/<int:report_id>/withdraw/", delivery_views.withdraw_view, name="report-withdraw"),
    path("portal/reports/", portal_views.portal_reports, name="portal-reports"),
    path("portal/reports/<int:report_id>/", portal_views.portal_report, name="portal-report"),
    path(
        "portal/reports/<int:report_id>/report.<report_form:form>",
        portal_views.portal_report_file,
        name="portal-report-file",
    ),
    path("l/report/<str:token>/", link_views.linked_cover, name="linked-report-cover"),
    path("l/report/<str:token>/read/", link_views.linked_report, name="linked-report"),
    path(
        "l/report/<str:token>/report.<report_form:form>",
        link_views.linked_file,
        name="linked-report-file",
    ),
]
