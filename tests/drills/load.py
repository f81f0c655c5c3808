"""Many people reading while a collection runs: how long the pages take, and whether anything fails.

    DATABASE_URL=… python -m tests.drills.load [--seconds 120] [--readers 50] [--workers 4] [--pause 20]

The database must hold a company already, best one of `make bench`; everything stays on loopback. It prints a
line and exits 1 if a page failed or the database was ever locked.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

import requests  # noqa: E402

from collector.models import Member  # noqa: E402
from sandbox import Clock, Sandbox, build_company  # noqa: E402
from tests.drills.machine import Machine, kill  # noqa: E402

# What a manager opens, as often as it stands here.
PAGES = ["/", "/", "/?period=30d", "/?period=cycle", "/insights", "/incidents", "{member}", "{member}"]
TROUBLE = ("database is locked", "WORKER TIMEOUT", "Traceback", "OperationalError", "deadlock")


@dataclass
class Tally:
    """What the readers saw: seconds by page, and answers that were no 200."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, page: str, status: str, seconds: float) -> None:
        with self.lock:
            self.seconds.setdefault(page, []).append(seconds)
            if status != "200":
                self.failures[f"{page} {status}"] += 1


def main() -> int:
    options = arguments()
    emails = list(Member.objects.order_by("pk").values_list("email", flat=True)[:50])
    company = build_company(members=options.collected, days=32, seed=7, now=datetime.now(UTC))
    with tempfile.TemporaryDirectory() as home, Sandbox(company, clock=Clock()) as sandbox:
        machine = Machine(Path(home), os.environ["DATABASE_URL"])
        machine.environment |= {
            "CURSOR_API_URL": sandbox.url,
            "CURSOR_ADMIN_API_KEY": sandbox.key,
            "GUNICORN_CMD_ARGS": f"--threads={options.threads}",
        }
        tally, runs = measure(machine, options, emails)
        return report(tally, runs, options, machine.said)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.load")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2, help="of each web worker")
    parser.add_argument("--pause", type=float, default=20.0, help="mean seconds a reader looks at a page")
    parser.add_argument("--collected", type=int, default=200, help="members whose usage is collected")
    return parser.parse_args()


def measure(machine: Machine, options: argparse.Namespace, emails: list[str]) -> tuple[Tally, int]:
    """Let everybody read while the job runs again and again; return what they saw and how often it ran."""
    web, address = machine.serve(options.workers)
    for page in PAGES:  # each web worker has imported what it needs
        requests.get(address + page.format(member=f"/users/{emails[0]}"), timeout=120)
    tally, until = Tally(), time.monotonic() + options.seconds
    readers = [
        threading.Thread(target=read, args=(address, emails, number, options.pause, until, tally))
        for number in range(options.readers)
    ]
    for reader in readers:
        reader.start()
    runs = 0
    while time.monotonic() < until:
        job = machine.start("manage.py", "run_pipeline")
        job.wait(600)
        runs += 1
    for reader in readers:
        reader.join()
    kill(web)
    return tally, runs


def read(address: str, emails: list[str], number: int, pause: float, until: float, tally: Tally) -> None:
    """One manager: opens a page, looks at it, opens the next."""
    chance = random.Random(number)
    time.sleep(chance.uniform(0, pause))
    for page in itertools.cycle(chance.sample(PAGES, len(PAGES))):
        if time.monotonic() > until:
            return
        began = time.monotonic()
        try:
            path = page.format(member=f"/users/{chance.choice(emails)}")
            status = str(requests.get(address + path, timeout=60).status_code)
        except requests.RequestException as error:
            status = type(error).__name__
        tally.note(page, status, time.monotonic() - began)
        time.sleep(chance.expovariate(1 / pause))


def report(tally: Tally, runs: int, options: argparse.Namespace, said: str) -> int:
    every = [seconds for page in tally.seconds.values() for seconds in page]
    who = f"{options.readers} readers for {options.seconds} s, a page every {options.pause:.0f} s each"
    print(f"{who}; {options.workers} web workers, {runs} runs of the job")
    for page, seconds in [*sorted(tally.seconds.items()), ("all pages", every)]:
        median, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(
            f"  {page:<18} {len(seconds):5} answers  median {median * 1000:5.0f} ms  p95 {p95 * 1000:5.0f} ms"
        )
    troubles = {words: said.count(words) for words in TROUBLE if words in said}
    print(f"  failures: {dict(tally.failures) or 'none'}; in the log: {troubles or 'nothing'}")
    return 1 if tally.failures or troubles else 0


if __name__ == "__main__":
    sys.exit(main())
