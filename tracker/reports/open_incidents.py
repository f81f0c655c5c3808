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
    """`found` lie within group and search, gravest first."""

    found: Sequence[Incident]
    watch: Watch
    figure: str  # a dash where nobody has looked: that is no zero
    tone: str
    notes: list[str]  # what the figure means, and what it leaves out


def open_incidents(filters: Filters) -> OpenIncidents:
    """Unresolved ones, whatever the period, narrowed by group and search, and to whom the reader may see. One
    query; two where none is open."""
    asked = filters.visible, names.current().are_hidden
    if filters.group or filters.search:
        narrowed = limit_incidents(Incident.objects.unresolved(), filters)
        inside = Exists(narrowed.filter(pk=OuterRef("pk")))
        known = list(_unresolved.build(*asked).annotate(is_inside=inside))
    else:
        known = _unresolved(*asked)
    found = [incident for incident in known if incident.is_inside]
    found.sort(key=lambda each: (GRAVITY.get(each.severity, 2), -each.detected_at.timestamp()))
    now, known_until, elsewhere = filters.now, filters.period.known_until, len(known) - len(found)
    seen = Watch(now, known_until, True, known[0].has_channel) if known else watch(now, known_until)
    if found:
        tone = "critical"
    elif elsewhere or seen.is_stale:
        tone = "warning"
    else:
        tone = "" if seen.doubt or filters.is_narrowed else "good"
    figure = str(len(found)) if found or seen.has_looked else formats.NOTHING
    return OpenIncidents(found, seen, figure, tone, _notes(filters, found, elsewhere, seen))


def _notes(filters: Filters, found: list[Incident], elsewhere: int, seen: Watch) -> list[str]:
    notes = []
    if found:
        unanswered = sum(not incident.is_acknowledged for incident in found)
        notes.append(f"{unanswered} not yet acknowledged" if unanswered else "all acknowledged")
    if elsewhere:
        narrowed_by = " and ".join(name for name in ("group", "search") if getattr(filters, name))
        notes.append(f"{formats.plural(elsewhere, 'more', 'more')} outside this {narrowed_by}")
    if seen.doubt:
        notes.append(seen.doubt)
    elif not notes:
        notes.append("None under these filters" if filters.is_narrowed else "Nothing is wrong")
    return [*notes, *filter(None, [not_narrowing(filters)])]


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
