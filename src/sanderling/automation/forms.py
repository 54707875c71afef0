"""The form of a rule: strings to a version's content, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from sanderling.accounts.models import User
from sanderling.accounts.roles import Role, role_may
from sanderling.automation.models import RuleVersion
from sanderling.automation.rule_acts import HOWS
from sanderling.automation.rules import EVENTS, Content
from sanderling.automation.teams import KIND_OF_TEAM
from sanderling.core.barriers.words import team_title
from sanderling.core.document_kinds import DOCUMENT_KINDS
from sanderling.core.followup.ladder import LADDER
from sanderling.core.rules.reading import TEXT_LENGTH_MAX, read_condition
from sanderling.core.rules.refusing import ConditionRefused
from sanderling.core.rules.schedule import HOURS, MINUTES_A_DAY, MINUTES_MIN, WEEKDAYS

ASKED_MAX: Final = 200  # items a run, of rules that make work for people one by one
WHENS: Final = [
    ("day", "every day"),
    ("week", "every week"),
    ("minutes", "every so many minutes"),
    ("event", "when something happens"),
]
_HOURS: Final = [(str(hour), f"{hour:02d}:00 UTC") for hour in range(HOURS)]
_ROLES: Final = [(role.value, role.label) for role in Role if role_may(role.value, "worklist.view")]


class RuleForm(forms.Form):
    """When, if, then, for whom, how often."""

    name = forms.CharField(max_length=120, label="Name")
    when = forms.ChoiceField(choices=WHENS, initial="day", label="When")
    hour = forms.TypedChoiceField(
        choices=_HOURS, coerce=int, initial="6", required=False, label="At"
    )
    weekday = forms.TypedChoiceField(
        choices=[(str(at), name) for at, name in enumerate(WEEKDAYS)],
        coerce=int,
        initial="0",
        required=False,
        label="On",
    )
    minutes = forms.IntegerField(
        min_value=MINUTES_MIN, max_value=MINUTES_A_DAY, initial=60, required=False, label="Minutes"
    )
    events = forms.MultipleChoiceField(
        choices=list(EVENTS.items()),
        required=False,
        label="What happens",
        widget=forms.CheckboxSelectMultiple,
    )
    condition = forms.CharField(
        max_length=TEXT_LENGTH_MAX,
        label="If",
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "condition"}),
    )
    assign_how = forms.ChoiceField(
        choices=[("", "to nobody"), *HOWS.items()], required=False, label="Assign"
    )
    assign_users = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="To", widget=forms.CheckboxSelectMultiple
    )
    follow_up_days = forms.IntegerField(
        min_value=1,
        max_value=90,
        required=False,
        label="Follow up in business days",
    )
    tags = forms.CharField(max_length=120, required=False, label="Tag")
    question = forms.CharField(
        max_length=400,
        required=False,
        label="Ask the client for documents",
        help_text="What for, as the client reads it; empty: nothing is asked. No patients' names.",
    )
    documents = forms.MultipleChoiceField(
        choices=list(DOCUMENT_KINDS.items()),
        required=False,
        label="Of each claim",
        widget=forms.CheckboxSelectMultiple,
    )
    by_portal = forms.BooleanField(
        required=False,
        label="Ask in the portal, without a mail",
        help_text="Where the client has people in the portal; else it gets the mail.",
    )
    team = forms.ChoiceField(
        choices=[
            ("", "to no team"),
            *((team, team_title(team)) for team in KIND_OF_TEAM),
        ],
        required=False,
        label="Hand to a team",
    )
    team_question = forms.CharField(
        max_length=400, required=False, label="With this question", help_text="No patients' names."
    )
    level = forms.TypedChoiceField(
        choices=[
            ("", "to no level"),
            *((str(rung.level), f"{rung.level} · {rung.title}") for rung in LADDER[1:]),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        label="Escalate",
    )
    reason = forms.CharField(max_length=400, required=False, label="Because")
    status_inquiry = forms.BooleanField(required=False, label="Ask the payer for the status (276)")
    notify_owner = forms.BooleanField(required=False, label="Notify the owner")
    notify_roles = forms.MultipleChoiceField(
        choices=_ROLES,
        required=False,
        label="Notify everybody who is",
        widget=forms.CheckboxSelectMultiple,
    )
    notify_users = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Notify these people",
        widget=forms.CheckboxSelectMultiple,
    )
    clients = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Clients",
        help_text="None chosen: all that you see.",
        widget=forms.CheckboxSelectMultiple,
    )
    run_max = forms.IntegerField(
        min_value=1, max_value=5_000, initial=200, label="Items a run, at most"
    )
    day_max = forms.IntegerField(
        min_value=1, max_value=50_000, initial=1_000, label="Items a day, at most"
    )
    rest_days = forms.IntegerField(
        min_value=1, max_value=365, initial=7, label="The same item again after days"
    )
    stops_others = forms.BooleanField(
        required=False, label="First match wins: the rules below leave its items alone that day"
    )

    def __init__(self, *args: Any, clients: list[tuple[int, str]], **options: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **options)
        people = [
            (str(user.pk), f"{user.name} ({user.get_role_display()})")
            for user in User.objects.filter(is_active=True).order_by("name", "pk")
            if user.may("claims.work")
        ]
        for name in ("assign_users", "notify_users"):
            _choices(self, name, people)
        _choices(self, "clients", [(str(pk), text) for pk, text in clients])

    def clean_condition(self) -> str:
        """Refuse what cannot be read, with its place."""
        text: str = self.cleaned_data["condition"]
        try:
            read_condition(text)
        except ConditionRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return text

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that never starts, does nothing, or assigns to nobody."""
        values = super().clean() or self.cleaned_data
        if values.get("when") == "event" and not values.get("events"):
            self.add_error("events", "Choose at least one.")
        if values.get("when") == "minutes" and not values.get("minutes"):
            self.add_error("minutes", f"Write a number from {MINUTES_MIN} to {MINUTES_A_DAY}.")
        people = values.get("assign_users") or []
        if values.get("assign_how") and not people:
            self.add_error("assign_users", "Choose who gets the claims.")
        if values.get("assign_how") == "user" and len(people) > 1:
            self.add_error("assign_users", "Choose one person, or let several take turns.")
        if values.get("documents") and not values.get("question"):
            self.add_error("question", "Write what the documents are for.")
        if values.get("team") and not values.get("team_question"):
            self.add_error("team_question", "Write what the team is asked.")
        if values.get("level") and not values.get("reason"):
            self.add_error("reason", "Write why.")
        is_asking = values.get("question") or values.get("team") or values.get("level")
        if is_asking and (values.get("run_max") or 0) > ASKED_MAX:
            message = f"A rule that asks people or escalates acts on at most {ASKED_MAX} a run."
            self.add_error("run_max", message)
        if not self.errors and not self._acts():
            raise forms.ValidationError("The rule does nothing yet: choose what it should do.")
        return values

    def content(self) -> Content:
        """Return what the form says; it must be valid."""
        values = self.cleaned_data
        return Content(
            trigger=self._trigger(),
            condition=values["condition"],
            acts=self._acts(),
            client_ids=values["clients"],
            run_max=values["run_max"],
            day_max=values["day_max"],
            rest_days=values["rest_days"],
            stops_others=values["stops_others"],
        )

    def _trigger(self) -> dict[str, Any]:
        values = self.cleaned_data
        match values["when"]:
            case "event":
                return {"kind": "event", "events": sorted(values["events"])}
            case "minutes":
                return {"kind": "schedule", "every": "minutes", "minutes": values["minutes"]}
            case "week":
                return {
                    "kind": "schedule",
                    "every": "week",
                    "weekday": values["weekday"] or 0,
                    "hour": values["hour"] or 0,
                }
        return {"kind": "schedule", "every": "day", "hour": values["hour"] or 0}

    def _acts(self) -> list[dict[str, Any]]:
        values, found = self.cleaned_data, list[dict[str, Any]]()
        if values.get("assign_how"):
            found.append(
                {
                    "kind": "assign",
                    "how": values["assign_how"],
                    "users": sorted(values["assign_users"]),
                }
            )
        if values.get("follow_up_days"):
            found.append({"kind": "follow_up", "days": values["follow_up_days"]})
        if values.get("tags"):
            found.append({"kind": "tag", "tags": values["tags"]})
        if values.get("status_inquiry"):
            found.append({"kind": "status_inquiry"})
        if values.get("question"):
            asked = {"question": values["question"], "documents": sorted(values["documents"])}
            if values.get("by_portal"):
                asked["by_portal"] = True
            found.append({"kind": "request_documents", **asked})
        if values.get("team"):
            asked = {"team": values["team"], "question": values["team_question"]}
            found.append({"kind": "hand_to_team", **asked})
        if values.get("level"):
            reason = values["reason"]
            found.append({"kind": "escalate", "level": values["level"], "reason": reason})
        told = {
            "owner": bool(values.get("notify_owner")),
            "roles": sorted(values.get("notify_roles") or ()),
            "users": sorted(values.get("notify_users") or ()),
        }
        if any(told.values()):
            found.append({"kind": "notify", **told})
        return found


