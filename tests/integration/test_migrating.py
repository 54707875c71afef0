"""A schema made with lean states is the one that Django's own command makes."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from django.apps.registry import Apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from tests.conftest import server

from sanderling.postgres.migrating import LeanState

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


# Far enough for all kinds of change, near enough for Django's own way to take a second.
UNTIL = ("claims", "0001_initial")


def changed_step_by_step(kind: type[ProjectState]) -> Apps:
    """Return the classes after our migrations up to one, of which each changed those before."""
    loader = MigrationLoader(None)
    state = kind(real_apps=loader.unmigrated_apps)
    assert state.apps is not None  # built: from here on each change changes classes
    for key in loader.graph.forwards_plan(UNTIL):
        for operation in loader.graph.nodes[key].operations:
            state = state.clone()
            operation.state_forwards(key[0], state)
    return state.apps


def described(registry: Apps) -> dict[str, tuple[list[str], ...]]:
    """Return fields, what points to them, indexes and constraints by the model's name."""
    return {
        model._meta.label: (
            sorted(map(repr, model._meta.get_fields(include_hidden=True))),
            sorted(repr(relation.related_model) for relation in model._meta.related_objects),
            sorted(repr(index) for index in model._meta.indexes),
            sorted(repr(constraint) for constraint in model._meta.constraints),
        )
        for model in registry.get_models(include_auto_created=True)
    }


def test_classes_of_lean_states_are_those_of_djangos() -> None:
    plain = described(changed_step_by_step(ProjectState))
    assert described(changed_step_by_step(LeanState)) == plain
    assert len(plain) > 10
    assert plain["clients.Client"][1]  # what points to it


def test_a_change_to_a_clone_leaves_the_state_as_it_was() -> None:
    state = LeanState({})
    state.add_model(ModelState("room", "Thing", [("id", models.AutoField(primary_key=True))]))
    changed = state.clone()
    changed.add_field("room", "thing", "name", models.TextField(), preserve_default=True)
    assert [field.name for field in state.apps.get_model("room", "Thing")._meta.fields] == ["id"]
    assert len(changed.apps.get_model("room", "Thing")._meta.fields) == 2
