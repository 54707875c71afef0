from __future__ import annotations

from django.db import migrations

SQL = """
CALL sanderling_protect_array('remits_remittance', 'client_ids');
CALL sanderling_protect('remits_claim_payment', 'client_id');
CALL sanderling_protect('remits_service_payment', 'client_id');
CALL sanderling_protect('remits_adjustment', 'client_id');
CALL sanderling_protect('remits_remark', 'client_id');
CALL sanderling_protect('remits_provider_adjustment', 'client_id');
"""


class Migration(migrations.Migration):
    dependencies = [("remits", "0001_initial"), ("clients", "0002_isolation")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
