"""A schema made with lean states is the one that Django's own command makes."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState
from tests.conftest import server

from sanderling.postgres.migrating import LeanState
from sanderling.worklists.models import WorkItem

CATALOG = """
SELECT 'column', format('%s.%s %s %s %s', attrelid::regclass, attname, attnotnull,
                        format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid))
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
   AND relkind IN ('r', 'v')
UNION SELECT 'constraint', format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT 'policy', format('%s %s %s %s', polrelid::regclass, polname,
                              pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  FROM pg_policy
UNION SELECT 'function', pg_get_functiondef(p.oid) FROM pg_proc p
 WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION SELECT 'security', format('%s %s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity,
                                relacl)
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION SELECT 'permission', format('%s %s', codename, name) FROM auth_permission
UNION SELECT 'type of content', format('%s %s', app_label, model) FROM django_content_type
UNION SELECT 'migration', format('%s %s', app, name) FROM django_migrations
"""


@pytest.fixture
def two_databases() -> Iterator[tuple[str, str]]:
    """Two empty databases on the server of the tests; their names."""
    mark = uuid.uuid4().hex[:8]
    names = (f"lean_{mark}", f"plain_{mark}")
    with server() as connected:
        for name in names:
            connected.execute(f'CREATE DATABASE "{name}"')
        yield names
        for name in names:
            connected.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def address(name: str) -> str:
    parameters = connection.settings_dict
    return (
        f"postgresql://{parameters['USER']}@/{name}?host={parameters['HOST']}"
        f"&port={parameters['PORT']}"
    )


@pytest.mark.slow
@pytest.mark.django_db
def test_the_schema_is_the_one_that_djangos_own_command_makes(
    two_databases: tuple[str, str],
) -> None:
    made = []
    for name, command in zip(two_databases, (["init"], ["manage", "migrate"]), strict=True):
        subprocess.run(
            [sys.executable, "-m", "sanderling", *command],
            env={**os.environ, "DATABASE_URL": address(name)},
            check=True,
            capture_output=True,
        )
        with psycopg.connect(address(name)) as connected:
            made.append({(kind, str(text)) for kind, text in connected.execute(CATALOG).fetchall()})
    lean, plain = made
    assert lean - plain == set()
    assert plain - lean == set()
    assert len({kind for kind, _ in plain}) == 10


def test_a_model_of_a_lean_state_comes_with_what_it_refers_to_and_no_more() -> None:
    whole = ProjectState()
    for model in apps.get_models():
        whole.add_model(ModelState.from_model(model))
    built = LeanState.of(whole).apps.get_model("worklists", "WorkItem")
    assert built._meta.db_table == WorkItem._meta.db_table
    assert {field.name for field in built._meta.local_fields} == {
        field.name for field in WorkItem._meta.local_fields
    }
    around = {model._meta.label for model in built._meta.apps.get_models()}
    assert {"worklists.WorkItem", "accounts.User"} <= around
    assert len(around) < 20 < len(apps.get_models())


def test_a_change_to_a_clone_leaves_the_state_as_it_was() -> None:
    state = LeanState({})
    state.add_model(ModelState("room", "Thing", [("id", models.AutoField(primary_key=True))]))
    changed = state.clone()
    changed.add_field("room", "thing", "name", models.TextField(), preserve_default=True)
    assert [field.name for field in state.apps.get_model("room", "Thing")._meta.fields] == ["id"]
    assert len(changed.apps.get_model("room", "Thing")._meta.fields) == 2
    with pytest.raises(LookupError):
        state.apps.get_model("room", "other")
