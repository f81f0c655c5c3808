"""`manage.py detect`: one detection run on what has been collected."""

import json
from argparse import ArgumentParser
from datetime import datetime

from django.utils import timezone

from collector.base.arguments import instant
from collector.base.commands import ProductCommand
from collector.collecting.freshness import ages
from detection.engine import detect


class Command(ProductCommand):
    help = "Look for unusual spend in what has been collected, and store the anomalies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=instant, metavar="INSTANT", help="default: now")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *, as_of: datetime | None, **options: object) -> None:
        """Print what was new, and one line of summary."""
        moment = as_of or timezone.now()
        report = detect(moment, data_ages=ages(moment))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
            return
        for anomaly in (*report.opened, *report.returned):
            self.stdout.write(f"{anomaly.severity}: {anomaly.message}")
        self.stdout.write(report.summary)
