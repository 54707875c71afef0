"""allauth's addresses that we use: log-in here or elsewhere, log-out, passwords, second factor."""

from __future__ import annotations

from allauth.account import views
from allauth.socialaccount import views as provider_views
from django.urls import include, path

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("cancelled/", provider_views.login_cancelled, name="socialaccount_login_cancelled"),
    path("error/", provider_views.login_error, name="socialaccount_login_error"),
    path("2fa/", include("allauth.mfa.urls")),
]
