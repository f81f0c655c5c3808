"""What is configured: thresholds, collection, channels, access. Never a secret, only whether it is set."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db.models import Field

from collector.collecting import freshness
from collector.collecting.freshness import SourceFreshness
from collector.facts.doubts import OpenNotes, open_notes
from collector.models import SourceRun
from detection.models import DetectionSettings
from groups.reporting.summary import GroupSummary, summaries
from incidents.models import Channel
from tracker.models import AccessSettings
from tracker.widgets import formats

RUNS_SHOWN = 60


@dataclass(frozen=True)
class Setting:
    """One thing that is configured, as people read it."""

    label: str
    value: str
    help: str = ""


class Configuration:
    """Everything the settings page shows."""

    def __init__(self, now: datetime, policy: AccessSettings) -> None:
        self.now, self.policy = now, policy

    @cached_property
    def detection(self) -> list[Setting]:
        row = DetectionSettings.get_solo()
        fields = [field for field in row._meta.get_fields() if isinstance(field, Field) and field.editable]
        return [
            Setting(
                str(field.verbose_name),
                said(field, getattr(row, field.name)),
                str(field.help_text),
            )
            for field in fields
            if not field.primary_key
        ]

    @cached_property
    def channels(self) -> list[Channel]:
        return list(Channel.objects.prefetch_related("groups"))

    @cached_property
    def sources(self) -> list[SourceFreshness]:
        return freshness.sources(self.now)

    @cached_property
    def notes(self) -> dict[str, OpenNotes]:
        """What could not be read, or does not add up, by source."""
        return open_notes()

    @cached_property
    def runs(self) -> list[SourceRun]:
        """The newest runs of all sources."""
        return list(SourceRun.objects.order_by("-started_at")[:RUNS_SHOWN])

    @cached_property
    def groups(self) -> list[GroupSummary]:
        return summaries(self.now)

    @property
    def collection(self) -> list[Setting]:
        return [
            Setting("Cursor's API", settings.CURSOR_API_URL, "CURSOR_API_URL"),
            Setting("Admin API key", is_set(settings.CURSOR_ADMIN_API_KEY), "CURSOR_ADMIN_API_KEY"),
            Setting("Analytics key", is_set(settings.CURSOR_ANALYTICS_API_KEY), "CURSOR_ANALYTICS_API_KEY"),
            Setting("Cron over HTTP", is_set(settings.CRON_SECRET), "CRON_SECRET, for POST /api/cron"),
            Setting("Task queue", "Redis" if settings.REDIS_URL else "in the database", "REDIS_URL"),
        ]

    @property
    def notification(self) -> list[Setting]:
        mail = "Resend" if settings.RESEND_API_KEY else "own server"
        return [
            Setting("Slack bot", is_set(settings.SLACK_BOT_TOKEN), "SLACK_BOT_TOKEN"),
            Setting("Buttons in Slack", is_set(settings.SLACK_SIGNING_SECRET), "SLACK_SIGNING_SECRET"),
            Setting(
                "E-mail", mail if settings.EMAIL_CONFIGURED else "not set", "RESEND_API_KEY or EMAIL_URL"
            ),
            Setting("Links lead to", settings.DASHBOARD_URL, "DASHBOARD_URL"),
        ]

    @cached_property
    def access(self) -> list[Setting]:
        row = self.policy
        return [
            Setting("Sign-in", sign_in()),
            Setting("Who may sign in", admitted(), "AUTH_ALLOWED_DOMAIN, AUTH_ALLOWED_EMAILS"),
            Setting("Role of everybody else", row.get_default_role_display()),
            Setting("Viewers see", row.get_viewers_see_display()),
        ]


def sign_in() -> str:
    """The providers' names, as their buttons have them."""
    google = "Google" if settings.AUTH_GOOGLE_ID else ""
    oidc = settings.AUTH_OIDC_NAME if settings.AUTH_OIDC_ISSUER else ""
    return ", ".join(filter(None, (google, oidc))) if settings.AUTH_ENABLED else "none: open"


def admitted() -> str:
    """By domain, and how many addresses: whose they are is nobody's business here."""
    if not settings.AUTH_ENABLED:
        return "anyone who reaches the address"
    count = len(settings.AUTH_ALLOWED_EMAILS)
    listed = formats.plural(count, "listed address", "listed addresses") if count else ""
    return " and ".join(filter(None, [settings.AUTH_ALLOWED_DOMAIN, listed])) or "any verified Google account"


def is_set(secret: str) -> str:
    return "set" if secret else "not set"


def said(field: Field, value: Decimal | float) -> str:
    """A field's value with its unit, from the field's own name."""
    if isinstance(value, bool):
        return "on" if value else "off"
    name = field.name
    if name != "floor_dollars" and not value:
        return "off"
    if name.endswith("_dollars"):
        return formats.money(float(value) * 100)
    unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")
    return f"{formats.exact(value)}{unit}"


# By how a field's name ends; the first that fits.
UNITS = {
    "team_multiplier": " deviations",
    "_multiplier": "×",
    "_sensitivity": " deviations",
    "_days": " days",
    "_hours": " h",
}
