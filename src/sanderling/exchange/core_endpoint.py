"""CAQH CORE connectivity: where a counterpart is reached, and what goes there and comes back.

Source: CAQH CORE Connectivity Rule vC2.2.0 (SOAP and HTTP MIME) and vC4.0.0 (REST). What of it was
verified, and how, stands in docs/reference/core-connectivity.md.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sanderling.core.refusal import Refusal

SECONDS_MAX: Final = 20.0  # the operating rule's limit of a real-time answer
REPLY_BYTES_MAX: Final = 32 * 1024 * 1024
SUCCESS: Final = "Success"
# Kinds of payload. 276 and 277 are named alike in real time and in a batch.
ASK_STATUS: Final = "X12_276_Request_005010X212"
STATUS_TOLD: Final = "X12_277_Response_005010X212"
ASK_RECEIPT: Final = "X12_999_RetrievalRequest_005010X231A1"
ASK_BATCH_RESULTS: Final = "X12_005010_Request_Batch_Results_277"
ACKNOWLEDGE_RESULTS: Final = "X12_999_SubmissionRequest_005010X231A1"
NOTHING_YET: Final = ("X12_NoBatchResultsFile", "X12_NoBatchAckFile")


class Form(StrEnum):
    """How the envelope is written."""

    SOAP = "soap"
    MIME = "mime"
    REST = "rest"


class Mode(StrEnum):
    """ProcessingMode."""

    REAL_TIME = "RealTime"
    BATCH = "Batch"


class Operation(StrEnum):
    """What is asked of the counterpart, as the WSDL of vC2.2.0 names it."""

    REAL_TIME = "RealTimeTransaction"
    SUBMIT = "BatchSubmitTransaction"
    RECEIPT = "BatchSubmitAckRetrievalTransaction"
    FETCH = "BatchResultsRetrievalTransaction"
    ACKNOWLEDGE = "BatchResultsAckSubmitTransaction"


class CoreFailed(Refusal):
    """The counterpart did not do it; the sentence says why and what to do.

    `is_passing`: the same may well work in a moment (no connection, no answer in time, a fault of
    its own). `may_have_arrived`: it may have taken what was sent, although no answer came.
    """

    def __init__(self, text: str, *, is_passing: bool, may_have_arrived: bool = False) -> None:
        super().__init__(text)
        self.is_passing = is_passing
        self.may_have_arrived = may_have_arrived


class CoreRefused(CoreFailed):
    """The counterpart read the request and said by a code why it does not do it."""


@dataclass(frozen=True, slots=True)
class CoreEndpoint:
    """One counterpart. Secrets and keys are references (env:NAME, file:/path), never themselves."""

    url: str
    form: Form
    sender_id: str
    receiver_id: str
    user_name: str = ""
    password: str = ""  # reference; SOAP UsernameToken, MIME form fields, REST client secret
    certificate: str = ""  # file:/path of our certificate with its key, for those who ask for it
    authorities: str = ""  # file:/path of the authorities to trust instead of the usual ones
    token_url: str = ""  # REST: where user_name and password are changed for a token (OAuth 2)
    rule_version: str = ""  # empty: that of the form
    seconds: float = SECONDS_MAX

    @property
    def version(self) -> str:
        """CORERuleVersion."""
        return self.rule_version or ("4.0.0" if self.form == Form.REST else "2.2.0")


@dataclass(frozen=True, slots=True)
class Message:
    """The metadata of an envelope, and what is in it."""

    operation: Operation
    payload_type: str
    mode: Mode
    payload_id: str  # a UUID; an answer repeats it
    at: datetime
    payload: bytes = b""

    @property
    def time_stamp(self) -> str:
        """TimeStamp, in UTC."""
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, checked against what was asked."""

    payload_type: str
    payload_id: str
    payload: bytes
    error_code: str = SUCCESS
    error_message: str = ""
    check_sum: str = ""
    length: int | None = None


def plain(payload: bytes) -> bytes:
    """Return a payload that may stand in base64, as an attachment written inline does."""
    text = payload.strip()
    if not text or text.startswith(b"ISA"):
        return payload
    try:
        found = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return payload
    return found if found.lstrip().startswith(b"ISA") else payload
