"""The regular reports: when each is due, for whom, and that each goes out once.

What they say comes from the figures of the pages, a floor above: the tracker registers a builder for each.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from django.utils.module_loading import import_string

from collector.base.connections import attempt
from collector.base.days import utc_day
from collector.base.reports import StepReport
from collector.models import BillingCycle
from incidents.models import Channel, IncidentSettings, Notification
from incidents.notifying.messages import Digest
from incidents.notifying.notices import record_notice
from incidents.notifying.routing import audience

CYCLE_DAYS_BEFORE = 3
# A Monday without a worker does not lose the week's report.
WEEKLY_DAYS = 2

# Dotted paths of (now, ids of the groups it is about or None) -> the digest, or None with nothing to say.
# Paths, since the figures that a digest needs take long to load.
BUILDERS: dict[str, str] = {}


@dataclass(frozen=True)
class DigestKind:
    """`period` names the stretch that gets one report, empty where there is none; `is_due`: when in it.

    `NAME_digest` is the setting that switches it on.
    """

    name: str
    period: Callable[[datetime], str]
    is_due: Callable[[datetime], bool]


def cycle_period(now: datetime) -> str:
    cycle = BillingCycle.objects.at(now)
    return f"{cycle.start_at:%Y-%m-%d}" if cycle else ""


def is_cycle_ending(now: datetime) -> bool:
    cycle = BillingCycle.objects.at(now)
    return cycle is not None and cycle.end_at - timedelta(days=CYCLE_DAYS_BEFORE) <= now


KINDS = {
    kind.name: kind
    for kind in (
        DigestKind("plan", lambda now: f"{utc_day(now)}", lambda now: True),
        DigestKind("cycle", cycle_period, is_cycle_ending),
        DigestKind("weekly", lambda now: f"{now:%G-W%V}", lambda now: now.weekday() < WEEKLY_DAYS),
    )
}


@dataclass(frozen=True)
class DigestReport(StepReport):
    """Names of the digests recorded, one for each channel that gets it, and of those that failed."""

    recorded: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        count = len(self.recorded)
        text = f"{count} digest{'s' * (count > 1)} recorded" if count else "no digest due"
        return f"{text}; not made, see the log: {', '.join(self.failed)}" if self.failed else text


def register(name: str, builder: str) -> None:
    """Have the function at the dotted path `builder` write the digest `name`."""
    BUILDERS[name] = builder


def build_digest(name: str, now: datetime, group_ids: frozenset[int] | None) -> Digest | None:
    """The digest about those groups or the whole team; None if there is nothing to say."""
    digest: Digest | None = import_string(BUILDERS[name])(now, group_ids)
    return digest


def send_due(now: datetime) -> DigestReport:
    """Record the digests whose time has come; the outbox sends them. Again in the same period: nothing."""
    policy = IncidentSettings.get_solo()
    if now < datetime.combine(utc_day(now), time(policy.digest_hour), UTC):
        return DigestReport()
    report = DigestReport()
    for name, kind in KINDS.items():
        if getattr(policy, f"{name}_digest") and kind.is_due(now):
            # One digest that fails must not keep the others from being sent.
            recorded = attempt(Counter(), record_digest, name, now)
            report.recorded.extend(recorded or [])
            report.failed.extend([name] if recorded is None else [])
    return report


def record_digest(name: str, now: datetime, *, again: bool = False) -> list[str]:
    """Record the digest of the period that `now` lies in for every channel that wants digests.

    Returns `name: channel` for each; a channel that already has this period's is skipped unless `again`.
    """
    period = KINDS[name].period(now)
    if not period:
        return []
    key = f"digest:{name}:{period}" + (f":{now:%Y-%m-%dT%H:%M:%S}" if again else "")
    notified = Notification.objects.filter(dedupe_key=key).values("channel")
    channels = Channel.objects.enabled().filter(sends_digests=True).exclude(pk__in=notified)
    return [
        f"{name}: {channel}"
        for channel in channels
        if channel.takes_digests and record_for(channel, name, key, now)
    ]


def record_for(channel: Channel, name: str, key: str, now: datetime) -> bool:
    """False where there is nothing to say."""
    group_ids = audience(channel, utc_day(now))
    if group_ids is not None and not group_ids:
        return False
    digest = build_digest(name, now, group_ids)
    return digest is not None and record_notice(channel, key, digest, now, Notification.Purpose.DIGEST)
