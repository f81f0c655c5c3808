"""Child processes that live and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings

from tracker.running.together import end_with_parent

# A worker may be in the middle of a database transaction; that is long enough to finish one.
STOP_SECONDS = 10
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ChildEnded(Exception):
    """One of the processes ended by itself; the message names it and its exit code."""


class Children:
    """Processes started here, ended together when the block is left or the terminal says so."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._restarted: dict[str, tuple[tuple[str, ...], Path | None]] = {}

    def __enter__(self) -> Children:
        # SIGINT too: a shell that starts this in the background has it ignored from the start.
        self._handlers = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        """A second signal must not break off the stopping, or processes would be left behind."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def __contains__(self, name: str) -> bool:
        return name in self._running

    def start(
        self,
        name: str,
        *arguments: str,
        log: Path | None = None,
        is_restarted: bool = False,
        waits: bool = False,
    ) -> None:
        """Start `python <arguments>` and keep it in the set; its output goes to `log` if one is given.

        With `is_restarted` it is started again when it ends by itself. One that `waits` does so until its
        standard input ends, which `finish` lets it do.
        """
        if is_restarted:
            self._restarted[name] = (arguments, log)
        with open(log, "ab") if log else open(os.devnull, "rb") as output:
            self._running[name] = subprocess.Popen(  # noqa: S603  our own commands, no shell
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.PIPE if waits else None,
                stdout=output if log else None,
                stderr=subprocess.STDOUT if log else None,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509  one call of the C library
            )

    def run(self, *arguments: str) -> int:
        """Run `python <arguments>` to its end, on this terminal; return its exit code."""
        command: Sequence[str] = [sys.executable, *arguments]
        return subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment).returncode  # noqa: S603

    def finish(self, name: str) -> int:
        """Let a process that waits go on to its end; return its exit code."""
        process = self._running[name]
        process.communicate()
        del self._running[name]
        return process.returncode

    def check(self) -> None:
        """Raise ChildEnded if one of the processes has ended."""
        for name, process in list(self._running.items()):
            if process.poll() is None:
                continue
            if name in self._restarted:
                arguments, log = self._restarted[name]
                self.start(name, *arguments, log=log, is_restarted=True)
            else:
                raise ChildEnded(f"{name} ended with exit code {process.returncode}")

    def watch(self) -> None:
        """Wait until a process ends (ChildEnded) or the terminal interrupts."""
        while True:
            self.check()
            time.sleep(1)

    def stop(self) -> None:
        """End all of them: politely first, the way `kill` does, then for good."""
        for process in self._running.values():
            _send(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)
                process.wait()
        self._running.clear()


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The whole session: gunicorn and the task queue have children of their own.
    if process.poll() is None:
        os.killpg(process.pid, number)
