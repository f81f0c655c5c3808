"""Which notifications of one channel become one message. Decisions only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from collector.base.chunks import chunks
from incidents.models import Channel, Incident, IncidentSettings, Notification

# As many incidents as one Slack message lists with a line each.
SUMMARY_SIZE = 80


@dataclass(frozen=True)
class Batch:
    """Notifications that are sent as one message."""

    kind: str
    rows: tuple[Notification, ...]

    @property
    def incidents(self) -> list[Incident]:
        """The incidents it is about, each once, in order."""
        by_id = {row.incident_id: row.incident for row in self.rows}
        return [incident for incident in by_id.values() if incident]

    @property
    def key(self) -> str:
        """The same for the same notifications, however often they are sent together."""
        pks = [row.pk for row in self.rows]
        return f"notification-{pks[0]}" + (f"-{pks[-1]}-{len(pks)}" if len(pks) > 1 else "")

    @property
    def only_to(self) -> str:
        """The one recipient whom it is for; empty for all."""
        return self.rows[0].only_to


def plan(rows: Sequence[Notification], channel: Channel, policy: IncidentSettings) -> list[Batch]:
    """The messages for `rows`, for all recipients first, then what is left for single ones."""
    apart: dict[str, list[Notification]] = {"": []}
    for row in rows:
        apart.setdefault(row.only_to, []).append(row)
    return [batch for own_rows in apart.values() for batch in messages(own_rows, channel, policy)]


def messages(rows: Sequence[Notification], channel: Channel, policy: IncidentSettings) -> list[Batch]:
    """The messages for `rows`: alerts first, then what happened to them since, then digests.

    What several alerts say of one incident is one message; more incidents than the policy's `summary_above`
    become a summary. Programs, pagers and the member concerned get everything singly; a daily e-mail
    takes all.
    """
    alerts = [row for row in rows if row.kind == Notification.Purpose.ALERT]
    updates = [row for row in rows if row.kind == Notification.Purpose.UPDATE]
    digests = [Batch(row.kind, (row,)) for row in rows if row.digest is not None]
    if channel.wants_single:
        return [*singly(alerts), *singly(updates), *digests]
    if channel.kind == Channel.Medium.EMAIL and policy.email_mode == IncidentSettings.EmailMode.DIGEST:
        return [*summaries([*alerts, *updates]), *digests]
    by_incident = together(alerts)
    if len(by_incident) > policy.summary_above:
        return [*summaries(alerts), *singly(updates), *digests]
    return [*(Batch(group[0].kind, group) for group in by_incident), *singly(updates), *digests]


def singly(rows: Sequence[Notification]) -> list[Batch]:
    return [Batch(row.kind, (row,)) for row in rows]


def together(rows: Sequence[Notification]) -> list[tuple[Notification, ...]]:
    """`rows` of one incident each, incidents in the order of their first row."""
    groups: dict[int | None, list[Notification]] = {}
    for row in rows:
        groups.setdefault(row.incident_id, []).append(row)
    return [tuple(group) for group in groups.values()]


def summaries(rows: Sequence[Notification]) -> list[Batch]:
    parts = chunks(together(rows), SUMMARY_SIZE)
    return [Batch(Notification.Purpose.ALERT, tuple(chain.from_iterable(part))) for part in parts]