def _choices(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - declared above
    field.choices = choices


def filled_in(name: str, version: RuleVersion) -> dict[str, Any]:
    """Return a form's initial values for a version."""
    trigger = version.trigger
    when = "event" if trigger["kind"] == "event" else trigger["every"]
    found: dict[str, Any] = {
        "name": name,
        "when": when,
        "condition": version.condition,
        "clients": version.client_ids,
        "run_max": version.run_max,
        "day_max": version.day_max,
        "rest_days": version.rest_days,
        "stops_others": version.stops_others,
    }
    found |= {
        key: trigger[key] for key in ("hour", "weekday", "minutes", "events") if key in trigger
    }
    for act in version.acts:
        found |= _act_values(act)
    return found


def _act_values(act: Mapping[str, Any]) -> dict[str, Any]:
    match act["kind"]:
        case "assign":
            return {"assign_how": act["how"], "assign_users": act["users"]}
        case "follow_up":
            return {"follow_up_days": act["days"]}
        case "tag":
            return {"tags": act["tags"]}
        case "status_inquiry":
            return {"status_inquiry": True}
        case "request_documents":
            return {
                "question": act["question"],
                "documents": act.get("documents", []),
                "by_portal": act.get("by_portal", False),
            }
        case "hand_to_team":
            return {"team": act["team"], "team_question": act["question"]}
        case "escalate":
            return {"level": act["level"], "reason": act["reason"]}
    return {
        "notify_owner": act["owner"],
        "notify_roles": act["roles"],
        "notify_users": act["users"],
    }
