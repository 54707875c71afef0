"""Measures the worklist over one million open items with fifty people at work.

`python -m bench.worklist [--items 1000000] [--home FOLDER] [--seconds 60] [--users 50] [--port 8141]`.

A database of its own: a simulated world is taken in once, its claims with all facts are multiplied
into 200 clients (about 90,000 claims that can be opened), and the remaining items are made by SQL:
200 clients and 40 payers of very different size, 60 users, of whom 12 see all clients and the others
two to twelve. Then `sanderling up` serves it (granian, two workers, role sanderling_app with row-level
security) and threads of this process act as people: log-ins made through the session store, a mix of
pages, and 1 to 3 seconds of thought between two of them; then once more without thought. Times are
from sending a request to the last byte of its answer. Prints JSON and writes
.cache/bench/worklist.json.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from bench.barriers import OFFSET, TABLES, WORLD_CLAIMS, WORLD_DAYS, WORLD_SEED

CACHE = Path(__file__).resolve().parents[1] / ".cache"
CLIENTS, PAYERS, USERS, SEE_ALL = 200, 40, 60, 12
COPIES = 19  # of the world's claims, each with clients of its own
FACTS = {**TABLES, "ledger_entry": ("claim_id",)}

ITEMS = """
INSERT INTO worklists_work_item
    (claim_id, party, client_id, payer_id, client_code, claim_number, patient_name, payer_name,
     plan, rendering_npi, rendering_name, location, service_date, first_billed_date, charge_cents,
     search_text, balance_cents, barrier, category, subcategory, detail, group_code, reason_code,
     remark_code, status_code, next_action, team, since_date, next_date, deadline_date,
     deadline_kind, deadline_level, is_deadline_met, cause, assignee_id, follow_up_date, is_pended,
     escalation_level, is_flagged, tags, touches, last_touch_date, last_touch_user_id,
     last_outcome, promise_date, promise_state, open_tasks, write_off_state, is_high_dollar,
     is_key_client, value_cents, effort_minutes, score, not_before_date, reasons, arrived_at,
     changed_at)
SELECT d.claim_id, d.party, k.id, p.id, k.code, d.number, d.patient, p.name, '', d.npi,
       'PROVIDER ' || d.npi, 'SITE ' || d.n %% 5, d.service_date, d.service_date + 3,
       d.cents + 5000, lower(concat_ws(' ', d.number, d.patient, d.member, p.name, k.code, d.icn)),
       d.cents, d.barrier, d.category, '', '', CASE WHEN d.barrier = 'denied' THEN 'CO' ELSE '' END,
       d.reason, '', '', d.action, d.team, %(today)s::date - (d.r3 * 60)::int,
       %(today)s::date + (d.r4 * 40 - 14)::int,
       CASE WHEN d.r5 < 0.7 THEN %(today)s::date + (d.r6 * 300 - 30)::int END,
       CASE WHEN d.r5 < 0.7 THEN (ARRAY['timely_filing', 'appeal', 'corrected_claim'])[1 + d.n %% 3]
            ELSE '' END, 0, d.r5 < 0.1, 'remittance',
       CASE WHEN d.r7 < 0.7 THEN (SELECT u.id FROM bench_user u WHERE u.n = d.n %% %(users)s) END,
       CASE WHEN d.r8 < 0.2 THEN %(today)s::date + (d.r6 * 30 - 10)::int END, d.r8 < 0.05,
       CASE WHEN d.r1 < 0.02 THEN 1 + d.n %% 3 ELSE 0 END, d.r1 > 0.995,
       CASE WHEN d.r2 < 0.03 THEN ARRAY['tag-' || d.n %% 20] ELSE '{}' END, (d.r3 * 6)::int,
       CASE WHEN d.r3 > 0.3 THEN %(today)s::date - (d.r2 * 90)::int END,
       CASE WHEN d.r3 > 0.3 THEN (SELECT u.id FROM bench_user u WHERE u.n = d.n %% %(users)s) END,
       '', CASE WHEN d.r1 < 0.01 THEN %(today)s::date - 2 END,
       CASE WHEN d.r1 < 0.01 THEN 'broken' ELSE '' END, 0, '', d.cents > 500000, k.id %% 20 = 0,
       d.value, d.minutes, d.value / d.minutes,
       CASE WHEN d.r4 > 0.75 THEN %(today)s::date + (d.r5 * 20)::int END,
       jsonb_build_array(jsonb_build_array('worth', jsonb_build_object('action', d.action,
           'percent', 40, 'expected_cents', d.value * 2, 'cents', d.value))),
       %(at)s, %(at)s
  FROM (SELECT s.*, greatest(1, (s.cents * s.r2 * 0.4))::bigint AS value, 4 + s.r3 * 20 AS minutes,
               CASE WHEN s.barrier = 'denied'
                    THEN (ARRAY['coding', 'eligibility', 'authorization', 'bundling',
                                'documentation', 'timely_filing'])[1 + s.n %% 6] ELSE '' END AS category,
               CASE WHEN s.barrier = 'denied'
                    THEN (ARRAY['4', '16', '29', '97', '197', '252'])[1 + s.n %% 6] ELSE '' END AS reason,
               (ARRAY['call_payer', 'check_status', 'appeal', 'correct_and_rebill'])[1 + s.n %% 4] AS action,
               (ARRAY['ar', 'ar', 'ar', 'coding', 'billing'])[1 + s.n %% 5] AS team
          FROM bench_seed s) d
  JOIN clients_client k ON k.id = d.client_id
  JOIN payers_payer p ON p.id = d.payer_id
