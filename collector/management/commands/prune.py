from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from collector.facts.pruning import plan, prune


class Command(BaseCommand):
    help = (
        "Delete usage events older than so many days, but for the oldest day's. "
        "Daily figures, anomalies and incidents stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, required=True, help="how many whole days of events to keep")
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and delete nothing")

    def handle(self, *, days: int, dry_run: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            wanted = plan(days, now)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if wanted is None:
            self.stdout.write("nothing to prune")
            return
        span = f"of {wanted.first} to {wanted.last}; daily figures and incidents stay"
        if dry_run:
            self.stdout.write(f"would delete {wanted.events:,} events {span}")
            return
        self.stdout.write(f"deleted {prune(wanted, now):,} events {span}")
