"""What a start without a Cursor key needs: a made-up company on loopback and a login for the admin."""

import json
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.db import DatabaseError, connection, transaction

from collector.base.commands import SETTINGS_CHECKS
from collector.models import Member
from tracker.demo.models import DemoStory
from tracker.models import SetUp

# Sixty days are lived through the pipeline; a first collection before them brings thirty along.
PAST_DAYS = 60
MEMBERS, DAYS, SEED = 60, 90, 7
# Per 100 members and month, beside the stories, so that a demo left running stays alive.
INCIDENTS = 6
PRICE_RISE = "gpt-5.5-medium:12:1.5"


@dataclass(frozen=True)
class Demo:
    """The made-up company of this installation: where it answers and when its story was begun.

    The stories hang on `anchor_at`; keeping it lets a later start go on with the same company.
    """

    port: int
    key: str
    anchor_at: str

    @property
    def environment(self) -> dict[str, str]:
        """Settings with which every process talks to the sandbox instead of Cursor."""
        return {
            "DEMO": "1",
            "CURSOR_API_URL": f"http://127.0.0.1:{self.port}",
            "CURSOR_ADMIN_API_KEY": self.key,
        }

    @property
    def sandbox_arguments(self) -> list[str]:
        return [
            "manage.py",
            "sandbox",
            f"--port={self.port}",
            f"--members={MEMBERS}",
            f"--days={DAYS}",
            f"--seed={SEED}",
            f"--incidents={INCIDENTS}",
            f"--price-rise={PRICE_RISE}",
            f"--anchor={self.anchor_at}",
            f"--key={self.key}",
            "--no-limits",  # days pass in seconds while its past is made
        ]


def load_demo(now: datetime) -> Demo:
    """The demo begun earlier on this installation, or a new one whose stories happen around `now`."""
    path: Path = settings.VAR_DIR / "demo.json"
    if path.exists():
        values = json.loads(path.read_text())
    else:
        values = {
            "anchor_at": now.isoformat(timespec="seconds"),
            "key": f"key_{secrets.token_hex(32)}",
        }
        path.write_text(json.dumps(values))
        path.chmod(0o600)
    return Demo(port=free_port(), key=values["key"], anchor_at=values["anchor_at"])


def mark_demo(now: datetime) -> None:
    """Note in the database that what it holds is made up: no real key is used on it from now on."""
    SetUp.get_solo()
    SetUp.objects.filter(demo_at__isnull=True).update(demo_at=now)


def holds_demo() -> bool:
    """Whether the database holds the made-up company; False where it does not answer or has no tables."""
    try:
        with transaction.atomic():  # PostgreSQL refuses all that follows a failed query
            return SetUp.objects.filter(demo_at__isnull=False).exists()
    except DatabaseError:
        return False


@checks.register(SETTINGS_CHECKS)
def check_demo(app_configs: object, **_: object) -> list[checks.CheckMessage]:
    """A real key, and the demo's database."""
    if settings.DEMO or not settings.CURSOR_ADMIN_API_KEY or not holds_demo():
        return []
    return [
        checks.Error(
            "A Cursor key is set, but the database holds the demo's made-up company.",
            hint="Use another database: with SQLite, move the demo away "
            f"(mv {settings.VAR_DIR} {settings.VAR_DIR}-demo), else name an empty one in DATABASE_URL.",
            id="config.E014",
        )
    ]


def is_made() -> bool:
    """Whether the demo's past is complete."""
    return DemoStory.objects.exists()


def is_empty() -> bool:
    """Whether the database has no tables yet."""
    return not connection.introspection.table_names()


def holds_real_data() -> bool:
    """Whether there are members who are no demo's: collected with a key, or imported."""
    return Member.objects.exists() and not holds_demo()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_admin() -> tuple[str, str] | None:
    """Create the first staff login and return (name, password); None if somebody can already sign in.

    With sign-in set up only the provider's people come in, and a password would open nothing.
    """
    users = get_user_model().objects
    if settings.AUTH_ENABLED or users.filter(is_staff=True, is_active=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    return "admin", password
