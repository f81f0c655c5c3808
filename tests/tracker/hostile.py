"""A company in which everything that comes from outside tries to do harm."""

from __future__ import annotations

from datetime import timedelta

from django.core.cache import cache

from collector.models import (
    AiCodeCommit,
    BillingCycle,
    DailyActivity,
    Member,
    MemberAnalyticsDay,
    TeamAnalyticsDay,
)
from groups.models import Group
from incidents import lifecycle
from incidents.lifecycle import Actor
from incidents.models import IncidentAnomaly, Origin
from tests.incidents.factories import make_anomaly, make_incident
from tests.tracker.api.company import NOW, TODAY, YESTERDAY, put, use

IMG = '<img src=x onerror="window.pwned=1">'
SCRIPT = "</script><script>window.pwned=1</script>"
FORMULA = '=HYPERLINK("https://evil.example","x")'
PAYLOADS = {
    "img": IMG,
    "script": SCRIPT,
    "attribute": '" onmouseover="window.pwned=1" x="',
    "link": "javascript:window.pwned=1",
    "formula": FORMULA,
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "tab": "\t=1+1",
    "sql": "'; DROP TABLE collector_member; --",
    "template": "{{ 7*7 }}{% debug %}",
}
# What must not stand in any page as it is: in each of them a browser would find something to run.
LIVE = ("<img src=x", "<script>window", '" onmouseover="', 'href="javascript:', "49{% debug")


def build() -> list[Member]:
    cache.clear()
    BillingCycle.objects.create(start_at=NOW - timedelta(days=15), end_at=NOW + timedelta(days=15))
    members = [make_member(kind, payload) for kind, payload in PAYLOADS.items()]
    TeamAnalyticsDay.objects.bulk_create(
        TeamAnalyticsDay(metric=metric, day=YESTERDAY, name=payload, detail=payload, count=5, updated_at=NOW)
        for metric in ("mcp", "commands", "top-file-extensions", "client-versions", "models", "skills")
        for payload in PAYLOADS.values()
    )
    return members


def make_member(kind: str, payload: str) -> Member:
    member = Member.objects.create(
        email=f"{kind}+<b>'\"@evil.example",
        name=payload,
        role=payload,
        picture_url="javascript:window.pwned=1",
        first_seen_at=NOW,
        last_seen_at=NOW,
    )
    put(member, Group.objects.create(name=payload.strip(), created_at=NOW))
    use(member, payload, YESTERDAY, requests=20, cents=5_000)
    DailyActivity.objects.create(
        member=member,
        day=YESTERDAY,
        is_active=True,
        most_used_model=payload,
        client_version=payload[:40],
        updated_at=NOW,
    )
    MemberAnalyticsDay.objects.create(
        member=member, metric="mcp", day=YESTERDAY, name=payload, detail=payload, count=3, updated_at=NOW
    )
    AiCodeCommit.objects.create(
        commit_hash=kind,
        member=member,
        repository=payload,
        branch=payload,
        source="IDE",
        day=YESTERDAY,
        ingested_at=NOW,
        lines_added=10,
        updated_at=NOW,
    )
    make_trouble(member, payload)
    return member


def make_trouble(member: Member, payload: str) -> None:
    """An incident about `member`, with a note that is no better."""
    times = {"onset_at": NOW - timedelta(hours=3), "detected_at": NOW - timedelta(hours=2)}
    anomaly = make_anomaly(member, message=payload, model=payload, last_seen_at=NOW, **times)
    incident = make_incident(member, message=payload, model=payload, last_run_at=NOW, **times)
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=NOW)
    lifecycle.note(incident, Actor(None, payload), Origin.API, NOW, payload)


def pages(members: list[Member]) -> list[str]:
    """Every page there is, for each of the members."""
    own = [member.get_absolute_url() for member in members]
    incidents = [incident.get_absolute_url() for member in members for incident in member.incidents.all()]
    return ["/", "/insights", "/incidents", "/settings", "/chargeback", *own, *incidents]


__all__ = ["LIVE", "NOW", "PAYLOADS", "TODAY", "build", "pages"]
