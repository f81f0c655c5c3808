from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.commands import ProductCommand
from collector.facts.pruning import plan_pruning, prune
from tracker.ops.retention import prune_events, prune_records, summary


class Command(ProductCommand):
    help = (
        "Delete records older than Retention in the admin allows: audit log, runs, notifications, "
        "import previews, histories, sign-in records, usage events. With --days: only usage events older "
        "than so many days, except those of the oldest day; daily figures, anomalies and incidents stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, help="how many whole days of usage events to keep")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be deleted, and delete nothing"
        )

    def handle(self, *, days: int | None, dry_run: bool, **options: object) -> None:
        if days is not None:
            self._prune_events(days, dry_run)
            return
        now = timezone.now()
        gone = prune_records(now, is_dry=dry_run)
        if not dry_run:
            gone["usage events"] = prune_events(now)
        self.stdout.write(f"{'would delete' if dry_run else 'deleted'} {summary(gone)}")

    def _prune_events(self, days: int, dry_run: bool) -> None:
        now = timezone.now()
        try:
            wanted = plan_pruning(days, now)
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
