"""Proof of filing: what was said of each claim as sent, how good it is, and that it stands so."""

from __future__ import annotations

import io
import time
from datetime import date
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import builders
from tests.builders import Inbox, claims_file, paid, remittance_file, sent
from tests.integration.pages import Visitor, make_client, make_people, text_of
from tests.remembered import remembered

from sanderling.audit.models import AuditEvent
from sanderling.claims.models import Claim, Submission
from sanderling.files.models import StoredFile
from sanderling.payers.models import Payer
from sanderling.proofs.chain import check, sealed
from sanderling.proofs.exhibit import NoExhibit, exhibit_data, exhibit_pdf
from sanderling.proofs.lineage import best_filing, lineage, lineages

pytestmark = pytest.mark.django_db


def acceptance(  # noqa: PLR0913 - what tests vary
    number: str,
    status: str = "A2:20:PR",
    *,
    day: str = "20260107",
    action: str = "WQ",
    batch: str = "BATCH1",
    source: str = "PR",
    control: int = 300,
    others: str = "",
    text: str = "",
) -> str:
    """Return a 277CA of one claim; `others`: 2200D loops of other claims after it."""
    name = (
        "NM1*PR*2*ACME HEALTH*****PI*ACME1" if source == "PR" else "NM1*AY*2*CLEARHOUSE*****46*C1"
    )
    body = (
        f"BHT*0085*08*CA{control}*{day}*0805*TH~HL*1**20*1~{name}~TRN*1*R{control}~"
        f"DTP*050*D8*{day}~DTP*009*D8*{day}~HL*2*1*21*1~NM1*41*2*BILLCO*****46*BILLCO~"
        f"TRN*2*{batch}~STC*A1:19:PR*{day}*WQ*150~QTY*90*1~AMT*YU*150~HL*3*2*19*1~"
        f"NM1*85*2*MAPLE FAMILY CLINIC*****XX*{builders.NPI}~HL*4*3*PT~"
        f"NM1*QC*1*DOE*JANE****MI*ABC123456789~TRN*2*{number}~STC*{status}*{day}*{action}*150"
        f"{'********' + text if text else ''}~REF*1K*ICN{control}~REF*D9*T{control}~"
        f"DTP*472*D8*20260102~{others}"
    )
    return builders.envelope(
        body, kind="277", guide="005010X214", code="HN", control=control, made=day
    )


def syntax(control: int, verdict: str = "A") -> str:
    """Return a 999 to the set of a claims file."""
    body = f"AK1*HC*{control}*005010X222A1~AK2*837*0001*005010X222A1~IK5*{verdict}~AK9*{verdict}*1*1*{int(verdict == 'A')}~"  # noqa: E501
    return builders.envelope(
        body, kind="999", guide="005010X231A1", code="FA", control=control + 800, made="20260106"
    )


def interchange(control: int) -> str:
    """Return a TA1 to an interchange."""
    head = builders.envelope(kind="999", guide="005010X231A1", code="FA", control=control + 900)
    isa = head.split("~")[0]
    return f"{isa}~TA1*{control:09}*260105*0600*A*000~IEA*0*{control + 900:09}~"


@remembered
def filled(inbox: Inbox) -> Claim:
    """A claim with all that can follow, among another patient's, and a limit of 90 days."""
    make_client("MINE", "Maple Family Clinic", builders.NPI, builders.TIN)
    other = (
        "TRN*2*B1~STC*A2:20:PR*20260107*WQ*99~REF*1K*ICNOTHER~REF*D9*TOTHER~DTP*472*D8*20260102~"
    )
    inbox.take(
        claims_file(sent("A1", 150), sent("B1", 99, patient="ROE*RICHARD"), control=101),
        received_date=date(2026, 1, 5),
    )
    inbox.take(interchange(101), syntax(101), received_date=date(2026, 1, 6))
    inbox.take(
        acceptance("A1", "A1:19:AY", source="AY", day="20260106", control=301),
        received_date=date(2026, 1, 6),
    )
    inbox.take(acceptance("A1", control=302, others=other, text="ACCEPTED FOR ADJUDICATION"),
               received_date=date(2026, 1, 8))  # fmt: skip
    inbox.take(remittance_file(paid("A1", 150, 90, "CO*45*60")), received_date=date(2026, 1, 20))
    Payer.objects.update(timely_filing_days=90)
    assert {report.status for report in inbox.reports} == {"posted"}
    return Claim.objects.get(number="A1")


@pytest.fixture
def filed(inbox: Inbox) -> Claim:
    return filled(inbox)


