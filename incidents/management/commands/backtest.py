"""`manage.py backtest`: what given settings would have raised over past days."""

import json
from argparse import ArgumentParser
from datetime import date, timedelta

from django.utils import timezone

from collector.base.arguments import day, whole_number
from collector.base.commands import ProductCommand
from collector.base.days import utc_day
from detection.models import DetectionSettings
from detection.replay import past
from detection.replay.backtest import backtest
from detection.replay.overrides import Override, add_set_option, apply
from incidents.actions.limit_guard import guard_lines


class Command(ProductCommand):
    help = "Replay detection over past days, seeing at each step only what was known then. Writes nothing."
    expected_errors = (past.PastRefused,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="default: 30 days ago")
        parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="included; default: today")
        parser.add_argument(
            "--step-hours",
            type=whole_number(1, 24),
            default=1,
            metavar="N",
            help="hours between two runs, 1 to 24 (default 1)",
        )
        add_set_option(parser)
        parser.add_argument("--json", action="store_true", help="print the would-be incidents as JSON")

    def handle(
        self,
        *,
        first: date | None,
        last: date | None,
        overrides: list[Override],
        step_hours: int,
        **options: object,
    ) -> None:
        """Print one line per would-be incident, or the list as JSON."""
        now = timezone.now()
        last = last or utc_day(now)
        first = first or last - timedelta(days=29)
        settings = apply(DetectionSettings.get_solo(), overrides)
        steps = past.replayed(first, last, step_hours, now)
        history = past.load_history(first, last, settings)
        if not past.is_known(history, first):
            self.stderr.write(
                f"No usage is known from {first} to {last}, so finding no incident means nothing."
            )
        incidents = backtest(history, settings, steps, past.exemptions())
        if options["json"]:
            self.stdout.write(json.dumps([incident.as_json() for incident in incidents], indent=2))
            return
        for incident in incidents:
            self.stdout.write(
                f"{incident.detected_at:%Y-%m-%d %H:%M} {incident.severity}: {incident.message}"
            )
        self.stdout.write(f"{len(incidents)} incidents from {first} to {last}, {len(steps)} runs.")
        for line in guard_lines(incidents):
            self.stdout.write(line)
