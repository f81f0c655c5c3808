"""The background worker: makes sure of the schedules, then works off the queue."""

from django.core.management import call_command
from django.utils import timezone

from collector.base.commands import ProductCommand
from tracker.running.broker import require_broker
from tracker.running.schedule import ensure_schedules
from tracker.running.together import kept_together


class Command(ProductCommand):
    help = "Run the hourly pipeline and send notifications, as a background worker (django-q2)."

    def handle(self, *args: object, **options: object) -> None:
        require_broker()
        ensure_schedules(timezone.now())
        with kept_together():
            call_command("qcluster")
