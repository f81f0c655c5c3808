"""Long work leaves others time to write, and what was committed stays."""

import pytest

from collector.base import short_transactions
from collector.base.short_transactions import ShortTransactions, batches
from collector.models import Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def transactions(monkeypatch):
    """How many transactions were begun, in a list, each step taking its whole budget."""
    begun = []
    real = short_transactions.writing
    monkeypatch.setattr(short_transactions, "writing", lambda: begun.append(1) or real())
    monkeypatch.setattr(short_transactions, "BUDGET_SECONDS", 0.0)
    return begun


def member(name, **fields):
    at = "2026-03-02T10:00:00Z"
    return Member(email=f"{name}@x.io", first_seen_at=at, last_seen_at=at, **fields)


def test_steps_that_fill_the_budget_get_a_transaction_each(transactions):
    done = []
    ShortTransactions().run([lambda: done.append(1), lambda: done.append(2), lambda: done.append(3)])
    assert (done, len(transactions)) == ([1, 2, 3], 3)


def test_quick_steps_share_a_transaction(transactions, monkeypatch):
    monkeypatch.setattr(short_transactions, "BUDGET_SECONDS", 5.0)
    ShortTransactions().run([lambda: None] * 50)
    assert len(transactions) == 1


def test_a_step_that_fails_undoes_itself_and_nothing_before(transactions):
    def fail():
        member("bob").save()
        raise OSError

    with pytest.raises(OSError):
        ShortTransactions().run([member("ann").save, fail, member("cyd").save])
    assert set(Member.objects.values_list("email", flat=True)) == {"ann@x.io"}


def test_a_dry_run_begins_no_transaction_and_creates_nothing(transactions):
    dry = ShortTransactions(is_dry_run=True)
    dry.run([lambda: None])
    dry.create(Member, [[member("ann")]])
    assert not transactions and not Member.objects.exists()


def test_others_get_time_to_write_after_the_lock_was_held_for_long(transactions, monkeypatch):
    slept = []
    monkeypatch.setattr(short_transactions.time, "sleep", slept.append)
    monkeypatch.setattr(short_transactions.connection, "vendor", "sqlite")
    ShortTransactions().run([lambda: None] * 3)
    assert len(slept) == 2 and all(0 < wait <= short_transactions.GAP_SECONDS for wait in slept)


def test_rows_of_one_key_are_never_parted():
    assert list(batches("aabbbbc", key=str, size=3)) == [list("aabbbb"), ["c"]]
