"""Two versions at once: migrations only add, and this version lives with what a later one has added."""

import threading
from functools import cache

import pytest
import requests
from django.apps import apps
from django.db import connection, connections, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field, ForeignKey
from django.db.models.fields import NOT_PROVIDED

from sandbox.faults import Slow
from tests.drills.checks import assert_whole
from tests.drills.machine import ALIAS, wait_until

OURS = ("collector", "groups", "detection", "incidents", "tracker")
# Those that an older version could not live with, each with the reason why that is no harm.
MARKED: dict[tuple[str, str], str] = {
    ("collector", "0018_spend_by_model"): "its index serves what was asked of the one that it takes away",
    ("incidents", "0004_notices"): "its constraint allows all that the one before allowed",
}
ALWAYS_FINE = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterConstraint,  # its words alone: what it holds is another operation
    migrations.RemoveConstraint,  # older code never relies on being refused
    migrations.RunPython,
)


def is_fine_for_older_code(operation: Operation, app: str, before: ProjectState) -> bool:
    """Whether code that knows nothing of `operation` can go on reading and writing."""
    if isinstance(operation, migrations.AddField):
        return can_be_left_out(operation.field)
    if isinstance(operation, migrations.AlterField):
        old = before.models[app, operation.model_name_lower].fields[operation.name]
        return holds_as_much(old, operation.field)
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return not operation.database_operations  # what only code forgets stays in the database
    if isinstance(operation, migrations.AddConstraint):
        return (app, operation.model_name) not in tables_of_the_first_version()
    return isinstance(operation, ALWAYS_FINE)


@cache
def tables_of_the_first_version() -> set[tuple[str, str]]:
    """Older code writes to no others."""
    loader = MigrationLoader(None)
    return {key for app in OURS for key in loader.project_state((app, "0001_version_1")).models}


def can_be_left_out(field: Field) -> bool:
    """An INSERT of older code does not name the column; Django drops a plain default after migrating."""
    return field.null or field.many_to_many or field.db_default is not NOT_PROVIDED


def holds_as_much(old: Field, new: Field) -> bool:
    if isinstance(new, ForeignKey):
        return new.related_model == old.related_model and new.null >= old.null
    is_same = old.db_parameters(connection)["type"] == new.db_parameters(connection)["type"]
    is_wider = type(old) is type(new) and (new.max_length or 0) > (old.max_length or 0)
    return (is_same or is_wider) and new.null >= old.null


def troubles() -> set[tuple[str, str]]:
    loader = MigrationLoader(None)
    found = set()
    for app, name in loader.disk_migrations:
        if app not in OURS or name == "0001_version_1":
            continue
        state = loader.project_state((app, name), at_end=False)
        for operation in loader.disk_migrations[app, name].operations:
            if not is_fine_for_older_code(operation, app, state):
                found.add((app, name))
            operation.state_forwards(app, state)
    return found


def test_every_migration_after_the_first_only_adds():
    assert troubles() == set(MARKED)


def words_on_their_own() -> set[tuple[str, str]]:
    """Migrations with an operation that changes what people read and nothing in the database."""
    loader = MigrationLoader(None)
    pointless = set()
    for app, name in loader.disk_migrations:
        if app not in OURS:
            continue
        state = loader.project_state((app, name), at_end=False)
        for operation in loader.disk_migrations[app, name].operations:
            if isinstance(operation, migrations.AlterField):
                old = state.models[app, operation.model_name_lower].fields[operation.name]
                if altered_attributes(old, operation.field) <= set(Field.non_db_attrs) - {"db_column"}:
                    pointless.add((app, name))
            elif isinstance(operation, migrations.AlterConstraint | migrations.AlterModelOptions):
                pointless.add((app, name))
            operation.state_forwards(app, state)
    return pointless


def altered_attributes(old: Field, new: Field) -> set[str]:
    (_, old_path, _, before), (_, new_path, _, after) = old.deconstruct(), new.deconstruct()
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    return changed | ({"class"} if old_path != new_path else set())


def test_texts_stand_in_the_migration_that_makes_their_field():
    """Hundreds of altered help texts were four fifths of the time it took to migrate an empty database."""
    assert words_on_their_own() == set()


def add_what_a_later_version_might() -> int:
    """A column to every table of ours, and a table; return how many."""
    tables = {model._meta.db_table for app in OURS for model in apps.get_app_config(app).get_models()}
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("CREATE TABLE collector_later (id integer PRIMARY KEY)")
        for table in tables:
            cursor.execute(f'ALTER TABLE "{table}" ADD COLUMN later varchar(20) NULL')
    return len(tables)


@pytest.mark.long
def test_a_run_and_the_pages_live_through_a_migration_to_a_later_version(machine, sandbox, slack):
    web, address = machine.serve()
    seen: list[int] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            seen.append(requests.get(address, timeout=60).status_code)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    sandbox.faults.sometimes(Slow(0.3), 1.0)
    job = machine.start("manage.py", "run_pipeline")
    wait_until(lambda: sandbox.api.requests["/teams/filtered-usage-events"], seconds=60)
    assert add_what_a_later_version_might() > 20
    sandbox.faults.clear()
    assert job.wait(90) == 0, machine.said
    assert machine.manage("run_pipeline") == 0, machine.said
    is_over.set()
    reader.join(60)
    assert set(seen) == {200}
    assert web.poll() is None
    assert_whole(sandbox, slack)
