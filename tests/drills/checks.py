"""What must be true after every drill, whatever was done to the processes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from collector.models import MemberModelDay, Source, SourceRun, UsageEvent, Watermark
from incidents.models import Incident, Notification, TimelineEntry
from incidents.models.timeline import TimelineStep
from sandbox import Sandbox
from tests.drills.machine import ALIAS
from tests.incidents.slack_stand_in import FakeSlack
from tests.sums import assert_sums_agree

MICRO = Decimal("0.000001")


def assert_whole(sandbox: Sandbox, slack: FakeSlack) -> None:
    """Nothing collected is lost or doubled, no incident is doubled, no message is lost."""
    assert_events_are_true(sandbox)
    assert_totals_are_true(sandbox)
    assert_sums_agree(ALIAS)
    assert_incidents_are_single()
    assert_messages_are_through(slack)
    assert not SourceRun.objects.using(ALIAS).filter(status=SourceRun.RunStatus.RUNNING).exists()


def assert_events_are_true(sandbox: Sandbox) -> None:
    """The table of events, row for row, is what the vendor shows of the stretch that is complete."""
    stored, told = Counter(stored_events()), Counter(told_events(sandbox))
    assert sum(stored.values()) > 0
    assert (stored - told, told - stored) == (Counter(), Counter())


def complete() -> tuple[datetime, datetime]:
    mark = Watermark.objects.using(ALIAS).get(source=Source.EVENTS)
    assert mark.complete_from_at
    return mark.complete_from_at, mark.complete_until_at


def stored_events() -> list[tuple[Any, ...]]:
    rows = UsageEvent.objects.using(ALIAS).values_list(
        "occurred_at",
        "member__email",
        "model",
        "kind",
        "charged_cents",
        "is_chargeable",
        "conversation_id",
        "input_tokens",
        "cache_read_tokens",
    )
    return [(row[0], row[1], row[2], row[3], row[4].quantize(MICRO), *row[5:]) for row in rows]


def told_events(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    return [told_event(row) for row in sandbox.truth(*complete()).rows]


def told_event(row: dict[str, Any]) -> tuple[Any, ...]:
    tokens = row.get("tokenUsage", {})
    return (
        datetime.fromtimestamp(int(row["timestamp"]) / 1000, UTC),
        row.get("userEmail", "unattributed").lower(),
        row["model"],
        row["kind"],
        Decimal(str(row["chargedCents"])).quantize(MICRO),
        row["isChargeable"],
        row.get("conversationId", ""),
        tokens.get("inputTokens"),
        tokens.get("cacheReadTokens"),
    )


def assert_totals_are_true(sandbox: Sandbox) -> None:
    truth = sandbox.truth(*complete())
    stored = MemberModelDay.objects.using(ALIAS).aggregate(
        cents=Sum("total_cents"), events=Sum(F("requests") + F("failed_requests"))
    )
    assert stored["events"] == truth.count
    assert stored["cents"].quantize(Decimal("0.0001")) == truth.charged_cents.quantize(Decimal("0.0001"))


def incidents() -> set[tuple[str, str]]:
    """Whom the incidents are about, and their causes."""
    return set(Incident.objects.using(ALIAS).values_list("member__email", "cause"))


def assert_incidents_are_single() -> None:
    found = Incident.objects.using(ALIAS)
    assert found.count() == len(incidents())
    opened = TimelineEntry.objects.using(ALIAS).filter(step=TimelineStep.OPENED)
    assert opened.count() == found.count()


def assert_messages_are_through(slack: FakeSlack) -> None:
    """Every notification got through or was given up aloud; only one whose sender died may come twice."""
    rows = Notification.objects.using(ALIAS)
    assert not rows.waiting().exists()
    assert not unheard_steps()
    given_up = rows.given_up()
    assert not given_up.exclude(error__contains="died twice").exists()
    undelivered = TimelineEntry.objects.using(ALIAS).filter(step=TimelineStep.UNDELIVERED)
    about_incidents = given_up.filter(incident__isnull=False)  # digests have no timeline
    assert incidents_of(undelivered) == incidents_of(about_incidents)
    deaths = (rows.aggregate(n=Sum("lost_leases"))["n"] or 0) + given_up.count()
    assert len(repeated(slack)) <= deaths


def incidents_of(rows: QuerySet[Any]) -> list[int]:
    return sorted(rows.values_list("incident", flat=True))


def unheard_steps() -> list[TimelineEntry]:
    """Steps that call for a message and have none."""
    wanted = {TimelineStep.OPENED, TimelineStep.ACKNOWLEDGED, TimelineStep.REOPENED}
    steps = TimelineEntry.objects.using(ALIAS).filter(step__in=wanted)
    return list(steps.annotate(told=Count("notifications")).filter(told=0))


def repeated(slack: FakeSlack) -> list[str]:
    """Messages on Slack that no notification remembers: their sender died before it could."""
    known = set(Notification.objects.using(ALIAS).values_list("remote_id", flat=True))
    return [ts for ts, message in slack.messages.items() if not message.get("thread_ts") and ts not in known]
