"""Preventive actions: made once, stepped in order, measured from the mirror, proven by numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from tests.integration.desk import Desk, make_desk
from tests.integration.issue_desk import Issues, make_issues
from tests.integration.pages import Visitor, text_of

from sanderling.core.trends.cohorts import DECISIONS
from sanderling.core.trends.edits import TooLittle
from sanderling.news.models import Notice
from sanderling.prevention import actions as doing
from sanderling.prevention import measuring, trials
from sanderling.prevention.actions import ActionRefused
from sanderling.prevention.measuring import measure_action, window_of
from sanderling.prevention.models import ActionEffect, ActionStep, EditTrial, PreventiveAction
from sanderling.prevention.nightly import remind_overdue
from sanderling.prevention.words import effect_sentence

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 2)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def issues(desk: Desk) -> Issues:
    return make_issues(desk)


def fields(**more: Any) -> dict[str, Any]:
    return {
        "title": "Ask for authorizations",
        "problem": "CO-197",
        "root_cause": "authorization",
        "kind": "training",
        "correction": "Front desk asks before the visit",
        "team": "authorization",
        "due_date": date(2026, 3, 20),
        "metric": "denial",
        "scope": {"procedure": "20610", "carc": "CO-197"},
        **more,
    }


def made(desk: Desk, **more: Any) -> PreventiveAction:
    return doing.make_action(
        fields(payer_id=desk.payer.pk, **more),
        client_ids=[desk.claim.client_id],
        user=desk.lead,
        at=AT,
        key="k1",
    )


def step(action: PreventiveAction, to: str, desk: Desk, **more: Any) -> PreventiveAction:
    action.refresh_from_db()
    return doing.take_step(
        action.pk, to, from_state=action.state, user=desk.lead, note="", at=AT, **more
    )


def decided(client_id: int, payer_id: int, *, rates: tuple[float, float]) -> pl.DataFrame:
    """Return 60 decisions a week, 8 weeks before and 8 after MONDAY, with these shares denied."""
    rows = []
    for week in range(-8, 8):
        bad = round(60 * rates[week >= 0])
        for place in range(60):
            is_bad = place < bad
            rows.append(
                {
                    "claim_id": client_id * 100_000 + (week + 8) * 60 + place,
                    "client_id": client_id,
                    "payer_id": payer_id,
                    **dict.fromkeys(
                        ("plan", "form", "location", "provider", "modifier", "code_family"), ""
                    ),
                    "procedure": "20610",
                    "sent_date": MONDAY + timedelta(weeks=week, days=place % 5),
                    "decided_date": MONDAY + timedelta(weeks=week, days=place % 5 + 12),
                    "is_bad": is_bad,
                    "cents": 20_000 if is_bad else 0,
                    "category": "authorization" if is_bad else "",
                    "carc": "CO-197" if is_bad else "",
                    "rarc": "",
                }
            )
    return pl.DataFrame(rows, schema=dict(DECISIONS))


def measured(
    action: PreventiveAction, desk: Desk, monkeypatch: pytest.MonkeyPatch, after: float
) -> ActionEffect:
    mine = decided(desk.claim.client_id, desk.payer.pk, rates=(0.2, after))

    def found(_metric: str, client_ids: list[int] | None, *_: object, **__: object) -> pl.DataFrame:
        return mine if client_ids is not None else mine.head(0)

    monkeypatch.setattr(measuring, "decisions", found)
    assert measure_action(action, as_of=MONDAY + timedelta(weeks=11))
    return action.effects.get()


def test_an_action_is_made_once_and_begins_open(desk: Desk) -> None:
    action = made(desk)
    assert made(desk).pk == action.pk
    assert [one.to_state for one in action.history.all()] == ["open"]
    with pytest.raises(ActionRefused, match="due date is past"):
        made(desk, due_date=date(2026, 3, 4))
    with pytest.raises(ActionRefused, match="at least one client"):
        doing.make_action(fields(), client_ids=[], user=desk.lead, at=AT)


def test_steps_come_in_order_and_verification_needs_a_day(desk: Desk) -> None:
    action = made(desk)
    with pytest.raises(ActionRefused, match="does not become proven"):
        step(action, "proven", desk)
    step(action, "doing", desk)
    with pytest.raises(ActionRefused, match="since which day"):
        step(action, "verifying", desk)
    with pytest.raises(ActionRefused, match="since which day"):
        step(action, "verifying", desk, effective_date=date(2026, 3, 6))
    moved = step(action, "verifying", desk, effective_date=MONDAY)
    assert (moved.state, moved.effective_date) == ("verifying", MONDAY)
    with pytest.raises(ActionRefused, match="nothing has been measured"):
        step(action, "proven", desk)
    with pytest.raises(ActionRefused, match="somebody else moved it"):
        doing.take_step(action.pk, "doing", from_state="open", user=desk.lead, note="", at=AT)
    assert ActionStep.objects.filter(action=action).count() == 3


def test_a_fall_is_measured_and_proven(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    action = made(desk)
    step(action, "doing", desk)
    step(action, "verifying", desk, effective_date=MONDAY)
    action.refresh_from_db()
    assert window_of(action) == (MONDAY, date(2026, 4, 26))
    effect = measured(action, desk, monkeypatch, 0.05)
    assert (effect.verdict, effect.bad_before, effect.count_before) == ("fell", 96, 480)
    assert (effect.bad_after, effect.count_after, effect.ripe_days) == (24, 480, 14)
    # 480 claims, 15 points less, $200 each: near $14,400.
    assert effect.saved_cents == pytest.approx(1_440_000, rel=0.02)
    assert effect.saved_low_cents is not None
    assert effect.saved_low_cents < 1_440_000
    sentence = effect_sentence(effect, what="Denials")
    assert sentence.startswith("Denials fell from 20% (n=480) to 5% (n=480); saved $14,")
    assert measure_action(action, as_of=MONDAY + timedelta(weeks=11))
    assert ActionEffect.objects.count() == 1
    assert not measure_action(action, as_of=MONDAY + timedelta(weeks=40))
    assert step(action, "proven", desk).state == "proven"
    page = text_of(Visitor(desk.lead).get(f"/prevention/{action.pk}/"))
    assert "Denials fell from 20% (n=480) to 5% (n=480)" in page
    assert "compared with nobody else" in page.lower()
    listed = text_of(Visitor(desk.lead).get("/prevention/", tab="proven"))
    assert "Proven so far" in listed


def test_no_fall_is_not_called_proven(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    action = made(desk)
    step(action, "doing", desk)
    step(action, "verifying", desk, effective_date=MONDAY)
    action.refresh_from_db()
    effect = measured(action, desk, monkeypatch, 0.2)
    assert effect.verdict == "unclear"
    with pytest.raises(ActionRefused, match="the fall may be chance"):
        step(action, "proven", desk)
    assert step(action, "failed", desk).state == "failed"


def test_what_is_overdue_is_told_once_a_week(desk: Desk) -> None:
    made(desk, owner=desk.lead)
    later = datetime(2026, 3, 25, 5, tzinfo=UTC)
    assert remind_overdue(at=AT) == 0
    assert remind_overdue(at=later) == 1
    remind_overdue(at=later + timedelta(days=1))
    notice = Notice.objects.get(kind="prevention.overdue")
    assert notice.user == desk.lead
    assert "overdue for 5 days" in notice.text


def test_a_trial_waits_once_and_says_why_nothing_is_proposed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = made(desk)
    trial = doing.ask_for_trial(action, user=desk.lead, at=AT)
    assert doing.ask_for_trial(action, user=desk.lead, at=AT).pk == trial.pk

    def none(*_: object, **__: object) -> None:
        raise TooLittle("too few claims went wrong")

    monkeypatch.setattr(trials, "search", none)
    done = trials.finish_trial(trial.pk, at=AT)
    assert done.state == "refused"
    assert EditTrial.objects.count() == 1
    page = text_of(Visitor(desk.lead).get(f"/prevention/{action.pk}/"))
    assert "No rule is proposed" in page


def test_a_rule_found_is_kept_switched_on_and_stays_as_it_was(desk: Desk) -> None:
    action = made(desk)
    numbers = {
        "claims": 100, "bad": 10, "held": 8, "right": 7, "wrong": 1, "right_cents": 140_000,
        "days": 60, "precision": 0.875, "recall": 0.7, "wrong_a_month": 0.5,
    }  # fmt: skip
    found = {
        "conditions": [["procedure", "20610"], ["missing", "authorization"]],
        "train": numbers, "test": numbers, "before": None,
    }  # fmt: skip
    trial = EditTrial.objects.create(
        action=action, asked_at=AT, state="done", candidates=[found], as_of_date=AT.date()
    )
    lead = Visitor(desk.lead)
    page = text_of(lead.get(f"/prevention/{action.pk}/"))
    assert "no authorization number (REF G1)" in page
    assert "held 8, 7 right" in page
    keep = f"/prevention/{action.pk}/trials/{trial.pk}/keep/"
    assert lead.post(keep, place="7").status_code == 422
    assert lead.post(keep, place="0").status_code == 302
    assert lead.post(keep, place="0").status_code == 302
    rule = action.edits.get()
    assert not rule.is_active
    assert lead.post(f"/prevention/{action.pk}/rules/{rule.pk}/", active="1").status_code == 302
    kept = action.edits.get()
    assert kept.is_active
    assert kept.active_since_date is not None


def test_the_form_comes_filled_from_an_issue_and_makes_an_action(
    desk: Desk, issues: Issues
) -> None:
    admin = Visitor(desk.admin)
    page = text_of(admin.get("/prevention/new/", issue=str(issues.shared.pk)))
    assert 'value="20610"' in page
    assert 'value="CO-197"' in page
    empty = admin.post("/prevention/new/", title="x")
    assert empty.status_code == 422
    assert PreventiveAction.objects.count() == 0
    form = {
        "title": "Ask first", "problem": "CO-197", "root_cause": "authorization",
        "kind": "training", "correction": "Ask", "team": "intake", "due_date": "2099-01-01",
        "window_weeks": "8", "metric": "denial", "clients": str(desk.claim.client_id),
        "why_1": "Nobody asked", "why_3": "No form", "key": "abc", "carc": "co 197",
        "issue": str(issues.shared.pk),
    }  # fmt: skip
    assert admin.post("/prevention/new/", **form).status_code == 302
    assert admin.post("/prevention/new/", **form).status_code == 302
    action = PreventiveAction.objects.get()
    assert action.scope == {"carc": "CO-197"}
    assert action.whys == ["Nobody asked", "No form"]
    assert (action.issue, action.baseline_claims) == (issues.shared, 2)
    rejected = {**form, "metric": "rejection", "procedure": "20610", "key": "other"}
    assert "Rejections are counted by claim" in text_of(admin.post("/prevention/new/", **rejected))
    changed = {**form, "title": "Ask before the visit"}
    assert admin.post(f"/prevention/{action.pk}/edit/", **changed).status_code == 302
    action.refresh_from_db()
    assert action.title == "Ask before the visit"
    assert action.history.order_by("-pk")[0].note == "Changed: title"


def test_pages_are_only_for_those_who_see_all_clients_of_an_action(desk: Desk) -> None:
    both = doing.make_action(
        fields(), client_ids=[desk.claim.client_id, desk.foreign.client_id], user=desk.admin, at=AT
    )
    mine = made(desk)
    specialist = Visitor(desk.specialist)
    assert specialist.get(f"/prevention/{mine.pk}/").status_code == 200
    assert specialist.get(f"/prevention/{both.pk}/").status_code == 404
    assert Visitor(desk.client_user).get("/prevention/").status_code == 403
    address = f"/prevention/{mine.pk}/steps/"
    assert specialist.post(address, from_state="open", to_state="doing").status_code == 403
    assert Visitor(desk.stranger).get(f"/prevention/{mine.pk}/").status_code == 404


def test_feedback_pages_open_for_known_teams(desk: Desk) -> None:
    specialist = Visitor(desk.specialist)
    assert "Nothing to prevent here" in text_of(specialist.get("/prevention/feedback/coding/"))
    assert specialist.get("/prevention/feedback/nobody/").status_code == 404
