from datetime import datetime

from django.core.management.base import CommandParser
from django.template.loader import render_to_string
from django.utils import timezone

from collector.base.arguments import instant
from collector.base.commands import ProductCommand
from incidents import digests
from incidents.channels import registry
from incidents.notifying.outbox import deliver_due


class Command(ProductCommand):
    help = "Send a digest to every channel that wants digests: once per period, even if run twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(digests.KINDS), help="the plan digest is daily")
        parser.add_argument("--dry-run", action="store_true", help="print it and send nothing")
        parser.add_argument("--if-due", action="store_true", help="do nothing unless it is due; for cron")
        parser.add_argument("--again", action="store_true", help="send it even if it was sent before")
        parser.add_argument("--now", type=instant, metavar="INSTANT", help="default: now")

    def handle(
        self, *, name: str, dry_run: bool, if_due: bool, again: bool, now: datetime | None, **options: object
    ) -> None:
        now = now or timezone.now()
        if if_due and not digests.KINDS[name].is_due(now):
            self.stdout.write(f"{name}: not due")
        elif dry_run:
            self.preview(name, now)
        else:
            registry.seed_channels()
            recorded = digests.record_digest(name, now, again=again)
            self.stdout.write("\n".join(recorded) or f"{name}: nothing to report, or already sent")
            self.stdout.write(deliver_due(now).summary)

    def preview(self, name: str, now: datetime) -> None:
        digest = digests.build_digest(name, now, None)
        if digest is None:
            self.stdout.write(f"{name}: nothing to report")
            return
        self.stdout.write(render_to_string("incidents/mail/digest.txt", {"content": digest}).strip())
