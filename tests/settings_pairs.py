"""Pairs of settings that can contradict each other, each with rows in which they do and do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import models
from django.utils import timezone

from detection.models import DetectionSettings, Exemption
from groups.models import CycleBudget
from incidents.models import Channel, GuardSettings, IncidentSettings
from tests.incidents.factories import make_channel, make_member
from tracker.models import AccessSettings, ApiToken, RetentionSettings


@dataclass(frozen=True)
class Pair:
    """Fields that can contradict each other; `row` makes a row in which they do, refused at `at`.

    `mended` makes a row like it that is accepted, with the same fields set.
    """

    fields: str
    at: str
    row: Callable[[], models.Model]
    mended: Callable[[], models.Model]

    def __str__(self) -> str:
        return self.fields


def detection(**fields: object) -> DetectionSettings:
    return DetectionSettings(**fields)


def incidents(**fields: object) -> IncidentSettings:
    return IncidentSettings(asks_member_first=True, **fields)


def guard(**fields: object) -> GuardSettings:
    return GuardSettings(**{"mode": "dry_run"} | fields)


def channel(kind: str = "slack", **fields: object) -> Channel:
    return make_channel(kind, name=f"{kind} {Channel.objects.count()}", **fields)


def escalating(**fields: object) -> Channel:
    return channel(escalate_to=channel("webhook", **fields), escalate_after_minutes=30)


def escalated_to(**fields: object) -> Channel:
    """A channel that another one escalates to, then changed."""
    first = escalating()
    vars(first.escalate_to).update(fields)
    return first.escalate_to


def exemption(**fields: object) -> Exemption:
    defaults = {"member": make_member(), "cause": "spend", "kind": "expected", "created_at": timezone.now()}
    return Exemption(**defaults | fields)


def with_saved(row: models.Model, then: Callable[[], models.Model]) -> Callable[[], models.Model]:
    """Save `row` first: it is another page's half of the pair."""

    def make() -> models.Model:
        row.save()
        return then()

    return make


def soon() -> object:
    return timezone.now() + timedelta(days=1)


def over() -> object:
    return timezone.now() - timedelta(days=1)


MAIL = {"EMAIL_CONFIGURED": True}
SIGN_IN = {"AUTH_ENABLED": True, "AUTH_ALLOWED_DOMAIN": "example.com"}
# The environment of the pair, by its fields.
ENVIRONMENTS = {
    "GuardSettings.mode CURSOR_LIMITS": {},
    "IncidentSettings.asks_member_first SLACK_BOT_TOKEN EMAIL_CONFIGURED": {},
    "AccessSettings.viewers_see AUTH_ENABLED": {},
    "AccessSettings.admin_list AUTH_ALLOWED_DOMAIN": SIGN_IN,
    "AccessSettings.responder_list AUTH_ALLOWED_DOMAIN": SIGN_IN,
}

