"""`manage.py sandbox`: a made-up Cursor API on loopback, until Ctrl-C."""

import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from collector.base.arguments import instant
from collector.base.commands import ProductCommand
from sandbox import Clock, Company, NotARecording, PriceRise, Recording, Sandbox, build_company
from sandbox.company.prices import position
from sandbox.faults import KINDS, Fault, fault_named
from sandbox.serving.server import DEFAULT_KEY

AHEAD_DAYS = 45  # a sandbox left running keeps producing for this long


def fault_chance(text: str) -> tuple[Fault, float]:
    """A fault and its chance: `503=0.05`."""
    name, _, probability = text.partition("=")
    try:
        return fault_named(name), float(probability)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not FAULT=PROBABILITY, such as 503=0.05 ({error})") from error


def price_rise(text: str) -> tuple[str, int, float]:
    """A model, days before the anchor and a ratio: `gpt-5.5-medium:12:1.5`."""
    try:
        model, days, ratio = text.split(":")
        position(model)
        return model, int(days), float(ratio)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not MODEL:DAYS:RATIO, such as gpt-5.5-medium:12:1.5") from error


NUMBER: dict[str, Any] = {"type": float, "default": 0.0}
# By heading: each option with its help, and what else argparse wants to know.
OPTIONS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "the company": {
        "--members": ("people with a seat (default 40)", {"type": int, "default": 40}),
        "--days": ("days of history (default 60)", {"type": int, "default": 60}),
        "--seed": ("another seed, another company (default 7)", {"type": int, "default": 7}),
        "--anchor": (
            "the time around which the stories happen (default: now); give the same time on a later day to "
            "go on with the same company",
            {"type": instant, "metavar": "INSTANT"},
        ),
        "--incidents": ("by chance, per 100 members and month", NUMBER | {"metavar": "RATE"}),
        "--price-rise": (
            "a model costs RATIO times as much since DAYS days before --anchor",
            {"type": price_rise, "metavar": "MODEL:DAYS:RATIO"},
        ),
        "--no-stories": ("nothing unusual happens", {"action": "store_true"}),
        "--events-per-day": ("mean on a day of use (default 15)", {"type": float, "default": 15.0}),
    },
    "the API": {
        "--port": ("port on 127.0.0.1; 0 chooses a free one", {"type": int, "default": 0}),
        "--key": (f"the API key to accept (default {DEFAULT_KEY})", {"default": DEFAULT_KEY}),
        "--now": ("stand still at this instant", {"type": instant, "metavar": "INSTANT"}),
        "--no-limits": ("never answer 429 for too many requests", {"action": "store_true"}),
        "--legacy": ("answer in the format of 2025", {"action": "store_true"}),
        "--analytics": (
            "a plan without analytics",
            {"type": int, "default": 200, "choices": [200, 401, 403, 404]},
        ),
        "--replay": (
            "serve the answers recorded by `manage.py record DIR` instead of a made-up company",
            {"type": Path, "metavar": "DIR"},
        ),
    },
    "what goes wrong": {
        "--fault": (
            f"spoil answers by chance; may be repeated; FAULT is one of {', '.join(KINDS)}",
            {"type": fault_chance, "action": "append", "default": [], "metavar": "FAULT=PROBABILITY"},
        ),
        "--all-faults": ("the same for every kind", NUMBER | {"metavar": "PROBABILITY"}),
        "--late": ("share of events that arrive late", NUMBER | {"metavar": "SHARE"}),
        "--late-hours": ("longest delay, in hours (default 12)", {"type": float, "default": 12.0}),
        "--revised": ("share of costs that settle late", NUMBER | {"metavar": "SHARE"}),
        "--revised-hours": ("longest delay, in hours (default 24)", {"type": float, "default": 24.0}),
        "--retention-days": ("events older than this are no longer returned", {"type": float}),
    },
}


class Command(ProductCommand):
    help = "Serve a made-up Cursor API on 127.0.0.1, for demos and tests, until Ctrl-C."
    expected_errors = (NotARecording,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        for title, options in OPTIONS.items():
            group = parser.add_argument_group(title)
            for name, (help_text, details) in options.items():
                group.add_argument(name, help=help_text, **details)

    def handle(self, **options: Any) -> None:
        try:
            sandbox = Sandbox(
                self._company(options),
                recording=self._recording(options["replay"]),
                port=options["port"],
                key=options["key"],
                clock=Clock(options["now"]),
                has_legacy_shapes=options["legacy"],
                analytics_status=options["analytics"],
                enforces_limits=not options["no_limits"],
                late_share=options["late"],
                late_hours=options["late_hours"],
                revised_share=options["revised"],
                revised_hours=options["revised_hours"],
                retention_days=options["retention_days"],
            )
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error.strerror}.") from error
        everything = [(fault_named(name), options["all_faults"]) for name in KINDS if options["all_faults"]]
        for fault, probability in (*options["fault"], *everything):
            sandbox.faults.sometimes(fault, probability)
        self._serve(sandbox)

    def _recording(self, directory: Path | None) -> Recording | None:
        if directory is None:
            return None
        recording = Recording.load(directory)
        self.stdout.write(
            f"Recorded at {recording.recorded_at:%Y-%m-%dT%H:%M:%SZ}. To see the same hours, collect with"
        )
        self.stdout.write(f"    manage.py collect --as-of {recording.recorded_at:%Y-%m-%dT%H:%M:%SZ}")
        return recording

    def _company(self, options: dict[str, Any]) -> Company:
        now = options["now"] or datetime.now(UTC)
        if options["replay"]:  # it is never shown
            return build_company(members=5, days=2, seed=options["seed"], now=now, has_stories=False)
        anchor = options["anchor"] or now
        if anchor > now:
            raise CommandError("--anchor must not be after the sandbox's clock.")
        rise = options["price_rise"]
        return build_company(
            members=options["members"],
            days=options["days"],
            seed=options["seed"],
            now=anchor,
            ahead_days=(now - anchor + timedelta(days=AHEAD_DAYS)).days,
            events_per_day=options["events_per_day"],
            has_stories=not options["no_stories"],
            incidents_per_100_members_month=options["incidents"],
            price_rise=rise and PriceRise(rise[0], anchor.date() - timedelta(days=rise[1]), rise[2]),
        )

    def _serve(self, sandbox: Sandbox) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        with sandbox:
            self.stdout.write(f"Sandbox ready at {sandbox.url} with key {sandbox.key}")
            self.stdout.flush()
            stopped.wait()
