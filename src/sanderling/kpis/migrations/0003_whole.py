"""Sums over every client, for who sees every client: one row instead of one for each client."""

from __future__ import annotations

from django.db import migrations, models

SQL = r"""
-- Client 0 is every client together. Only who sees every client may see what they sum to.
ALTER POLICY visible_clients ON kpis_cell USING (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    OR (client_id = 0 AND (SELECT sanderling_sees_every_client()))
);
ALTER POLICY visible_clients ON kpis_pay_days USING (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    OR (client_id = 0 AND (SELECT sanderling_sees_every_client()))
);
ALTER POLICY visible_clients ON kpis_refusals USING (
    client_id = ANY ((SELECT sanderling_visible_clients())::int[])
    OR (client_id = 0 AND (SELECT sanderling_sees_every_client()))
);

INSERT INTO kpis_cell (month_date, client_id, grain, payer_id, provider, location, user_id,
                       numerators, denominators)
SELECT month_date, 0, grain, payer_id, provider, location, user_id,
       array_agg(above ORDER BY place), array_agg(below ORDER BY place)
  FROM (SELECT c.month_date, c.grain, c.payer_id, c.provider, c.location, c.user_id, u.place,
               sum(u.above)::bigint AS above, sum(u.below)::bigint AS below
          FROM kpis_cell c
         CROSS JOIN unnest(c.numerators, c.denominators) WITH ORDINALITY u (above, below, place)
         GROUP BY 1, 2, 3, 4, 5, 6, 7) s
 GROUP BY month_date, grain, payer_id, provider, location, user_id;
INSERT INTO kpis_pay_days (month_date, client_id, payer_id, days, claims)
SELECT month_date, 0, payer_id, days, sum(claims) FROM kpis_pay_days GROUP BY 1, 3, 4;
INSERT INTO kpis_refusals (month_date, client_id, payer_id, group_code, reason_code, claims,
                           denied_cents)
SELECT month_date, 0, payer_id, group_code, reason_code, sum(claims), sum(denied_cents)
  FROM kpis_refusals GROUP BY 1, 3, 4, 5;
"""


class Migration(migrations.Migration):
    dependencies = [("kpis", "0002_guards"), ("worklists", "0014_narrow")]

    operations = [
        migrations.AddIndex(
            model_name="cell",
            index=models.Index(
                condition=models.Q(("grain", 2)),
                fields=["payer_id", "month_date"],
                name="kpi_cell_of_payer",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
