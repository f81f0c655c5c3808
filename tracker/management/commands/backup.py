"""A copy of the configured database in one file."""

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from collector.base.arguments import whole_number
from collector.base.commands import ProductCommand
from tracker.models import SetUp
from tracker.ops.backup import BackupFailed, back_up, dated_name, delete_oldest


class Command(ProductCommand):
    help = (
        "Copy the whole database while the site is in use: SQLite as a file, PostgreSQL by pg_dump. "
        "In a directory, the copy is named by date and time."
    )
    expected_errors = (BackupFailed,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "target",
            type=Path,
            nargs="?",
            metavar="FILE_OR_DIRECTORY",
            help="where to write; default: the directory `backups` in VAR_DIR",
        )
        parser.add_argument(
            "--keep",
            type=whole_number(1, 1_000_000),
            metavar="N",
            help="then delete all but the newest N dated copies in that directory",
        )

    def handle(self, *, target: Path | None, keep: int | None, **options: object) -> None:
        if target is None:
            target = settings.VAR_DIR / "backups"
            target.mkdir(mode=0o700, exist_ok=True)
        if keep is not None and not (target.suffix or target.exists()):
            target.mkdir(mode=0o700, parents=True)  # the first night: no file is meant
        if keep is not None and not target.is_dir():
            raise CommandError("--keep needs a directory: dated copies in it are counted")
        now = timezone.now()
        file = target / dated_name(now) if target.is_dir() else target
        size = back_up(file)
        with suppress(DatabaseError):  # a database without migrations is worth a copy, too
            SetUp.objects.update_or_create(pk=SetUp.singleton_instance_id, defaults={"backed_up_at": now})
        self.stdout.write(f"{file}: {size / 1e6:,.1f} MB")
        for old in delete_oldest(target, keep) if keep is not None else []:
            self.stdout.write(f"deleted {old}")
