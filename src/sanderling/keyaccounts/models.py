"""What the account page says of a client, worked out every hour and disposable."""

from __future__ import annotations

from django.db import models


class Picture(models.Model):
    """The four answers about one client as of a day: sums, nothing of a single claim.

    `numbers`: core of keyaccounts.picture.Numbers, amounts in cents.
    """

    client_id = models.IntegerField(primary_key=True)
    as_of_date = models.DateField()
    made_at = models.DateTimeField()
    numbers = models.JSONField()

    class Meta:
        db_table = "keyaccounts_picture"

    def __str__(self) -> str:
        return f"picture of client {self.client_id}"
