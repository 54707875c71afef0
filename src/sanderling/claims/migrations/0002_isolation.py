from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect('claims_claim', 'client_id');
CALL sanderling_protect('claims_claim_number', 'client_id');
CALL sanderling_protect('claims_submission', 'client_id');
CALL sanderling_protect('claims_submission_line', 'client_id');
CALL sanderling_protect('claims_coverage', 'client_id');
CALL sanderling_protect('claims_diagnosis', 'client_id');
CALL sanderling_protect('claims_answer', 'client_id');
CALL sanderling_protect('claims_snapshot', 'client_id');
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
