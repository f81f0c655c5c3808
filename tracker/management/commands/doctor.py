from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.ops.doctor import examine
from tracker.ops.findings import CheckLevel


class Command(BaseCommand):
    help = "Check everything this installation depends on: one line each, with what to do. Changes nothing."
    requires_system_checks = ()  # they are its first lines

    def handle(self, **options: object) -> None:
        failed = 0
        for finding in examine(timezone.now()):
            self.stdout.write(finding.line)
            failed += finding.verdict is CheckLevel.FAIL
        if failed:
            raise CommandError(f"{failed} of these need fixing")