"""
SEEDS = """
CREATE TABLE bench_seed AS
SELECT s.n, 5000000000 + s.n AS claim_id, 11::smallint AS party, client.id AS client_id,
       payer.id AS payer_id, 'ACC' || lpad((s.n * 7919 %% 100000000)::text, 8, '0') AS number,
       initcap(substr(md5((s.n %% 30011)::text), 1, 7)) || ', '
           || initcap(substr(md5((s.n %% 1009 + 7)::text), 1, 5)) AS patient,
       'W' || (s.n * 104729 %% 1000000007) AS member, 'ICN' || (s.n * 15485863 %% 10000000019) AS icn,
       (1000000000 + s.n %% 3001)::text AS npi,
       (exp(7.5 + 1.3 * sqrt(-2 * ln(1 - random())) * cos(6.2831853 * random())) * 10)::bigint + 100
           AS cents,
       %(today)s::date - (20 + 400 * power(random(), 2))::int AS service_date,
       (ARRAY['no_response', 'no_response', 'no_response', 'denied', 'denied', 'denied', 'awaiting_payer',
              'awaiting_payer', 'rejected', 'underpaid', 'secondary_unbilled', 'awaiting_client',
              'not_on_file', 'pended'])[1 + s.n %% 14] AS barrier,
       random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6,
       random() AS r7, random() AS r8
  FROM (SELECT n, random() AS pick, random() AS other FROM generate_series(1, %(items)s::bigint) n) s
  JOIN bench_client client ON s.pick >= client.low AND s.pick < client.high
  JOIN bench_payer payer ON s.other >= payer.low AND s.other < payer.high
"""


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="use, and keep, this home")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--port", type=int, default=8141)
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="sanderling-bench-"))
    results: dict[str, Any] = {"date": date.today().isoformat()}
    try:
        if not (home / "filled").exists():
            results["fill"] = _part(home, f"fill({options.items})")
            (home / "filled").touch()
        results |= _measure(home, options.users, options.seconds, options.port)
    finally:
        environment = {**os.environ, "SANDERLING_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "sanderling", "down"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1)
    (CACHE / "bench" / "worklist.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")


def _part(home: Path, call: str) -> dict[str, Any]:
    code = f"from bench import worklist as b; b.start(); import json; print(json.dumps(b.{call}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SANDERLING_HOME": str(home), "POLARS_MAX_THREADS": "1"},
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def start() -> None:
    """Set Django up in the home that the environment names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sanderling.config.settings")
    from sanderling.cli.runtime import start_database

    start_database()


