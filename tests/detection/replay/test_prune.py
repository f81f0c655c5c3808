"""A backtest says the same whether old events were pruned or not."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from collector.facts import rollups
from collector.facts.pruning import plan_pruning, prune
from collector.models import BillingCycle, UsageEvent
from detection.assess import assess
from detection.models import DetectionSettings
from detection.replay import past
from detection.replay.backtest import backtest
from detection.replay.replay import Replay
from tests.detection.facts import make_member

NOW = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
LAST = date(2026, 5, 31)


def a_team():
    """Twelve members over eleven weeks; one had wild weeks long ago, and a wild day lately."""
    rng = random.Random(5)  # noqa: S311  made up, not secret
    for number in range(12):
        member = make_member(f"m{number}@example.com", name=f"M{number}")
        for back in range(1, 78):
            at = NOW - timedelta(days=back) + timedelta(hours=10)
            if at.weekday() < 5:
                was_wild = number == 0 and back > 46 and rng.random() < 0.5
                dollars = 400 if was_wild else rng.uniform(15, 25)
                yield from _day(member, at, 300 if number < 2 and back == 20 else dollars)


def _day(member, at, dollars):
    for number in range(10):
        yield UsageEvent(
            member=member,
            occurred_at=at + timedelta(minutes=number),
            model="sonnet",
            kind="Usage-based",
            charged_cents=round(dollars * 10, 6),
            input_tokens=10_000,
            first_seen_at=at,
            changed_at=at,
        )


def replayed(**how):
    policy, first = DetectionSettings(cycle_limit_dollars=500), LAST - timedelta(days=29)
    steps = past.replayed(first, LAST, 3, NOW)
    return backtest(past.load_history(first, LAST, policy, **how), policy, steps)


@pytest.mark.django_db
def test_thirty_days_replay_the_same_by_days_and_hours_and_after_pruning_all_but_forty_five():
    start_at = datetime(2026, 4, 20, 21, 40, tzinfo=UTC)
    BillingCycle.objects.create(start_at=start_at, end_at=start_at + timedelta(days=30))
    UsageEvent.objects.bulk_create(a_team(), batch_size=1000)
    rollups.recompute_days(date(2026, 3, 1), LAST, NOW)
    before = replayed()
    assert "m1@example.com" in {incident.email for incident in before}
    assert replayed(all_by_hour=True) == before
    assert prune(plan_pruning(45, NOW), NOW) > 1000
    assert replayed() == before


@pytest.mark.django_db
def test_a_history_of_every_hour_is_judged_without_another_query(django_assert_num_queries):
    UsageEvent.objects.bulk_create(a_team(), batch_size=1000)
    rollups.recompute_days(date(2026, 3, 1), LAST, NOW)
    policy = DetectionSettings()
    evening = datetime(2026, 5, 12, 23, tzinfo=UTC)
    history = past.load_history(evening.date(), LAST, policy, all_by_hour=True)
    replay = Replay(history, evening, NOW, days=policy.history_days)
    with django_assert_num_queries(0):
        found = assess(replay.frame(evening), policy, (), None, replay.read_work).findings
    assert {history.emails[finding.member_id] for finding in found} == {"m1@example.com"}
