"""Undoing an import while somebody moves a member over another connection."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from groups.assignments import changes
from groups.assignments.changes import ChangeRefused
from groups.imports import undo as undoing
from groups.imports.apply import apply
from groups.models import Assignment, Group
from tests.groups.factories import make_member
from tests.groups.imports.test_imports import NOW, THREE_MOVE, TODAY, preview

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def applied():
    for name in ("ann", "bob", "cy"):
        make_member(f"{name}@x.io")
    kept = preview(THREE_MOVE)
    apply(kept, None, by="ada", now=NOW)
    return kept


def undo_beside(kept, monkeypatch, step: str, into: Group) -> tuple[int, list[str]]:
    """Undo while Ann is moved elsewhere just before `step`; who was put back, and why nobody was moved."""
    ann, work, refusals = Assignment.objects.first().member_id, getattr(undoing, step), []

    def move() -> None:
        try:
            changes.move([ann], into, TODAY, by="bo", now=NOW)
        except ChangeRefused as refusal:
            refusals.append(str(refusal))
        connection.close()

    def move_first(*arguments, **options):
        person.start()
        person.join(timeout=2)
        return work(*arguments, **options)

    person = threading.Thread(target=move)
    monkeypatch.setattr(undoing, step, move_first)
    undone = undoing.undo(kept, by="ada", now=NOW)
    person.join(timeout=60)
    return undone.restored, refusals


def test_a_move_stays_beside_the_undoing_of_an_import(applied, monkeypatch):
    elsewhere = changes.create("Elsewhere", now=NOW)
    undo_beside(applied, monkeypatch, "put_back", elsewhere)
    assert Assignment.objects.get(from_day=TODAY).group == elsewhere


def test_nobody_is_moved_into_a_group_that_goes_with_its_import(applied, monkeypatch):
    made = Group.objects.get()
    restored, refusals = undo_beside(applied, monkeypatch, "_close_groups", made)
    assert restored == 3
    assert not Group.objects.exists()
    assert refusals == [f"“{made.name}” is deleted: choose an open group."]
