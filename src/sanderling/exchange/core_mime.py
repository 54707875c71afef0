"""The HTTP MIME form of CAQH CORE vC2.2.0: a form of fields (multipart/form-data)."""

from __future__ import annotations

import email.parser
import email.policy
import uuid
from dataclasses import dataclass
from typing import Final

from sanderling.exchange.core_endpoint import CoreEndpoint, CoreFailed, Message, Mode
from sanderling.exchange.core_wire import Answer, password_of

_FIELDS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart answer."""

    name: str  # of a form field
    content_id: str
    body: bytes


def mime_request(
    endpoint: CoreEndpoint, message: Message, check_sum: str
) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request."""
    fields = {
        "PayloadType": message.payload_type,
        "ProcessingMode": message.mode.value,
        "PayloadID": message.payload_id,
        "TimeStamp": message.time_stamp,
        "UserName": endpoint.user_name,
        "Password": password_of(endpoint),
        "SenderID": endpoint.sender_id,
        "ReceiverID": endpoint.receiver_id,
        "CORERuleVersion": endpoint.version,
    }
    if message.mode == Mode.BATCH and message.payload:
        fields |= {"PayloadLength": str(len(message.payload)), "CheckSum": check_sum}
    boundary = f"core-{uuid.uuid5(uuid.NAMESPACE_OID, message.payload_id).hex}"
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
        if value
    ]
    if message.payload:
        pieces += [
            f'--{boundary}\r\nContent-Disposition: form-data; name="Payload"\r\n\r\n'.encode(),
            message.payload,
            b"\r\n",
        ]
    pieces.append(f"--{boundary}--\r\n".encode())
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, b"".join(pieces)


def mime_fields(answer: Answer) -> dict[str, bytes]:
    """Return the fields of a reply by name, the payload as it came.

    Raises:
        CoreFailed: it is no form.
    """
    if not answer.content_type.lower().startswith("multipart/"):
        raise CoreFailed(
            "the counterpart's answer is no form of fields; check the form of the mailbox",
            is_passing=answer.status >= 500,  # noqa: PLR2004 - a fault of its own
        )
    return {part.name: part.body for part in parts_of(answer) if part.name}


def parts_of(answer: Answer) -> list[Part]:
    """Return the parts of a multipart answer.

    Raises:
        CoreFailed: it ends before its last boundary, or has too many parts.
    """
    head = f"Content-Type: {answer.content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.body)
    if not message.is_multipart() or message.defects:
        raise CoreFailed(
            "the counterpart's answer broke off; try again later",
            is_passing=True,
            may_have_arrived=True,
        )
    found = []
    for part in message.iter_parts():
        body = part.get_payload(decode=True)
        name = part.get_param("name", "", header="content-disposition")
        found.append(
            Part(
                str(name),
                str(part.get("Content-ID", "")).strip("<> "),
                body if isinstance(body, bytes) else b"",
            )
        )
    if len(found) > _FIELDS_MAX:
        raise CoreFailed("the counterpart's answer has too many parts", is_passing=False)
    return found
