"""The demo's past, made once: `serve` calls this where there is no key."""

import sys
from datetime import datetime

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from collector.base.arguments import instant
from collector.base.commands import ProductCommand
from collector.base.garbage import rare_garbage_collection
from tracker.demo.make import make_past
from tracker.demo.world import sandbox_world
from tracker.running.demo import PAST_DAYS, holds_demo, is_made


class Command(ProductCommand):
    help = "Run the demo's last days through the pipeline; only against the sandbox that `serve` starts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            type=instant,
            required=True,
            metavar="INSTANT",
            help="the instant at which the days end",
        )
        parser.add_argument("--days", type=int, default=PAST_DAYS, help=f"how many (default {PAST_DAYS})")
        parser.add_argument(
            "--wait", action="store_true", help="until standard input ends: the tables are being made"
        )

    def handle(self, *, anchor: datetime, days: int, wait: bool, **options: object) -> None:
        if wait:
            sys.stdin.read()
        if not (settings.DEMO and holds_demo()):
            raise CommandError("This database is not a demo's: run `manage.py serve` without a key.")
        if is_made():
            return
        self.day = ""
        with rare_garbage_collection():
            make_past(anchor, days, sandbox_world(), self.note)

    def note(self, hour: datetime, is_run: bool) -> None:
        """Say now and then how far it is."""
        day = f"{hour.day} {hour:%b}"
        if is_run and day != self.day and hour.day % 10 == 0:
            self.stdout.write(f"  … {day}")
            self.day = day
