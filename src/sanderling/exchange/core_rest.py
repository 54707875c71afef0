"""The REST form of CAQH CORE vC4.0.0: JSON over HTTPS, our certificate and an OAuth 2 token.

The rule asks for POST and GET, X.509 certificates and OAuth 2.0. Names of fields and paths could
not be verified: the names are those of the older envelope, the paths follow the endpoint's address.
"""

from __future__ import annotations

import base64
import json
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from sanderling.exchange.core_endpoint import (
    CoreEndpoint,
    CoreFailed,
    Message,
    Mode,
    Operation,
    plain,
)
from sanderling.exchange.core_wire import Answer, password_of, post, refuse_status

_PATHS: Final = {
    Operation.REAL_TIME: "realtime",
    Operation.SUBMIT: "batch",
    Operation.RECEIPT: "batch/receipt",
    Operation.FETCH: "batch/results",
    Operation.ACKNOWLEDGE: "batch/acknowledgment",
}


def rest_address(endpoint: CoreEndpoint, message: Message) -> str:
    """Return where a request goes: a path below the endpoint's address."""
    return urljoin(f"{endpoint.url.rstrip('/')}/", _PATHS[message.operation])


def rest_request(
    endpoint: CoreEndpoint, message: Message, check_sum: str
) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request; asks for a token first where there is an address."""
    fields: dict[str, str | int] = {
        "PayloadType": message.payload_type,
        "ProcessingMode": message.mode.value,
        "PayloadID": message.payload_id,
        "TimeStamp": message.time_stamp,
        "SenderID": endpoint.sender_id,
        "ReceiverID": endpoint.receiver_id,
        "CORERuleVersion": endpoint.version,
    }
    if message.payload:
        fields["Payload"] = base64.b64encode(message.payload).decode()
        if message.mode == Mode.BATCH:
            fields |= {"PayloadLength": len(message.payload), "CheckSum": check_sum}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    return headers | _authorization(endpoint), json.dumps(fields).encode()


def _authorization(endpoint: CoreEndpoint) -> dict[str, str]:
    if not endpoint.user_name:
        return {}
    user, secret = endpoint.user_name, password_of(endpoint)
    basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
    if not endpoint.token_url:
        return {"Authorization": f"Basic {basic}"}
    if urlsplit(endpoint.token_url).hostname != urlsplit(endpoint.url).hostname:
        raise CoreFailed(
            "the address of the token is another host's; both must be the counterpart's",
            is_passing=False,
        )
    answer = post(
        endpoint,
        urlencode({"grant_type": "client_credentials"}).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {basic}",
        },
        url=endpoint.token_url,
    )
    refuse_status(answer)
    token = _object(answer).get("access_token")
    if not isinstance(token, str) or not token.isprintable():
        raise CoreFailed("the counterpart gave no token; check the mailbox", is_passing=False)
    return {"Authorization": f"Bearer {token}"}


def rest_fields(answer: Answer) -> dict[str, bytes]:
    """Return the fields of a reply by name, the payload decoded.

    Raises:
        CoreFailed: it is no JSON object.
    """
    found = {
        name: str(value).encode() for name, value in _object(answer).items() if value is not None
    }
    return found | {"Payload": plain(found.get("Payload", b""))}


def _object(answer: Answer) -> dict[str, object]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        refuse_status(answer)
        raise CoreFailed(
            "the counterpart's answer is no JSON; check the address and the form of the mailbox",
            is_passing=False,
        )
    return found
