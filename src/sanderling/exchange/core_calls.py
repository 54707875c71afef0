"""What we do with a CAQH CORE counterpart: ask one claim now; send a batch, fetch its results.

Every reply is checked against what was asked before anything of it is used: its PayloadID, its
error code, length and check sum, and that the payload is an interchange.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Final

from sanderling.exchange.core_endpoint import (
    ACKNOWLEDGE_RESULTS,
    ASK_BATCH_RESULTS,
    ASK_RECEIPT,
    ASK_STATUS,
    NOTHING_YET,
    SUCCESS,
    CoreEndpoint,
    CoreFailed,
    CoreRefused,
    Form,
    Message,
    Mode,
    Operation,
    Reply,
)
from sanderling.exchange.core_mime import mime_fields, mime_request
from sanderling.exchange.core_rest import rest_address, rest_fields, rest_request
from sanderling.exchange.core_soap import sha1, soap_fields, soap_request
from sanderling.exchange.core_wire import DONE, post, refuse_status

_CODE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9]{0,60}")
_TROUBLED: Final = ("Receiver", "Server", "SystemError", "Timeout")


def payload_id_of(*parts: object) -> str:
    """Return the PayloadID of a thing of ours.

    The same thing has the same one, so that what is sent again after an interruption is recognised.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, ("sanderling", *parts)))))


def ask_now(endpoint: CoreEndpoint, data: bytes, *, payload_id: str, at: datetime) -> bytes:
    """Ask in real time; return the interchange that came back (277, 999 or TA1).

    Raises:
        CoreFailed: there is no usable answer.
    """
    message = Message(Operation.REAL_TIME, ASK_STATUS, Mode.REAL_TIME, payload_id, at, data)
    reply = call(endpoint, message)
    return _interchange(reply)


def submit(endpoint: CoreEndpoint, data: bytes, *, payload_id: str, at: datetime) -> None:
    """Send a batch; the counterpart has it when this returns.

    Raises:
        CoreFailed: it has not, or nobody knows (`may_have_arrived`): the same PayloadID again is
            recognised.
    """
    call(endpoint, Message(Operation.SUBMIT, ASK_STATUS, Mode.BATCH, payload_id, at, data))


def fetch_results(endpoint: CoreEndpoint, *, payload_id: str, at: datetime) -> bytes | None:
    """Return what answers a batch, None while there is nothing.

    Raises:
        CoreFailed: it could not be fetched whole.
    """
    return _fetch(endpoint, Message(Operation.FETCH, ASK_BATCH_RESULTS, Mode.BATCH, payload_id, at))


def fetch_receipt(endpoint: CoreEndpoint, *, payload_id: str, at: datetime) -> bytes | None:
    """Return the 999 or TA1 that says whether a batch could be read, None while there is none.

    Raises:
        CoreFailed: it could not be fetched whole, or the counterpart keeps none.
    """
    return _fetch(endpoint, Message(Operation.RECEIPT, ASK_RECEIPT, Mode.BATCH, payload_id, at))


def _fetch(endpoint: CoreEndpoint, message: Message) -> bytes | None:
    reply = call(endpoint, message)
    if reply.payload_type in NOTHING_YET or not reply.payload.strip():
        return None
    return _interchange(reply)


def acknowledge(endpoint: CoreEndpoint, data: bytes, *, payload_id: str, at: datetime) -> None:
    """Say that the results arrived (a 999): the counterpart may let go of them.

    Raises:
        CoreFailed: it did not take it; the results will be offered again and known again.
    """
    kind = ACKNOWLEDGE_RESULTS
    call(endpoint, Message(Operation.ACKNOWLEDGE, kind, Mode.BATCH, payload_id, at, data))


def call(endpoint: CoreEndpoint, message: Message) -> Reply:
    """Do one exchange of messages; return the reply, checked.

    Raises:
        CoreFailed: there is none, or it is not one to this message.
    """
    url = ""
    if endpoint.form == Form.SOAP:
        headers, body = soap_request(endpoint, message)
    elif endpoint.form == Form.MIME:
        headers, body = mime_request(endpoint, message, sha1(message.payload))
    else:
        url = rest_address(endpoint, message)
        headers, body = rest_request(endpoint, message, sha1(message.payload))
    answer = post(endpoint, body, headers, url=url)
    read = {Form.SOAP: soap_fields, Form.MIME: mime_fields, Form.REST: rest_fields}[endpoint.form]
    try:
        return _checked(read(answer), message, is_done=answer.status in DONE)
    except CoreRefused:
        raise
    except CoreFailed:
        refuse_status(answer)  # says more than that its page of an error is no envelope
        raise


def _checked(fields: dict[str, bytes], message: Message, *, is_done: bool) -> Reply:
    told = {name.lower(): value for name, value in fields.items()}

    def text(name: str) -> str:
        return told.get(name.lower(), b"").decode("utf-8", "replace").strip()

    length = text("PayloadLength")
    reply = Reply(
        payload_type=text("PayloadType"),
        payload_id=text("PayloadID"),
        payload=told.get("payload", b""),
        error_code=text("ErrorCode") or SUCCESS,
        check_sum=text("CheckSum"),
        length=int(length) if length.isdigit() else None,
    )
    if reply.error_code != SUCCESS:
        raise _refused(reply.error_code)
    if not is_done or reply.payload_id.lower() != message.payload_id.lower():
        raise CoreFailed(
            "the counterpart answered another request than ours; nothing of it was used",
            is_passing=False,
            may_have_arrived=True,
        )
    if reply.payload and (
        (reply.check_sum and reply.check_sum.lower() != sha1(reply.payload))
        or (reply.length is not None and reply.length != len(reply.payload))
    ):
        raise CoreFailed(
            "the counterpart's answer was damaged on the way (check sum or length);"
            " try again later",
            is_passing=True,
            may_have_arrived=True,
        )
    return reply


def _refused(code: str) -> CoreRefused:
    """Return why it was refused. Codes only: a message may name a patient."""
    shown = code if _CODE.fullmatch(code.encode("ascii", "replace")) else "an error"
    is_passing = shown in _TROUBLED
    advice = "try again later" if is_passing else "look the code up in its companion guide"
    return CoreRefused(
        f"the counterpart refused the request ({shown}); {advice}", is_passing=is_passing
    )


def _interchange(reply: Reply) -> bytes:
    """Return the payload, which must be one whole interchange.

    Some services say Success and put a page of an error there.
    """
    data = reply.payload.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not data.startswith(b"ISA"):
        raise CoreFailed(
            "the counterpart says that it has answered, but sent no X12; ask by portal or call",
            is_passing=False,
            may_have_arrived=True,
        )
    separator, terminator = data[3:4], data[105:106]
    if not terminator or terminator + b"IEA" + separator not in data.replace(b"\r", b"").replace(
        b"\n", b"" if terminator != b"\n" else b"\n"
    ):
        raise CoreFailed(
            "the counterpart's answer broke off; try again later",
            is_passing=True,
            may_have_arrived=True,
        )
    return data
