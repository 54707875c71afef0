"""The SOAP envelope of CAQH CORE vC2.2.0: SOAP 1.2, a batch's payload beside it (MTOM).

Element names, their order, namespace and actions are those of the rule's WSDL, as services that
were generated from it carry them. User name and password go into a WS-Security UsernameToken.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from sanderling.exchange.core_endpoint import (
    CoreEndpoint,
    CoreFailed,
    CoreRefused,
    Message,
    Mode,
    Operation,
    plain,
)
from sanderling.exchange.core_mime import parts_of
from sanderling.exchange.core_wire import Answer, password_of

_CORE: Final = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_BODIES: Final = {
    Operation.REAL_TIME: "COREEnvelopeRealTimeRequest",
    Operation.SUBMIT: "COREEnvelopeBatchSubmission",
    Operation.RECEIPT: "COREEnvelopeBatchSubmissionAckRetrievalRequest",
    Operation.FETCH: "COREEnvelopeBatchResultsRetrievalRequest",
    Operation.ACKNOWLEDGE: "COREEnvelopeBatchResultsAckSubmission",
}
_FAULT: Final = re.compile(r"[A-Za-z]{1,40}")


def soap_request(endpoint: CoreEndpoint, message: Message) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a request."""
    action = message.operation.value
    if message.mode == Mode.REAL_TIME or not message.payload:
        payload = f"<Payload>{_text(message.payload)}</Payload>" if message.payload else ""
        body = _envelope(endpoint, message, payload)
        return {"Content-Type": f'application/soap+xml; charset=UTF-8; action="{action}"'}, body
    return _mtom(endpoint, message)


def _mtom(endpoint: CoreEndpoint, message: Message) -> tuple[dict[str, str], bytes]:
    cid = f"payload-{message.payload_id}@sanderling"
    include = (
        '<Payload><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include"'
        f' href="cid:{cid}"/></Payload>'
    )
    boundary = f"core-{uuid.uuid5(uuid.NAMESPACE_OID, message.payload_id).hex}"
    action = message.operation.value
    head = (
        f"--{boundary}\r\n"
        'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        "Content-Transfer-Encoding: 8bit\r\nContent-ID: <envelope@sanderling>\r\n\r\n"
    )
    between = (
        f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{cid}>\r\n\r\n"
    )
    body = b"".join(
        (
            head.encode(),
            _envelope(endpoint, message, include),
            between.encode(),
            message.payload,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    return {
        "Content-Type": (
            f'multipart/related; boundary="{boundary}"; type="application/xop+xml";'
            f' start="<envelope@sanderling>"; start-info="application/soap+xml";'
            f' action="{action}"'
        )
    }, body


def _envelope(endpoint: CoreEndpoint, message: Message, payload: str) -> bytes:
    name = _BODIES[message.operation]
    length = check_sum = ""
    if message.mode == Mode.BATCH and message.payload:
        length = f"<PayloadLength>{len(message.payload)}</PayloadLength>"
        check_sum = f"<CheckSum>{sha1(message.payload)}</CheckSum>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}"><soapenv:Header>{_security(endpoint)}'
        f'</soapenv:Header><soapenv:Body><ns1:{name} xmlns:ns1="{_CORE}">'
        f"<PayloadType>{message.payload_type}</PayloadType>"
        f"<ProcessingMode>{message.mode}</ProcessingMode>"
        f"<PayloadID>{message.payload_id}</PayloadID>{length}"
        f"<TimeStamp>{message.time_stamp}</TimeStamp>"
        f"<SenderID>{escape(endpoint.sender_id)}</SenderID>"
        f"<ReceiverID>{escape(endpoint.receiver_id)}</ReceiverID>"
        f"<CORERuleVersion>{escape(endpoint.version)}</CORERuleVersion>{check_sum}{payload}"
        f"</ns1:{name}></soapenv:Body></soapenv:Envelope>"
    ).encode()


def _security(endpoint: CoreEndpoint) -> str:
    if not endpoint.user_name:
        return ""  # our certificate speaks for us
    return (
        f'<wsse:Security xmlns:wsse="{_WSS}-wssecurity-secext-1.0.xsd"'
        ' soapenv:mustUnderstand="true"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(endpoint.user_name)}</wsse:Username>"
        f'<wsse:Password Type="{_WSS}-username-token-profile-1.0#PasswordText">'
        f"{escape(password_of(endpoint))}</wsse:Password>"
        "</wsse:UsernameToken></wsse:Security>"
    )


def _text(payload: bytes) -> str:
    text = payload.decode("ascii")
    # CDATA is what the rule's examples show; its end may stand in a claim.
    return escape(text) if "]]>" in text else f"<![CDATA[{text}]]>"


def sha1(payload: bytes) -> str:
    """Return CheckSum: the rule says SHA-1, as hexadecimal."""
    return hashlib.sha1(payload, usedforsecurity=False).hexdigest()


def soap_fields(answer: Answer) -> dict[str, bytes]:
    """Return the elements of a reply by name, the payload as it came.

    Raises:
        CoreFailed: it is no SOAP, or a fault.
    """
    attached: Mapping[str, bytes] = {}
    text = answer.body
    if answer.content_type.lower().startswith("multipart/"):
        parts = parts_of(answer)
        text = next((part.body for part in parts if b":Envelope" in part.body[:2000]), b"")
        attached = {part.content_id: part.body for part in parts}
    try:
        root = defusedxml.ElementTree.fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise CoreFailed(
            "the counterpart's answer is no SOAP envelope; check the address and the form"
            " of the mailbox",
            is_passing=answer.status >= 500,  # noqa: PLR2004 - a fault of its own
        ) from None
    _refuse_fault(root)
    found: dict[str, bytes] = {}
    for element in root.iter():
        name = _local(element)
        if len(element) == 0 and element.text is not None:
            found.setdefault(name, element.text.encode())
        elif name == "Payload" and len(element) and _local(element[0]) == "Include":
            cid = unquote(element[0].get("href", "").removeprefix("cid:"))
            found["Payload"] = attached.get(cid, b"")
    return found | {"Payload": plain(found.get("Payload", b""))}


def _refuse_fault(root: Element) -> None:
    fault = next((one for one in root.iter() if _local(one) == "Fault"), None)
    if fault is None:
        return
    codes = [
        (one.text or "").rpartition(":")[2].strip()
        for one in fault.iter()
        if _local(one) in ("Value", "faultcode")
    ]
    # Codes only: what a counterpart writes beside them may name a patient.
    code = next((one for one in codes if _FAULT.fullmatch(one)), "a fault")
    is_theirs = code in ("Receiver", "Server")
    advice = "try again later" if is_theirs else "check sender, receiver and log-in of the mailbox"
    raise CoreRefused(
        f"the counterpart refused the request ({code}); {advice}", is_passing=is_theirs
    )


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
