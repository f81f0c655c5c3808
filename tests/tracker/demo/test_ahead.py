"""What is found in the hours to come, worked out beside this process."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from tracker.demo import ahead

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS = [NOON + timedelta(hours=number) for number in range(50)]


def test_each_hour_has_its_own_findings_in_order():
    found = ahead.FindingsAhead(HOURS, lambda hour: (hour, os.getpid()))
    assert [hour for hour, _ in found] == HOURS
    assert [found[place][0] for place in range(50)] == HOURS
    assert {pid for _, pid in found}.isdisjoint({os.getpid()})


def test_an_hour_that_cannot_be_judged_says_why():
    def judge(hour):
        raise ValueError(f"{hour:%H}")

    with pytest.raises(ValueError, match="12"):
        ahead.FindingsAhead(HOURS, judge)[0]


@pytest.mark.parametrize(("platform", "cores"), [("linux", 1), ("darwin", 8)])
def test_without_a_second_core_or_a_safe_fork_it_is_done_here(monkeypatch, platform, cores):
    monkeypatch.setattr(ahead.sys, "platform", platform)
    monkeypatch.setattr(ahead.os, "cpu_count", lambda: cores)
    assert ahead.judge_all(HOURS, lambda hour: (os.getpid(),)) == [(os.getpid(),)] * 50
