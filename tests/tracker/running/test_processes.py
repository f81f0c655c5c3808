import time

import pytest

from tracker.running.processes import ChildEnded, Children

SLEEPER = "import time; time.sleep(60)"


def wait_for_words(log):
    deadline = time.monotonic() + 60
    while not log.read_text().endswith("\n") and time.monotonic() < deadline:
        time.sleep(0.02)


def test_leaving_the_block_ends_every_process():
    with Children({}) as children:
        children.start("one", "-c", SLEEPER)
        children.start("two", "-c", SLEEPER)
        processes = list(children._running.values())
    assert all(process.poll() is not None for process in processes)


def test_a_process_that_ends_by_itself_is_named():
    with Children({}) as children:
        children.start("the short one", "-c", "raise SystemExit(3)")
        with pytest.raises(ChildEnded, match="the short one ended with exit code 3"):
            children.watch()


def test_processes_see_the_given_environment_and_write_to_their_log(tmp_path):
    log = tmp_path / "child.log"
    with Children({"GREETING": "hello"}) as children:
        children.start("speaker", "-c", "import os; print(os.environ['GREETING'])", log=log)
        wait_for_words(log)
    assert log.read_text() == "hello\n"


def test_a_process_deaf_to_sigterm_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr("tracker.running.processes.STOP_SECONDS", 0.3)
    log = tmp_path / "deaf.log"
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True);"
    with Children({}) as children:
        children.start("deaf", "-c", deaf + SLEEPER, log=log)
        process = children._running["deaf"]
        wait_for_words(log)
    assert process.returncode == -9


def test_run_returns_the_exit_code():
    assert Children({}).run("-c", "raise SystemExit(4)") == 4


def test_one_that_waits_goes_on_when_it_is_to_finish(tmp_path):
    log = tmp_path / "waiting.log"
    waiting = "import sys; print('waiting', flush=True); sys.stdin.read(); print('done'); raise SystemExit(5)"
    with Children({}) as children:
        children.start("waiting", "-c", waiting, log=log, waits=True)
        wait_for_words(log)
        assert "waiting" in children
        assert log.read_text() == "waiting\n"
        assert children.finish("waiting") == 5
        assert "waiting" not in children
    assert log.read_text() == "waiting\ndone\n"
