"""What the simulator writes: deterministic, balanced, true to its own ledger, and lifelike."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.integration.worlds import SEEDS, MadeWorld, cents, made_world, make_world, split


def digest(folder: Path) -> str:
    """Hash names and contents of a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    first, again, other = make_world(5, 120, 90), make_world(5, 120, 90), make_world(6, 120, 90)

    assert digest(first.folder) == digest(again.folder)
    assert digest(first.truth) == digest(again.truth)
    assert digest(first.folder) != digest(other.folder)


@pytest.fixture(params=SEEDS)
def made(request: pytest.FixtureRequest) -> MadeWorld:
    return made_world(request.param)


class Remittance835:
    """One 835 transaction set, added up by hand."""

    def __init__(self) -> None:
        self.payment_cents = 0
        self.adjustments_cents = 0
        self.claims: list[dict[str, Any]] = []

    def take(self, segment: list[str]) -> None:
        name = segment[0]
        if name == "BPR":
            self.payment_cents = cents(segment[2])
        elif name == "PLB":
            self.adjustments_cents += sum(cents(item) for item in segment[4::2])
        elif name == "CLP":
            self.claims.append(
                {"number": segment[1], "status": segment[2], "icn": segment[7],
                 "charge": cents(segment[3]), "paid": cents(segment[4]),
                 "owed": cents(segment[5]), "adjusted": 0, "patient": 0, "lines": []}
            )  # fmt: skip
        elif name == "SVC":
            line = {"charge": cents(segment[2]), "paid": cents(segment[3]), "adjusted": 0}
            self.claims[-1]["lines"].append(line)
        elif name == "CAS":
            claim = self.claims[-1]
            amount = sum(cents(item) for item in segment[3::3])
            claim["adjusted"] += amount
            claim["patient"] += amount if segment[1] == "PR" else 0
            if claim["lines"]:
                claim["lines"][-1]["adjusted"] += amount


def remittances(path: Path) -> list[Remittance835]:
    found: list[Remittance835] = []
    for segment in split(path.read_text("ascii")):
        if segment[0] == "ST":
            found.append(Remittance835())
        elif found:
            found[-1].take(segment)
    return found


def test_every_835_balances_at_three_levels_but_for_the_planted_ones(made: MadeWorld) -> None:
    notes = json.loads((made.truth / "problems.json").read_text())["single"]
    planted = {note["payer_claim_number"] for note in notes if note["kind"] == "unbalanced_claim"}
    unbalanced = set()
    checked = 0
    for path in made.paths("835"):
        for remittance in remittances(path):
            paid = sum(claim["paid"] for claim in remittance.claims)
            assert remittance.payment_cents == paid - remittance.adjustments_cents, path
            assert remittance.payment_cents >= 0
            for claim in remittance.claims:
                checked += 1
                lines_balance = all(
                    line["paid"] == line["charge"] - line["adjusted"] for line in claim["lines"]
                )
                if not lines_balance or claim["paid"] != claim["charge"] - claim["adjusted"]:
                    unbalanced.add(claim["icn"])
                    continue
                assert claim["owed"] == claim["patient"], path
                if claim["lines"]:
                    assert claim["charge"] == sum(line["charge"] for line in claim["lines"])

    assert checked > 1000
    assert unbalanced == planted


def test_files_add_up_to_what_the_truth_says(made: MadeWorld) -> None:
    with (made.truth / "files.csv").open() as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}

    assert len(rows) == len(list(made.folder.glob("days/*/*")))
    for path in made.paths("835"):
        row = rows[f"{path.parent.name}/{path.name}"]
        sets = remittances(path)
        assert int(row["transactions"]) == len(sets)
        assert int(row["payment_cents"]) == sum(item.payment_cents for item in sets)
        assert int(row["provider_adjustment_cents"]) == sum(item.adjustments_cents for item in sets)
        assert int(row["paid_cents"]) == sum(
            claim["paid"] for item in sets for claim in item.claims
        )
    for path in made.paths("837p", "837i", "837d"):
        row = rows[f"{path.parent.name}/{path.name}"]
        charges = [cents(item[2]) for item in split(path.read_text("ascii")) if item[0] == "CLM"]
        assert (int(row["claims"]), int(row["charge_cents"])) == (len(charges), sum(charges))


def truth_claims(made: MadeWorld) -> list[dict[str, Any]]:
    with (made.truth / "claims.jsonl").open() as stream:
        return [json.loads(line) for line in stream]


def test_charges_less_payments_and_adjustments_are_the_balance(made: MadeWorld) -> None:
    claims = truth_claims(made)

    assert len(claims) > 1000
    for claim in claims:
        for change in claim["changes"]:
            reduced = (
                change["paid_cents"] + change["contractual_cents"] + change["sequestration_cents"]
            )
            parties = sum(
                change[f"{party}_cents"]
                for party in ("primary", "secondary", "tertiary", "patient")
            )
            assert change["charge_cents"] - reduced == change["balance_cents"] == parties