def fill(items: int) -> dict[str, Any]:
    """Make clients, payers, people, claims with facts, and items."""
    started = time.perf_counter()
    _world()
    _copies()
    _people()
    _items(items)
    return {"seconds": round(time.perf_counter() - started), **_sizes()}


def _world() -> None:
    """Take a world in."""
    import shutil

    from bench.barriers_truth import make_world, take_in
    from sanderling.barriers.actions import refresh_stale

    folder = Path(tempfile.mkdtemp(prefix="sanderling-world-"))
    make_world(WORLD_SEED, WORLD_CLAIMS, WORLD_DAYS, folder)
    take_in(folder / "out")
    shutil.rmtree(folder)
    refresh_stale(date.today())


def _copies() -> None:
    """Multiply its claims with all facts, each copy into clients of its own."""
    from django.db import connection

    tables = {**FACTS, "barriers_barrier": ("claim_id",), "worklists_work_item": ("claim_id",)}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_client (id, code, name, tier, is_provisional, created_at)"
            " SELECT k.id + c * 1000, k.code || c, k.name, k.tier, false, k.created_at"
            f"  FROM clients_client k, generate_series(1, {COPIES}) c"
        )
        for table, references in tables.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
                " AND is_generated = 'NEVER' ORDER BY ordinal_position",
                [table],
            )
            names = [name for (name,) in cursor.fetchall()]
            shown = [_multiplied(table, name, references) for name in names]
            quoted = ", ".join(names)
            # Facts are copied as they are: what their guards would check was checked already.
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) OVERRIDING SYSTEM VALUE"
                f" SELECT {', '.join(shown)} FROM {table} x, generate_series(1, {COPIES}) AS k"
                f" WHERE {'x.claim_id IS NOT NULL' if references else 'true'}"
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _multiplied(table: str, name: str, references: tuple[str, ...]) -> str:
    if name == "id" or name in references:
        return f"x.{name} + k::bigint * {OFFSET}"
    if name == "client_id":
        return "CASE WHEN x.client_id IS NULL THEN NULL ELSE x.client_id + k * 1000 END"
    if name == "client_code":
        return "x.client_code || k"
    if name == "source_key" and table == "followup_activity":
        return "gen_random_uuid()"
    return f"x.{name}"


def _people() -> None:
    """Make 60 people: 12 see all clients, the others two to twelve of them."""
    from django.db import connection

    from sanderling.accounts.actions import create_user
    from sanderling.clients.models import Client
    from sanderling.payers.models import Payer

    rng = random.Random(7)  # noqa: S311 - repeatable on purpose
    at = "2026-01-01T00:00:00+00:00"
    have = Client.objects.count()
    for place in range(have, CLIENTS):
        Client.objects.create(code=f"CLI{place:03}", name=f"Clinic {place}", created_at=at)
    for place in range(Payer.objects.count(), PAYERS):
        Payer.objects.create(payer_id=f"PAY{place:02}", name=f"PAYER {place} HEALTH", created_at=at)
    clients = list(Client.objects.order_by("pk").values_list("pk", flat=True))[:CLIENTS]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_user (n int PRIMARY KEY, id int)")
        for place in range(USERS):
            sees_all = place < SEE_ALL
            few = 2 if place % 3 == 0 else rng.randint(3, 12)
            user = create_user(
                email=f"user{place}@bench.example",
                name=f"User {place}",
                role="lead" if sees_all else "specialist",
                password=f"correct-horse-{place}",
                client_ids=[] if sees_all else rng.sample(clients, few),
                sees_all_clients=sees_all,
            )
            cursor.execute("INSERT INTO bench_user VALUES (%s, %s)", [place, user.pk])
        for name, ids in (
            ("client", clients),
            ("payer", list(Payer.objects.values_list("pk", flat=True))[:PAYERS]),
        ):
            weights = [1 / (place + 4) for place in range(len(ids))]
            rng.shuffle(weights)
            total, low = sum(weights), 0.0
            cursor.execute(f"CREATE TABLE bench_{name} (id int, low float8, high float8)")
            for pk, weight in zip(ids, weights, strict=True):
                high = low + weight / total
                cursor.execute(f"INSERT INTO bench_{name} VALUES (%s, %s, %s)", [pk, low, high])
                low = high
            cursor.execute(f"UPDATE bench_{name} SET high = 2 WHERE high >= 0.9999999")


