from __future__ import annotations

from django.db import migrations

ISOLATION = """
CALL sanderling_protect('ledger_entry', 'client_id');
CALL sanderling_protect('ledger_open_balance', 'client_id');
"""

# For everyone and the owner too: what was posted is history.
APPEND_ONLY = """
CALL sanderling_append_only('ledger_entry');
CALL sanderling_append_only('ledger_posting');
"""

# One row of ledger_posting stands for all entries of a database transaction, so that the check runs
# once for a file and not once for an entry. An entry balances by construction (debit = credit);
# what can still be wrong is checked here, when the transaction commits: that all its entries are
# there, that they bring in exactly the cash the remittances paid, and that the open balances of the
# claims they touch equal the ledger.
CHECK = """
CREATE FUNCTION ledger_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found_count bigint;
    found_cash bigint;
    wrong_claim bigint;
BEGIN
    SELECT count(*),
           coalesce(sum(CASE WHEN debit = 30 THEN amount_cents WHEN credit = 30 THEN -amount_cents END), 0)
      INTO found_count, found_cash
      FROM ledger_entry
     WHERE id >= NEW.first_entry_id AND id < NEW.first_entry_id + NEW.entry_count
       AND posting_id = NEW.id;
    IF found_count <> NEW.entry_count THEN
        RAISE EXCEPTION 'posting % has % entries, not %', NEW.id, found_count, NEW.entry_count
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF found_cash <> NEW.cash_cents THEN
        RAISE EXCEPTION 'posting % brings in % cents, its remittances paid %', NEW.id, found_cash, NEW.cash_cents
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    WITH touched AS MATERIALIZED (
        SELECT DISTINCT claim_id FROM ledger_entry
         WHERE id >= NEW.first_entry_id AND id < NEW.first_entry_id + NEW.entry_count
           AND claim_id IS NOT NULL
    ), sides AS (
        SELECT e.claim_id, e.debit AS party, e.amount_cents AS cents
          FROM touched JOIN ledger_entry e USING (claim_id) WHERE e.debit BETWEEN 11 AND 14
        UNION ALL
        SELECT e.claim_id, e.credit, -e.amount_cents
          FROM touched JOIN ledger_entry e USING (claim_id) WHERE e.credit BETWEEN 11 AND 14
    ), moved AS (
        SELECT claim_id, party, sum(cents) AS balance_cents
          FROM sides GROUP BY claim_id, party HAVING sum(cents) <> 0
    ), kept AS (
        SELECT b.claim_id, b.party, b.balance_cents FROM touched JOIN ledger_open_balance b USING (claim_id)
    )
    -- min() and not LIMIT 1: a limit makes the planner hope for an early end and take a plan that
    -- reads everything against everything when there is none.
    SELECT min(claim_id) INTO wrong_claim
      FROM moved FULL JOIN kept USING (claim_id, party)
     WHERE moved.balance_cents IS DISTINCT FROM kept.balance_cents;
    IF wrong_claim IS NOT NULL THEN
        RAISE EXCEPTION 'open balance of claim % differs from the ledger', wrong_claim
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_posting_balances AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_posting_balances();
"""

REVERSE = """
DROP TRIGGER ledger_posting_balances ON ledger_posting;
DROP FUNCTION ledger_posting_balances;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(ISOLATION, migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY + CHECK, REVERSE),
    ]
