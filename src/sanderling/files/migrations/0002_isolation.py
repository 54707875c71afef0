from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_array('files_stored_file', 'client_ids');
CALL sanderling_protect_through('files_arrival', 'file_id', 'files_stored_file');
CALL sanderling_protect_array('files_transaction_set', 'client_ids');
CALL sanderling_protect_array('files_problem', 'client_ids');
"""


class Migration(migrations.Migration):
    dependencies = [("files", "0001_initial"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
