"""Migrations that change nothing but what people read: help texts, labels, choices."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState


class TextMigration(Migration):
    """No table and no data migration depends on its operations, so the models are not rendered again.

    Django renders a model and its neighbours after each altered field: hundreds of help texts were four
    fifths of the time that the migrations of an empty database took.
    """

    def apply(
        self, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        if collect_sql or "apps" not in vars(project_state):
            return super().apply(project_state, schema_editor, collect_sql)
        rendered = vars(project_state).pop("apps")
        state = self.mutate_state(project_state, preserve=False)
        state.apps, state.is_delayed = rendered, True  # `migrate` renders what is delayed before it ends
        return state
