"""Notices about Cursor itself being behind with events: one when it lasts, one when it is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from collector.base.reports import StepReport
from collector.models import Source, Watermark
from incidents.models import Channel, IncidentSettings, Notification
from incidents.models.channels import PAGING_KINDS
from incidents.wording import instant

from .messages import Digest, site_url
from .notices import record_notice, shared_channels

# Keys are `vendor_lag:INSTANT:begun` and `vendor_lag:INSTANT:over`, with the instant at which events stopped.
PREFIX = "vendor_lag"
SATURDAY = 5


@dataclass(frozen=True)
class LagReport(StepReport):
    """Up to when Cursor has sent events, where that is behind; how many messages were recorded."""

    sent_until_at: datetime | None
    notices: int = 0

    @property
    def summary(self) -> str:
        behind = f"events up to {instant(self.sent_until_at)}" if self.sent_until_at else "none"
        return f"{behind}, {self.notices} messages recorded" if self.notices else behind

    def as_json(self) -> dict[str, object]:
        sent = self.sent_until_at
        return {"sentUntil": sent.isoformat() if sent else None, "notices": self.notices}


def is_worth_a_notice(sent_until_at: datetime, now: datetime) -> bool:
    """Whether the lag lasts as long as is set, on a working day."""
    hours = IncidentSettings.get_solo().vendor_lag_hours
    return bool(hours) and now - sent_until_at >= timedelta(hours=hours) and now.weekday() < SATURDAY


@transaction.atomic
def record_vendor_lag(now: datetime) -> LagReport:
    """Record a message per channel when a lag has lasted, and another when it is over: once each."""
    mark = Watermark.objects.filter(source=Source.EVENTS).first()
    sent_until_at = mark.sent_until_at if mark else None
    noticed = _noticed_lag()
    notices = 0
    if sent_until_at and not noticed and is_worth_a_notice(sent_until_at, now):
        notices = _record(f"{sent_until_at:%Y-%m-%dT%H:%M:%S}", "begun", _begun(sent_until_at), now)
    elif noticed and sent_until_at is None:
        notices = _record(noticed, "over", _end_notice(), now)
    return LagReport(sent_until_at, notices)


def _noticed_lag() -> str:
    """The instant of the lag that a notice was recorded about and that is not over; empty where none is."""
    notices = Notification.objects.filter(dedupe_key__startswith=f"{PREFIX}:").order_by("-created_at", "-pk")
    newest = notices.values_list("dedupe_key", flat=True).first()
    if newest is None or newest.endswith(":over"):
        return ""
    return newest.removeprefix(f"{PREFIX}:").removesuffix(":begun")


def _record(lag: str, step: str, content: Digest, now: datetime) -> int:
    """Channels for everybody that follow incidents, except those that call somebody: nothing can be done."""
    channels = Channel.objects.enabled().filter(sends_alerts=True, audience=Channel.Audience.EVERYBODY)
    return sum(
        record_notice(channel, f"{PREFIX}:{lag}:{step}", content, now)
        for channel in shared_channels(channels.exclude(kind__in=PAGING_KINDS))
    )


def _begun(sent_until_at: datetime) -> Digest:
    lines = (
        "It responds, but its newest events are older than usual at this hour. Later usage is missing "
        "from all figures: it is not zero, and anomalies in it cannot be detected yet.",
        "The missing events arrive with a later collection. You do not need to do anything.",
    )
    return Digest(
        f"Cursor has sent events up to {instant(sent_until_at)}", lines, (), site_url(reverse("settings"))
    )


def _end_notice() -> Digest:
    lines = ("The events that were missing have arrived, and figures are complete again.",)
    return Digest("Cursor sends events on time again", lines, (), site_url(reverse("settings")))
