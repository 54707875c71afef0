"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from sanderling.reviews import meeting_views, views

urlpatterns = [
    path("reviews/", views.reviews, name="reviews"),
    path("reviews/new/", views.new_series, name="review-series-new"),
    path("reviews/series/<int:series_id>/", views.series_page, name="review-series"),
    path("reviews/series/<int:series_id>/active/", views.series_active, name="review-active"),
    path("reviews/series/<int:series_id>/invite/", views.series_invite, name="review-invite"),
    path("reviews/series/<int:series_id>/make/", views.make_now, name="review-make"),
    path(
        "reviews/series/<int:series_id>/calendar.ics", views.series_calendar, name="review-calendar"
    ),
    path("reviews/actions/<int:action_id>/", views.action_end, name="review-action-end"),
    path("reviews/<int:review_id>/", views.review, name="review"),
    path("reviews/<int:review_id>/state/", views.review_state, name="review-state"),
    path("reviews/<int:review_id>/minutes.pdf", views.review_minutes, name="review-minutes"),
    path("reviews/<int:review_id>/begin/", meeting_views.begin, name="review-begin"),
    path("reviews/<int:review_id>/meeting/", meeting_views.meeting_page, name="review-meeting"),
    path("reviews/<int:review_id>/live/", meeting_views.meeting_live, name="review-live"),
    path("reviews/<int:review_id>/go/", meeting_views.go, name="review-go"),
    path("reviews/<int:review_id>/entries/", meeting_views.entry, name="review-entry"),
    path(
        "reviews/<int:review_id>/entries/<int:entry_id>/strike/",
        meeting_views.strike,
        name="review-strike",
    ),
    path("reviews/<int:review_id>/actions/", meeting_views.action, name="review-action"),
    path("reviews/<int:review_id>/close/", meeting_views.close, name="review-close"),
]
