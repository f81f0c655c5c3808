"""An installation of its own, run by real processes that may be killed at any moment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environ
from django.conf import settings
from django.db import connections

ALIAS = "drill"
CRON_SECRET = "made-up-and-long-enough"


class Died(Exception):
    """A process that should go on has ended, or what was waited for did not come."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so: Callable[[], Any], seconds: float = 60, pause: float = 0.1) -> Any:
    """Return the first truth that `is_so` answers; Died if none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := is_so():
            return answer
        time.sleep(pause)
    raise Died(f"waited {seconds} s in vain")


@dataclass
class Machine:
    """Commands and servers of one installation; `home` holds its files and what its processes said."""

    home: Path
    database_url: str
    environment: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        own = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.database_url,
            "VAR_DIR": str(self.home),
            "CRON_SECRET": CRON_SECRET,
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own, **self.environment}

    @property
    def log(self) -> Path:
        return self.home / "drill.log"

    @property
    def said(self) -> str:
        return self.log.read_text()

    def start(self, *arguments: str, **extra: str) -> subprocess.Popen[bytes]:
        """Start `python <arguments>` in a session of its own, so that its children can be killed with it."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=self.variables | extra,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def manage(self, *arguments: str, **extra: str) -> int:
        """Run a management command to its end; return its exit code."""
        return self.start("manage.py", *arguments, **extra).wait(240)

    def serve(self, workers: int = 2) -> tuple[subprocess.Popen[bytes], str]:
        """Start the site; return its process and address once it answers."""
        port = free_port()
        web = self.start(
            "-m",
            "gunicorn",
            "config.wsgi",
            "--config=config/gunicorn.py",
            f"--bind=127.0.0.1:{port}",
            WEB_CONCURRENCY=str(workers),  # gunicorn itself ends on an empty one, which tests have
        )
        wait_until(lambda: is_open(port) or web.poll() is not None)
        assert web.poll() is None, self.said[-3000:]
        return web, f"http://127.0.0.1:{port}"

    def kill_all(self) -> None:
        for process in self.running:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """`kill -9` for the process and all its children, also those that survived it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def members_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The process and its living children, by number."""
    found = subprocess.run(["pgrep", "-g", str(process.pid)], capture_output=True, text=True)
    return sorted(int(number) for number in found.stdout.split())


@contextmanager
def looking_into(machine: Machine) -> Iterator[None]:
    """Make the installation's database the alias `drill` of this process."""
    connections.settings[ALIAS] = {
        **connections.settings["default"],
        "OPTIONS": {},
        **environ.Env.db_url_config(machine.database_url),
        "CONN_MAX_AGE": 0,
    }
    try:
        yield
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.settings[ALIAS]
