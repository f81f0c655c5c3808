"""Runs of cloud agents and automations: counted once, where they began, so that they add up over days.

A run is what one cloud agent does, however many events that is. An automation's events that name no cloud
agent are one run per conversation and day, or per day where they name no conversation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from collector.base.days import utc_day
from collector.models import UsageEvent

from .surfaces import surface_in_sql

# Ids named in one query.
BATCH = 500
RUN = ("cloud_agent_id", "automation_id", "conversation_id")


class Start(NamedTuple):
    """Where a run began."""

    member_id: int
    model: str
    surface: str
    at: datetime


def starts(events: QuerySet[UsageEvent], since: datetime) -> tuple[list[str], list[Start]]:
    """The cloud agents at work in `events`, which are those of one day from `since` on, and the runs that
    began there."""
    rows = (
        events.filter(~Q(cloud_agent_id="") | ~Q(automation_id=""))
        .annotate(surface=surface_in_sql())
        .order_by("occurred_at", "pk")
        .values_list(*RUN, "member_id", "model", "surface", "occurred_at")
    )
    runs: dict[tuple[str, ...], Start] = {}
    for agent, automation, conversation, *start in rows:
        runs.setdefault((agent,) if agent else ("", automation, conversation), Start(*start))
    agents = [key[0] for key in runs if key[0]]
    before = set(_agents_before(agents, since))
    return agents, [start for key, start in runs.items() if key[0] not in before]


def continued(agents: Collection[str], since: datetime) -> Iterator[tuple[int, date]]:
    """Members and days from `since` on at which these cloud agents went on."""
    for ids in _batches(agents):
        rows = of_agents(ids).filter(occurred_at__gte=since).values_list("member_id", "occurred_at")
        yield from {(member_id, utc_day(at)) for member_id, at in rows}


def _batches(agents: Collection[str]) -> Iterator[list[str]]:
    ids = list(agents)
    for first in range(0, len(ids), BATCH):
        yield ids[first : first + BATCH]


def _agents_before(agents: Collection[str], instant: datetime) -> Iterator[str]:
    for ids in _batches(agents):
        rows = of_agents(ids).filter(occurred_at__lt=instant)
        yield from rows.values_list("cloud_agent_id", flat=True).distinct()


def of_agents(ids: Collection[str]) -> QuerySet[UsageEvent]:
    """Events of these cloud agents, by the index that has no others: SQLite has to see its condition."""
    condition = RawSQL("cloud_agent_id > ''", [], output_field=BooleanField())  # noqa: S611
    return UsageEvent.objects.filter(condition, cloud_agent_id__in=ids).order_by()
