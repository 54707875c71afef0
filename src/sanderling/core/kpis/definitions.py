"""Every key figure once, as data: what is counted, over what, what is left out, and how it is read.

Source: DOMAIN section 7 (K01 to K45) and 9.12 (S01 to S10, the payer scorecard). A figure is its
numerator times `scale` over its denominator; both are additive over clients, payers, providers,
locations and people, so any group is a sum. `slot` is the place of the figure in stored sums: it is
given once, in the order of the list, and never given to another figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DAYS_OF_CHARGES: Final = 90  # over which average daily charges are taken
COHORT_MONTHS: Final = 6  # how old services must be before their collection is judged


@dataclass(frozen=True, slots=True)
class Definition:
    """One key figure.

    `unit`: rate (fraction), days, cents or count (a quotient of counts). `better`: up, down or ""
    where neither is. `numerator_unit`, `denominator_unit`: count, cents, days or minutes. `over`:
    flow (what happened in the period is summed over months), snapshot (as it stood at the period's
    end; of several months the last counts). `by`: claim (by client, payer, provider, location) or
    user (by client, payer and who did it).
    """

    id: str
    key: str
    title: str
    group: str
    numerator: str
    denominator: str
    unit: str
    better: str
    numerator_unit: str = "count"
    denominator_unit: str = "count"
    over: str = "flow"
    by: str = "claim"
    scale: int = 1
    exclusions: str = ""
    benchmark: str = ""
    source: str = ""
    cautions: str = ""
    target: float | None = None  # of `benchmark`, to draw a level; in the figure's own unit
    slot: int = -1

    @property
    def numerator_name(self) -> str:
        """Return the key of the numerator in rows."""
        return _named(f"{self.key}_numerator", self.numerator_unit)

    @property
    def denominator_name(self) -> str:
        """Return the key of the denominator in rows."""
        return _named(f"{self.key}_denominator", self.denominator_unit)

    @property
    def value_name(self) -> str:
        """Return the key of the figure itself in rows."""
        return _named(self.key, self.unit)

    @property
    def is_sum(self) -> bool:
        """Say whether it is a plain sum: the numerator, over nothing."""
        return self.denominator == "1"

    @property
    def is_of_counts(self) -> bool:
        """Say whether it is a share of things that are counted: its chance variation is known."""
        return self.unit == "rate" and self.numerator_unit == self.denominator_unit == "count"

    def value(self, numerator: int, denominator: int) -> float | None:
        """Return the figure, None where there is nothing to divide by."""
        if self.is_sum:
            return float(numerator)
        if denominator <= 0:
            return None
        return numerator * self.scale / denominator


def _named(key: str, unit: str) -> str:
    return f"{key}_cents" if unit == "cents" and not key.endswith("_cents") else key


@dataclass(frozen=True, slots=True)
class Absent:
    """A key figure of the trade that cannot be told from what the product knows."""

    id: str
    title: str
    numerator: str
    denominator: str
    needs: str


RECEIVABLES: Final = "Receivables"
COLLECTION: Final = "Collection"
DENIALS: Final = "Denials"
SENDING: Final = "Sending and time"
WORK: Final = "Work"
PAYERS: Final = "Payers"
GROUPS: Final = (RECEIVABLES, COLLECTION, DENIALS, SENDING, WORK, PAYERS)

_AGED: Final = (
    "Age in days from service, else first bill, else first posting; day 90 is not over 90."
)
_CREDITS: Final = "Credit balances are left out, never netted."
_REMIT_DAY: Final = "Counted in the month in which we received the remittance."
_FIRST: Final = (
    "Later decisions, reversals, payments held in suspense. Refusals only because a claim was sent"
    " twice count as decided, not as denied."
)
_NET: Final = "charges less contractual adjustments and sequestration posted in the period"

# fmt: off
_LISTED: Final = (
    Definition(
        "K01", "days_in_ar", "Days in AR", RECEIVABLES,
        "Open balances of insurers and patients on the last day",
        "Gross charges posted in the 90 days to that day, for each day",
        "days", "down", "cents", "cents", over="snapshot", scale=DAYS_OF_CHARGES,
        exclusions=_CREDITS, benchmark="Under 40 is good, under 30 excellent, over 50 poor",
        source="[S43]", target=40,
        cautions="A write-off lowers it as a payment does. Few charges in 90 days raise it.",
    ),
    Definition(
        "K03", "over_90_rate", "AR over 90 days", RECEIVABLES,
        "Open balances older than 90 days", "All open balances",
        "rate", "down", "cents", "cents", over="snapshot", exclusions=_CREDITS,
        benchmark="Practices about 13.5% (MGMA)", source="[S43]", target=0.135, cautions=_AGED,
    ),
    Definition(
        "K03", "over_90_insurance_rate", "AR over 90 days, insurers", RECEIVABLES,
        "Open balances of insurers older than 90 days", "All open balances of insurers",
        "rate", "down", "cents", "cents", over="snapshot",
        exclusions=f"{_CREDITS} Patients' shares.",
        benchmark="Commercial 36%, Medicare Advantage 27% (hospitals, 2023)", source="[S37]",
        cautions=_AGED,
    ),
    Definition(
        "K03", "over_90_patient_rate", "AR over 90 days, patients", RECEIVABLES,
        "Patients' open balances older than 90 days", "All open balances of patients",
        "rate", "down", "cents", "cents", over="snapshot",
        exclusions=f"{_CREDITS} What insurers owe.",
        cautions=f"{_AGED} What patients pay is known only where a file says it.",
    ),
    Definition(
        "K04", "over_120_rate", "AR over 120 days", RECEIVABLES,
        "Open balances older than 120 days", "All open balances",
        "rate", "down", "cents", "cents", over="snapshot", exclusions=_CREDITS,
        benchmark="Better performers 8.05% (2014)", source="[S43]", target=0.0805, cautions=_AGED,
    ),
    Definition(
        "K05", "aged_0_30_rate", "AR of 0 to 30 days", RECEIVABLES,
        "Open balances of 0 to 30 days", "All open balances",
        "rate", "up", "cents", "cents", over="snapshot", exclusions=_CREDITS,
        benchmark="Better performers 63%, all 54% (2006)", source="[S43]", target=0.54,
        cautions=_AGED,
    ),
    Definition(
        "K05", "aged_31_60_rate", "AR of 31 to 60 days", RECEIVABLES,
        "Open balances of 31 to 60 days", "All open balances",
        "rate", "", "cents", "cents", over="snapshot", exclusions=_CREDITS, cautions=_AGED,
    ),
    Definition(
        "K05", "aged_61_90_rate", "AR of 61 to 90 days", RECEIVABLES,
        "Open balances of 61 to 90 days", "All open balances",
        "rate", "", "cents", "cents", over="snapshot", exclusions=_CREDITS, cautions=_AGED,
    ),
    Definition(
        "K05", "aged_91_120_rate", "AR of 91 to 120 days", RECEIVABLES,
        "Open balances of 91 to 120 days", "All open balances",
        "rate", "down", "cents", "cents", over="snapshot", exclusions=_CREDITS, cautions=_AGED,
    ),
    Definition(
        "K27", "credit_balance_days", "Credit balances in days", RECEIVABLES,
        "Credit balances on the last day",
        "Gross charges posted in the 90 days to that day, for each day",
        "days", "down", "cents", "cents", over="snapshot", scale=DAYS_OF_CHARGES,
        benchmark="Under 1 day; top ten 0.44 days", source="[S37]", target=1,
    ),
    Definition(
        "K34", "no_response_rate", "AR without an answer", RECEIVABLES,
        "Insurers' open balances whose barrier is no response", "All insurers' open balances",
        "rate", "down", "cents", "cents", over="snapshot", exclusions=_CREDITS,
        benchmark="Under 10%", source="[EST]", target=0.1,
        cautions="As of the last Sunday of the period whose barriers are kept (nine weeks).",
    ),
    Definition(
        "K36", "client_pend_rate", "AR waiting for the client", RECEIVABLES,
        "Insurers' open balances whose barrier is awaiting client", "All insurers' open balances",
        "rate", "down", "cents", "cents", over="snapshot", exclusions=_CREDITS,
        benchmark="Under 5%", source="[EST]", target=0.05,
        cautions="As of the last Sunday of the period whose barriers are kept (nine weeks).",
    ),
    Definition(
        "K06", "gross_collection_rate", "Gross collection rate", COLLECTION,
        "Payments posted in the period, net of refunds", "Gross charges posted in the period",
        "rate", "up", "cents", "cents",
        benchmark="30 to 60%: depends on the fee schedule", source="[GK]",
        cautions="Payments and charges are of different claims. Tells of the fee schedule first.",
    ),
    Definition(
        "K07", "net_collection_rate", "Net collection rate", COLLECTION,
        "Payments, net of refunds, on services of six months before, until the period's end",
        "Their charges less contractual adjustments and sequestration",
        "rate", "up", "cents", "cents",
        exclusions="Write-offs that no contract asks for stay in the denominator.",
        benchmark="At least 95%", source="[S43]", target=0.95,
        cautions="Over 100% means that services and payments do not belong together. What patients"
        " pay is known only where a file says it, so their share weighs on it: see the rate of"
        " insurers. Capitated services must be carved out.",
    ),
    Definition(
        "K07", "insurance_net_collection_rate", "Net collection rate, insurers", COLLECTION,
        "As the net collection rate",
        "Charges less contractual adjustments, sequestration and the patients' share",
        "rate", "up", "cents", "cents",
        cautions="Ours: what insurers paid of what was theirs to pay, as patients' payments are not"
        " known.",
    ),
    Definition(
        "K23", "cash_to_net_revenue_rate", "Cash to net revenue", COLLECTION,
        "Payments posted in the period, net of refunds", f"Net revenue: {_NET}",
        "rate", "up", "cents", "cents",
        benchmark="98 to 100%", source="[S30]", target=0.98,
        cautions="Contractual adjustments are posted with the remittance, so a month of many new"
        " claims looks poor. Patients' payments as far as files tell.",
    ),
    Definition(
        "K11", "final_denial_rate", "Denials written off", COLLECTION,
        "Write-offs in the period of balances that a payer refused", f"Net revenue: {_NET}",
        "rate", "down", "cents", "cents", benchmark="Under 1 to 2%", source="[S30][S31]",
        target=0.02,
        exclusions="Small balances, bad debt and courtesy; write-offs taken back count against it.",
    ),
    Definition(
        "K35", "filing_limit_loss_rate", "Lost to filing limits", COLLECTION,
        "Write-offs in the period because a filing limit was missed", f"Net revenue: {_NET}",
        "rate", "down", "cents", "cents", benchmark="Under 0.1 to 0.3%", source="[EST]",
        target=0.003,
    ),
    Definition(
        "K25", "bad_debt_rate", "Bad debt", COLLECTION,
        "Write-offs of patients' balances as uncollectible, bankrupt or deceased",
        "Gross charges posted in the period",
        "rate", "down", "cents", "cents", benchmark="Under 2 to 3%", source="[S30]", target=0.03,
    ),
    Definition(
        "K26", "charity_rate", "Charity", COLLECTION,
        "Write-offs in the period as charity", "Gross charges posted in the period",
        "rate", "", "cents", "cents", source="[S30]",
        cautions="As written off here; charity given in the practice system is not known.",
    ),
    Definition(
        "K38", "recovery_yield_rate", "Recovered in 90 days", COLLECTION,
        "Insurers' payments, in the 90 days to the last day, on claims open before",
        "Insurers' open balances 90 days before the last day",
        "rate", "up", "cents", "cents", over="snapshot", exclusions=_CREDITS,
        cautions="By charges: a good share of an open balance is contractual and never paid.",
    ),
    Definition(
        "K08", "denial_rate", "Initial denial rate", DENIALS,
        "Claims of which a line or all was refused",
        "Claims decided for the first time by a payer",
        "rate", "down", exclusions=_FIRST,
        benchmark="Goal under 5%, acceptable under 10%", source="[S37]", target=0.1,
        cautions=f"By claims decided, not submitted. {_REMIT_DAY}",
    ),
    Definition(
        "K09", "denial_dollar_rate", "Initial denial rate, dollars", DENIALS,
        "Charges refused by first decisions", "Charges of claims decided for the first time",
        "rate", "down", "cents", "cents", exclusions=_FIRST,
        benchmark="11.53% in 2023, 11.81% in 2024 (hospitals and physicians)", source="[S37]",
        target=0.1181,
        cautions=f"By charges decided, so that both are of the same claims. {_REMIT_DAY}",
    ),
    Definition(
        "K10", "zero_pay_rate", "Zero-pay rate of first payers", DENIALS,
        "Primary payers' remitted claims paid nothing", "All primary payers' remitted claims",
        "rate", "down", exclusions="Reversals and what they take back, duplicates, suspense.",
        benchmark="Trend", source="[S31]",
        cautions=f"A claim that falls wholly on the deductible is paid nothing, too. {_REMIT_DAY}",
    ),
    Definition(
        "K12", "overturn_rate", "Denials overturned", DENIALS,
        "Initially denied claims that the same payer paid later, in part or whole",
        "Initially denied claims settled in the period: paid, or nothing left that insurers owe",
        "rate", "up", benchmark="54 to 70% of private payers' denials paid in the end",
        source="[S32]", target=0.54, exclusions="Denials still open. Duplicates.",
        cautions="Counted in the month in which it was settled.",
    ),
    Definition(
        "K13", "appeal_success_rate", "Appeals won", DENIALS,
        "Appeals won in full or part", "Appeals decided in the period",
        "rate", "up", exclusions="Appeals withdrawn or not decided.", benchmark="See DOMAIN 10.4",
        source="[10.4]",
    ),
    Definition(
        "K14", "denial_to_action_days", "Denial to first action", DENIALS,
        "Days from the denial to the first touch of its claim",
        "Denials first touched in the period",
        "days", "down", "days", benchmark="3 to 5 business days", source="[S31]", target=5,
        exclusions="Denials never touched: see denials worked.", cautions="Calendar days, mean.",
    ),
    Definition(
        "K14", "denial_to_appeal_days", "Denial to appeal", DENIALS,
        "Days from the denial to the first appeal sent", "Denials first appealed in the period",
        "days", "down", "days", benchmark="At most 14 days", source="[S31]", target=14,
        cautions="Calendar days, mean. Appeals as recorded in the work on the claim.",
    ),
    Definition(
        "K14", "denial_to_resolution_days", "Denial to resolution", DENIALS,
        "Days from the denial to its payment, or to when insurers owe nothing any more",
        "Denials settled in the period",
        "days", "down", "days", benchmark="Trend", source="[S31]", cautions="Calendar days, mean.",
    ),
    Definition(
        "K40", "preventable_rate", "Preventable denials", DENIALS,
        "Initial denials for reasons that care before sending prevents", "Initial denials",
        "rate", "down", benchmark="84 to 86% potentially avoidable (vendor index)", source="[S33]",
        exclusions="Duplicates.",
        cautions=f"By the reason's usual cause, not by inquiry. {_REMIT_DAY}",
    ),
    Definition(
        "K41", "denial_rework_rate", "Denials worked within 30 days", DENIALS,
        "Claims touched or sent again within 30 days",
        "Initial denials whose 30 days ended in the period",
        "rate", "up", benchmark="All above a threshold", source="[EST]", target=1.0,
        exclusions="Duplicates.",
    ),
    Definition(
        "K16", "acceptance_rate", "First-pass acceptance", SENDING,
        "Claims not rejected",
        "Claims as first sent to the first payer that were answered in the period",
        "rate", "up", benchmark="At least 97%; billing companies' median 85% (2026)",
        source="[S51]",
        target=0.97, cautions="Rejected by 999, clearinghouse or payer. A remittance accepts, too.",
    ),
    Definition(
        "K16", "rejection_rate", "Rejections", SENDING,
        "Claims rejected",
        "Claims as first sent to the first payer that were answered in the period",
        "rate", "down", benchmark="At most 3%", source="[S51]", target=0.03,
        cautions="One less first-pass acceptance.",
    ),
    Definition(
        "K17", "first_pass_rate", "First-pass resolution", SENDING,
        "Decided without any refusal and sent once, never rejected",
        "Claims decided by their first payer for the first time",
        "rate", "up", benchmark="At least 90 to 92%", source="[EST]", target=0.9,
        exclusions="Reversals, payments held in suspense.",
        cautions=f"Paid, or left to the patient, with the first answer. {_REMIT_DAY}",
    ),
    Definition(
        "K18", "charge_lag_days", "Charge lag", SENDING,
        "Days from service to the first bill", "Claims first seen in the period",
        "days", "down", "days", benchmark="3 days office, 5 days hospital professional",
        source="[EST]", target=3, exclusions="Claims without a day of service or bill.",
        cautions="Mean; a few late claims weigh much.",
    ),
    Definition(
        "K19", "bill_to_accept_days", "Bill to acceptance", SENDING,
        "Days from sending to acceptance", "Submissions accepted in the period",
        "days", "down", "days", cautions="Mean.",
    ),
    Definition(
        "K19", "accept_to_remit_days", "Acceptance to remittance", SENDING,
        "Days from acceptance to the remittance",
        "Submissions answered by a remittance in the period",
        "days", "down", "days", cautions="Mean.",
    ),
    Definition(
        "K19", "remit_to_post_days", "Remittance to posting", SENDING,
        "Days from the payment's day to when the remittance was received and posted",
        "Remitted claims of the period",
        "days", "down", "days", exclusions="Payments held in suspense.", cautions="Mean.",
    ),
    Definition(
        "K19", "bill_to_pay_days", "Bill to payment", SENDING,
        "Days from sending to the payment's day", "Paid first decisions of the period",
        "days", "down", "days", benchmark="15 to 25 days commercial", source="[12.4]", target=25,
        cautions="Mean; the scorecards show median and P90.",
    ),
    Definition(
        "K39", "secondary_capture_rate", "Secondary claims captured", SENDING,
        "Billed to or forwarded to the next payer within 7 days",
        "Claims with a next payer and something left for it, whose 7 days ended in the period",
        "rate", "up", benchmark="At least 98%", source="[EST]", target=0.98,
    ),
    Definition(
        "K30", "touches_per_resolved_claim", "Touches a resolved claim", WORK,
        "Touches until then of these claims", "Claims for which insurers came to owe nothing",
        "count", "down", benchmark="1.3 to 2.5", source="[EST]", target=2.5,
        exclusions="What happens after a claim was first settled.",
        cautions="Includes claims that were paid without a touch.",
    ),
    Definition(
        "K31", "touches_per_hour", "Touches an hour", WORK,
        "Notes that say how long they took", "Their hours",
        "count", "", "count", "minutes", by="user", scale=60,
        benchmark="Phone 4 to 6, portal 8 to 12, denials 3 to 5, appeals 1.5 to 3", source="[EST]",
        cautions="Only notes with minutes. Depends on the kind of work.",
    ),
    Definition(
        "K32", "paid_per_touch", "Paid within 30 days of a touch", WORK,
        "Insurers' payments within 30 days on the claims, each given to the last touch before it",
        "Touches whose 30 days ended in the period",
        "cents", "up", "cents", "count", by="user", benchmark="Trend", source="[EST]",
        cautions="What follows a touch need not follow from it.",
    ),
    Definition(
        "K33", "follow_up_rate", "Follow-up in time", WORK,
        "Touched again by that day", "Follow-up days set for the period on open claims",
        "rate", "up", by="user", benchmark="At least 95%", source="[EST]", target=0.95,
        exclusions="Claims for which insurers owed nothing any more on that day.",
        cautions="Days that people set with a note or an activity.",
    ),
    Definition(
        "K42", "qa_score_rate", "Quality of notes", WORK,
        "Questions of the checklist answered yes", "Questions answered yes or no",
        "rate", "up", by="user", benchmark="At least 95%", source="[EST]", target=0.95,
        cautions="Of the weekly sample.",
    ),
    Definition(
        "K43", "recoupment_rate", "Taken back by payers", PAYERS,
        "Recoupments and forwarded balances on remittances (PLB WO, FB and the like)",
        "Payments posted in the period, net of refunds",
        "rate", "down", "cents", "cents", benchmark="Trend", source="[DOMAIN 7]",
        cautions="Of a provider as a whole: payer and client are known, claim and provider are "
        "not.",
    ),
    Definition(
        "K45", "interest_captured_rate", "Interest captured", PAYERS,
        "Interest paid (PLB L6)", "Interest owed by prompt-pay rules on claims paid late",
        "rate", "up", "cents", "cents", source="[4.6]",
        exclusions="Payers for which no rule is sourced.",
        cautions="An estimate from sourced rules: see each claim for its rule.",
    ),
    Definition(
        "S01", "claims_decided", "Claims decided", PAYERS,
        "Claims decided by a payer for the first time", "1", "count", "", over="flow",
        exclusions=_FIRST, cautions=_REMIT_DAY,
    ),
    Definition(
        "S02", "charges", "Charges", PAYERS, "Gross charges posted in the period", "1",
        "cents", "", "cents",
    ),
    Definition(
        "S03", "payments", "Payments", PAYERS, "Payments posted in the period, net of refunds", "1",
        "cents", "up", "cents",
    ),
    Definition(
        "S04", "prompt_rate", "Paid within prompt-pay limits", PAYERS,
        "Decided within the days of the rule",
        "Claims first decided for which a prompt-pay rule is sourced",
        "rate", "up", source="[4.6]", cautions="From the day the payer says that it had the claim.",
        exclusions="Payers for which no rule is sourced; claims whose day of receipt is not told.",
    ),
    Definition(
        "S05", "records_request_rate", "Records requested", PAYERS,
        "First decisions that refuse for documents or missing information",
        "Claims decided by a payer for the first time",
        "rate", "down", exclusions=_FIRST, cautions=_REMIT_DAY,
    ),
    Definition(
        "S06", "authorization_denial_rate", "Denied for authorization", PAYERS,
        "First decisions that refuse for authorization",
        "Claims decided by a payer for the first time",
        "rate", "down", exclusions=_FIRST, cautions=_REMIT_DAY,
    ),
    Definition(
        "S07", "touches_per_claim", "Touches a claim decided", PAYERS,
        "Touches in the period", "Claims decided by a payer for the first time",
        "count", "down", cautions="Touches of one month, decisions of the same month.",
    ),
    Definition(
        "S08", "touches_per_1000_dollars", "Touches a thousand dollars paid", PAYERS,
        "Touches in the period", "Payments posted in the period, net of refunds",
        "count", "down", "count", "cents", scale=100_000,
    ),
    Definition(
        "S09", "appeal_days", "Days to decide an appeal", PAYERS,
        "Days from sending to the decision", "Appeals decided in the period",
        "days", "down", "days", cautions="Mean.",
    ),
    Definition(
        "S10", "pay_days", "Days to pay", PAYERS,
        "Days from when the payer had the claim to its first decision's payment day",
        "Claims first decided for which both days are told",
        "days", "down", "days", cautions="Mean; median and P90 stand beside it on the scorecards.",
    ),
    Definition(
        "K29", "underpayment_rate", "Underpaid", PAYERS,
        "What payers allowed less than the contract or their own history, on lines to look at",
        "What they allowed, and that shortfall",
        "rate", "down", "cents", "cents", benchmark="1 to 3% of net", source="[GK]", target=0.03,
        exclusions="Lines that somebody set aside; payers of which no line was found to depart.",
        cautions="A line without a price counts as allowed rightly. As found today, by the month of"
        " the remittance: what is paid later, or priced later, changes it.",
    ),
    Definition(
        "K44", "payer_yield_rate", "Payer yield", PAYERS,
        "What payers allowed", "What they allowed, and what they allowed too little",
        "rate", "up", "cents", "cents", benchmark="At least 98%", source="[EST]", target=0.98,
        exclusions="Lines that somebody set aside; payers of which no line was found to depart.",
        cautions="A line without a price counts as allowed rightly.",
    ),
)
DEFINITIONS: Final = tuple(
    Definition(**{**{name: getattr(one, name) for name in Definition.__slots__}, "slot": slot})
    for slot, one in enumerate(_LISTED)
)
BY_KEY: Final = {one.key: one for one in DEFINITIONS}

ABSENT: Final = (
    Absent("K02", "Net days in AR", "AR net of allowances and credits", "Daily net revenue",
           "an expected amount for every open balance: contracts for all payers"),
    Absent("K15", "Clean claim rate", "Claims that pass edits untouched",
    "Claims run through edits",
           "the billing system's edit results: claims reach the product when they are sent"),
    Absent("K20", "Discharged, not final billed", "Gross charges not billed", "Daily gross revenue",
           "the client's unbilled encounters: the product knows what was billed"),
    Absent("K21", "Unbilled and held", "Held claims", "Daily charges",
           "the client's unbilled encounters: the product knows what was billed"),
    Absent("K22", "Cost to collect", "Cost of the revenue cycle", "Cash collected",
           "what the work costs: wages, fees, systems"),
    Absent("K24", "Collected at the point of service", "Cash at the visit", "Patients' cash",
           "patients' payments from the practice system"),
    Absent("K28", "Patient collection rate", "Patients' payments", "Patients' share billed",
           "patients' payments from the practice system"),
    Absent("K37", "Cash forecast accuracy", "Forecast less actual cash", "Forecast",
           "nothing more: it stands on the page Cash forecast, with the back-test"),
)
# fmt: on
