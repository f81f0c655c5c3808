"""Which channels hear of an incident, and when. Decisions only; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collector.days import utc_day
from detection.vocabulary import Severity
from groups.membership import current
from groups.tree import build
from incidents.models import Channel, Incident, IncidentSettings


@dataclass(frozen=True)
class QuietHours:
    """From `begins` to `ends` on the clocks of `zone`; over midnight where `ends` is the earlier."""

    begins: time
    ends: time
    zone: str

    def over_at(self, now: datetime) -> datetime:
        """When a message of `now` may go out: `now` itself outside the quiet hours, else their end."""
        local = now.astimezone(ZoneInfo(self.zone))
        clock = local.time().replace(tzinfo=None)
        if not self.covers(clock):
            return now
        day = local.date() if clock < self.ends else local.date() + timedelta(days=1)
        return datetime.combine(day, self.ends, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def covers(self, clock: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


def channels_for(incident: Incident, now: datetime) -> list[Channel]:
    """Channels in use that want alerts of this severity and member. Four queries."""
    channels = [
        channel
        for channel in Channel.objects.enabled().filter(sends_alerts=True).prefetch_related("groups")
        if Severity(incident.severity).rank >= Severity(channel.least_severity).rank
        and (incident.is_about_a_person or not channel.is_personal)
    ]
    if not any(channel.groups.all() for channel in channels):
        return channels
    group = current(utc_day(now)).get(incident.member_id) if incident.member_id else None
    return [channel for channel in channels if covers_group(channel, group.name if group else None)]


def covers_group(channel: Channel, group_name: str | None) -> bool:
    """Whether `channel` follows the group of that name: itself, one above it, or simply everybody."""
    followed = {group.pk: group.name for group in channel.groups.all()}
    if not followed:
        return True
    if group_name is None:
        return False
    asked = {0: group_name}
    above = {option.path.casefold() for option in build(asked) if 0 in option.group_ids}
    return any(name.casefold() in above for name in followed.values())


def due_at(channel: Channel, severity: str, policy: IncidentSettings, now: datetime) -> datetime:
    """When a message about an incident may go out on `channel`."""
    if channel.kind == Channel.Kind.EMAIL and policy.email_mode == IncidentSettings.EmailMode.DIGEST:
        return next_hour_of_day(policy.email_digest_hour, now)
    if channel.quiet_from is None or channel.quiet_until is None:
        return now
    if severity == Severity.CRITICAL and channel.is_loud_when_critical:
        return now
    return QuietHours(channel.quiet_from, channel.quiet_until, channel.timezone).over_at(now)


def next_hour_of_day(hour: int, now: datetime) -> datetime:
    """The next `hour` o'clock UTC, today's if it is still to come or just now."""
    today = datetime.combine(utc_day(now), time(hour), tzinfo=UTC)
    return today if today >= now else today + timedelta(days=1)
