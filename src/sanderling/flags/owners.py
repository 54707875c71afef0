"""Who owns a flag, who else of us hears of it, and whom of the client we tell."""

from __future__ import annotations

from sanderling.accounts.models import User
from sanderling.accounts.people import who_may
from sanderling.accounts.roles import Role
from sanderling.agreements.queries import account_manager
from sanderling.flags.models import Flag, FlagEvent
from sanderling.flags.words import UNDONE

WORK = "claims.work"
SEE = "portal.view"
# The ladder of DOMAIN 9.7 within the house: whom a late answer is told at each level.
ROLES_OF_LEVEL = {1: (Role.LEAD,), 2: (Role.ACCOUNT_MANAGER,), 3: (Role.ADMIN,)}


def usual_owner(client_id: int) -> User | None:
    """Return who owns a new flag of the client.

    Its account manager as agreed; else whoever of its account managers, leads, or else of all who
    work for it, owns the fewest open flags. None: nobody works for the client.
    """
    agreed = account_manager(client_id)
    workers = who_may(WORK, client_id)
    if agreed is not None and agreed.pk in {user.pk for user in workers}:
        return agreed
    for roles in ((Role.ACCOUNT_MANAGER,), (Role.LEAD,), tuple(Role)):
        fitting = [user for user in workers if user.role in roles]
        if fitting:
            return min(fitting, key=lambda user: (_open_flags(user), user.pk))
    return None


def _open_flags(user: User) -> int:
    return Flag.objects.filter(owner=user, state__in=UNDONE).count()


def may_own(user: User, client_id: int) -> bool:
    """Say whether the person works for the client."""
    return user.pk in {one.pk for one in who_may(WORK, client_id)}


def owners_of(client_id: int) -> list[User]:
    """Return who can own a flag of the client, by name."""
    return sorted(who_may(WORK, client_id), key=lambda user: (user.name, user.pk))


def heard_at(level: int, flag: Flag) -> list[int]:
    """Return whom a late answer is told at a level, the owner with them.

    Where nobody has the role of a level, the administrators hear of it.
    """
    found = who_may(WORK, flag.client_id, roles=ROLES_OF_LEVEL[level])
    agreed = account_manager(flag.client_id) if level == 2 else None  # noqa: PLR2004 - the level
    if agreed is not None:
        found = [agreed]
    if not found:
        found = who_may(WORK, flag.client_id, roles=(Role.ADMIN,))
    ids = {user.pk for user in found}
    if flag.owner_id is not None:
        ids.add(flag.owner_id)
    return sorted(ids)


def people_of_client(flag: Flag) -> list[int]:
    """Return whom of the client we tell: who flagged or wrote; else all of its people.

    Only people who may still see the client.
    """
    seeing = {user.pk for user in who_may(SEE, flag.client_id)}
    wrote = set(
        FlagEvent.objects.filter(flag=flag, user__isnull=False).values_list("user_id", flat=True)
    )
    concerned = seeing & ({flag.flagged_by_id} | wrote)
    return sorted(concerned or seeing)
