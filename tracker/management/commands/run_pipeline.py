"""The hourly job, by hand or from cron."""

import json
from datetime import datetime

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.arguments import instant
from collector.base.commands import ProductCommand
from collector.base.leases import AlreadyRunning
from tracker import pipeline


class Command(ProductCommand):
    help = (
        "Collect, detect, update incidents and notify, as the hourly job does. "
        "--verbosity 0 prints only failures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=instant, metavar="INSTANT", help="default: now")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *, as_of: datetime | None, **options: object) -> None:
        try:
            report = pipeline.run(as_of or timezone.now())
        except AlreadyRunning as busy:
            if options["json"]:
                self.stdout.write(json.dumps({"ok": True, "status": str(busy)}))
            elif options["verbosity"]:
                self.stdout.write(str(busy))
            return
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), default=str))
        elif options["verbosity"]:
            for step in report.steps:
                self.stdout.write(f"{step.name:<10} {step.summary} ({step.seconds:.1f} s)")
        if not report.is_ok:
            failed = ", ".join(step.name for step in report.steps if not step.is_ok)
            raise CommandError(f"failed: {failed}")
