"""The background worker: makes sure of the schedules, then works off the queue."""

from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from collector.base.commands import ProductCommand
from tracker.ops.doctor import check_broker
from tracker.ops.findings import CheckLevel
from tracker.running.schedule import ensure_schedules
from tracker.running.together import kept_together


class Command(ProductCommand):
    help = "Run the hourly pipeline and send notifications, as a background worker (django-q2)."

    def handle(self, *args: object, **options: object) -> None:
        broker = check_broker()
        if (
            broker.verdict is CheckLevel.FAIL
        ):  # the queue itself would write a page of traces, again and again
            raise CommandError(f"{broker.text}: {broker.remedy}.")
        ensure_schedules(timezone.now())
        with kept_together():
            call_command("qcluster")
