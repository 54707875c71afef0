"""Why each open dollar is unpaid: kept beside the ledger, and brought in step with every fact."""
