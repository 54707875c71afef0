"""Users and the clients assigned to them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from sanderling.accounts.roles import TEAMS_OF_ROLE, Role, role_may


class UserManager(BaseUserManager["User"]):
    """What Django needs to find users by e-mail address."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user with this e-mail address, whatever its case."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person who logs in with an e-mail address."""

    id = models.AutoField(primary_key=True)
    email = models.EmailField(unique=True)  # kept in lower case
    name = models.TextField()
    role = models.TextField(choices=Role)
    sees_all_clients = models.BooleanField(default=False)
    # Whose tasks are his; empty: those of his role (roles.TEAMS_OF_ROLE).
    teams = ArrayField(models.TextField(), default=list, blank=True, db_default=[])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        db_table = "accounts_user"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="user_role_is_known"
            ),
        ]

    def may(self, permission: str) -> bool:
        """Say whether the user's role has the permission; an inactive user has none."""
        return self.is_active and role_may(self.role, permission)

    def works_for(self) -> tuple[str, ...]:
        """Return the teams whose tasks are this user's: as set, else by role."""
        return tuple(self.teams) or TEAMS_OF_ROLE.get(self.role, ())

    def get_full_name(self) -> str:
        """Return the name to show."""
        return self.name

    def get_short_name(self) -> str:
        """Return the name to show where there is little room."""
        return self.name.split(" ", 1)[0]


class ClientAssignment(models.Model):
    """This user may see this client."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    client = models.ForeignKey(
        "clients.Client", on_delete=models.CASCADE, related_name="assignments"
    )

    class Meta:
        db_table = "accounts_client_assignment"
        constraints = [
            models.UniqueConstraint(fields=["user", "client"], name="client_assigned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} sees {self.client_id}"


class BreakGlass(models.Model):
    """A person opened a client that is not assigned to him, for a limited time and a reason.

    Written by `sanderling_break_glass` only, which knows the clients that the asker does not see.
    Ends by itself; a person may end his own earlier. Somebody else says afterwards whether it was
    right.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    reason = models.TextField()
    begun_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    was_right = models.BooleanField(null=True)
    review_note = models.TextField(default="")

    class Meta:
        db_table = "accounts_break_glass"
        indexes = [models.Index(fields=["user", "ends_at"], name="break_glass_of_user")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reviewed_by=models.F("user")),
                name="nobody_reviews_his_own_break_glass",
            ),
        ]

    def __str__(self) -> str:
        return f"break-glass {self.pk}"
