"""Write the service lines of an 837 (loops 2400 and 2430)."""

from __future__ import annotations

from collections.abc import Iterator

from sanderling.core.x12.write.adjustments import cas_segments
from sanderling.core.x12.write.claim import Claim, ClaimLine, Form, LineAdjudication
from sanderling.core.x12.write.segments import (
    amount,
    clean,
    composite,
    day,
    day_range,
    decimal_text,
    segment,
)

POINTERS_MAX = 4


def line_segments(claim: Claim) -> Iterator[str]:
    """Yield LX and what follows for each line of a claim."""
    for number, line in enumerate(claim.lines, start=1):
        yield segment("LX", str(number))
        yield _service(claim.form, line)
        if line.tooth:
            yield segment("TOO", "JP", line.tooth, composite(*line.surfaces))
        if line.service_end_date is not None and line.service_end_date != line.service_date:
            period = day_range(line.service_date, line.service_end_date)
            yield segment("DTP", "472", "RD8", period)
        else:
            yield segment("DTP", "472", "D8", day(line.service_date))
        if line.authorization and claim.form is not Form.INSTITUTIONAL:
            yield segment("REF", "G1", clean(line.authorization, 50))
        if line.control_number:
            yield segment("REF", "6R", clean(line.control_number, 50))
        for decision in line.adjudications:
            yield from _adjudication(claim.form, line, decision)


def _service(form: Form, line: ClaimLine) -> str:
    units = decimal_text(line.units)
    charge = amount(line.charge_cents)
    if form is Form.INSTITUTIONAL:
        procedure = composite("HC", line.code, *line.modifiers) if line.code else ""
        return segment("SV2", line.revenue_code, procedure, charge, line.unit, units)
    if form is Form.DENTAL:
        procedure = composite("AD", line.code, *line.modifiers)
        return segment("SV3", procedure, charge, line.place_of_service, "", "", units)
    return segment(
        "SV1",
        composite("HC", line.code, *line.modifiers),
        charge,
        line.unit,
        units,
        line.place_of_service,
        "",
        composite(*(str(pointer) for pointer in line.pointers[:POINTERS_MAX])),
    )


def _adjudication(form: Form, line: ClaimLine, decision: LineAdjudication) -> Iterator[str]:
    qualifier = "AD" if form is Form.DENTAL else "HC"
    has_code = bool(decision.code)
    yield segment(
        "SVD",
        clean(decision.payer_id, 80),
        amount(decision.paid_cents),
        composite(qualifier, decision.code, *decision.modifiers) if has_code else "",
        line.revenue_code if form is Form.INSTITUTIONAL else "",
        decimal_text(decision.units),
        "" if decision.bundled_line is None else str(decision.bundled_line),
    )
    yield from cas_segments(decision.adjustments)
    yield segment("DTP", "573", "D8", day(decision.adjudicated_date))
    if decision.patient_cents is not None:
        yield segment("AMT", "EAF", amount(decision.patient_cents))
