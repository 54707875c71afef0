"""Uploads are seen by the person who made them; mappings and watched folders by the owner only."""

from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_where(
    'intake_upload', '''user:'' || user_id = (SELECT sanderling_actor())', 'SELECT, INSERT'
);
CALL sanderling_protect_where(
    'intake_uploaded_file',
    'EXISTS (SELECT FROM intake_upload AS parent WHERE parent.token = upload_id)',
    'SELECT, INSERT'
);
CALL sanderling_audit_changes('intake_mapping');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0001_initial"),
        ("clients", "0002_isolation"),
        ("audit", "0002_append_only"),
    ]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
