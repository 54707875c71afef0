"""Appeals: what is disputed with a payer, by which letter and evidence, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from sanderling.claims.models import Claim
from sanderling.payers.models import Payer
from sanderling.worklists.models import Project

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """Where an appeal is."""

    DRAFT = "draft", "Being written"
    READY = "ready", "Waits for approval"
    APPROVED = "approved", "Ready to send"
    SENT = "sent", "Sent"
    ACKNOWLEDGED = "acknowledged", "Received by the payer"
    WON = "won", "Won"
    PARTLY = "partly", "Partly won"
    LOST = "lost", "Upheld"
    WITHDRAWN = "withdrawn", "Withdrawn"


OPEN_STATES = (State.DRAFT, State.READY, State.APPROVED, State.SENT, State.ACKNOWLEDGED)
WITH_PAYER = (State.SENT, State.ACKNOWLEDGED)
DECIDED = (State.WON, State.PARTLY, State.LOST)


class Channel(models.TextChoices):
    """How a packet is sent."""

    PORTAL = "portal", "Portal"
    FAX = "fax", "Fax"
    MAIL = "mail", "Mail"
    ELECTRONIC = "electronic", "Electronic"


class AppealWay(models.Model):
    """Where and how a payer takes appeals of one level. No client's data."""

    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="appeal_ways")
    level = models.SmallIntegerField()
    department = models.TextField(default="")
    address = models.TextField(default="")  # lines
    fax = models.TextField(default="")
    portal_url = models.TextField(default="")
    form_name = models.TextField(default="")  # the payer's own form, if it wants one
    decision_days = models.SmallIntegerField(null=True)
    source = models.TextField(default="")  # where it was read
    changed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "appeals_way"
        constraints = [
            models.UniqueConstraint(fields=["payer", "level"], name="appeal_way_once"),
            models.CheckConstraint(
                condition=models.Q(level__range=(1, 5)), name="appeal_way_level_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(decision_days__isnull=True)
                | models.Q(decision_days__range=(1, 730)),
                name="appeal_way_days_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"way {self.level} of payer {self.payer_id}"


class LetterTemplate(models.Model):
    """A letter to be filled; its text is that of its latest version."""

    key = models.TextField(unique=True)
    title = models.TextField()
    case = models.TextField()
    vehicle = models.TextField()
    is_retired = models.BooleanField(default=False)

    class Meta:
        db_table = "appeals_template"

    def __str__(self) -> str:
        return self.key


class TemplateVersion(models.Model):
    """A template's text as it was at a time. Never updated, never deleted."""

    template = models.ForeignKey(LetterTemplate, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    text = models.TextField()
    note = models.TextField(default="")
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "appeals_template_version"
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of template {self.template_id}"


class Letterhead(models.Model):
    """Who writes for a client: name, address, contact and signer."""

    client_id = models.IntegerField(unique=True)
    name = models.TextField(default="")
    address = models.TextField(default="")
    contact_name = models.TextField(default="")
    contact_phone = models.TextField(default="")
    contact_fax = models.TextField(default="")
    signer = models.TextField(default="")
    signer_title = models.TextField(default="")
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "appeals_letterhead"

    def __str__(self) -> str:
        return f"letterhead of client {self.client_id}"


class ApprovalRule(models.Model):
    """Which appeals another person must approve: of one client, or (null) of all others."""

    client_id = models.IntegerField(null=True)
    from_level = models.SmallIntegerField()
    above_cents = models.BigIntegerField()

    class Meta:
        db_table = "appeals_approval_rule"
        constraints = [
            models.UniqueConstraint(
                fields=["client_id"], name="appeal_approval_rule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(from_level__range=(1, 6)) & models.Q(above_cents__gte=0),
                name="appeal_approval_rule_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"appeal approval of client {self.client_id}"


class AppealProject(models.Model):
    """Many claims of one client, one conversation with one payer: a project that is appealed.

    The project itself (name, owner) is the worklist's, so that its claims are found there, too.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="appeal")
    client_id = models.IntegerField()
    payer_id = models.IntegerField(null=True)
    case = models.TextField()
    level = models.SmallIntegerField(default=1)
    template_version = models.ForeignKey(
        TemplateVersion, on_delete=models.PROTECT, related_name="+"
    )
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "appeals_project"
        indexes = [models.Index(fields=["client_id", "-made_at"], name="appeal_project_latest")]

    def __str__(self) -> str:
        return f"appeal project {self.pk}"


class Packet(models.Model):
    """A packet as it was made: its bytes are an original, its hash proves what was sent.

    Never updated, never deleted.
    """

    client_id = models.IntegerField()
    claim_id = models.BigIntegerField(null=True)  # null: of a project
    project = models.ForeignKey(
        AppealProject, on_delete=models.PROTECT, null=True, related_name="packets"
    )
    sha256 = models.TextField()
    is_encrypted = models.BooleanField()
    size_bytes = models.BigIntegerField()
    pages = models.IntegerField()
    contents = models.JSONField(default=list)  # [[title, first page], ...]: no patient data
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "appeals_packet"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(claim_id__isnull=True, project__isnull=False)
                | models.Q(claim_id__isnull=False, project__isnull=True),
                name="packet_is_of_a_claim_or_a_project",
            ),
        ]

    def __str__(self) -> str:
        return f"packet {self.sha256[:12]}"


class Appeal(models.Model):
    """One dispute of one party's decision on one claim.

    Triggers refuse steps out of order, an approval by who wrote it, and a change of what was sent.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    client_id = models.IntegerField()
    party = models.SmallIntegerField()
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+")
    case = models.TextField()
    vehicle = models.TextField()
    level = models.SmallIntegerField(default=1)
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="next")
    project = models.ForeignKey(
        AppealProject, on_delete=models.PROTECT, null=True, related_name="appeals"
    )
    state = models.TextField(choices=State, default=State.DRAFT)
    why = models.TextField(default="")  # why this way, in words
    asked_cents = models.BigIntegerField()
    payment_id = models.BigIntegerField(null=True)  # the claim payment that is disputed
    decision_date = models.DateField(null=True)
    reason_code = models.TextField(default="")
    deadline_date = models.DateField(null=True)
    deadline_rule = models.TextField(default="")
    template_version = models.ForeignKey(
        TemplateVersion, on_delete=models.PROTECT, related_name="+"
    )
    with_proof = models.BooleanField(default=False)  # the exhibit of timely filing goes along
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    actor = models.TextField()
    # Finished and approved.
    packet = models.ForeignKey(Packet, on_delete=models.PROTECT, null=True, related_name="+")
    finished_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    approval_reason = models.TextField(default="")  # why somebody must approve; empty: nobody
    approved_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    # Sent.
    channel = models.TextField(choices=Channel, default="", blank=True)
    tracking = models.TextField(default="")
    outbound_file_id = models.BigIntegerField(null=True)
    sent_date = models.DateField(null=True)
    sent_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    activity_id = models.BigIntegerField(null=True)
    confirm_date = models.DateField(null=True)  # ask whether it arrived
    acknowledged_date = models.DateField(null=True)
    reference = models.TextField(default="")  # the payer's number of the appeal
    decision_due_date = models.DateField(null=True)
    # What came of it.
    proposed = models.TextField(default="")  # an outcome that remittances say
    proposed_cents = models.BigIntegerField(default=0)
    proposed_payment_id = models.BigIntegerField(null=True)
    proposed_why = models.TextField(default="")
    decided_date = models.DateField(null=True)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    is_automatic = models.BooleanField(default=False)  # decided by what remittances say
    dismissed_payment_id = models.BigIntegerField(null=True)  # a person said: not this one
    recovered_cents = models.BigIntegerField(default=0)
    next_deadline_date = models.DateField(null=True)
    closing_note = models.TextField(default="")  # may name a patient

    class Meta:
        db_table = "appeals_appeal"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="appeal_state_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(level__range=(1, 5)), name="appeal_level_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(asked_cents__gt=0), name="appeal_asks_for_something"
            ),
            models.CheckConstraint(
                condition=models.Q(party__range=(11, 13)), name="appeal_is_to_a_payer"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=["", *Channel.values]),
                name="appeal_channel_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("finished_by")),
                name="appeal_is_approved_by_another",
            ),
            models.UniqueConstraint(
                fields=["claim", "party"],
                condition=models.Q(
                    state__in=["draft", "ready", "approved", "sent", "acknowledged"]
                ),
                name="appeal_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["client_id", "state"], name="appeal_by_state"),
            models.Index(
                fields=["deadline_date"],
                condition=models.Q(state__in=["draft", "ready", "approved"]),
                name="appeal_by_deadline",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["approved", "sent", "acknowledged"]),
                name="appeal_with_payer",
            ),
        ]

    def __str__(self) -> str:
        return f"appeal {self.pk}"

    @property
    def control_number(self) -> str:
        """The attachment control number (PWK06) that ties the documents to the claim."""
        return f"SL{self.pk:09d}A"


class StatedFact(models.Model):
    """A fact that a person stated for a letter; the latest of a name counts, empty takes it back.

    Never updated, never deleted.
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="stated")
    client_id = models.IntegerField()
    name = models.TextField()
    value = models.TextField()  # as core.appeals.facts.stored writes it; patient data
    source_text = models.TextField(default="")  # where it stands
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "appeals_stated_fact"

    def __str__(self) -> str:
        return f"{self.name} of appeal {self.appeal_id}"


class Evidence(models.Model):
    """A document for the packet: its bytes lie with the originals, under their hash."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="evidence")
    client_id = models.IntegerField()
    item = models.TextField(default="")  # of the checklist; empty: something else
    title = models.TextField()  # what the index calls it
    name = models.TextField()  # of the file; patient data, as it may name somebody
    content_type = models.TextField()
    size_bytes = models.BigIntegerField()
    pages = models.IntegerField()
    sha256 = models.TextField()
    is_encrypted = models.BooleanField()
    attachment_id = models.BigIntegerField(null=True)  # taken over from a note
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "appeals_evidence"
        constraints = [
            models.UniqueConstraint(fields=["appeal", "sha256"], name="appeal_evidence_once"),
        ]

    def __str__(self) -> str:
        return f"evidence {self.pk}"


class ChecklistMark(models.Model):
    """A person's word about a piece of evidence: it is said in the letter, or there is none."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="marks")
    client_id = models.IntegerField()
    item = models.TextField()
    is_there = models.BooleanField()
    note = models.TextField(default="")  # why not
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "appeals_checklist_mark"
        constraints = [
            models.UniqueConstraint(fields=["appeal", "item"], name="checklist_mark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item} of appeal {self.appeal_id}"
