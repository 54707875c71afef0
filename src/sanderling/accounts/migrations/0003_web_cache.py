"""The table of the cache that all workers share (rate limits of log-in)."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_visible_clients")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE web_cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX web_cache_expires ON web_cache (expires);
            CALL sanderling_grant('web_cache', 'SELECT, INSERT, UPDATE, DELETE');
            """,
            "DROP TABLE web_cache",
        )
    ]
