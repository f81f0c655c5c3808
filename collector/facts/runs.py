"""Runs of cloud agents and automations: counted once, where they began, so that they add up over days.

A run is what one cloud agent does, however many events that is. An automation's events that name no cloud
agent are one run per conversation and day, or per day where they name no conversation.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from collector.base.chunks import chunks
from collector.base.days import utc_day
from collector.models import UsageEvent

# Ids named in one query.
BATCH = 500


def continued(agents: Collection[str], since: datetime) -> Iterator[tuple[int, date]]:
    """Members and days from `since` on at which these cloud agents went on."""
    for ids in chunks(list(agents), BATCH):
        rows = of_agents(ids).filter(occurred_at__gte=since).values_list("member_id", "occurred_at")
        yield from {(member_id, utc_day(at)) for member_id, at in rows}


def agents_before(agents: Collection[str], instant: datetime) -> Iterator[str]:
    """Those of the cloud agents that were at work before `instant`."""
    for ids in chunks(list(agents), BATCH):
        rows = of_agents(ids).filter(occurred_at__lt=instant)
        yield from rows.values_list("cloud_agent_id", flat=True).distinct()


def of_agents(ids: Collection[str]) -> QuerySet[UsageEvent]:
    """Events of these cloud agents, by the index that has no others: SQLite has to see its condition."""
    condition = RawSQL("cloud_agent_id > ''", [], output_field=BooleanField())  # noqa: S611
    return UsageEvent.objects.filter(condition, cloud_agent_id__in=ids).order_by()
