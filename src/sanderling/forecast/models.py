"""Forecasts as they were made: one a day, its weeks by client, and how past days' would have fared.

What a forecast said is kept, so that "what moved" compares what was really said.
"""

from __future__ import annotations

from django.db import models


class ForecastRun(models.Model):
    """The forecast of one day. Nothing of a client's."""

    as_of = models.DateField(unique=True)
    weeks = models.SmallIntegerField()
    quantiles = models.JSONField()  # rows of core.forecast.intervals.quantiles
    made_at = models.DateTimeField()

    class Meta:
        db_table = "forecast_run"

    def __str__(self) -> str:
        return f"forecast of {self.as_of}"


class ForecastWeek(models.Model):
    """Cash of one client expected in one week; `week` 1 begins the day after the run's day."""

    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE)
    client_id = models.IntegerField()
    week = models.SmallIntegerField()
    expected_cents = models.FloatField()  # before rounding: sums are rounded once
    scale = models.FloatField()
    by_source = models.JSONField()  # source -> cents

    class Meta:
        db_table = "forecast_week"
        constraints = [
            models.UniqueConstraint(fields=["run", "client_id", "week"], name="forecast_week_once"),
        ]

    def __str__(self) -> str:
        return f"week {self.week} of client {self.client_id}"


class TriedWeek(models.Model):
    """A week as it would have been forecast on a past day, beside what came. Of the latest run."""

    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE)
    client_id = models.IntegerField()
    origin_date = models.DateField()
    week = models.SmallIntegerField()
    expected_cents = models.FloatField()
    scale = models.FloatField()
    actual_cents = models.BigIntegerField()
    naive_cents = models.BigIntegerField()  # the mean of the eight weeks before the day

    class Meta:
        db_table = "forecast_tried_week"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "client_id", "origin_date", "week"], name="tried_week_once"
            ),
        ]

    def __str__(self) -> str:
        return f"week {self.week} after {self.origin_date} of client {self.client_id}"


class CashDay(models.Model):
    """What insurers paid on a client's claims on one posted day, as the mirror had it."""

    client_id = models.IntegerField()
    day = models.DateField()
    cents = models.BigIntegerField()

    class Meta:
        db_table = "forecast_cash_day"
        constraints = [
            models.UniqueConstraint(fields=["client_id", "day"], name="cash_day_once"),
        ]

    def __str__(self) -> str:
        return f"cash of client {self.client_id} on {self.day}"
