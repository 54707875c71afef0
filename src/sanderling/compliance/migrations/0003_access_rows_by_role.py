"""Rows of an access review are for compliance and administrators, whatever asks for them."""

from __future__ import annotations

from django.db import migrations

SQL = r"""
CALL sanderling_protect_where(
    'compliance_access_row',
    $$current_setting('sanderling.role', true) IN ('compliance', 'admin')$$,
    'SELECT, INSERT, UPDATE'
);
"""


class Migration(migrations.Migration):
    """Row-level security by role."""

    dependencies = [("compliance", "0002_guards"), ("clients", "0002_isolation")]
    operations = [
        migrations.RunSQL(SQL, "ALTER TABLE compliance_access_row DISABLE ROW LEVEL SECURITY")
    ]
