"""Merges made in one piece keep what their undoing needs."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = ("collector", "0012_owner_of_service_accounts"), ("collector", "0016_merges_without_steps")
AT = datetime(2026, 3, 17, 15, tzinfo=UTC)
STEPS = [{"do": "move", "table": "collector.Member", "pks": [7], "field": "owner_id", "origin": 2, "to": 1}]
COLUMNS = {"kept_pk": 1, "gone_pk": 2, "merged_by": "ann", "merged_at": AT}


def migrate(target):
    MigrationExecutor(connection).migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.fixture
def newest_at_the_end(transactional_db):
    """The database of a test process is every later test's."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.usefixtures("newest_at_the_end")
def test_a_merge_becomes_one_finished_part_and_its_steps_again():
    merges = migrate(BEFORE).get_model("collector", "MemberMerge").objects
    merges.create(**COLUMNS, steps=STEPS)
    merges.create(**COLUMNS, steps=STEPS, undone_by="bob", undone_at=AT)
    apps = migrate(AFTER)
    merges = apps.get_model("collector", "MemberMerge").objects
    parts = apps.get_model("collector", "MergePart").objects
    assert list(merges.order_by("pk").values_list("finished_at", "undone_at")) == [(AT, None), (AT, AT)]
    assert list(parts.values_list("merge__undone_at", "day", "steps")) == [(None, None, STEPS)]
    merges = migrate(BEFORE).get_model("collector", "MemberMerge").objects
    assert list(merges.order_by("pk").values_list("steps", flat=True)) == [STEPS, []]