def _items(items: int) -> None:
    """Make the remaining items; indexes are made once, at the end."""
    from django.db import connection
    from django.utils import timezone

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM worklists_work_item")
        params = {
            "items": items - cursor.fetchone()[0],
            "today": date.today(),
            "at": timezone.now(),
            "users": USERS,
        }
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'worklists_work_item'"
            " AND indexname !~ '(_pkey|_once)$'"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(SEEDS, params)
        cursor.execute(ITEMS, params)
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("DROP TABLE bench_seed, bench_client, bench_payer")
        cursor.execute("VACUUM (ANALYZE) worklists_work_item")
        for table in (*FACTS, "barriers_barrier", "clients_client"):
            cursor.execute(f"ANALYZE {table}")
    from sanderling.worklists.tallying import recount_stale

    recount_stale(today=date.today(), at=timezone.now())


def _sizes() -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM worklists_work_item), (SELECT count(*) FROM claims_claim),"
            " (SELECT count(DISTINCT client_id) FROM worklists_work_item),"
            " pg_total_relation_size('worklists_work_item') / 1048576"
        )
        items, claims, clients, megabytes = cursor.fetchone()
    return {"items": items, "claims_with_facts": claims, "clients": clients, "items_mb": megabytes}


@dataclass
class _Samples:
    """Milliseconds by kind of request, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, milliseconds: float, *, is_good: bool) -> None:
        with self.lock:
            self.times[kind].append(milliseconds)
            if not is_good:
                self.failures[kind] += 1

    def table(self, seconds: float) -> dict[str, Any]:
        rows = {kind: _percentiles(found) for kind, found in sorted(self.times.items())}
        count = sum(row["requests"] for row in rows.values())
        return {
            "requests": count,
            "requests_a_second": round(count / seconds, 1),
            "failures": dict(self.failures),
            "kinds": rows,
        }


def _percentiles(found: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(found, n=100, method="inclusive") if len(found) > 1 else found * 99
    return {
        "requests": len(found),
        **{f"p{cut}_ms": round(cuts[cut - 1], 1) for cut in (50, 95, 99)},
        "max_ms": round(max(found), 1),
    }


def sessions(count: int) -> dict[str, Any]:
    """Log `count` people in through the session store; return their cookies and what they may open."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.db import connection

    from sanderling.accounts.models import User

    store = import_module(settings.SESSION_ENGINE).SessionStore
    people = []
    for user in User.objects.filter(email__contains="@bench.example").order_by("pk")[:count]:
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.set_expiry(86_400)
        session.create()
        clients = list(user.assignments.values_list("client_id", flat=True))
        with connection.cursor() as cursor:
            where = "" if user.sees_all_clients else "WHERE client_id = ANY (%s)"
            params = [] if user.sees_all_clients else [clients]
            cursor.execute(
                "SELECT id, client_code, claim_number, payer_id, patient_name, rendering_npi, claim_id"
                f" FROM worklists_work_item TABLESAMPLE SYSTEM (2) {where} LIMIT 400",
                params,
            )
            found = [list(row) for row in cursor.fetchall()]
            cursor.execute(
                "SELECT k.code, c.number FROM claims_claim c JOIN clients_client k ON k.id = c.client_id"
                + ("" if user.sees_all_clients else " WHERE c.client_id = ANY (%s)")
                + " ORDER BY md5(c.id::text) LIMIT 400",
                params,
            )
            claims = [list(row) for row in cursor.fetchall()]
        kind = "all" if user.sees_all_clients else "two" if len(clients) == 2 else "some"  # noqa: PLR2004
        people.append(
            {"cookie": session.session_key, "items": found, "claims": claims, "sees": kind}
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, payer_id FROM payers_payer")
        payers = dict(cursor.fetchall())
    return {"people": people, "payers": payers}


class _Person(threading.Thread):
    """Somebody at work: opens pages one after the other until the time is over."""

    def __init__(self, number: int, who: dict[str, Any], world: _World) -> None:
        super().__init__(daemon=True)
        self.rng = random.Random(number)  # noqa: S311 - repeatable on purpose
        self.who, self.world = who, world
        self.connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
        self.cookie = f"sessionid={who['cookie']}"
        self.next_url = ""
        self.csrf = ""

    def run(self) -> None:
        time.sleep(self.rng.random() * max(self.world.think[1], 0.05))
        while time.monotonic() < self.world.until:
            kinds, weights = zip(*MIX.items(), strict=True)
            kind = self.rng.choices(kinds, weights)[0]
            getattr(self, f"_{kind}")()
            time.sleep(self.rng.uniform(*self.world.think))

    def get(self, kind: str, path: str, *, is_fragment: bool = False) -> str:
        return self._ask(kind, "GET", path, None, is_fragment=is_fragment)

    def _ask(
        self, kind: str, method: str, path: str, body: str | None, *, is_fragment: bool
    ) -> str:
        headers = {"Cookie": self.cookie}
        if is_fragment:
            headers["HX-Request"] = "true"
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": CSRF,
                        "Cookie": f"{self.cookie}; csrftoken={CSRF}"}  # fmt: skip
        started = time.perf_counter()
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            content, status = answer.read(), answer.status
        except (OSError, http.client.HTTPException):
            self.connection.close()
            content, status = b"", 0
        self.world.samples.add(
            f"{kind} ({self.who['sees']})" if self.world.is_split else kind,
            1000 * (time.perf_counter() - started),
            is_good=status in (200, 302, 204),
        )
        if status == 302 and answer.headers["Location"]:  # noqa: PLR2004 - HTTP
            return answer.headers["Location"]
        page = content.decode()
        # As the browser does: a long list's size is asked for when its page is there.
        _, _, rest = page.partition('hx-get="/work/size/')
        if rest:
            query = rest.partition('"')[0].replace("&amp;", "&")
            self.get("size, after the page", "/work/size/" + query, is_fragment=True)
        return page

    def _view(self) -> None:
        page = self.get("view", "/work/?view=" + self.rng.choice(VIEWS))
        _, _, rest = page.partition('rel="next" href="')
        self.next_url = rest.partition('"')[0].replace("&amp;", "&")

    def _mine(self) -> None:
        self.get("view", "/work/?view=due&scope=mine")

    def _page(self) -> None:
        if not self.next_url:
            return self._view()
        page = self.get("next page", "/work/" + self.next_url)
        _, _, rest = page.partition('rel="next" href="')
        self.next_url = rest.partition('"')[0].replace("&amp;", "&")
        return None

    def _filters(self) -> None:
        item = self.rng.choice(self.who["items"])
        options = [
            {"client": item[1]}, {"payer": self.world.payers.get(item[3], "none")},
            {"barrier": "denied", "category": "coding"}, {"age": "4", "min": "5000"},
            {"owner": "none", "within": "10"}, {"tag": f"tag-{self.rng.randrange(20)}"},
            {"level": "1"}, {"touched": "60", "action": "appeal"}, {"provider": item[5]},
            {"high": "1", "team": "coding"},
        ]  # fmt: skip
        chosen = {
            k: v
            for one in self.rng.sample(options, self.rng.choice((1, 1, 2)))
            for k, v in one.items()
        }
        self.get(
            "filter", "/work/?" + urlencode({"view": self.rng.choice(("due", "all")), **chosen})
        )

    def _sort(self) -> None:
        sort = self.rng.choice(
            ("-balance", "deadline,-balance", "service", "payer,-score", "-touches", "next")
        )
        self.get(
            "sort",
            "/work/?"
            + urlencode({"view": self.rng.choice(("due", "denied", "all")), "sort": sort}),
        )

    def _group(self) -> None:
        self.get("group by payer", "/work/?view=due&group=payer")

    def _search(self) -> None:
        item = self.rng.choice(self.who["items"])
        text = self.rng.choice(
            (item[2], item[4].split(",")[0], f"{item[1]} {item[4].split(',')[0]}", item[2][:7])
        )
        body = urlencode({"text": text, "query": "view=due"})
        place = self._ask(
            "search, taking the words", "POST", "/work/search/", body, is_fragment=False
        )
        if place.startswith("/work/"):
            self.get("search", place)

    def _drawer(self) -> None:
        self.get(
            "drawer", f"/work/items/{self.rng.choice(self.who['items'])[0]}/", is_fragment=True
        )

    def _claim(self) -> None:
        if self.who["claims"]:
            client, number = self.rng.choice(self.who["claims"])
            self.get("claim page", f"/claims/{quote(client)}/{quote(number)}/")

    def _claim_next(self) -> None:
        self._ask("claim next", "POST", "/work/next/", "", is_fragment=False)


