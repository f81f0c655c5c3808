"""Figures for Prometheus, read from the database on request, so every process gives the same answer."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django_q.models import Failure
from django_q.tasks import queue_size
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import RedisError

from collector.base.money import cents
from collector.collecting.freshness import sources
from collector.facts.doubts import open_notes
from collector.models import BillingCycle, MemberModelDay, RequestSlot, Source, SourceRun
from collector.models.totals import MemberModelDayQuerySet
from detection.models import Anomaly
from groups.assignments.membership import UNASSIGNED, sums_by_group
from groups.models import Group
from groups.names import UNASSIGNED_NAME
from incidents.models import Incident, Notification, Status
from incidents.notifying.backlog import LATELY

DAY = timedelta(days=1)


def exposition(now: datetime) -> bytes:
    """Everything in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(MetricFamilies(now))
    return generate_latest(registry) + generate_latest(_process_registry())


def _process_registry() -> CollectorRegistry:
    """The figures that processes count themselves: those of all web workers if they share a directory for
    them (config/gunicorn.py), else those of this process."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)
    return shared


class MetricFamilies(Collector):
    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield from freshness_figures(self.now)
        yield from doubt_figures()
        yield from run_figures(self.now)
        yield request_figures(self.now)
        yield anomaly_figures()
        yield from incident_figures(self.now)
        yield from queue_figures(self.now)
        yield from spend_figures(self.now)


def gauge(name: str, text: str, labels: list[str], rows: Iterable[tuple[Any, ...]]) -> Metric:
    """One figure; each of `rows` has the values of the labels, then a number."""
    family = GaugeMetricFamily(f"cursor_costs_{name}", text, labels=labels)
    for *values, number in rows:
        family.add_metric(values, number)
    return family


def freshness_figures(now: datetime) -> Iterator[Metric]:
    """Per source; a source that was never collected has no age, and is stale."""
    label, all_sources = ["source"], sources(now)
    ages = ((source.source, source.age.total_seconds()) for source in all_sources if source.age is not None)
    yield gauge("source_age_seconds", "Time since the end of what the last successful run read.", label, ages)
    lags = (
        (source.source, seconds_since(source.newest_at, now)) for source in all_sources if source.newest_at
    )
    yield gauge("source_lag_seconds", "Time since the newest row's own timestamp.", label, lags)
    behind = (
        (source.source, seconds_since(source.sent_until_at, now) if source.sent_until_at else 0.0)
        for source in all_sources
        if source.source == Source.EVENTS
    )
    yield gauge("vendor_lag_seconds", "How far Cursor itself is behind; 0 when it is not.", label, behind)
    stale = ((source.source, float(source.is_stale)) for source in all_sources)
    yield gauge("source_stale", "1 when older than its schedule explains.", label, stale)


def seconds_since(at: datetime, now: datetime) -> float:
    return (now - at).total_seconds()


def doubt_figures() -> Iterator[Metric]:
    """Per source; sources without anything open have no sample."""
    label, notes = ["source"], sorted(open_notes().items())
    doubts = [(source, counts.doubts) for source, counts in notes]
    yield gauge("open_doubts", "Answers from a source that do not add up.", label, doubts)
    rejected = [(source, counts.rejected) for source, counts in notes]
    yield gauge("rejected_rows", "Rows that could not be read and are stored as received.", label, rejected)
    dollars = [(source, float(counts.cents) / 100) for source, counts in notes]
    yield gauge("doubtful_dollars", "Money affected by doubts and rejected rows.", label, dollars)


def run_figures(now: datetime) -> Iterator[Metric]:
    """Runs of the last day, as a gauge: runs are pruned, so that a counter would go down."""
    runs = SourceRun.objects.filter(source__in=Source.values, started_at__gte=now - DAY).order_by("source")
    by_status = runs.values_list("source", "status").annotate(n=Count("pk"))
    yield gauge("recent_runs", "Runs of the last 24 hours.", ["source", "status"], by_status)
    sums = runs.values_list("source").annotate(
        seen=Sum("rows_seen"), new=Sum("rows_new"), changed=Sum("rows_changed"), asked=Sum("requests")
    )
    rows = [
        (source, outcome, number)
        for source, *counts, _ in sums
        for outcome, number in zip(("seen", "new", "changed"), counts, strict=True)
    ]
    yield gauge("recent_rows", "Rows read in the last 24 hours.", ["source", "outcome"], rows)
    requests = ((source, asked) for source, *_, asked in sums)
    text = "Requests to Cursor in the last 24 hours, retries included."
    yield gauge("recent_requests", text, ["source"], requests)


def request_figures(now: datetime) -> Metric:
    is_free = Count("pk", filter=Q(free_at__lte=now))
    slots = RequestSlot.objects.values_list("endpoint_class").annotate(n=is_free).order_by("endpoint_class")
    return gauge(
        "requests_left", "Requests that the vendor's limit allows at once.", ["endpoint_class"], slots
    )


def anomaly_figures() -> Metric:
    open_ones = Anomaly.objects.filter(cleared_at__isnull=True).order_by("rule")
    counts = open_ones.values_list("rule", "severity").annotate(n=Count("pk"))
    return gauge("open_anomalies", "Findings that still hold.", ["rule", "severity"], counts)


def incident_figures(now: datetime) -> Iterator[Metric]:
    unresolved = Incident.objects.exclude(status=Status.RESOLVED).order_by("status")
    counts = unresolved.values_list("status", "severity").annotate(n=Count("pk"))
    yield gauge("incidents", "Incidents that are not resolved.", ["status", "severity"], counts)
    lately = Notification.objects.filter(status__in=Notification.Status.values, due_at__gte=now - LATELY)
    sent = lately.values_list("channel__kind", "status").annotate(n=Count("pk"))
    sent = sent.order_by("channel__kind", "status")
    yield gauge("notifications", "Messages that were due in the last 7 days.", ["channel", "status"], sent)


def queue_figures(now: datetime) -> Iterator[Metric]:
    with suppress(RedisError):  # a broker that is away leaves the other figures
        yield gauge("queue_tasks", "Tasks waiting for a worker.", [], [(queue_size(),)])
    failed = Failure.objects.filter(stopped__gte=now - DAY).count()
    yield gauge("queue_failures", "Tasks that failed in the last 24 hours.", [], [(failed,)])


# The most series of one name; the smallest are added up as “other”.
MOST_SERIES = 50


def spend_figures(now: datetime) -> Iterator[Metric]:
    """Spend of the current billing cycle in dollars, by group, model and surface; none without a cycle."""
    cycle = BillingCycle.objects.at(now)
    if cycle is None:
        return
    rows = MemberModelDay.objects.in_cycle(cycle)
    names = {UNASSIGNED: UNASSIGNED_NAME, **dict(Group.objects.values_list("pk", "name"))}
    by_group: Counter[str] = Counter()
    for group_id, _, (spent,) in sums_by_group(rows, "total_cents"):
        by_group.update({names.get(group_id, UNASSIGNED_NAME): cents(spent)})  # one made since is known next
    for name, sums in (
        ("group", by_group),
        ("model", sums_by(rows, "model")),
        ("surface", sums_by(rows, "surface")),
    ):
        text = f"Spend in the current billing cycle by {name}, included and on demand."
        yield gauge(f"cycle_spend_dollars_by_{name}", text, [name], bounded(sums))


def sums_by(rows: MemberModelDayQuerySet, key: str) -> Counter[str]:
    """Cents by the field `key`."""
    sums = rows.order_by().values_list(key).annotate(spent=Sum("total_cents"))
    return Counter({value or "unknown": spent for value, spent in sums})


def bounded(cents: Counter[str]) -> list[tuple[str, float]]:
    """Dollars of the largest, and of all others together."""
    largest = cents.most_common(MOST_SERIES)
    others = cents.total() - sum(spent for _, spent in largest)
    shown = [*largest, ("other", others)] if len(cents) > MOST_SERIES else largest
    return [(name, round(float(spent) / 100, 2)) for name, spent in shown]
