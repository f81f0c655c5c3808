"""Migrations of nothing but texts: they touch no database, and leave out nothing."""

import pytest
from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from collector.base.text_migrations import TextMigration


def text_migrations() -> list[TextMigration]:
    migrations = MigrationLoader(None).disk_migrations.values()
    return sorted((each for each in migrations if isinstance(each, TextMigration)), key=str)


def altered_attributes(old: models.Field, new: models.Field) -> set[str]:
    (_, old_path, _, before), (_, new_path, _, after) = old.deconstruct(), new.deconstruct()
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    return changed | ({"class"} if old_path != new_path else set())


def test_there_are_some():
    assert len(text_migrations()) >= 15


@pytest.mark.parametrize("migration", text_migrations(), ids=str)
def test_it_changes_only_what_no_table_shows(migration):
    state = MigrationLoader(None).project_state((migration.app_label, migration.name), at_end=False)
    for operation in migration.operations:
        if isinstance(operation, operations.AlterField):
            old = state.models[migration.app_label, operation.model_name_lower].fields[operation.name]
            assert altered_attributes(old, operation.field) <= set(models.Field.non_db_attrs)
        else:
            assert isinstance(operation, operations.AlterConstraint | operations.AlterModelOptions)
        operation.state_forwards(migration.app_label, state)


def state_of_a_note() -> ProjectState:
    state = ProjectState()
    state.add_model(ModelState("notes", "Note", [("text", models.TextField(help_text="old"))]))
    return state


def a_text_migration() -> TextMigration:
    migration = TextMigration("0002_texts", "notes")
    migration.operations = [operations.AlterField("note", "text", models.TextField(help_text="new"))]
    return migration


def test_the_state_has_the_new_text_and_the_database_is_not_asked():
    state = state_of_a_note()
    rendered = state.apps
    state = a_text_migration().apply(state, schema_editor=None)
    assert state.models["notes", "note"].fields["text"].help_text == "new"
    assert state.apps is rendered
    state.clear_delayed_apps_cache()  # as `migrate` does before it ends
    assert state.apps.get_model("notes", "note")._meta.get_field("text").help_text == "new"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("collect_sql", [True, False])
def test_without_rendered_models_or_as_sql_it_is_any_other_migration(collect_sql):
    with connection.schema_editor(collect_sql=collect_sql, atomic=False) as editor:
        state = a_text_migration().apply(state_of_a_note(), editor, collect_sql)
    assert all(line.startswith("--") for line in getattr(editor, "collected_sql", []))
    assert state.models["notes", "note"].fields["text"].help_text == "new"
