"""How a payer is reached by phone and portal, and how many claims it takes in a call."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payers", "0005_payer_state"),
    ]

    operations = [
        # How a payer is reached is kept up on the web, too.
        migrations.RunSQL(
            "GRANT UPDATE (phone, portal_url) ON payers_payer TO sanderling_app;",
            "REVOKE UPDATE (phone, portal_url) ON payers_payer FROM sanderling_app;",
        ),
        migrations.AddField(
            model_name="payer",
            name="call_hours",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="payer",
            name="claims_per_call",
            field=models.SmallIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="payer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("claims_per_call__isnull", True),
                    ("claims_per_call__range", (1, 100)),
                    _connector="OR",
                ),
                name="payer_claims_per_call_in_range",
            ),
        ),
        migrations.RunSQL(
            "GRANT UPDATE (call_hours, claims_per_call) ON payers_payer TO sanderling_app;",
            "REVOKE UPDATE (call_hours, claims_per_call) ON payers_payer FROM sanderling_app;",
        ),
    ]
