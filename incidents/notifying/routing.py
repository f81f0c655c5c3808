"""Which channels hear of an incident, and when. Decisions only; nothing is written here."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from collector.base.days import utc_day
from detection.vocabulary import Severity
from groups.assignments.membership import current
from groups.models import Group
from groups.tree import group_options, options
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
        end = datetime.combine(day, self.ends, tzinfo=ZoneInfo(self.zone))
        # Where clocks are put back the end comes twice, and the first may have passed.
        return max(end.astimezone(UTC), end.replace(fold=1).astimezone(UTC))

    def covers(self, clock: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


class Routes:
    """Which channels hear of which incidents at `now`: channels and groups are read once for all of them."""

    def __init__(self, now: datetime) -> None:
        self.day = utc_day(now)
        enabled = Channel.objects.enabled().filter(sends_alerts=True)
        self.channels = list(enabled.prefetch_related("groups__merged_into"))

    @cached_property
    def groups(self) -> dict[int, Group | None]:
        return current(self.day)

    def channels_for(self, incident: Incident) -> list[Channel]:
        """Channels in use that want alerts of this severity and member."""
        channels = [
            channel
            for channel in self.channels
            if Severity(incident.severity).rank >= Severity(channel.least_severity).rank
            and (incident.person_concerned is not None or not channel.reaches_member_only)
        ]
        if not any(channel.audience == Channel.Audience.GROUPS for channel in channels):
            return channels
        group = self.groups.get(incident.member_id) if incident.member_id else None
        name = group.name if group else None
        return [channel for channel in channels if covers_group(channel, name, self.day)]


def channels_for(incident: Incident, now: datetime) -> list[Channel]:
    """Channels in use that want alerts of this severity and member. Five queries, and those of `followed`."""
    return Routes(now).channels_for(incident)


def covers_group(channel: Channel, group_name: str | None, day: date) -> bool:
    """Whether `channel` is for the group of that name: itself, one above it, or whatever the group."""
    if channel.audience != Channel.Audience.GROUPS:
        return True
    names = followed(channel, day)
    if group_name is None or not names:
        return False
    asked = {0: group_name}
    above = {option.path.casefold() for option in group_options(asked) if 0 in option.group_ids}
    return not names.isdisjoint(above)


def audience(channel: Channel, day: date) -> frozenset[int] | None:
    """Ids of the open groups that the channel is for on `day`, and of those below them; None: everybody.

    Empty means nobody: a channel whose groups are all deleted, or that writes to one member at a time.
    """
    if channel.audience == Channel.Audience.EVERYBODY:
        return None
    if channel.audience == Channel.Audience.MEMBER:
        return frozenset()
    names = followed(channel, day)
    covered = [option.group_ids for option in options() if option.path.casefold() in names]
    return frozenset(Group.objects.open().values_list("pk", flat=True)).intersection(
        frozenset().union(*covered)
    )


def has_nobody(channel: Channel, day: date) -> bool:
    """Whether the channel is for groups none of which is left, so that nothing may be sent there."""
    return channel.audience == Channel.Audience.GROUPS and not audience(channel, day)


def followed(channel: Channel, day: date) -> set[str]:
    """Names, in lower case, of the groups chosen for `channel` and of those that they were merged into.

    A closed group's own name counts too, since groups below it may be open. A query per merge of a merge.
    """
    chosen = list(channel.groups.all())
    heirs = [heir for group in chosen if (heir := group.heir(day))]
    return {group.name.casefold() for group in (*chosen, *heirs)}


def due_at(channel: Channel, severity: str, policy: IncidentSettings, now: datetime) -> datetime:
    """When a message about an incident may go out on `channel`."""
    is_daily = channel.kind == Channel.Medium.EMAIL and policy.email_mode == IncidentSettings.EmailMode.DIGEST
    if is_daily and not channel.is_for_member:  # the member is asked for an answer, which is needed now
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