def test_the_lineage_has_each_step_with_its_place(filed: Claim) -> None:
    (filing,) = lineage(filed.pk)
    assert [(link.kind, link.codes, link.day) for link in filing.links] == [
        ("837", "", date(2026, 1, 5)),
        ("TA1", "A:000", date(2026, 1, 5)),
        ("999", "A", date(2026, 1, 6)),
        ("277CA", "A1:19:AY WQ", date(2026, 1, 6)),
        ("277CA", "A2:20:PR WQ", date(2026, 1, 7)),
        ("835", "1", date(2026, 1, 20)),
    ]
    accepted = filing.links[4]
    assert (accepted.payer_claim_number, accepted.clearinghouse_trace) == ("ICN302", "T302")
    assert accepted.batch_reference == "BATCH1"
    stored = StoredFile.objects.get(sha256=accepted.file_sha256)
    assert (accepted.file_id, accepted.file_name) == (stored.pk, stored.name)
    assert filing.sent.interchange_number == "000000101"


def test_proofs_are_ranked_and_the_limit_is_told(filed: Claim) -> None:
    (filing,) = lineage(filed.pk)
    assert [(proof.link.kind, proof.strength) for proof in filing.proofs] == [
        ("277CA", "accepted"),
        ("277CA", "strong"),
        ("835", "strong"),
        ("999", "weak"),
    ]
    assert filing.limit.deadline_date == date(2026, 4, 2)
    assert filing.best is not None
    assert filing.best.words == "taken by nearly all payers; inside the limit"
    assert filing.verdict == (
        "Filed in time: the payer's acceptance (277CA) of 2026-01-07, last day 2026-04-02."
    )


def test_a_proof_after_the_limit_says_so(filed: Claim) -> None:
    Payer.objects.update(timely_filing_days=2)
    (filing,) = lineage(filed.pk)
    assert filing.best is not None
    assert filing.best.is_inside is False
    assert filing.verdict.startswith("Not proved in time")


def test_a_past_day_knows_what_was_on_hand(filed: Claim) -> None:
    (filing,) = lineage(filed.pk, as_of=date(2026, 1, 6))
    assert [link.kind for link in filing.links] == ["837", "TA1", "999", "277CA"]
    assert filing.best is not None
    assert filing.best.rank == 2
    (before,) = lineage(filed.pk, as_of=date(2026, 1, 5))
    assert before.best is None
    assert "Nothing on hand" in before.verdict


def test_each_version_has_its_own_answers(filed: Claim, inbox: Inbox) -> None:
    inbox.take(
        claims_file(sent("A1", 150, frequency="7", original_reference="ICN302"), batch="B2",
                    made="20260210", control=102),
        received_date=date(2026, 2, 10),
    )  # fmt: skip
    inbox.take(syntax(102, "R"), received_date=date(2026, 2, 11))
    first, second = lineage(filed.pk)
    assert len(first.links) == 6
    assert [(link.kind, link.category) for link in second.links] == [("837", "7"), ("999", "R")]
    assert second.best is None
    assert best_filing([first, second]) is first
    inbox.take(
        acceptance("A1", batch="B2", day="20260212", control=303), received_date=date(2026, 2, 12)
    )
    first, second = lineage(filed.pk)
    assert len(first.links) == 6
    assert second.best is not None
    assert second.best.link.payer_claim_number == "ICN303"


def test_a_control_number_used_again_means_the_latest_set(filed: Claim, inbox: Inbox) -> None:
    inbox.take(
        claims_file(sent("C1", 80), batch="B9", made="20260301", control=101),
        received_date=date(2026, 3, 1),
    )
    inbox.take(syntax(101, "R"), received_date=date(2026, 3, 2))
    (filing,) = lineage(filed.pk)
    assert [link.category for link in filing.links if link.kind == "999"] == ["A"]


def test_the_chain_is_checked_against_the_originals(filed: Claim) -> None:
    filings = lineage(filed.pk)
    assert check(filings) == []
    chain = sealed(filings)
    assert [one.segment.split("*")[0] for one in chain] == [
        "CLM", "TA1", "AK2", "STC", "STC", "CLP",
    ]  # fmt: skip
    # What comes later adds behind it.
    earlier = sealed(lineage(filed.pk, as_of=date(2026, 1, 8)))
    assert [one.seal for one in chain][:5] == [one.seal for one in earlier]
    assert len({one.seal for one in chain}) == 6


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_an_original_that_was_changed_is_found(filed: Claim, harm: str) -> None:
    filings = lineage(filed.pk)
    accepted = filings[0].links[4]
    sha256 = accepted.file_sha256
    path = Path(settings.SANDERLING_HOME) / "originals" / sha256[:2] / sha256[2:4] / sha256
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"*WQ*", b"*UQ*"))
    (finding,) = check(filings)
    assert finding.link == accepted
    assert finding.text == {
        "changed": "the original was changed", "gone": "the original is not there"
    }[harm]  # fmt: skip
    if harm == "gone":
        with pytest.raises(NoExhibit, match="cannot be read"):
            exhibit_pdf(filings[0].submission_id, as_of=date(2026, 3, 5))


