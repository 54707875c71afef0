"""CAQH CORE: a payer's service over real sockets, behaving and misbehaving, in all three forms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sanderling.core.x12.write.claim_status import (
    StatusBatch,
    StatusClaim,
    StatusReply,
    status_request_transaction,
)
from sanderling.core.x12.write.envelope import Group, Interchange, render_interchange
from sanderling.core.x12.write.parties import Payer, Person, Provider, TradingPartner
from sanderling.exchange import core_wire
from sanderling.exchange.core_calls import (
    acknowledge,
    ask_now,
    fetch_results,
    payload_id_of,
    submit,
)
from sanderling.exchange.core_endpoint import CoreEndpoint, CoreFailed, Form
from sanderling.exchange.core_soap import soap_fields
from sanderling.exchange.core_wire import check_address
from sanderling.simulator.core_forms import CoreFault
from sanderling.simulator.core_server import CoreServer
from sanderling.simulator.status_answers import from_table

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
PAYLOAD_ID = payload_id_of("test", 1)
FORMS = list(Form)
PAID = StatusReply("F1", "65", date(2026, 3, 4), paid_cents=12_000, payment_trace="EFT1")


@pytest.fixture
def service() -> Iterator[CoreServer]:
    with CoreServer(from_table({"A1": PAID})).running() as running:
        yield running


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORE_PASSWORD", "correct")


def endpoint(service: CoreServer, form: Form = Form.SOAP, **more: object) -> CoreEndpoint:
    found = CoreEndpoint(
        url=service.url,
        form=form,
        sender_id="BILLCO",
        receiver_id="ACME<1>",
        user_name="billco",
        password="env:CORE_PASSWORD",
        seconds=2.0,
    )
    return replace(found, **more)  # type: ignore[arg-type]  # fields of it


def request_276() -> bytes:
    claim = StatusClaim(
        trace="SR0000000001",
        control_number="A1",
        charge_cents=15_050,
        subscriber=Person("DOE", "JANE", date(1980, 2, 14), ""),
        member_id="ABC]]>9",
        service_from_date=date(2026, 1, 2),
        service_to_date=date(2026, 1, 2),
    )
    batch = StatusBatch(
        "SL000000001",
        AT,
        Payer("ACME HEALTH", "ACME1"),
        TradingPartner("BILLCO", "BILLCO"),
        ((Provider("MAPLE CLINIC", "1234567893"), (claim,)),),
    )
    group = Group(1, (status_request_transaction(batch, "0001"),))
    return render_interchange(Interchange("BILLCO", "ACME1", 1, AT, (group,))).encode()


@pytest.mark.parametrize("form", FORMS)
def test_one_claim_is_asked_about_and_answered_at_once(service: CoreServer, form: Form) -> None:
    told = ask_now(endpoint(service, form), request_276(), payload_id=PAYLOAD_ID, at=AT)
    assert b"TRN*2*SR0000000001~STC*F1:65*20260304**150.5*120****EFT1~" in told
    (seen,) = service.seen
    assert (seen["form"], seen["Payload"]) == (form.value, request_276())
    assert {name: seen[name] for name in seen if name[0].isupper() and name != "Payload"} == {
        "PayloadType": "X12_276_Request_005010X212",
        "ProcessingMode": "RealTime",
        "PayloadID": PAYLOAD_ID,
        "TimeStamp": "2026-03-05T12:00:00Z",
        "SenderID": "BILLCO",
        "ReceiverID": "ACME<1>",
        "CORERuleVersion": "4.0.0" if form == Form.REST else "2.2.0",
        **({} if form == Form.REST else {"Password": "correct"}),
        **({"UserName": "billco"} if form == Form.MIME else {}),
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_is_sent_fetched_when_it_is_ready_and_acknowledged(
    service: CoreServer, form: Form
) -> None:
    counterpart = endpoint(service, form)
    submit(counterpart, request_276(), payload_id=PAYLOAD_ID, at=AT)
    assert service.batches == {PAYLOAD_ID: request_276()}
    assert fetch_results(counterpart, payload_id=PAYLOAD_ID, at=AT) is None
    told = fetch_results(counterpart, payload_id=PAYLOAD_ID, at=AT)
    assert told is not None
    assert b"STC*F1:65" in told
    acknowledge(counterpart, b"ISA*999", payload_id=PAYLOAD_ID, at=AT)
    assert service.acknowledged == [PAYLOAD_ID]


def test_the_envelope_of_a_batch_tells_length_and_check_sum(service: CoreServer) -> None:
    submit(endpoint(service), request_276(), payload_id=PAYLOAD_ID, at=AT)
    (seen,) = service.seen
    assert seen["PayloadLength"] == str(len(request_276()))
    assert len(seen["CheckSum"]) == 40


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("fault", "words", "again"),
    [
        (CoreFault.TIME_OUT, "did not answer within 0.3 seconds", "again"),
        (CoreFault.ERROR, "answered 500: it has a fault of its own", "again"),
        (CoreFault.REFUSED, "refused the request (ReceiverIDIllegal)", "never"),
        (CoreFault.WRONG_ID, "answered another request than ours", "never"),
        (CoreFault.TRUNCATED, "broke off", "again"),
        (CoreFault.CHECK_SUM, "damaged on the way", "again"),
        (CoreFault.REDIRECT, "another address, which is not followed", "never"),
        (CoreFault.NOT_X12, "sent no X12", "never"),
        (CoreFault.LATE_HANG_UP, "it hung up", "again"),
    ],
)
def test_an_answer_that_is_none_is_refused_in_plain_words(
    service: CoreServer, form: Form, fault: CoreFault, words: str, again: str
) -> None:
    service.faults = [fault]
    counterpart = endpoint(service, form, seconds=0.3 if fault == CoreFault.TIME_OUT else 2.0)
    with pytest.raises(CoreFailed) as failed:
        ask_now(counterpart, request_276(), payload_id=PAYLOAD_ID, at=AT)
    assert words in str(failed.value)
    assert failed.value.is_passing == (again == "again")
    assert "DOE" not in str(failed.value)


def test_a_soap_fault_is_told_by_its_code_without_what_is_written_beside_it(
    service: CoreServer,
) -> None:
    service.faults = [CoreFault.SOAP_FAULT]
    with pytest.raises(CoreFailed) as failed:
        ask_now(endpoint(service), request_276(), payload_id=PAYLOAD_ID, at=AT)
    assert str(failed.value) == "the counterpart refused the request (Receiver); try again later"


def test_an_answer_too_large_is_not_read_to_its_end(
    service: CoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_wire, "REPLY_BYTES_MAX", 100_000)
    service.faults = [CoreFault.TOO_LARGE]
    with pytest.raises(CoreFailed, match="too large"):
        ask_now(endpoint(service), request_276(), payload_id=PAYLOAD_ID, at=AT)


def test_results_damaged_on_the_way_are_offered_again(service: CoreServer) -> None:
    counterpart = endpoint(service)
    service.polls_until_ready = 0
    submit(counterpart, request_276(), payload_id=PAYLOAD_ID, at=AT)
    service.faults = [CoreFault.CHECK_SUM]
    with pytest.raises(CoreFailed, match="damaged"):
        fetch_results(counterpart, payload_id=PAYLOAD_ID, at=AT)
    assert fetch_results(counterpart, payload_id=PAYLOAD_ID, at=AT) is not None


def test_a_wrong_password_is_refused_and_a_missing_one_named_by_its_reference(
    service: CoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORE_PASSWORD", "wrong")
    with pytest.raises(CoreFailed, match="UnAuthorized"):
        ask_now(endpoint(service), request_276(), payload_id=PAYLOAD_ID, at=AT)
    monkeypatch.delenv("CORE_PASSWORD")
    with pytest.raises(CoreFailed, match="env:CORE_PASSWORD is empty or not set"):
        ask_now(endpoint(service), request_276(), payload_id=PAYLOAD_ID, at=AT)


def certificate_file(folder: Path) -> Path:
    """Make a certificate of localhost that nobody else trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_a_certificate_must_be_one_we_trust(tmp_path: Path) -> None:
    path = certificate_file(tmp_path)
    with CoreServer(from_table({"A1": PAID})).running(certificate=str(path)) as service:
        with pytest.raises(CoreFailed, match="certificate is not one we trust"):
            ask_now(endpoint(service), request_276(), payload_id=PAYLOAD_ID, at=AT)
        assert service.seen == []
        trusted = endpoint(service, authorities=f"file:{path}")
        assert b"STC*F1" in ask_now(trusted, request_276(), payload_id=PAYLOAD_ID, at=AT)


@pytest.mark.parametrize(
    "address",
    ["http://payer.example/core", "ftp://localhost/x", "https://a:b@c/", "https://", "http://["],
)
def test_patient_data_goes_over_tls_only(address: str) -> None:
    with pytest.raises(CoreFailed):
        check_address(address)


def test_a_document_with_entities_is_no_answer(service: CoreServer) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "ISA">]><Envelope><Payload>&a;</Payload></Envelope>'
    answer = core_wire.Answer(200, "application/soap+xml", bomb)
    with pytest.raises(CoreFailed, match="no SOAP envelope"):
        soap_fields(answer)
