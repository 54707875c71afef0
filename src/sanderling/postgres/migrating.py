"""Runs Django's migrations without building every model again at each step.

Django keeps, while migrations run, a class for each model as it was at that point. A new model, an
index or a constraint makes it build anew all classes that are tied to the model by any number of
steps. Ours are nearly all tied to each other (client, user): a new database took time by the square
of their number. But a new model changes nothing of the others except what points to them, and an
index or a constraint changes one list of one class: `LeanState` does no more. All other operations
(fields added, altered or removed, Python) are Django's own.
"""

from __future__ import annotations

from typing import Self

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import BaseConstraint, Index


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
    """Django's executor, with lean states; for migrations forwards only."""

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
        fake_initial: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
    ) -> ProjectState:
        """Apply one migration; return the state after it, lean."""
        return super().apply_migration(
            LeanState.of(state), migration, fake=fake, fake_initial=fake_initial
        )


class LeanState(ProjectState):
    """A state that keeps the classes that did not change.

    Its clones share them, as Django's do, but what they have since learned of each other, too: the
    state of before an addition is not to be used after it. Forwards, nobody does.
    """

    @classmethod
    def of(cls, state: ProjectState) -> Self:
        """Return the same state, lean."""
        if isinstance(state, cls):
            return state
        lean = cls(state.models, state.real_apps)
        if "apps" in state.__dict__:  # a property that remembers: built already
            lean.apps = state.apps
        return lean

    def clone(self) -> Self:
        """Return an exact copy."""
        return type(self).of(super().clone())

    def add_model(self, model_state: ModelState) -> None:
        """Add a model, and its class beside the others."""
        key = model_state.app_label, model_state.name_lower
        self.models[key] = model_state
        if self._relations is not None:  # type: ignore[attr-defined]  # stubs lack it
            self.resolve_model_relations(key)
        if "apps" not in self.__dict__:
            return
        self.apps.render_multiple([model_state])
        for model in self.apps.get_models(include_auto_created=True, include_swapped=True):
            # A class looks in its registry for what points to it; it still knew the clone's before.
            model._meta.apps = self.apps  # noqa: SLF001 - there is no public way
        self.apps.clear_cache()

    def _append_option(
        self, app_label: str, model_name: str, option_name: str, item: Index | BaseConstraint
    ) -> None:
        options = self.models[app_label, model_name].options
        options[option_name] = [*options[option_name], item]
        if "apps" in self.__dict__:
            meta = self.apps.get_model(app_label, model_name)._meta  # noqa: SLF001 - as above
            setattr(meta, option_name, [*getattr(meta, option_name), item])
            meta._expire_cache()  # noqa: SLF001 - as above