def test_an_excerpt_holds_nothing_of_other_patients(filed: Claim) -> None:
    for one in sealed(lineage(filed.pk)):
        text = " ".join(segment for _, segment in one.excerpt)
        assert one.segment in text
        for alien in ("B1", "ROE", "ICNOTHER", "TOTHER"):
            assert alien not in text, one.link.kind
    (other,) = lineage(Claim.objects.get(number="B1").pk)
    accepted = next(one for one in sealed([other]) if one.link.kind == "277CA")
    assert "ICN302" not in " ".join(segment for _, segment in accepted.excerpt)


def test_the_exhibit_is_one_page_with_what_a_payer_asks_for(filed: Claim) -> None:
    sent_id = Submission.objects.get(claim=filed).pk
    pdf = exhibit_pdf(sent_id, as_of=date(2026, 3, 5))
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = " ".join(page.extract_text().replace("\u200b", "").split())
    accepted = lineage(filed.pk)[0].links[4]
    for part in (
        "DOE, JANE", "01/02/2026", "ACME HEALTH", "$150.00", "A2:20:PR WQ", "ICN302", "T302",
        "ACCEPTED FOR ADJUDICATION", "04/02/2026", accepted.file_sha256, accepted.file_name,
        "STC*A2:20:PR*20260107*WQ*150",
    ):  # fmt: skip
        assert part in text, part
    assert "ROE" not in text
    assert exhibit_pdf(sent_id, as_of=date(2026, 3, 5)) == pdf
    assert (
        exhibit_data(sent_id, as_of=date(2026, 3, 5))["seal"] == sealed(lineage(filed.pk))[-1].seal
    )


def test_without_a_proof_there_is_no_exhibit(filed: Claim) -> None:
    sent_id = Submission.objects.get(claim=filed).pk
    with pytest.raises(NoExhibit, match="nothing on hand"):
        exhibit_pdf(sent_id, as_of=date(2026, 1, 5))
    with pytest.raises(NoExhibit, match="no such"):
        exhibit_pdf(0, as_of=date(2026, 3, 5))


def test_many_claims_take_as_many_statements_as_one(filed: Claim) -> None:
    every = list(Claim.objects.filter(has_facts=True).values_list("pk", flat=True))
    assert len(every) == 2
    lineages(every)
    with CaptureQueriesContext(connection) as one:
        lineages([filed.pk])
    with CaptureQueriesContext(connection) as both:
        found = lineages(every)
    assert set(found) == set(every)
    assert len(both) == len(one) <= 8
    start = time.perf_counter()
    lineage(filed.pk)
    assert time.perf_counter() - start < 0.5  # 0.03 s on a quiet machine


def test_the_pages_show_it_and_are_recorded(filed: Claim) -> None:
    people = make_people(filed.client)
    page = text_of(Visitor(people.specialist).get("/claims/MINE/A1/"))
    assert "Proof of filing" in page
    address = f"/claims/{filed.pk}/proof/"
    assert f'hx-get="{address}part/"' in page
    part = text_of(Visitor(people.specialist).get(f"{address}part/"))
    assert "Filed in time: the payer&#x27;s acceptance (277CA)" in part
    assert Visitor(people.stranger).get(f"{address}part/").status_code == 404
    page = text_of(Visitor(people.specialist).get(address, check="1"))
    assert "Checked: 6 originals and 6 steps are as they were read." in page
    assert "T302" in page
    sent_id = Submission.objects.get(claim=filed).pk
    answer = Visitor(people.specialist).get(f"{address}{sent_id}/exhibit/")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="proof-{sent_id}.pdf"'
    seen = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"proof.view", "proof.exhibit"} <= seen


def test_a_claim_known_from_remittances_only_says_what_to_do(inbox: Inbox) -> None:
    client = make_client("MINE", "Maple", builders.NPI, builders.TIN)
    inbox.take(remittance_file(paid("Z1", 150, 90, "CO*45*60")))
    people = make_people(client)
    claim = Claim.objects.get(number="Z1")
    page = text_of(Visitor(people.specialist).get(f"/claims/{claim.pk}/proof/"))
    assert "No 837 of this claim is on hand" in page