CSRF = "b" * 32
MIX = {"view": 22, "mine": 8, "page": 6, "filters": 15, "sort": 6, "group": 3, "search": 10, "drawer": 20,
       "claim": 10}  # fmt: skip
VIEWS = ("due", "due", "due", "due", "risk", "no_response", "denied", "denied:coding", "rejected", "underpaid",
         "client", "escalated", "broken", "unassigned", "not_yet", "credit", "all")  # fmt: skip


@dataclass
class _World:
    """What people share: where the server is, how long, how much they think between two pages."""

    port: int
    until: float
    think: tuple[float, float]
    payers: dict[int, str]
    is_split: bool = False
    samples: _Samples = field(default_factory=_Samples)


def _measure(home: Path, users: int, seconds: float, port: int) -> dict[str, Any]:
    """Serve the home and let people work: thinking, then without a thought, then by what they see."""
    world = _part(home, f"sessions({users})")
    payers = {int(key): value for key, value in world["payers"].items()}
    environment = {**os.environ, "SANDERLING_HOME": str(home), "SANDERLING_IDLE_MINUTES": "720"}
    server = subprocess.Popen(
        [sys.executable, "-m", "sanderling", "up", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port)
        if urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).status == 200:  # noqa: PLR2004
            _act(world["people"], payers, port, min(20.0, seconds), (0.2, 1.0))  # warm
        return {
            "users": users,
            "thinking_1_to_3_s": _act(world["people"], payers, port, seconds, (1.0, 3.0)),
            "by_what_is_seen": _act(
                world["people"], payers, port, seconds, (1.0, 3.0), is_split=True
            ),
            "without_thinking": _act(world["people"], payers, port, seconds / 2, (0.0, 0.0)),
        }
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


def _act(
    people: list[dict[str, Any]],
    payers: dict[int, str],
    port: int,
    seconds: float,
    think: tuple[float, float],
    *,
    is_split: bool = False,
) -> dict[str, Any]:
    world = _World(port, time.monotonic() + seconds, think, payers, is_split)
    threads = [_Person(number, who, world) for number, who in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return world.samples.table(seconds)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


if __name__ == "__main__":
    main()
