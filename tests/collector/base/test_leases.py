import os
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.db import OperationalError

from collector.base import leases
from collector.base.leases import AlreadyRunning, acquire, hold_lease, release, renew
from collector.models import Lease

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def hold_elsewhere(name="pipeline", *, until=NOON + timedelta(minutes=2), holder="other-machine:4711:abc"):
    return Lease.objects.create(name=name, holder=holder, expires_at=until)


def test_only_one_of_two_gets_the_lease():
    assert acquire("pipeline", now=NOON)
    assert acquire("pipeline", now=NOON) is None


def test_a_released_lease_can_be_taken_at_once():
    token = acquire("pipeline", now=NOON)
    release("pipeline", token, now=NOON)
    assert acquire("pipeline", now=NOON)


def test_a_lease_lasts_until_its_expiry_and_not_longer():
    hold_elsewhere(until=NOON)
    assert acquire("pipeline", now=NOON - timedelta(seconds=1)) is None
    assert acquire("pipeline", now=NOON)


def test_a_lease_whose_end_was_set_by_a_clock_far_ahead_keeps_nobody_waiting():
    hold_elsewhere(until=NOON + timedelta(days=366))
    assert acquire("pipeline", now=NOON)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")
def test_a_holder_that_has_ended_is_succeeded_before_its_parent_has_noticed():
    with subprocess.Popen(["sleep", "60"]) as holder:
        hold_elsewhere(holder=f"{socket.gethostname()}:{holder.pid}:abc:{leases.process_space()}")
        assert acquire("pipeline", now=NOON) is None
        holder.kill()
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        assert acquire("pipeline", now=NOON)


def test_a_holder_killed_on_this_machine_is_succeeded_at_once():
    beyond_any_pid = 2**22 + 1  # Linux gives no process a number above 2^22
    hold_elsewhere(holder=f"{socket.gethostname()}:{beyond_any_pid}:abc")
    assert acquire("pipeline", now=NOON)


def test_a_lost_lease_is_neither_renewed_nor_released():
    token = acquire("pipeline", now=NOON)
    five_past = NOON + timedelta(minutes=5)
    successor = acquire("pipeline", now=five_past)
    assert not renew("pipeline", token, now=five_past)
    release("pipeline", token, now=five_past)
    assert Lease.objects.get(name="pipeline").holder == successor


def test_leases_of_other_names_do_not_matter():
    hold_elsewhere(name="backfill")
    assert acquire("pipeline", now=NOON)


def test_held_refuses_while_another_holds_it_and_gives_back_after_an_error():
    with pytest.raises(ZeroDivisionError), hold_lease("pipeline"):
        with pytest.raises(AlreadyRunning, match="already running"), hold_lease("pipeline"):
            pass
        raise ZeroDivisionError
    with hold_lease("pipeline"):
        assert Lease.objects.get(name="pipeline").holder


def test_a_lease_that_could_not_be_given_back_is_given_back_once_the_database_is_there(monkeypatch):
    answers = [OperationalError("gone"), OperationalError("still gone"), None]
    asked = []

    def fake_release(name, token, *, now):
        asked.append((name, token))
        if answer := answers.pop(0):
            raise answer

    monkeypatch.setattr(leases, "release", fake_release)
    monkeypatch.setattr(leases, "connection", Mock())
    monkeypatch.setattr(leases, "RETRY_SECONDS", 0.01)
    leases._release_or_retry("pipeline", "token")
    deadline = time.monotonic() + 60
    while answers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert asked == [("pipeline", "token")] * 3
