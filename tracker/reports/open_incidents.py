"""Unresolved incidents of the members that the filters name, whatever the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Value

from incidents.models import Channel, Incident
from tracker.filters import Filters
from tracker.reports.incidents import Watch, limit_incidents, watch
from tracker.widgets import formats

GRAVITY = {"critical": 0, "warning": 1}
LISTED = 4


@dataclass(frozen=True)
class OpenIncidents:
    """`found` lie within group and search, gravest first; `elsewhere` counts those outside them."""

    found: Sequence[Incident]
    elsewhere: int
    filters: Filters
    watch: Watch

    @property
    def figure(self) -> str:
        """A dash where nobody has looked: that is no zero."""
        return str(len(self.found)) if self.found or self.watch.has_looked else formats.NOTHING

    @property
    def tone(self) -> str:
        if self.found:
            return "critical"
        if self.elsewhere or self.watch.is_stale:
            return "warning"
        return "" if self.watch.doubt or self.filters.is_narrowed else "good"

    @property
    def notes(self) -> list[str]:
        """What the figure means, and what it leaves out."""
        said = [f"{self.unanswered} not yet acknowledged" if self.unanswered else "all acknowledged"]
        said = said if self.found else []
        if self.elsewhere:
            said.append(f"{formats.plural(self.elsewhere, 'more', 'more')} outside this {self.narrowed_by}")
        if self.watch.doubt:
            said.append(self.watch.doubt)
        elif not said:
            said.append("None under these filters" if self.filters.is_narrowed else "Nothing is wrong")
        return [*said, *filter(None, [not_narrowing(self.filters)])]

    @property
    def narrowed_by(self) -> str:
        names = ["group"] if self.filters.group else []
        return " and ".join([*names, "search"] if self.filters.search else names)

    @property
    def unanswered(self) -> int:
        return sum(not incident.is_acknowledged for incident in self.found)

    @property
    def listed(self) -> Sequence[Incident]:
        return self.found[:LISTED]

    @property
    def unlisted(self) -> int:
        return len(self.found) - len(self.listed)


def open_incidents(filters: Filters) -> OpenIncidents:
    """Narrowed by group and search, and to whom the reader may see. One query; two where none is open."""
    rows = Incident.objects.unresolved()
    is_named = filters.group or filters.search
    inside = Exists(limit_incidents(rows, filters).filter(pk=OuterRef("pk"))) if is_named else Value(True)
    everybody = limit_incidents(rows, filters.everybody)
    known = list(
        everybody.for_sentences().annotate(is_inside=inside, has_channel=Exists(Channel.objects.enabled()))
    )
    found = [incident for incident in known if incident.is_inside]
    found.sort(key=lambda each: (GRAVITY.get(each.severity, 2), -each.detected_at.timestamp()))
    now, known_until = filters.now, filters.period.known_until
    seen = (
        Watch(now, known_until, has_looked=True, has_channel=known[0].has_channel)
        if known
        else watch(now, known_until)
    )
    return OpenIncidents(found, len(known) - len(found), filters, seen)


def not_narrowing(filters: Filters) -> str:
    """Which of the filters in force say nothing about incidents."""
    names = [name for name in ("model", "badge", "surface") if getattr(filters, name)]
    if not names:
        return ""
    does = "does" if len(names) == 1 else "do"
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{listed.capitalize()} {does} not narrow incidents"
