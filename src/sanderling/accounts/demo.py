"""The users of a demonstration."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings

from sanderling.accounts.actions import assign_clients, create_user
from sanderling.accounts.models import User
from sanderling.accounts.roles import Role
from sanderling.clients.models import Client
from sanderling.postgres.home import private_folder

DOMAIN = "demo.example"
# role, name, which clients in order of their codes (None: all)
PEOPLE: tuple[tuple[Role, str, slice | None], ...] = (
    (Role.ADMIN, "Ada Admin", None),
    (Role.LEAD, "Lena Lead", None),
    (Role.SPECIALIST, "Sam Specialist", slice(7)),
    (Role.ACCOUNT_MANAGER, "Mia Manager", slice(3)),
    (Role.CLIENT_USER, "Cleo Client", slice(2, 3)),
    (Role.CODER, "Cody Coder", slice(7)),
    (Role.COMPLIANCE, "Cory Compliance", None),
)


def ensure_demo_users() -> list[tuple[str, str, str]]:
    """Make the demo users that are missing; return (e-mail, password, role) of each.

    The password is one of this installation alone, kept in its data directory: a demonstration
    that listens on a network has no password that the world knows.
    """
    password = _password(private_folder(settings.SANDERLING_HOME, "keys") / "demo_password")
    clients = list(Client.objects.order_by("code").values_list("pk", flat=True))
    logins = []
    for role, name, which in PEOPLE:
        email = f"{role.value.replace('_', '.')}@{DOMAIN}"
        if not User.objects.filter(email=email).exists():
            user = create_user(
                email=email, name=name, role=role, password=password, sees_all_clients=which is None
            )
            assign_clients(user=user, client_ids=clients[which] if which else [])
        logins.append((email, password, role.value))
    return logins


def _password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"sanderling-{secrets.token_hex(4)}", encoding="ascii")
    return path.read_text(encoding="ascii").strip()
