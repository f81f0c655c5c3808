from django.utils import timezone

from collector.base.commands import ProductCommand
from incidents.notifying.outbox import deliver_due


class Command(ProductCommand):
    help = "Send waiting notifications and escalate unanswered ones; for cron without a worker."

    def handle(self, **options: object) -> None:
        self.stdout.write(deliver_due(timezone.now()).summary)
