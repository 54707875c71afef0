"""Whose prompt-pay law binds a payer's plans: set on the payer's page, nothing else of it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payers", "0004_deadline_rules_isolation")]

    operations = [
        migrations.AddField(
            model_name="payer",
            name="state",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="payer",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__regex", "^([A-Z]{2})?$")),
                name="payer_state_is_two_letters",
            ),
        ),
        # Of a payer the web application may change this column only.
        migrations.RunSQL(
            "GRANT UPDATE (state) ON payers_payer TO sanderling_app;",
            "REVOKE UPDATE (state) ON payers_payer FROM sanderling_app;",
        ),
    ]
