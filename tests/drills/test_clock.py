"""A machine whose clock is wrong for a while, and one whose local time changes."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import Clock, Sandbox, build_company
from tests.drills.checks import assert_whole, complete, stored_events
from tests.drills.machine import Machine

# Runs a command of manage.py on a clock so many seconds off, which goes on ticking.
SHIFTED = """
import sys, time_machine
from datetime import UTC, datetime, timedelta
from django.core.management import execute_from_command_line
with time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(sys.argv[1])), tick=True):
    execute_from_command_line(["manage.py", *sys.argv[2:]])
"""
AN_HOUR = 3600
# Berlin turns its clocks back on this day at 01:00 UTC, New York a week later at 06:00 UTC.
TURNS = [
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 40, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 5, 40, tzinfo=UTC)),
]

pytestmark = pytest.mark.long


def run_off(machine: Machine, seconds: float) -> int:
    return machine.start("-c", SHIFTED, str(seconds), "run_pipeline").wait(120)


def test_a_clock_an_hour_ahead_and_put_right_loses_nothing_and_holds_nothing_up(machine, sandbox, slack):
    sandbox.clock.freeze(sandbox.clock.now())
    assert run_off(machine, AN_HOUR) == 0, machine.said
    began = time.monotonic()
    sandbox.clock.advance(minutes=30)  # what happens in the hour that was thought to be over
    assert machine.manage("run_pipeline") == 0, machine.said
    assert time.monotonic() - began < 60
    sandbox.clock.advance(hours=1)
    assert run_off(machine, 1.5 * AN_HOUR) == 0, machine.said
    assert_whole(sandbox, slack)


def test_a_clock_an_hour_behind_and_put_right_loses_nothing(machine, sandbox, slack):
    assert machine.manage("run_pipeline") == 0, machine.said
    assert run_off(machine, -AN_HOUR) == 0, machine.said
    assert machine.manage("run_pipeline") == 0, machine.said
    assert_whole(sandbox, slack)


@pytest.mark.parametrize(("zone", "before"), TURNS)
def test_local_clocks_being_turned_back_move_no_event_and_no_day(machine, slack, zone, before):
    company = build_company(members=8, days=3, seed=7, now=before)
    after = before + timedelta(hours=1)
    with Sandbox(company, clock=Clock(before), enforces_limits=False) as sandbox:
        machine.environment |= {"CURSOR_API_URL": sandbox.url, "TZ": zone}
        assert machine.manage("run_pipeline", f"--as-of={before.isoformat()}") == 0, machine.said
        sandbox.clock.freeze(after)
        assert machine.manage("run_pipeline", f"--as-of={after.isoformat()}") == 0, machine.said
        assert_whole(sandbox, slack)
    assert complete()[1] == after
    assert max(row[0] for row in stored_events()) < after
