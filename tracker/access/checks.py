"""System checks: access settings that leave more open than was perhaps meant."""

from collections.abc import Iterator

from django.conf import settings
from django.core import checks

from collector.base.commands import SETTINGS_CHECKS
from tracker.access.admission import allow_list
from tracker.access.exposure import is_exposed

# Under 16 characters a secret can be guessed by someone patient.
SHORTEST_SECRET = 16


@checks.register("access", SETTINGS_CHECKS)
def check_access(app_configs: object, **_: object) -> list[checks.CheckMessage]:
    return [*(check_admission() if settings.AUTH_ENABLED else check_open_mode()), *check_cron_secret()]


def check_open_mode() -> Iterator[checks.CheckMessage]:
    exposed = next(filter(is_exposed, settings.ALLOWED_HOSTS), None)
    if exposed is not None:
        yield checks.Warning(
            f"No sign-in is set up, so anyone who can reach {exposed} can see everybody's spend.",
            hint="Set up sign-in as docs/access.md explains, or listen on 127.0.0.1 only.",
            id="access.W001",
        )


def check_admission() -> Iterator[checks.CheckMessage]:
    allowed = allow_list()
    if not allowed:
        yield checks.Warning(
            "Anyone with a verified account at the sign-in provider may sign in.",
            hint="Set AUTH_ALLOWED_DOMAIN or AUTH_ALLOWED_EMAILS.",
            id="access.W002",
        )
    for email in settings.AUTH_ADMIN_EMAILS:
        if allowed and email not in allowed:
            yield checks.Warning(
                f"AUTH_ADMIN_EMAILS contains {email}, which is not on a list of people who may sign in.",
                hint="Add the address to AUTH_ALLOWED_EMAILS.",
                id="access.W003",
            )


def check_cron_secret() -> Iterator[checks.CheckMessage]:
    if 0 < len(settings.CRON_SECRET) < SHORTEST_SECRET:
        yield checks.Warning(
            f"CRON_SECRET is shorter than {SHORTEST_SECRET} characters.",
            hint="Make one: openssl rand -base64 32",
            id="access.W004",
        )
