"""For a local administrator who has lost the phone and the recovery codes."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from collector.base.commands import ProductCommand
from tracker.access import audit
from tracker.access.codes import remove_codes
from tracker.models import AuditEntry


class Command(ProductCommand):
    help = "Remove a local login's one-time code and recovery codes, so that the password alone lets it in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **options: object) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"no login is called {username!r}; the admin lists them under People")
        if not remove_codes(user):
            raise CommandError(f"{username} has no one-time code")
        detail = f"deleted the one-time code of “{username}”"
        audit.record(None, AuditEntry.Action.CHANGE, actor_name="manage.py reset_totp", detail=detail)
        self.stdout.write(f"{username} signs in with the password alone, and can set up a new code.")
