"""`manage.py sandbox`: a made-up Cursor API on loopback, until Ctrl-C."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from collector.arguments import instant
from collector.sandbox import Clock, Sandbox, build_company
from collector.sandbox.server import DEFAULT_KEY

AHEAD_DAYS = 45  # a sandbox left running keeps producing for this long


class Command(BaseCommand):
    help = "Serve a made-up Cursor API on 127.0.0.1, for demos and tests, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
        parser.add_argument(
            "--key", default=DEFAULT_KEY, help=f"the API key to accept (default {DEFAULT_KEY})"
        )
        parser.add_argument("--members", type=int, default=40, help="people with a seat (default 40)")
        parser.add_argument("--days", type=int, default=60, help="days of history (default 60)")
        parser.add_argument("--seed", type=int, default=7, help="another seed, another company (default 7)")
        parser.add_argument("--now", type=instant, help="stand still at this instant")
        parser.add_argument(
            "--anchor",
            type=instant,
            help="the instant around which the stories are told (default: now); the same one on a later day"
            " goes on with the same company",
        )

    def handle(self, **options: Any) -> None:
        now = options["now"] or datetime.now(UTC)
        anchor = options["anchor"] or now
        if anchor > now:
            raise CommandError("--anchor must not be after the sandbox's clock.")
        company = build_company(
            members=options["members"],
            days=options["days"],
            seed=options["seed"],
            now=anchor,
            ahead_days=(now - anchor + timedelta(days=AHEAD_DAYS)).days,
        )
        try:
            sandbox = Sandbox(company, port=options["port"], key=options["key"], clock=Clock(options["now"]))
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error.strerror}.") from error
        self._serve(sandbox)

    def _serve(self, sandbox: Sandbox) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        with sandbox:
            self.stdout.write(f"Sandbox ready at {sandbox.url} with key {sandbox.key}")
            self.stdout.flush()
            stopped.wait()
