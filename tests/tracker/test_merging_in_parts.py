"""A merge in short transactions, killed between any two of them, goes on or comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from types import ModuleType

import pytest
from django.db import IntegrityError

from collector.base import short_transactions
from collector.base.upsert import writing
from collector.facts import merged_totals, merging, rollups
from collector.facts.merging import MergeRefused, finish_merges, merge_members, undo_merge
from collector.facts.roster import Roster, identify
from collector.models import Member, MemberMerge, MemberModelDay, UsageEvent
from tests.detection.facts import make_event, make_member
from tests.tracker.merged_pair import DAY, EARLIER, HOUR, NOW, make_pair, whole_database

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[Member, Member]:
    return make_pair()


class Killed(BaseException):
    """The process ended here."""


def kill(*arguments: object) -> None:
    raise Killed


def kill_after(monkeypatch: pytest.MonkeyPatch, transactions: int) -> None:
    """Let that many of the short transactions be committed, each with one step, and none after them."""
    monkeypatch.setattr(short_transactions, "BUDGET_SECONDS", 0.0)
    die_after(monkeypatch, short_transactions, transactions)


def die_after(monkeypatch: pytest.MonkeyPatch, module: ModuleType, transactions: int) -> None:
    left = [transactions]

    @contextmanager
    def dying() -> Iterator[None]:
        if not left[0]:
            raise Killed
        left[0] -= 1
        with writing():
            yield

    monkeypatch.setattr(module, "writing", dying)


@pytest.mark.parametrize("transactions", [0, 1, 2])
def test_a_merge_that_was_killed_goes_on_and_comes_back(pair, monkeypatch, transactions):
    old, new = pair
    before = whole_database()
    kill_after(monkeypatch, transactions)
    if transactions == 2:  # all usage has moved, and nothing else
        monkeypatch.setattr(merging, "_finish", kill)
    with pytest.raises(Killed):
        merge_members(old, new, by="ann", now=NOW)
    monkeypatch.undo()
    interrupted = MemberMerge.objects.get()
    assert interrupted.is_under_way and interrupted.parts.count() == transactions
    record = merge_members(old, new, by="bob", now=NOW + HOUR)
    assert (record.pk, record.merged_by, record.finished_at) == (interrupted.pk, "ann", NOW + HOUR)
    assert not Member.objects.filter(pk=new.pk).exists()
    assert record.sums["after"] == {"events": 5, "cents": record.sums["after"]["cents"]}
    assert Decimal(record.sums["after"]["cents"]) == 500 + 100 + 10_100
    undo_merge(record, by="ann", now=NOW)
    assert whole_database() == before


@pytest.mark.parametrize("transactions", [0, 1, 2])
def test_an_undo_that_was_killed_goes_on_with_the_next_collection(pair, monkeypatch, transactions):
    old, new = pair
    before = whole_database()
    record = merge_members(old, new, by="ann", now=NOW)
    kill_after(monkeypatch, transactions)
    if transactions == 2:  # all is back, which only has to be noted
        die_after(monkeypatch, merging, 1)
    with pytest.raises(Killed):
        undo_merge(record, by="bob", now=NOW)
    monkeypatch.undo()
    record.refresh_from_db()
    assert (record.undone_by, record.undone_at, record.is_under_way) == ("bob", None, True)
    with pytest.raises(MergeRefused, match="still under way"):
        merge_members(old, make_member("third@x.example"), by="ann", now=NOW)
    Member.objects.filter(email="third@x.example").delete()
    finish_merges(NOW)
    assert whole_database() == before
    assert MemberMerge.objects.get().undone_at == NOW


def test_an_undo_brings_the_member_back_before_anything_else_is_collected_for_the_address(pair, monkeypatch):
    old, new = pair
    before = whole_database()
    record = merge_members(old, new, by="ann", now=NOW)
    kill_after(monkeypatch, 0)
    with pytest.raises(Killed):
        undo_merge(record, by="bob", now=NOW)
    monkeypatch.undo()
    roster, identity = Roster.load(), identify(new.email)
    roster.admit([identity], NOW)
    assert roster.member_id(identity) == new.pk
    finish_merges(NOW)
    assert whole_database() == before


def test_a_merge_that_another_process_finishes_meanwhile_is_not_begun_again(pair, monkeypatch):
    old, new = pair
    kill_after(monkeypatch, 1)
    with pytest.raises(Killed):
        merge_members(old, new, by="ann", now=NOW)
    monkeypatch.undo()
    days = merged_totals.usage_days

    def finish_first(member_id: int) -> list[date]:
        monkeypatch.undo()
        merge_members(old, new, by="ann", now=NOW)
        return days(member_id)

    monkeypatch.setattr(merged_totals, "usage_days", finish_first)
    finish_merges(NOW)
    with pytest.raises(MergeRefused, match="has just been merged"):
        merge_members(old, new, by="bob", now=NOW)
    made = MemberMerge.objects.get()
    assert not made.is_under_way
    MemberMerge.objects.create(kept_pk=old.pk, gone_pk=new.pk, merged_by="bob", merged_at=NOW)
    finish_merges(NOW)
    assert MemberMerge.objects.get() == made


def test_a_merge_that_cannot_go_on_keeps_no_collection_from_its_work(pair, monkeypatch, caplog):
    old, new = pair
    kill_after(monkeypatch, 1)
    with pytest.raises(Killed):
        merge_members(old, new, by="ann", now=NOW)
    monkeypatch.undo()

    def fail(*arguments: object) -> None:
        raise IntegrityError("made up")

    monkeypatch.setattr(merging, "_finish", fail)
    assert finish_merges(NOW) == [MemberMerge.objects.get()]
    assert MemberMerge.objects.get().is_under_way and "stays unfinished" in caplog.text


def test_an_interrupted_merge_can_be_undone(pair, monkeypatch):
    old, new = pair
    before = whole_database()
    kill_after(monkeypatch, 1)
    with pytest.raises(Killed):
        merge_members(old, new, by="ann", now=NOW)
    monkeypatch.undo()
    undo_merge(MemberMerge.objects.get(), by="ann", now=NOW)
    assert whole_database() == before


def test_usage_that_comes_while_a_merge_is_interrupted_moves_as_well(pair, monkeypatch):
    old, new = pair
    kill_after(monkeypatch, 3)
    monkeypatch.setattr(merging, "_finish", kill)
    with pytest.raises(Killed):
        merge_members(old, new, by="ann", now=NOW)
    monkeypatch.undo()
    make_event(new, NOW, 3)
    rollups.recompute({(new.pk, NOW.date())}, NOW)
    finish_merges(NOW + HOUR)
    assert UsageEvent.objects.get(occurred_at=NOW).member == old
    assert MemberModelDay.objects.get(day=NOW.date(), total_cents__gt=0).member == old


def test_each_day_moves_in_a_transaction_of_its_own_where_it_fills_one(pair, monkeypatch):
    old, new = pair
    monkeypatch.setattr(short_transactions, "BUDGET_SECONDS", 0.0)
    record = merge_members(old, new, by="ann", now=NOW)
    assert list(record.parts.values_list("day", flat=True)) == [EARLIER, DAY, None]
