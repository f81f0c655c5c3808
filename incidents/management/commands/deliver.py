from __future__ import annotations

from django.core.management.base import BaseCommand
from django.utils import timezone

from incidents.notifying.outbox import deliver_due


class Command(BaseCommand):
    help = "Send waiting notifications and escalate unanswered ones; for cron without a worker."

    def handle(self, **options: object) -> None:
        self.stdout.write(deliver_due(timezone.now()).summary)
