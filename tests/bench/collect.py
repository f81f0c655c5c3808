"""Print what collecting takes: events a second from loopback to committed rows and totals, memory, requests.

    python -m tests.bench.collect [--members 100,1000] [--events 62] [--throughput-members 300]

Requests are those of one hourly run in steady state, per source, and of the analytics that one run in six
reads besides. Everything goes over real HTTP to a sandbox in a process of its own, into a new SQLite file.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

NOW = datetime.fromisoformat("2026-09-16T15:04:30+00:00")  # a Wednesday, the second day of a cycle


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.collect")
    parser.add_argument("--members", default="100,1000")
    parser.add_argument("--events", type=float, default=62, help="on a day of use; 62 make about 25 a seat")
    parser.add_argument("--throughput-members", type=int, default=300)
    options = parser.parse_args()
    _in_process(throughput, options.throughput_members)
    for members in options.members.split(","):
        _in_process(requests_per_run, int(members), options.events)


def throughput(members: int) -> None:
    """Read thirty days of a company from nothing, then once more, without limits."""
    with _installation(members, days=30, events=None) as client:
        from collector.collecting.windows import Window, closed_minute
        from collector.sources import events
        from tests.bench.measure import peak_megabytes

        end = closed_minute(NOW)
        for name in ("first reading", "again"):
            began, worked = time.perf_counter(), time.process_time()
            result = events.sync(client, Window(end - timedelta(days=30), end, NOW))
            seconds, cpu = time.perf_counter() - began, time.process_time() - worked
            print(
                f"{name}: {result.seen:,} events, {result.new:,} new, in {seconds:.1f} s: "
                f"{result.seen / seconds:,.0f} a second ({cpu:.1f} s of one core), "
                f"peak memory {peak_megabytes():.0f} MB",
                flush=True,
            )


def requests_per_run(members: int, per_day: float) -> None:
    """Count the requests of an hour in which all was well before, per source."""
    with _installation(members, days=2, events=per_day) as client:
        from collector.collecting import runs
        from collector.collecting.due import ANALYTICS
        from collector.models import UsageEvent
        from tests.bench.measure import peak_megabytes

        _settle()
        now = NOW + timedelta(hours=1)
        client.post("/_sandbox/clock", {"now": now.isoformat()})
        hourly = runs.collect(now, client=client, sources=set(runs.SYNCS) - ANALYTICS).runs
        day = UsageEvent.objects.between(now - timedelta(days=1), now).count()
        print(
            f"{members:,} members, {day:,} events in 24 hours ({day / members:.1f} each), "
            f"peak memory {peak_megabytes():.0f} MB"
        )
        _print_requests("hourly", hourly)
        _print_requests("besides, every six hours", runs.collect(now, client=client, sources=ANALYTICS).runs)


def _settle() -> None:
    """As if all had been collected until now, the day's long windows included."""
    from collector.models import Source, SourceRun, Watermark

    began = NOW - timedelta(days=30)
    for source in Source.values:
        Watermark.objects.create(source=source, complete_from_at=began, complete_until_at=NOW)
        SourceRun.objects.create(
            source=source, status="ok", started_at=NOW, window_start_at=began, window_end_at=NOW
        )


def _print_requests(name: str, runs: list) -> None:
    asked = {run.source: run.requests for run in runs if run.requests}
    sources = ", ".join(f"{source} {number}" for source, number in asked.items())
    print(f"  {name}: {sum(asked.values())} requests ({sources})", flush=True)


def _in_process(work, *arguments) -> None:
    """Memory and database are each measure's own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()


@contextmanager
def _installation(members: int, *, days: int, events: float | None) -> Iterator:
    """A migrated empty database, and a client of a sandbox that runs elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.core.management import call_command

        from collector.cursor.client import CursorClient
        from collector.cursor.limits import Limiter

        call_command("migrate", verbosity=0)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        sandbox = context.Process(target=_serve, args=(theirs, members, days, events), daemon=True)
        sandbox.start()
        try:
            yield CursorClient(ours.recv(), "key_sandbox", limiter=Limiter(is_unlimited=True))
        finally:
            ours.send("stop")
            sandbox.join()


def _serve(pipe: Connection, members: int, days: int, events: float | None) -> None:
    from sandbox import Sandbox, build_company
    from sandbox.company.activity import USUAL_EVENTS

    company = build_company(
        members=members,
        days=days,
        seed=7,
        now=NOW,
        ahead_days=1,
        events_per_day=events or USUAL_EVENTS,
    )
    with Sandbox(company, enforces_limits=False) as sandbox:
        pipe.send(sandbox.url)
        pipe.recv()


if __name__ == "__main__":
    main()
