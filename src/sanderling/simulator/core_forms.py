"""The forms of CAQH CORE envelopes as a payer's service reads and writes them; faults included."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from xml.sax.saxutils import escape

_NAMESPACE: Final = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
_RESPONSES: Final = {
    "COREEnvelopeRealTimeRequest": "COREEnvelopeRealTimeResponse",
    "COREEnvelopeBatchSubmissionAckRetrievalRequest": (
        "COREEnvelopeBatchSubmissionAckRetrievalResponse"
    ),
    "COREEnvelopeBatchSubmission": "COREEnvelopeBatchSubmissionResponse",
    "COREEnvelopeBatchResultsRetrievalRequest": "COREEnvelopeBatchResultsRetrievalResponse",
    "COREEnvelopeBatchResultsAckSubmission": "COREEnvelopeBatchResultsAckSubmissionResponse",
}


class CoreFault(StrEnum):
    """How the service can misbehave."""

    TIME_OUT = "time_out"  # says nothing until it is stopped
    ERROR = "error"  # 500 with a page
    SOAP_FAULT = "soap_fault"  # soap:Receiver
    REFUSED = "refused"  # an error code of the envelope
    WRONG_ID = "wrong_id"  # answers another PayloadID
    TRUNCATED = "truncated"  # hangs up in the middle
    CHECK_SUM = "check_sum"  # of another payload
    REDIRECT = "redirect"
    NOT_X12 = "not_x12"  # Success, and a message instead of a payload
    TOO_LARGE = "too_large"
    LATE_HANG_UP = "late_hang_up"  # does it, and hangs up before it says so


def fields_of(kind: str, body: bytes) -> dict[str, Any]:
    """Return the fields of a request, whatever its form."""
    if kind.startswith("application/json"):
        found = json.loads(body)
        if "Payload" in found:
            found["Payload"] = base64.b64decode(found["Payload"])
        return {"form": "rest", **found}
    if kind.startswith("multipart/form-data"):
        parts = _parts(kind, body)
        found = {name: data.decode() for name, (_, data) in parts.items() if name != "Payload"}
        return {"form": "mime", **found, "Payload": parts.get("Payload", ("", b""))[1]}
    envelope, attached = body, b""
    if kind.startswith("multipart/related"):
        (_, envelope), *rest = _parts(kind, body).values()
        attached = rest[0][1] if rest else b""
    found = {
        name.decode(): _unescaped(text)
        for name, text in re.findall(rb"<(\w+)>(.*?)</\1>", envelope, re.DOTALL)
    }
    password = re.search(rb"<wsse:Password[^>]*>(.*?)</", envelope)
    found["envelope"] = next((one for one in _RESPONSES if one.encode() in envelope), "")
    if password:
        found["Password"] = password[1].decode()
    payload = attached or str(found.get("Payload", "")).encode()
    return {"form": "soap", **found, "Payload": payload}


def _parts(kind: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    found = {}
    for number, part in enumerate(message.iter_parts()):
        name = part.get_param("name", str(number), header="content-disposition")
        data = part.get_payload(decode=True)
        found[str(name)] = (
            str(part.get("Content-ID", "")),
            data if isinstance(data, bytes) else b"",
        )
    return found


def _unescaped(text: bytes) -> str:
    found = text.decode()
    if found.startswith("<![CDATA["):
        return found.removeprefix("<![CDATA[").removesuffix("]]>")
    return found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def written(
    kind: str, fields: Mapping[str, Any], answer: dict[str, Any], fault: CoreFault | None
) -> tuple[str, bytes]:
    """Return content type and body of the answer, in the form of the request."""
    payload: bytes = answer.pop("Payload", b"")
    if fields["form"] == "rest":
        body = answer | ({"Payload": base64.b64encode(payload).decode()} if payload else {})
        if fault == CoreFault.SOAP_FAULT:
            body = {"error": "unavailable"}
        return "application/json", json.dumps(body).encode()
    if fields["form"] == "mime":
        pieces = [
            f'--b1\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in answer.items()
        ]
        pieces += [b'--b1\r\nContent-Disposition: form-data; name="Payload"\r\n\r\n', payload]
        return "multipart/form-data; boundary=b1", b"".join(pieces) + b"\r\n--b1--\r\n"
    return _soap(fields, answer, payload, fault, is_related=kind.startswith("multipart/"))


def _soap(
    fields: Mapping[str, Any],
    answer: Mapping[str, Any],
    payload: bytes,
    fault: CoreFault | None,
    *,
    is_related: bool,
) -> tuple[str, bytes]:
    head = '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body>'
    if fault == CoreFault.SOAP_FAULT:
        body = (
            "<env:Fault><env:Code><env:Value>env:Receiver</env:Value></env:Code><env:Reason>"
            '<env:Text xml:lang="en">Cannot look up DOE, JANE</env:Text></env:Reason></env:Fault>'
        )
        return "application/soap+xml", f"{head}{body}</env:Body></env:Envelope>".encode()
    name = _RESPONSES[fields["envelope"]]
    inner = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in answer.items())
    is_attached = bool(payload) and (is_related or fields["ProcessingMode"] == "Batch")
    if is_attached:
        inner += (
            '<Payload><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include"'
            ' href="cid:results%40payer"/></Payload>'
        )
    elif payload:
        inner += f"<Payload>{escape(payload.decode('ascii'))}</Payload>"
    envelope = (
        f'{head}<ns1:{name} xmlns:ns1="{_NAMESPACE}">{inner}</ns1:{name}></env:Body></env:Envelope>'
    ).encode()
    if not is_attached:
        return "application/soap+xml; charset=UTF-8", envelope
    return (
        'multipart/related; boundary="r1"; type="application/xop+xml"; start="<root@payer>"',
        b"--r1\r\nContent-Type: application/xop+xml\r\nContent-ID: <root@payer>\r\n\r\n"
        + envelope
        + b"\r\n--r1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary"
        b"\r\nContent-ID: <results@payer>\r\n\r\n" + payload + b"\r\n--r1--\r\n",
    )
