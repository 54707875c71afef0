"""Targets that Apprise reaches. Their addresses carry passwords: kept encrypted, never shown again.

An address is encrypted with a key made of SANDERLING_FILE_KEY, as originals are; without that key
it can only be kept outside, in an environment variable that begins with SANDERLING_TARGET_.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import warnings
from datetime import datetime
from types import ModuleType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.automation.models import Target
from sanderling.core.refusal import Refusal

VARIABLE_PREFIX: Final = "SANDERLING_TARGET_"
_VARIABLE: Final = re.compile(rf"{VARIABLE_PREFIX}[A-Z0-9_]{{1,60}}")
_NONCE_BYTES: Final = 12
ADDRESS_LENGTH_MAX: Final = 2_000


class TargetUnusable(Refusal):
    """The address cannot be kept, is none that Apprise knows, or could not be reached."""


@transaction.atomic
def make_target(
    *, name: str, address: str = "", variable: str = "", by: User | None, at: datetime
) -> Target:
    """Make a target of an address, or of the variable that holds one.

    Raises:
        TargetUnusable: neither or both, an address that Apprise does not know, no key to keep it
            with, or a name that another has.
    """
    name = name.strip()
    if Target.objects.filter(name__iexact=name).exists():
        raise TargetUnusable(f"There is a target “{name}” already; choose another name.")
    if bool(address) == bool(variable):
        raise TargetUnusable("Give an address, or the variable that holds it: one of the two.")
    if variable and not _VARIABLE.fullmatch(variable):
        raise TargetUnusable(f"The variable's name must begin with {VARIABLE_PREFIX}.")
    if address:
        check_address(address)
    target = Target.objects.create(
        name=name,
        sealed=seal(address) if address else b"",
        variable=variable,
        made_by=by,
        made_at=at,
    )
    record_event(action="target.create", at=at, subject=("target", target.pk))
    return target


def switch_target(target: Target, *, is_active: bool, at: datetime) -> None:
    """Switch a target off or on again; what waits for it waits on."""
    if Target.objects.filter(pk=target.pk).exclude(is_active=is_active).update(is_active=is_active):
        action = "target.on" if is_active else "target.off"
        record_event(action=action, at=at, subject=("target", target.pk))


def try_target(target: Target, *, at: datetime) -> str:
    """Send a test; return what came of it, an empty text when it arrived."""
    try:
        send_to(target, title="Sanderling", text="This is a test. Alerts come like this.")
    except TargetUnusable as refusal:
        result = str(refusal)
    else:
        result = ""
    Target.objects.filter(pk=target.pk).update(tested_at=at, test_result=result)
    return result


def send_to(target: Target, *, title: str, text: str) -> None:
    """Send a message.

    Raises:
        TargetUnusable: it did not arrive; the reason names no address.
    """
    address = address_in(target)
    apprise = _apprise()
    channel = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, app_id="Sanderling"))
    if not channel.add(address):
        raise TargetUnusable("The address is none that Apprise knows; make the target anew.")
    if not channel.notify(title=title, body=text):
        raise TargetUnusable("It could not be delivered: the other side is away or refuses it.")


def _apprise() -> ModuleType:
    """Return apprise with all its services; loaded late, for it takes a second."""
    # It logs addresses with their passwords when it fails.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of modules that it loads for old Pythons
        import apprise

        apprise.Apprise.instantiate("json://localhost")  # loads the services
    return apprise


def address_in(target: Target) -> str:
    """Return a target's address.

    Raises:
        TargetUnusable: the variable is not set, or the key is not the one it was kept with.
    """
    if target.variable:
        address = os.environ.get(target.variable, "")
        if not address:
            raise TargetUnusable(f"{target.variable} is not set where the worker runs.")
        return address
    return unseal(bytes(target.sealed))


def check_address(address: str) -> None:
    """Refuse an address that Apprise does not know.

    Raises:
        TargetUnusable: it does not, or it would read from this machine.
    """
    if len(address) > ADDRESS_LENGTH_MAX or address.lower().startswith(("dbus", "syslog", "file")):
        raise TargetUnusable("The address is none that can be used here.")
    if _apprise().Apprise.instantiate(address, suppress_exceptions=True) is None:
        raise TargetUnusable(
            "The address is none that Apprise knows; see its list of services, for example"
            " json://host/path or slack://token/channel."
        )


def seal(address: str) -> bytes:
    """Return the address encrypted.

    Raises:
        TargetUnusable: there is no key.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key()).encrypt(nonce, address.encode(), b"target")


def unseal(sealed: bytes) -> str:
    """Return the address of what `seal` made.

    Raises:
        TargetUnusable: the key is missing or another one.
    """
    try:
        plain = AESGCM(_key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"target")
    except InvalidTag as error:
        raise TargetUnusable("SANDERLING_FILE_KEY is not the one it was kept with.") from error
    return plain.decode()


def _key() -> bytes:
    secret: str = settings.FILE_KEY
    if not secret:
        raise TargetUnusable(
            "SANDERLING_FILE_KEY is not set, so no address can be kept safely; set it, or name a"
            f" variable {VARIABLE_PREFIX}... that holds the address."
        )
    return hashlib.sha256(b"sanderling targets\0" + secret.encode()).digest()
