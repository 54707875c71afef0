"""A payer's CAQH CORE service: takes 276s in real time and in batches, answers with 277s.

A thread of this process on a port of its own. It reads what comes by itself and uses the product's
writers only. `faults` are done in order, one a request, before it behaves again.
"""

from __future__ import annotations

import hashlib
import http.server
import ssl
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sanderling.simulator.core_forms import CoreFault, fields_of, written
from sanderling.simulator.status_answers import Answering, acknowledge_276, answer_276

_HANG_SECONDS: Final = 60.0


@dataclass(slots=True)
class CoreServer:
    """The service: `url` is where it listens; `seen` the fields of each request, in order."""

    answering: Answering
    password: str = "correct"  # noqa: S105 - a made-up service's
    faults: list[CoreFault] = field(default_factory=list)
    rejects: bool = False  # turns batches away by its 999
    polls_until_ready: int = 1  # how often a batch's results are asked for in vain
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    batches: dict[str, bytes] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    _polls: dict[str, int] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, certificate: str = "") -> Iterator[CoreServer]:
        """Listen until the block ends; `certificate`: file of one with its key, for TLS."""
        service = self

        class Handler(_Handler):
            core = service

        server = _Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://localhost:{server.server_address[1]}/core"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def hang(self) -> None:
        """Wait until the service is stopped."""
        self._stopped.wait(_HANG_SECONDS)

    def done(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a request asks for; return the fields of the answer."""
        asked_id = str(fields.get("PayloadID", ""))
        answer = {
            "PayloadType": "CoreEnvelopeError",
            "ProcessingMode": fields.get("ProcessingMode", ""),
            "PayloadID": asked_id,
            "TimeStamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "SenderID": fields.get("ReceiverID", ""),
            "ReceiverID": fields.get("SenderID", ""),
            "CORERuleVersion": fields.get("CORERuleVersion", ""),
            "ErrorCode": "Success",
            "ErrorMessage": "None",
        }
        payload: bytes = fields.get("Payload", b"")
        if fields.get("Password") not in (None, self.password):
            return answer | {"ErrorCode": "UnAuthorized", "ErrorMessage": "Wrong password"}
        if fields.get("CheckSum") and fields["CheckSum"] != hashlib.sha1(payload).hexdigest():  # noqa: S324 - the rule says SHA-1
            return answer | {"ErrorCode": "CheckSumMismatched", "ErrorMessage": "CheckSum"}
        kind = str(fields.get("PayloadType", ""))
        if fields.get("ProcessingMode") == "RealTime":
            return answer | self._told(payload)
        if kind.startswith("X12_276_Request"):
            self.batches[asked_id] = payload
            return answer | {"PayloadType": "X12_BatchReceiptConfirmation"}
        if kind.startswith("X12_999_RetrievalRequest"):
            return answer | self._receipt(asked_id)
        if "Batch_Results" in kind:
            return answer | self._results(asked_id)
        self.acknowledged.append(asked_id)
        return answer | {"PayloadType": "X12_Response_ConfirmReceiptReceived"}

    def _results(self, batch_id: str) -> dict[str, Any]:
        self._polls[batch_id] = self._polls.get(batch_id, 0) + 1
        is_ready = self._polls[batch_id] > self.polls_until_ready and not self.rejects
        if batch_id not in self.batches or not is_ready:
            return {"PayloadType": "X12_NoBatchResultsFile"}
        told = self._told(self.batches[batch_id])
        payload = told["Payload"]
        return told | {
            "PayloadLength": len(payload),
            "CheckSum": hashlib.sha1(payload).hexdigest(),  # noqa: S324 - the rule says SHA-1
        }

    def _receipt(self, batch_id: str) -> dict[str, Any]:
        if batch_id not in self.batches:
            return {"PayloadType": "X12_NoBatchAckFile"}
        payload = acknowledge_276(self.batches[batch_id], is_taken=not self.rejects)
        return {"PayloadType": "X12_999_Response_005010X231A1", "Payload": payload}

    def _told(self, request: bytes) -> dict[str, Any]:
        return {
            "PayloadType": "X12_277_Response_005010X212",
            "Payload": answer_276(request, self.answering),
        }


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


class _Handler(http.server.BaseHTTPRequestHandler):
    core: CoreServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Take one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kind = self.headers.get("Content-Type", "")
        fields = fields_of(kind, body)
        self.core.seen.append(fields)
        fault = self.core.faults.pop(0) if self.core.faults else None
        if fault == CoreFault.TIME_OUT:
            self.core.hang()
            return
        if fault == CoreFault.ERROR:
            self._send(500, "text/html", b"<html><body>Internal error</body></html>")
            return
        if fault == CoreFault.REDIRECT:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        answer = self.core.done(fields)
        if fault == CoreFault.LATE_HANG_UP:
            self.close_connection = True
            self.connection.close()
            return
        answer = _spoilt(answer, fault)
        form, text = written(kind, fields, answer, fault)
        if fault == CoreFault.TRUNCATED:
            self._send(200, form, text[: len(text) // 2], length=len(text))
            self.close_connection = True
            return
        self._send(500 if fault == CoreFault.SOAP_FAULT else 200, form, text)

    def _send(self, status: int, kind: str, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


def _spoilt(answer: dict[str, Any], fault: CoreFault | None) -> dict[str, Any]:
    if fault == CoreFault.REFUSED:
        return answer | {"ErrorCode": "ReceiverIDIllegal", "Payload": b""}
    if fault == CoreFault.WRONG_ID:
        return answer | {"PayloadID": str(uuid.UUID(int=0))}
    if fault == CoreFault.CHECK_SUM:
        return answer | {"CheckSum": "0" * 40}
    if fault == CoreFault.NOT_X12:
        return answer | {"Payload": b'{"message": "An error occurred"}'}
    if fault == CoreFault.TOO_LARGE:
        return answer | {"Payload": b"ISA" + b" " * (33 * 1024 * 1024)}
    return answer
