"""Adopting Cursor's groups beside a person who moves or merges members meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from collector.facts.merging import merge_members
from groups import cursor, merging
from groups.assignments import changes, placing
from groups.models import Assignment
from tests.groups.factories import make_cursor_group, make_member, make_stay

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
TODAY = date(2026, 3, 10)
YESTERDAY = date(2026, 3, 9)


@pytest.fixture
def ann_is_moved_by_cursor():
    ann = make_member("ann@x.io")
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    first = make_stay(ann, alpha, date(2026, 2, 1))
    cursor.adopt(NOW)
    first.left_at = datetime(2026, 3, 10, 8, tzinfo=UTC)
    first.save()
    make_stay(ann, beta, TODAY)
    return ann


@pytest.mark.django_db
@pytest.mark.parametrize("day", [TODAY, YESTERDAY])
def test_a_move_between_reading_and_writing_stays(ann_is_moved_by_cursor, monkeypatch, day):
    ann, record = ann_is_moved_by_cursor, placing.record_unless_moved

    def move_first(placements, known_local):
        changes.move([ann.pk], changes.create("Mine", now=NOW), day, by="admin", now=NOW)
        return record(placements, known_local)

    monkeypatch.setattr(cursor, "record_unless_moved", move_first)
    cursor.adopt(NOW)
    last = Assignment.objects.filter(member=ann).order_by("from_day").last()
    assert (last.group.name, last.source, last.from_day) == ("Mine", "manual", day)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_move_over_another_connection_waits_for_its_turn_and_stays(ann_is_moved_by_cursor, monkeypatch):
    ann, record = ann_is_moved_by_cursor, placing.record_unless_moved
    mine = changes.create("Mine", now=NOW)

    def move() -> None:
        changes.move([ann.pk], mine, TODAY, by="admin", now=NOW)
        connection.close()

    person = threading.Thread(target=move)

    def move_first(placements, known_local):
        person.start()
        person.join(timeout=5)
        return record(placements, known_local)

    monkeypatch.setattr(cursor, "record_unless_moved", move_first)
    cursor.adopt(NOW)
    person.join(timeout=60)
    assert Assignment.objects.get(member=ann, from_day=TODAY).group == mine


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_members_merged_over_another_connection_are_left_to_the_next_run(ann_is_moved_by_cursor, monkeypatch):
    ann, record = ann_is_moved_by_cursor, placing.record_unless_moved
    bob = make_member("bob@x.io")
    make_stay(bob, Assignment.objects.get(member=ann).group.cursor_group, YESTERDAY)

    def merge() -> None:
        merge_members(bob, ann, by="admin", now=NOW)
        connection.close()

    def merge_first(placements, known_local):
        person = threading.Thread(target=merge)
        person.start()
        person.join(timeout=60)
        return record(placements, known_local)

    monkeypatch.setattr(cursor, "record_unless_moved", merge_first)
    cursor.adopt(NOW)
    assert set(Assignment.objects.values_list("member__email", flat=True)) == {"bob@x.io"}


@pytest.mark.django_db
def test_a_member_who_is_merged_meanwhile_is_not_moved(monkeypatch):
    ann, bob, cyd = (make_member(f"{name}@x.io") for name in ("ann", "bob", "cyd"))
    mine, record = changes.create("Mine", now=NOW), changes.record_from_then_on

    def merge_first(placements):
        merge_members(bob, ann, by="admin", now=NOW)
        return record(placements)

    monkeypatch.setattr(changes, "record_from_then_on", merge_first)
    assert changes.move([ann.pk, cyd.pk], mine, TODAY, by="admin", now=NOW) == 1
    assert list(Assignment.objects.values_list("member_id", flat=True)) == [cyd.pk]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nobody_is_moved_into_a_group_that_is_deleted_over_another_connection_meanwhile(monkeypatch):
    ann, mine = make_member("ann@x.io"), changes.create("Mine", now=NOW)
    record = changes.record_from_then_on

    def delete() -> None:
        changes.delete(mine, by="admin", now=NOW)
        connection.close()

    other = threading.Thread(target=delete)

    def delete_first(placements):
        monkeypatch.undo()
        other.start()
        other.join(timeout=2)
        return record(placements)

    monkeypatch.setattr(changes, "record_from_then_on", delete_first)
    changes.move([ann.pk], mine, TODAY, by="admin", now=NOW)
    other.join(timeout=60)
    assert Assignment.objects.get(member=ann, from_day=TODAY).group is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_members_are_merged_and_placed_at_once_without_waiting_for_each_other(monkeypatch):
    ann, bob, mine = make_member("ann@x.io"), make_member("bob@x.io"), changes.create("Mine", now=NOW)
    changes.move([ann.pk], mine, TODAY, by="admin", now=NOW)
    is_placing, has_moved = threading.Event(), threading.Event()

    def place_slowly(members):
        locked = lock_members(members)
        is_placing.set()
        has_moved.wait(timeout=2)
        return locked

    def place() -> None:
        changes.move([ann.pk], None, TODAY, by="admin", now=NOW)
        connection.close()

    def note_move(*arguments) -> None:
        has_moved.set()

    lock_members = placing.lock_members
    monkeypatch.setattr(placing, "lock_members", place_slowly)
    monkeypatch.setattr(merging, "_move_history", note_move)
    person = threading.Thread(target=place)
    person.start()
    is_placing.wait(timeout=60)
    merge_members(bob, ann, by="admin", now=NOW)
    person.join(timeout=60)
    assert Assignment.objects.get(from_day=TODAY).group is None
