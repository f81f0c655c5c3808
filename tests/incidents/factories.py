"""Members, anomalies, incidents and channels with plain defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from collector.models import Member, UsageEvent
from detection.models import Anomaly
from detection.vocabulary import Cause, Rule, Severity
from incidents.lifecycle import Actor
from incidents.models import Channel, Incident

# A Monday noon; every test's run happens here unless it says otherwise.
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA = Actor(None, "Ada Byron")
BOB = Actor(None, "Bob Kahn")


def make_member(email: str = "carl@example.com", **fields: Any) -> Member:
    defaults = {"name": email.partition("@")[0].title(), "first_seen_at": NOON, "last_seen_at": NOON}
    return Member.objects.get_or_create(email=email, defaults=defaults | fields)[0]


def make_anomaly(member: Member | None = None, **fields: Any) -> Anomaly:
    """A spike of $412 where $50 is usual, at Carl unless told otherwise; `member=None` with `team=True`."""
    is_team = fields.pop("team", False)
    defaults: dict[str, Any] = {
        "member": None if is_team else member or make_member(),
        "rule": Rule.SPIKE,
        "cause": Cause.SPEND,
        "severity": Severity.WARNING,
        "metric": "spend_24h",
        "observed": 41_200.0,
        "bound": 25_000.0,
        "expected": 5_000.0,
        "extra_cents": Decimal(36_200),
        "onset_at": NOON - 3 * HOUR,
        "detected_at": NOON,
        "last_seen_at": NOON,
        "model": "claude-4.6-opus-high",
        "operands": {"multiplier": 5.0, "average_cents": 5_000, "daily_cents": 41_200.0},
        "explanation": {
            "parts": [
                {"name": "volume", "cents": 30_000, "model": ""},
                {"name": "model_mix", "cents": 6_200, "model": "claude-4.6-opus-high"},
            ],
            "sentence": "mostly 240 more requests",
        },
        "message": "Carl spent $412 in 24 h, 8.2x the usual $50.",
    }
    return Anomaly.objects.create(**defaults | fields)


def clear(anomaly: Anomaly, at: datetime) -> None:
    Anomaly.objects.filter(pk=anomaly.pk).update(cleared_at=at)


def run_at(as_of: datetime, *, no_data: tuple[str, ...] = ()) -> Any:
    """As much of a detection run's report as incidents ask for."""
    return SimpleNamespace(as_of=as_of, no_data=tuple(SimpleNamespace(rule=rule) for rule in no_data))


def make_incident(member: Member | None = None, **fields: Any) -> Incident:
    """An open incident of Carl's, found at noon, three hours after it began."""
    defaults: dict[str, Any] = {
        "member": member or make_member(),
        "cause": Cause.SPEND,
        "severity": Severity.WARNING,
        "message": "Carl spent $412 in 24 h, 8.2x the usual $50.",
        "onset_at": NOON - 3 * HOUR,
        "detected_at": NOON,
        "last_run_at": NOON,
    }
    return Incident.objects.create(**defaults | fields)


def make_usage(member: Member, at: datetime, dollars: float, **fields: Any) -> UsageEvent:
    """One request of so many dollars."""
    defaults = {"model": "claude-4.6-opus-high", "kind": "Usage-based", "first_seen_at": at, "changed_at": at}
    cents = Decimal(str(dollars)) * 100
    return UsageEvent.objects.create(member=member, occurred_at=at, charged_cents=cents, **defaults | fields)


def make_runaway(member: Member, first_at: datetime) -> None:
    """Twenty requests of $20 by one cloud agent, a minute apart, and four of $3 in the IDE before them."""
    agent = {"cloud_agent_id": "bc-775b694a-0000", "conversation_id": "agent-talk", "is_headless": True}
    for number in range(20):
        make_usage(member, first_at + timedelta(minutes=number), 20, is_max_mode=True, **agent)
    for number in range(4):
        make_usage(
            member, first_at - timedelta(minutes=10 + number), 3, model="default", conversation_id="mine"
        )


def make_channel(kind: str = Channel.Medium.SLACK, **fields: Any) -> Channel:
    targets = {
        "slack": "C0123456789",
        "email": "oncall@example.com",
        "webhook": "http://127.0.0.1:9/hook",
        "pager": "0123456789abcdef0123456789abcdef",
        "apprise": "json://127.0.0.1:9/hook",
        "opsgenie": "01234567-89ab-cdef-0123-456789abcdef",
    }
    defaults = {"name": f"{kind} channel", "kind": kind, "target": targets[kind]}
    return Channel.objects.create(**defaults | fields)
