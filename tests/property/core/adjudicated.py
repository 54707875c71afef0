"""Claims and what a payer decided on them, of every shape that balances, for hypothesis."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from sanderling.core.resubmission.cob import Decision, Reduction, SentLine, ServiceDecision

DECIDED = date(2026, 1, 19)
SERVED = date(2026, 1, 4)
CODES = [("CO", "45"), ("PR", "1"), ("PR", "2"), ("CO", "253"), ("OA", "23"), ("PI", "94")]
amounts = st.integers(-50_00, 500_00)


@st.composite
def reductions(draw: st.DrawFn, total_cents: int) -> tuple[Reduction, ...]:
    """Split an amount into one to nine reductions, some of them negative."""
    count = draw(st.integers(1, 9))
    split = [draw(amounts) for _ in range(count - 1)]
    split.append(total_cents - sum(split))
    return tuple(
        Reduction(*draw(st.sampled_from(CODES)), cents, draw(st.sampled_from(["", "1"])))
        for cents in split
    )


@st.composite
def adjudications(draw: st.DrawFn) -> tuple[list[SentLine], list[Decision]]:
    """A claim and what one payer decided on it: by line, split, bundled, or as a whole."""
    count = draw(st.integers(1, 6))
    lines = [
        SentLine(
            number=number,
            charge_cents=draw(st.integers(0, 1000_00)),
            procedure=draw(st.sampled_from(["99213", "97110", "80061"])),
            service_date=SERVED + timedelta(days=draw(st.integers(0, 2))),
            control_number=f"L{number}",
        )
        for number in range(1, count + 1)
    ]
    charge = sum(line.charge_cents for line in lines)
    if draw(st.booleans()):
        paid = draw(st.integers(0, max(charge, 1)))
        whole = Decision(charge, paid, DECIDED, "ICN", draw(reductions(charge - paid)))
        return lines, [whole]
    services: list[ServiceDecision] = []
    for line in lines:
        parts = draw(st.integers(1, 3)) if line.charge_cents else 1
        for part in range(parts):
            share = line.charge_cents if part == 0 else 0
            paid = draw(st.integers(0, max(share, 1)))
            services.append(
                ServiceDecision(
                    charge_cents=share,
                    paid_cents=paid,
                    procedure=draw(st.sampled_from([line.procedure, "80050"])),
                    submitted_procedure=line.procedure,
                    service_date=line.service_date,
                    line_control_number=line.control_number,
                    reductions=draw(reductions(share - paid)),
                )
            )
    services = draw(st.permutations(services))
    cut = draw(st.integers(0, len(services)))
    chunks = [chunk for chunk in (services[:cut], services[cut:]) if chunk]
    return lines, [
        Decision(
            charge_cents=sum(one.charge_cents for one in chunk),
            paid_cents=sum(one.paid_cents for one in chunk),
            decided_date=DECIDED + timedelta(days=number),
            payer_claim_number=f"ICN{number}",
            services=tuple(chunk),
        )
        for number, chunk in enumerate(chunks)
    ]