PAIRS = [
    Pair(
        "DetectionSettings.own_baseline_min_days DetectionSettings.own_baseline_days",
        "own_baseline_min_days",
        lambda: detection(own_baseline_days=14, own_baseline_min_days=15),
        lambda: detection(own_baseline_days=15, own_baseline_min_days=15),
    ),
    Pair(
        "DetectionSettings.spike_lookback_days DetectionSettings.own_baseline_days",
        "spike_lookback_days",
        lambda: detection(own_baseline_days=20, spike_lookback_days=21),
        lambda: detection(own_baseline_days=21, spike_lookback_days=21),
    ),
    Pair(
        "DetectionSettings.team_window_days DetectionSettings.own_baseline_days",
        "team_window_days",
        lambda: detection(own_baseline_days=20, team_window_days=21),
        lambda: detection(own_baseline_days=21, team_window_days=21),
    ),
    Pair(
        "IncidentSettings.channels_wait_critical_minutes IncidentSettings.channels_wait_warning_minutes",
        "channels_wait_critical_minutes",
        lambda: incidents(channels_wait_critical_minutes=31),
        lambda: incidents(channels_wait_critical_minutes=31, channels_wait_warning_minutes=31),
    ),
    Pair(
        "IncidentSettings.asks_member_first SLACK_BOT_TOKEN EMAIL_CONFIGURED",
        "asks_member_first",
        lambda: incidents(),
        lambda: IncidentSettings(),
    ),
    Pair(
        "IncidentSettings.channels_wait_critical_minutes GuardSettings.minutes",
        "channels_wait_critical_minutes",
        with_saved(guard(minutes=20), lambda: incidents(channels_wait_critical_minutes=20)),
        with_saved(guard(minutes=21), lambda: incidents(channels_wait_critical_minutes=20)),
    ),
    Pair(
        "GuardSettings.minutes IncidentSettings.channels_wait_critical_minutes",
        "minutes",
        with_saved(incidents(channels_wait_critical_minutes=20), lambda: guard(minutes=20)),
        with_saved(incidents(channels_wait_critical_minutes=20), lambda: guard(minutes=20, mode="off")),
    ),
    Pair(
        "GuardSettings.mode CURSOR_LIMITS",
        "mode",
        lambda: guard(mode="on"),
        lambda: guard(mode="dry_run"),
    ),
    Pair(
        "AccessSettings.viewers_see AccessSettings.default_role",
        "default_role",
        lambda: AccessSettings(viewers_see="pseudonyms", default_role="responder"),
        lambda: AccessSettings(viewers_see="pseudonyms", default_role="viewer"),
    ),
    Pair(
        "AccessSettings.viewers_see AUTH_ENABLED",
        "viewers_see",
        lambda: AccessSettings(viewers_see="own", default_role="viewer"),
        lambda: AccessSettings(viewers_see="pseudonyms", default_role="viewer"),
    ),
    Pair(
        "AccessSettings.admin_list AUTH_ALLOWED_DOMAIN",
        "admin_list",
        lambda: AccessSettings(admin_list="ann@example.com\nbob@elsewhere.example"),
        lambda: AccessSettings(admin_list="ann@example.com\n@example.com"),
    ),
    Pair(
        "AccessSettings.responder_list AUTH_ALLOWED_DOMAIN",
        "responder_list",
        lambda: AccessSettings(responder_list="@sre.example.com"),
        lambda: AccessSettings(responder_list="@example.com"),
    ),
    Pair(
        "RetentionSettings.event_days",  # with the cycle whose turn may be corrected, and days read again
        "__all__",
        lambda: RetentionSettings(event_days=44),
        lambda: RetentionSettings(event_days=45),
    ),
    Pair(
        "RetentionSettings.notification_days",  # with the digest that is sent once a cycle
        "__all__",
        lambda: RetentionSettings(notification_days=44),
        lambda: RetentionSettings(notification_days=0),
    ),
    Pair(
        "Channel.quiet_from Channel.quiet_until",
        "quiet_until",
        lambda: channel(quiet_from="22:00", quiet_until="22:00"),
        lambda: channel(quiet_from="22:00", quiet_until="06:00"),
    ),
    Pair(
        "Channel.is_enabled Channel.sends_alerts Channel.sends_digests Channel.sends_budgets",
        "is_enabled",
        lambda: channel(sends_alerts=False, sends_digests=False, sends_budgets=False),
        lambda: channel(sends_alerts=False, sends_digests=False),
    ),
    Pair(
        "Channel.kind Channel.sends_alerts",
        "sends_alerts",
        lambda: channel("pager", sends_alerts=False),
        lambda: channel("pager", sends_digests=False),
    ),
    Pair(
        "Channel.audience Channel.sends_alerts",
        "sends_alerts",
        lambda: channel("email", audience="member", target="", sends_alerts=False),
        lambda: channel("email", audience="member", target=""),
    ),
    Pair(
        "Channel.audience Channel.kind",
        "audience",
        lambda: channel("webhook", audience="member", target=""),
        lambda: channel("slack", audience="member", target=""),
    ),
    Pair(
        "Channel.audience Channel.target",
        "target",
        lambda: channel("email", audience="member", target="ann@example.com"),
        lambda: channel("email", audience="member", target="{member}"),
    ),
    Pair(
        "Channel.kind Channel.target",
        "target",
        lambda: channel("slack", target="ann@example.com"),
        lambda: channel("email", target="ann@example.com"),
    ),
    Pair(
        "Channel.escalate_to Channel.is_enabled",
        "escalate_to",
        lambda: escalating(is_enabled=False),
        lambda: escalating(),
    ),
    Pair(
        "Channel.escalate_to Channel.sends_alerts",
        "sends_alerts",
        lambda: escalated_to(sends_alerts=False),
        lambda: escalated_to(sends_digests=False),
    ),
    Pair(
        "Channel.is_enabled Channel.escalate_to",
        "is_enabled",
        lambda: escalated_to(is_enabled=False),
        lambda: escalated_to(),
    ),
    Pair(
        "Exemption.kind Exemption.cause",
        "cause",
        lambda: exemption(kind="too_small", cause="requests", floor_cents=Decimal(100)),
        lambda: exemption(kind="too_small", floor_cents=Decimal(100)),
    ),
    Pair(
        "Exemption.kind Exemption.floor_cents",
        "floor_cents",
        lambda: exemption(kind="expected", floor_cents=Decimal(100)),
        lambda: exemption(kind="expected"),
    ),
    Pair(
        "Exemption.kind Exemption.until_at",
        "__all__",
        lambda: exemption(kind="planned"),
        lambda: exemption(kind="planned", until_at=soon()),
    ),
    Pair(
        "Exemption.until_at Exemption.created_at",
        "until_at",
        lambda: exemption(until_at=over()),
        lambda: exemption(until_at=soon()),
    ),
    Pair(
        "ApiToken.expires_at ApiToken.created_at",
        "expires_at",
        lambda: ApiToken(name="report", digest="x", hint="x", expires_at=over()),
        lambda: ApiToken(name="report", digest="x", hint="x", expires_at=soon()),
    ),
    Pair(
        "CycleBudget.group CycleBudget.member",
        "__all__",
        lambda: CycleBudget(amount_dollars=Decimal(5)),
        lambda: CycleBudget(amount_dollars=Decimal(5), member=make_member()),
    ),
]
