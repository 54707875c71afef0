"""How allauth is bent to this house: nobody signs up, an administrator makes users."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: an administrator makes users."""
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # no types
    """Closes sign-up by an identity provider as well."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        """Say no: a provider may log in known users only."""
        return False
