"""Unresolved incidents of the members that the filters name, whatever the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Value

from collector.base import names
from collector.base.statements import prepared
from incidents.models import Channel, Incident
from incidents.models.incidents import IncidentQuerySet
from tracker.filters import Filters
from tracker.reports.incidents import Watch, limit_incidents, limit_visible, watch
from tracker.widgets import formats

GRAVITY = {"critical": 0, "warning": 1}


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
        said = []
        if self.found:
            unanswered = sum(not incident.is_acknowledged for incident in self.found)
            said.append(f"{unanswered} not yet acknowledged" if unanswered else "all acknowledged")
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


def open_incidents(filters: Filters) -> OpenIncidents:
    """Narrowed by group and search, and to whom the reader may see. One query; two where none is open."""
    asked = filters.visible, names.current().are_hidden
    if filters.group or filters.search:
        narrowed = limit_incidents(Incident.objects.unresolved(), filters)
        inside = Exists(narrowed.filter(pk=OuterRef("pk")))
        known = list(_unresolved.build(*asked).annotate(is_inside=inside))
    else:
        known = _unresolved(*asked)
    found = [incident for incident in known if incident.is_inside]
    found.sort(key=lambda each: (GRAVITY.get(each.severity, 2), -each.detected_at.timestamp()))
    now, known_until = filters.now, filters.period.known_until
    seen = (
        Watch(now, known_until, has_looked=True, has_channel=known[0].has_channel)
        if known
        else watch(now, known_until)
    )
    return OpenIncidents(found, len(known) - len(found), filters, seen)


@prepared
def _unresolved(visible: frozenset[int] | None, are_hidden: bool) -> IncidentQuerySet:
    """Of members whom the reader may see, with what their sentences are made of: more, `are_hidden` names."""
    rows = limit_visible(Incident.objects.unresolved(), visible).for_sentences()
    return rows.annotate(is_inside=Value(True), has_channel=Exists(Channel.objects.enabled()))


def not_narrowing(filters: Filters) -> str:
    """Which of the filters in force do not apply to incidents."""
    names = [name for name in ("model", "badge", "surface") if getattr(filters, name)]
    if not names:
        return ""
    does = "does" if len(names) == 1 else "do"
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{listed.capitalize()} {does} not filter incidents"
