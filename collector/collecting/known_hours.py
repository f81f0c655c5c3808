"""Hours of usage events that came again as they are stored: their rows are neither read nor compared again.

Nearly all of the day that each hourly run is answered with is stored already. As the vendor tags other
answers, what came of a whole hour is tagged in the transaction that stores it. The tag is of the rows as
they came, of what is stored of the hour, of who is who and of this version: where one of them differs,
the hour is read as if it were new. So is one of which anything was noted, since a note stands as long as
it is noted again, and one with a stored event that did not come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db.models import BigIntegerField, Count, Max, Sum

from collector.base.days import from_epoch_ms
from collector.base.expressions import SqliteTemplate
from collector.facts.roster import Roster
from collector.models import StoredETag, UsageEvent

from .etags import keep
from .windows import HOUR, Window

HOUR_MS = 3_600_000
# What a night's week has, and history, is compared in full.
LONGEST = timedelta(days=2)
Mark = tuple[object, ...]


class HourNumber(SqliteTemplate):
    """Whole hours from 1970 to an instant; Django's Trunc runs a Python function for every row on SQLite."""

    output_field = BigIntegerField()
    template = "CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 3600) AS BIGINT)"
    sqlite_template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / 3600"


@dataclass
class KnownHours:
    """What is known of a window's hours, which are numbered from 1970, and what came of those being read."""

    tags: Mapping[int, str]
    marks: Mapping[int, Mark]
    who: str
    whole: range = range(0)  # the hours that the part holds from end to end
    came: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    noted: set[int] = field(default_factory=set)

    @classmethod
    def load(cls, window: Window) -> KnownHours | None:
        """None for a window of which all is to be read."""
        if window.length > LONGEST:
            return None
        hours = _whole_hours(window)
        requests = {_request(hour): hour for hour in hours}
        stored = StoredETag.objects.filter(request__in=requests).values_list("request", "etag")
        tags = {requests[request]: etag for request, etag in stored}
        return cls(tags, _marks(tags), roster_mark(Roster.load()) if tags else "")

    def begin(self, window: Window) -> None:
        """Begin another part, or the same again."""
        self.whole = _whole_hours(window)
        self.came.clear()
        self.noted.clear()

    def hour_of(self, row: object) -> int | None:
        """The hour that a raw event states, if it is one of the part's whole ones."""
        stated = row.get("timestamp") if isinstance(row, dict) else None
        if not isinstance(stated, str) or not stated.isdecimal() or len(stated) != 13:
            return None
        hour = int(stated) // HOUR_MS
        return hour if hour in self.whole else None

    def are_stored(self, hour: int, rows: Iterable[str]) -> bool:
        """Whether `rows` are all that came of the hour when it was stored, and nothing has changed since."""
        return hour not in self.noted and self.tags.get(hour) == _tag(rows, self.marks.get(hour), self.who)

    def are_of(self, roster: Roster) -> bool:
        """Whether rows name whom they named when the hours were compared."""
        return self.who == roster_mark(roster)

    def remember(self, unlisted: Iterable[datetime], roster: Roster, at: datetime) -> None:
        """Tag what came of the part's hours, now that it is stored; `unlisted` events are stored and did not
        come."""
        hours = self.came.keys() - self.noted - {hour_number(instant) for instant in unlisted}
        marks, who = _marks(hours), roster_mark(roster)
        tags = {hour: _tag(self.came[hour], marks.get(hour), who) for hour in hours}
        keep((StoredETag(request=_request(hour), etag=tag, read_at=at) for hour, tag in tags.items()), at)


def stretches_beside(
    hours: Iterable[int], start_at: datetime, end_at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """What `[start_at, end_at)` holds beside `hours`, which lie in it."""
    for hour in sorted(hours):
        begins_at = from_epoch_ms(hour * HOUR_MS)
        if start_at < begins_at:
            yield start_at, begins_at
        start_at = begins_at + HOUR
    if start_at < end_at:
        yield start_at, end_at


def hour_number(instant: datetime) -> int:
    return int(instant.timestamp()) // 3600


def roster_mark(roster: Roster) -> str:
    """What differs once a row may name somebody else."""
    names = [sorted(index.items()) for index in (roster.by_key, roster.by_number, roster.by_cursor_id)]
    return _digest(repr(names))


def _whole_hours(window: Window) -> range:
    return range(-(-window.first_ms // HOUR_MS), (window.last_ms + 1) // HOUR_MS)


def _marks(hours: Set[int] | Mapping[int, str]) -> dict[int, Mark]:
    """What differs for an hour once one of its events was written, moved or deleted. One query."""
    if not hours:
        return {}
    first, last = (from_epoch_ms(hour * HOUR_MS) for hour in (min(hours), max(hours) + 1))
    rows = UsageEvent.objects.between(first, last).order_by().values_list(HourNumber("occurred_at"))
    marks = rows.annotate(events=Count("pk"), newest=Max("changed_at"), members=Sum("member_id"))
    return {hour: (events, newest.astimezone(UTC), members) for hour, events, newest, members in marks}


def _tag(rows: Iterable[str], mark: Mark | None, who: str) -> str:
    return _digest(repr((settings.VERSION, who, mark, sorted(rows))))


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=20).hexdigest()


def _request(hour: int) -> str:
    return f"usage events of hour {hour}"
