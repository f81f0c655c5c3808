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


class Command(ProductCommand):
    help = "Serve a made-up Cursor API on 127.0.0.1, for demos and tests, until Ctrl-C."
    expected_errors = (NotARecording,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        self._add_company(parser)
        self._add_api(parser)
        self._add_trouble(parser)
        parser.add_argument(
            "--replay",
            type=Path,
            metavar="DIR",
            help="serve the answers recorded by `manage.py record DIR` instead of a made-up company",
        )

    def _add_company(self, parser: ArgumentParser) -> None:
        add = parser.add_argument_group("the company")
        add.add_argument("--members", type=int, default=40, help="people with a seat (default 40)")
        add.add_argument("--days", type=int, default=60, help="days of history (default 60)")
        add.add_argument("--seed", type=int, default=7, help="another seed, another company (default 7)")
        add.add_argument(
            "--anchor",
            type=instant,
            metavar="INSTANT",
            help="the time around which the stories happen (default: now); give the same time on a later day"
            " to go on with the same company",
        )
        add.add_argument(
            "--incidents",
            type=float,
            default=0.0,
            metavar="RATE",
            help="by chance, per 100 members and month",
        )
        add.add_argument(
            "--price-rise",
            type=price_rise,
            metavar="MODEL:DAYS:RATIO",
            help="a model costs RATIO times as much since DAYS days before --anchor",
        )
        add.add_argument("--no-stories", action="store_true", help="nothing unusual happens")
        add.add_argument(
            "--events-per-day", type=float, default=15.0, help="mean on a day of use (default 15)"
        )

    def _add_api(self, parser: ArgumentParser) -> None:
        add = parser.add_argument_group("the API")
        add.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 chooses a free one")
        add.add_argument("--key", default=DEFAULT_KEY, help=f"the API key to accept (default {DEFAULT_KEY})")
        add.add_argument("--now", type=instant, metavar="INSTANT", help="stand still at this instant")
        add.add_argument("--no-limits", action="store_true", help="never answer 429 for too many requests")
        add.add_argument("--legacy", action="store_true", help="answer in the format of 2025")
        add.add_argument(
            "--analytics",
            type=int,
            default=200,
            choices=[200, 401, 403, 404],
            help="a plan without analytics",
        )

    def _add_trouble(self, parser: ArgumentParser) -> None:
        add = parser.add_argument_group("what goes wrong")
        add.add_argument(
            "--fault",
            type=fault_chance,
            action="append",
            default=[],
            metavar="FAULT=PROBABILITY",
            help=f"spoil answers by chance; may be repeated; FAULT is one of {', '.join(KINDS)}",
        )
        add.add_argument(
            "--all-faults",
            type=float,
            default=0.0,
            metavar="PROBABILITY",
            help="the same for every kind",
        )
        add.add_argument(
            "--late", type=float, default=0.0, metavar="SHARE", help="share of events that arrive late"
        )
        add.add_argument(
            "--late-hours", type=float, default=12.0, help="longest delay, in hours (default 12)"
        )
        add.add_argument(
            "--revised", type=float, default=0.0, metavar="SHARE", help="share of costs that settle late"
        )
        add.add_argument(
            "--revised-hours", type=float, default=24.0, help="longest delay, in hours (default 24)"
        )
        add.add_argument("--retention-days", type=float, help="events older than this are no longer returned")

    def handle(self, **options: Any) -> None:
        try:
            sandbox = Sandbox(
                self._company(options),
                recording=self._recording(options),
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

    def _recording(self, options: dict[str, Any]) -> Recording | None:
        if options["replay"] is None:
            return None
        recording = Recording.load(options["replay"])
        self.stdout.write(
            f"Recorded at {recording.recorded_at:%Y-%m-%dT%H:%M:%SZ}. To see the same hours, collect with"
        )
        self.stdout.write(f"    manage.py collect --as-of {recording.recorded_at:%Y-%m-%dT%H:%M:%SZ}")
        return recording

    def _company(self, options: dict[str, Any]) -> Company:
        now = options["now"] or datetime.now(UTC)
        if options["replay"]:  # nobody sees it
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
