"""Processes end with their parent, and the worker ends when its whole group is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracker.running.processes import Children

pytestmark = pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="Linux only")

CHILD = "import time; print('up', flush=True); time.sleep(60)"
# A worker in small: a guard that starts its own child again, as the task queue's does.
QUEUE = """
import multiprocessing, os, signal, sys, time
from tracker.running.together import kept_together
context = multiprocessing.get_context("fork")
def work():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.write(1, f"worker {os.getpid()}\\n".encode())
    time.sleep(60)
def guard():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        process = context.Process(target=work)
        process.start()
        process.join()
stopped = []
with kept_together():
    process = context.Process(target=guard)
    process.start()
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    os.write(1, f"guard {process.pid}\\n".encode())
    while not stopped and process.is_alive():
        time.sleep(0.05)
    process.kill()
"""


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(*pids: int) -> list[int]:
    deadline = time.monotonic() + 30
    while (left := [pid for pid in pids if lives(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.fixture
def queue():
    """The process, and the numbers of its guard and its worker."""
    process = subprocess.Popen(
        [sys.executable, "-c", QUEUE], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    pids = [int(process.stdout.readline().split()[1]) for _ in range(2)]
    yield process, pids
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("to_group", [True, False])
def test_a_stop_ends_it_within_seconds_whether_its_group_or_it_alone_is_told(queue, to_group):
    process, pids = queue
    (os.killpg if to_group else os.kill)(process.pid, signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert wait_until_gone(*pids) == []


@pytest.mark.parametrize("killed", ["parent", "guard"])
def test_whoever_is_killed_takes_everything_below_along(queue, killed):
    process, pids = queue
    guard = min(pids)
    os.kill(process.pid if killed == "parent" else guard, signal.SIGKILL)
    assert wait_until_gone(*pids) == []


def test_children_of_serve_end_with_it(tmp_path):
    log = tmp_path / "child.log"
    serve = f"""
import os, pathlib, time
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from tracker.running.processes import Children
with Children({{}}) as children:
    children.start("one", "-c", {CHILD!r}, log=pathlib.Path({str(log)!r}))
    print(children._running["one"].pid, flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    assert wait_until_gone(pid) == []


def test_a_worker_that_ends_is_started_again_and_the_others_are_not_touched():
    with Children({}) as children:
        children.start("site", "-c", CHILD)
        children.start("worker", "-c", CHILD, is_restarted=True)
        first, site = children._running["worker"], children._running["site"]
        first.kill()
        first.wait()
        children.check()
        assert children._running["worker"].pid != first.pid
        assert children._running["worker"].poll() is None and site.poll() is None
