import argparse
import json
from datetime import date

from django.core.management.base import CommandError
from django.utils import timezone

from collector.base.arguments import day
from collector.base.commands import ProductCommand
from collector.base.days import utc_day
from collector.facts import cycles
from groups.reporting import chargeback
from groups.reporting.files import write_csv


class Command(ProductCommand):
    help = "Print a cycle's spend by group and member: exact US cents, by the group held on each day."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--cycle", type=day, metavar="DAY", help="any day of the cycle; default: the current one"
        )
        parser.add_argument("--format", choices=["csv", "json"], default="csv", help="default: csv")

    def handle(self, *, cycle: date | None, format: str, **options: object) -> None:
        day = cycle or utc_day(timezone.now())
        billing_cycle = cycles.of_day(day)
        if billing_cycle is None:
            raise CommandError(f"No billing cycle is known for {day}: run `collect`, or choose a later day.")
        result = chargeback.chargeback(billing_cycle)
        if format == "json":
            self.stdout.write(json.dumps(chargeback.as_json(result), indent=2))
        else:
            write_csv(self.stdout, chargeback.CSV_COLUMNS, chargeback.as_rows(result))
