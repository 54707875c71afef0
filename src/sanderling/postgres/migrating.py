"""Runs Django's migrations without building every model again at each step.

Django builds all models of the state before an operation, and after each new model all those again
that are tied to it. Ours are nearly all tied to each other (client, user): a new database took time
by the square of their number. An operation that adds something looks only at its own model and at
what this one refers to: `LeanState` builds no more. All other operations (altered, removed, Python)
get Django's own state, whole.
"""

from __future__ import annotations

from typing import Any, Final, Self

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState, StateApps
from django.db.migrations.utils import resolve_relation
from django.db.models import Model

ModelKey = tuple[str, str]  # label of the app, name in small letters

LOOK_AT_THEIR_MODEL_ONLY: Final = (
    migrations.CreateModel,
    migrations.AddConstraint,
    migrations.AddField,
    migrations.AddIndex,
    migrations.RemoveConstraint,
    migrations.RemoveIndex,
    migrations.RunSQL,
)


def migrate() -> None:
    """Apply what is not yet applied of all apps, as Django's command `migrate` does."""
    connection.prepare_database()
    executor = LeanExecutor(connection)
    executor.loader.check_consistent_history(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    emit_pre_migrate_signal(0, False, connection.alias, plan=plan)
    executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan)
    # Everything is applied: the models are the program's, which receivers take by themselves.
    emit_post_migrate_signal(0, False, connection.alias, plan=plan)


class LeanExecutor(MigrationExecutor):
    """Django's executor, with lean states for the migrations that only add."""

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
        fake_initial: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
    ) -> ProjectState:
        """Apply one migration; return the state after it, lean."""
        adds = all(isinstance(each, LOOK_AT_THEIR_MODEL_ONLY) for each in migration.operations)
        fit = LeanState.of(state) if adds else ProjectState(state.models, state.real_apps)
        after = super().apply_migration(fit, migration, fake=fake, fake_initial=fake_initial)
        return LeanState.of(after)


class LeanState(ProjectState):
    """A state whose models are built when asked for, with those that they refer to."""

    @classmethod
    def of(cls, state: ProjectState) -> Self:
        """Return the same state, lean."""
        return state if isinstance(state, cls) else cls(state.models, state.real_apps)

    def clone(self) -> Self:
        """Return an exact copy."""
        return type(self)(
            {key: model.clone() for key, model in self.models.items()}, self.real_apps
        )

    @property
    def apps(self) -> LeanApps:  # type: ignore[override]  # what operations ask of it is the same
        """Answer models of this state."""
        return LeanApps(self)


class LeanApps:
    """Gives single models of a state."""

    def __init__(self, state: LeanState) -> None:
        """Take the state."""
        self.state = state

    def get_model(self, app_label: str, model_name: str) -> type[Model]:
        """Return a model, built together with all that it refers to, directly or not.

        Raises:
            LookupError: the state has no such model.
        """
        needed: dict[ModelKey, ModelState] = {}
        missing = [(app_label, model_name.lower())]
        while missing:
            key = missing.pop()
            if key not in needed:
                if key not in self.state.models:
                    raise LookupError(f"no model {key[0]}.{key[1]} in the state of migrations")
                needed[key] = self.state.models[key]
                missing += _referred_to(needed[key])
        return StateApps([], needed).get_model(app_label, model_name)


def _referred_to(model: ModelState) -> list[ModelKey]:
    found: list[Any] = [base for base in model.bases if isinstance(base, str)]
    for field in model.fields.values():
        if field.is_relation and field.remote_field is not None:
            found += [field.remote_field.model, getattr(field.remote_field, "through", None)]
    return [resolve_relation(each, model.app_label, model.name_lower) for each in found if each]
