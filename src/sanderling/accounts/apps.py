"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

# Tables of the framework that the web application needs; those of our own features are granted by
# their migrations (sanderling_protect, sanderling_grant), and none is granted by default.
FRAMEWORK_APPS = (
    "account",
    "auth",
    "contenttypes",
    "mfa",
    "procrastinate",
    "sessions",
    "socialaccount",
)


class AccountsConfig(AppConfig):
    """People who log in, their roles, and the clients assigned to them."""

    name = "sanderling.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect to the moments for which Django offers signals only."""
        connection_created.connect(_name_actor)
        post_migrate.connect(_grant_framework_tables, sender=self)
        from sanderling.accounts import log_ins

        log_ins.connect()


def _name_actor(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Name the actor of a new connection, as settings say (the worker)."""
    from django.conf import settings

    if settings.SESSION_ACTOR:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('sanderling.actor', %s, false)", [settings.SESSION_ACTOR]
            )


def _grant_framework_tables(using: str, **_: object) -> None:
    from django.apps import apps
    from django.db import connections

    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('sanderling_visible_clients()') IS NOT NULL")
        (is_migrated,) = cursor.fetchone()
        if not is_migrated:  # migrated back to before
            return
        existing = set(connections[using].introspection.table_names(cursor))
        for label in FRAMEWORK_APPS:
            for model in apps.get_app_config(label).get_models(include_auto_created=True):
                if model._meta.db_table in existing:  # noqa: SLF001 - Django's documented way
                    cursor.execute(
                        "CALL sanderling_grant(%s, 'SELECT, INSERT, UPDATE, DELETE')",
                        [model._meta.db_table],  # noqa: SLF001 - as above
                    )