def test_balances_of_the_barriers_are_those_of_the_ledger(made: MadeWorld) -> None:
    with (made.truth / "barriers.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    by_claim: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        by_claim[row["client"], row["claim"]] += int(row["balance_cents"])

    total = 0
    for claim in truth_claims(made):
        balance = claim["changes"][-1]["balance_cents"]
        assert by_claim[claim["client"], claim["claim"]] == balance
        total += balance
    assert sum(by_claim.values()) == total
    keys = [(row["client"], row["claim"], row["party"]) for row in rows]
    assert len(keys) == len(set(keys))


def test_posted_payments_are_those_of_the_files(made: MadeWorld) -> None:
    """Sum of CLP04 over all delivered files is the sum of paid in the ledgers."""
    notes = json.loads((made.truth / "problems.json").read_text())["single"]
    held = {note["payer_claim_number"] for note in notes if note["kind"] == "unbalanced_claim"}
    in_files = sum(
        claim["paid"]
        for path in made.paths("835")
        for item in remittances(path)
        for claim in item.claims
        if claim["icn"] not in held
    )
    in_ledgers = sum(claim["changes"][-1]["paid_cents"] for claim in truth_claims(made))

    assert in_files == in_ledgers


def test_no_claim_is_paid_before_it_is_sent(made: MadeWorld) -> None:
    for claim in truth_claims(made):
        primary = claim["tracks"][0]
        if primary["posted_date"]:
            assert primary["sent_dates"][0] < primary["posted_date"]


def test_no_patient_balance_while_a_paid_primary_leaves_it_to_a_secondary(made: MadeWorld) -> None:
    for claim in truth_claims(made):
        if len(claim["payers"]) > 1 and claim["tracks"][1]["stage"] == "unbilled":
            assert claim["changes"][-1]["patient_cents"] == 0


def test_envelope_counts_are_right_in_every_file(made: MadeWorld) -> None:
    for path in sorted(made.folder.glob("days/*/*")):
        segments = list(split(path.read_text("ascii")))
        start = 0
        groups = sets = 0
        for place, segment in enumerate(segments):
            if segment[0] == "ST":
                start, sets = place, sets + 1
            elif segment[0] == "SE":
                assert int(segment[1]) == place - start + 1, path
                assert segment[2] == segments[start][2]
            elif segment[0] == "GS":
                groups, sets = groups + 1, 0
            elif segment[0] == "GE":
                assert int(segment[1]) == sets, path
        assert segments[-1][0] == "IEA"
        assert int(segments[-1][1]) == groups
        assert segments[-1][2] == segments[0][13]


def test_a_sender_never_repeats_a_control_number(made: MadeWorld) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for path in sorted(made.folder.glob("days/*/*")):
        isa = next(iter(split(path.read_text("ascii"))))
        seen[isa[6].strip(), isa[13]] += 1

    assert max(seen.values()) == 1


def test_the_kinds_of_trouble_the_product_must_handle_occur(made: MadeWorld) -> None:
    statuses: Counter[str] = Counter()
    adjustments: Counter[str] = Counter()
    provider_codes: Counter[str] = Counter()
    for path in made.paths("835"):
        for segment in split(path.read_text("ascii")):
            if segment[0] == "CLP":
                statuses[segment[2]] += 1
            elif segment[0] == "CAS":
                adjustments.update(f"{segment[1]}-{code}" for code in segment[2::3])
            elif segment[0] == "PLB":
                provider_codes.update(item.split(":")[0] for item in segment[3::2])

    assert {"1", "2", "4", "19", "22"} <= statuses.keys()
    wanted = {"CO-45", "CO-253", "PR-1", "PR-2", "PR-3", "OA-23", "OA-18", "PR-27", "CO-16"}
    assert wanted <= adjustments.keys()
    assert {"L6", "WO", "72"} <= provider_codes.keys()
    with (made.truth / "barriers.csv").open() as stream:
        barriers = {row["barrier"] for row in csv.DictReader(stream)}
    assert {
        "awaiting_payer", "no_response", "rejected", "not_on_file", "denied", "pended",
        "secondary_unbilled", "corrected_pending", "patient_responsibility", "credit_balance",
        "underpaid", "appeal_pending", "awaiting_client", "awaiting_internal", "paid_unposted",
    } <= barriers  # fmt: skip


def barrier_rows(made: MadeWorld) -> list[dict[str, str]]:
    with (made.truth / "barriers.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_every_open_balance_has_an_action_and_a_deadline_where_one_runs(made: MadeWorld) -> None:
    without = {"appeal_pending", "paid_unposted", "patient_responsibility"}
    kinds = set()
    for row in barrier_rows(made):
        assert row["next_action"], row
        assert bool(row["deadline"]) == bool(row["deadline_kind"]), row
        if row["barrier"] in without:
            assert not row["deadline"], row
        elif row["barrier"] not in {"credit_balance", "awaiting_internal"}:
            assert row["deadline"], row
        kinds.add(row["deadline_kind"])

    assert kinds >= {
        "timely_filing", "secondary_filing", "corrected_claim", "appeal", "records", "",
    }  # fmt: skip


def test_follow_up_is_written_as_the_command_line_takes_it(made: MadeWorld) -> None:
    with (made.folder / "activities.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    known = {(claim["client"], claim["claim"]): claim for claim in truth_claims(made)}

    assert list(rows[0]) == ["client", "claim", "date", "user", "channel", "action", "outcome",
                             "reference", "next_date", "note"]  # fmt: skip
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    assert len({row["reference"] for row in rows}) == len(rows)
    for row in rows:
        claim = known[row["client"], row["claim"]]
        assert row["date"] > claim["tracks"][0]["sent_dates"][0]
        assert not row["next_date"] or row["next_date"] > row["date"]
    acts = {(row["action"], row["outcome"]) for row in rows}
    assert {
        ("appeal", "sent"), ("request_documents", "sent"), ("request_documents", "received"),
        ("send_records", "sent"), ("obtain_authorization", "sent"), ("escalate", "sent"),
        ("check_status", "in_process"), ("call_payer", "pended"), ("call_payer", "not_on_file"),
        ("call_payer", "promised"), ("call_payer", "no_answer"), ("call_payer", "paid"),
    } <= acts  # fmt: skip


def test_an_appeal_in_the_truth_is_the_latest_word_about_its_claim(made: MadeWorld) -> None:
    with (made.folder / "activities.csv").open() as stream:
        latest = {(row["client"], row["claim"]): row for row in csv.DictReader(stream)}
    known = {(claim["client"], claim["claim"]): claim for claim in truth_claims(made)}
    appealed = [row for row in barrier_rows(made) if row["barrier"] == "appeal_pending"]

    assert appealed
    for row in appealed:
        act = latest[row["client"], row["claim"]]
        assert (act["action"], act["outcome"]) == ("appeal", "sent")
        posted = known[row["client"], row["claim"]]["tracks"][0]["posted_date"]
        assert posted <= act["date"] == row["since_date"]


def test_payers_are_nasty_and_the_truth_says_where(made: MadeWorld) -> None:
    seen: Counter[str] = Counter()
    for claim in truth_claims(made):
        seen.update(claim["noise"])

    assert {
        "wrong_group", "remarks_on_claim_only", "claim_level", "payer_reduction",
        "crossover_flag_only",
    } <= seen.keys()  # fmt: skip


def test_a_remittance_of_provider_adjustments_only_carries_a_debt_on(made: MadeWorld) -> None:
    alone = [
        remittance
        for path in made.paths("835")
        for remittance in remittances(path)
        if not remittance.claims
    ]

    assert alone
    for remittance in alone:
        assert remittance.payment_cents == -remittance.adjustments_cents == 0


def test_denials_rejections_and_lags_are_lifelike(made: MadeWorld) -> None:
    """Ranges of the domain reference 12.8 and 12.2 that hold without a product's work."""
    claims = truth_claims(made)
    answered = [claim["tracks"][0] for claim in claims if claim["tracks"][0]["posted_date"]]
    denied = [track for track in answered if track["category"]]
    assert 0.07 <= len(denied) / len(answered) <= 0.17

    lags = sorted(
        (made_date(track["posted_date"]) - made_date(track["sent_dates"][0])).days
        for track in answered
    )
    assert 12 <= lags[len(lags) // 2] <= 30

    paid = sum(claim["changes"][-1]["paid_cents"] for claim in claims)
    charged = sum(claim["changes"][-1]["charge_cents"] for claim in claims)
    assert 0.20 <= paid / charged <= 0.60


def made_date(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def test_master_data_has_the_columns_of_the_command_line(made: MadeWorld) -> None:
    with (made.folder / "clients.csv").open() as stream:
        clients = list(csv.DictReader(stream))
    with (made.folder / "payers.csv").open() as stream:
        payers = list(csv.DictReader(stream))

    assert list(clients[0]) == ["code", "name", "npis", "tins", "tier", "follow_up_days",
                                "high_dollar_cents"]  # fmt: skip
    assert len(clients) >= 6
    assert any(";" in client["npis"] for client in clients)
    assert {"medicare", "medicare_advantage", "medicaid", "commercial", "bcbs", "tricare",
            "workers_comp"} <= {payer["type"] for payer in payers}  # fmt: skip
    npis = {npi for client in clients for npi in client["npis"].split(";")}
    assert all(is_npi(npi) for npi in npis)
    billed = {
        segment[9]
        for path in made.paths("837p", "837i", "837d")
        for segment in split(path.read_text("ascii"))
        if segment[0] == "NM1" and segment[1] == "85"
    }
    assert billed <= npis


def is_npi(text: str) -> bool:
    """Luhn over 80840 and the number, written out the long way."""
    total = 0
    for place, digit in enumerate(reversed("80840" + text)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return len(text) == 10 and total % 10 == 0
