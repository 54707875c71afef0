"""Documents asked of a client: requests, what is wanted, what came, and whom we reminded when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from sanderling.claims.models import Claim
from sanderling.core.document_kinds import DOCUMENT_KINDS

USER = settings.AUTH_USER_MODEL


class State(models.TextChoices):
    """Where a request is."""

    OPEN = "open", "Waits for the client"
    ANSWERED = "answered", "Answered"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ItemState(models.TextChoices):
    """Where one wanted document is."""

    WANTED = "wanted", "Wanted"
    RECEIVED = "received", "Received"
    NONE = "none", "The client has none"
    WITHDRAWN = "withdrawn", "No longer wanted"


class Request(models.Model):
    """One question to one client about documents of one or many claims.

    Its claims wait by their tasks (room tasks, kind documents): the request adds what is wanted of
    each, the link, the reminders and the files.
    """

    client_id = models.IntegerField()
    question = models.TextField()  # shown to the client; may name a patient
    due_date = models.DateField()
    state = models.TextField(choices=State, default=State.OPEN)
    is_mailed = models.BooleanField(default=True)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    actor = models.TextField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "document_requests_request"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="document_request_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="document_request_is_open_or_closed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["client_id", "due_date"],
                condition=Q(state="open"),
                name="document_request_open",
            ),
            models.Index(fields=["client_id", "-asked_at"], name="document_request_by_day"),
        ]

    def __str__(self) -> str:
        return f"document request {self.pk}"


class Item(models.Model):
    """One document that is wanted of one claim."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="items")
    client_id = models.IntegerField()
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="+")
    party = models.SmallIntegerField()
    task_id = models.BigIntegerField()  # by which the claim waits
    kind = models.TextField()
    text = models.TextField(default="")  # what is wanted, where the kind does not say it
    origin = models.JSONField(default=dict)  # {"appeal": 7, "item": "operative_note"}
    state = models.TextField(choices=ItemState, default=ItemState.WANTED)
    reason = models.TextField(default="")  # why the client has none
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    handed_to = models.TextField(default="")  # what became of it: in appeal 7

    class Meta:
        db_table = "document_requests_item"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ItemState.values), name="document_item_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=list(DOCUMENT_KINDS)), name="document_item_kind_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["task_id"], name="document_item_of_task"),
            models.Index(
                fields=["client_id"], condition=Q(state="wanted"), name="document_item_wanted"
            ),
        ]

    def __str__(self) -> str:
        return f"document item {self.pk}"


class Upload(models.Model):
    """One file that came. Never changed; its bytes lie encrypted in the folder `documents`."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="uploads")
    client_id = models.IntegerField()
    name = models.TextField()  # without folders; patient data, as it may name somebody
    content_type = models.TextField()
    size_bytes = models.BigIntegerField()
    sha256 = models.TextField()
    key_name = models.TextField()  # which key of the installation opens it
    scanned_by = models.TextField(default="")  # the scanner that found nothing; empty: not scanned
    user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    link_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "document_requests_upload"
        constraints = [
            models.UniqueConstraint(fields=["request", "sha256"], name="document_upload_once"),
        ]

    def __str__(self) -> str:
        return f"document upload {self.pk}"


class Answer(models.Model):
    """This file answers this wanted document; one file may answer several."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="answers")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="answers")
    client_id = models.IntegerField()

    class Meta:
        db_table = "document_requests_answer"
        constraints = [
            models.UniqueConstraint(fields=["upload", "item"], name="document_answer_once"),
        ]

    def __str__(self) -> str:
        return f"upload {self.upload_id} answers {self.item_id}"


class Step(models.Model):
    """A mail or a reminder: each step of a request is taken once."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="steps")
    client_id = models.IntegerField()
    step = models.TextField()  # sent, reminder, lead, manager, week:2, risk, again:...
    at = models.DateTimeField()
    told = models.IntegerField(default=0)  # how many addresses or people

    class Meta:
        db_table = "document_requests_step"
        constraints = [
            models.UniqueConstraint(fields=["request", "step"], name="document_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.step} of document request {self.request_id}"


class Contact(models.Model):
    """Who of a client gets the requests by mail. Without any: its own users."""

    client_id = models.IntegerField()
    name = models.TextField()
    email = models.EmailField()

    class Meta:
        db_table = "document_requests_contact"
        constraints = [
            models.UniqueConstraint(fields=["client_id", "email"], name="document_contact_once"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk} of client {self.client_id}"


class Cycle(models.Model):
    """After how many days what happens, for one client or (none) for all the others."""

    client_id = models.IntegerField(null=True)
    reminder_days = models.SmallIntegerField()  # a mail to the client
    lead_days = models.SmallIntegerField()  # our leads hear of it
    manager_days = models.SmallIntegerField()  # the account manager hears of it; then each week
    risk_days = models.SmallIntegerField()  # so many days before a claim's time limit
    link_days = models.SmallIntegerField()  # a link is good

    class Meta:
        db_table = "document_requests_cycle"
        constraints = [
            models.UniqueConstraint(
                fields=["client_id"],
                name="document_cycle_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(reminder_days__range=(1, 60))
                & Q(lead_days__range=(1, 60))
                & Q(manager_days__range=(1, 60))
                & Q(risk_days__range=(1, 90))
                & Q(link_days__range=(1, 180)),
                name="document_cycle_is_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"cycle of client {self.client_id}"
