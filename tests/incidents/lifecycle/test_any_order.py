"""Whatever happens in whatever order, rows and timelines tell the same story, and nobody is forgotten."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.db.models import F

from detection.models import Anomaly
from incidents import lifecycle, times
from incidents.channels import registry
from incidents.channels.base import DeliveryError, Receipt
from incidents.lifecycle import take_in
from incidents.models import Incident, IncidentSettings, Notification, Origin, TimelineEntry, Verdict
from incidents.notifying import outbox
from tests.incidents.factories import ADA, BOB, NOON, make_anomaly, make_channel, make_member, run_at

pytestmark = pytest.mark.django_db
STEPS = 30


class Story:
    """One random life of two members' incidents, a step every few minutes or hours."""

    def __init__(self, seed: int) -> None:
        self.random, self.now = random.Random(seed), NOON  # noqa: S311  made up, no secret
        self.members = [make_member("ann@example.com"), make_member("ben@example.com")]
        chief = make_channel("webhook", name="chief")
        make_channel("webhook", name="crew", escalate_to=chief, escalate_after_minutes=30)
        policy = IncidentSettings.get_solo()
        policy.acknowledgement_hours = self.random.choice([0, 5])
        policy.keep_open_until_reviewed = self.random.random() < 0.2
        policy.give_up_after = self.random.choice([2, 12])
        policy.save()

    def send(self, channel, parcel) -> Receipt:
        if self.random.random() < 0.3:
            raise DeliveryError("down", is_about_channel=self.random.random() < 0.5)
        return Receipt(parcel.key)

    def step(self) -> None:
        self.now += timedelta(minutes=self.random.choice([1, 7, 50, 61, 400, 1500]))
        for deed in self.random.sample([self.detect, self.deliver, self.act], 2):
            deed()

    def detect(self) -> None:
        for member in self.members:
            holding = Anomaly.objects.filter(member=member, cleared_at__isnull=True)
            chance = self.random.random()
            if chance < 0.3:
                holding.update(cleared_at=self.now)
            elif chance < 0.6 and not holding.exists():
                severity = self.random.choice(["warning", "critical", "info"])
                dollars = self.random.choice([100, 400, 4000])
                make_anomaly(
                    member,
                    severity=severity,
                    operands={"daily_cents": dollars * 100.0},
                    onset_at=self.now - timedelta(hours=2),
                    detected_at=self.now,
                    last_seen_at=self.now,
                )
            elif chance < 0.7:
                holding.update(operands={"daily_cents": 900_000.0})
        report = take_in(run_at(self.now), self.now)
        assert report.failed == 0

    def deliver(self) -> None:
        outbox.deliver_due(self.now)

    def act(self) -> None:
        incidents = list(Incident.objects.order_by("pk"))
        if not incidents:
            return
        who = (self.random.choice(incidents), self.random.choice([ADA, BOB]), Origin.PAGE, self.now)
        self.random.choice(
            [
                lambda: lifecycle.acknowledge(*who),
                lambda: lifecycle.acknowledge(*who),
                lambda: lifecycle.resolve(*who),
                lambda: lifecycle.reopen(*who),
                lambda: lifecycle.snooze(*who, self.now + timedelta(hours=3)),
                lambda: lifecycle.verdict(*who, self.random.choice([Verdict.REAL, Verdict.EXPECTED])),
                lambda: lifecycle.verdict(*who, Verdict.PLANNED, self.now + timedelta(hours=6)),
                lambda: lifecycle.verdict(*who, Verdict.TOO_SMALL),
            ]
        )()


def first_at(steps: list[TimelineEntry], step: str) -> datetime | None:
    return min((entry.at for entry in steps if entry.step == step), default=None)


def told(incident: Incident) -> dict[str, object]:
    """What the timeline alone says of the incident."""
    steps = list(incident.timeline.order_by("pk"))
    status, resolved = "open", None
    for entry in steps:
        if entry.to_status:
            status = entry.to_status
        if entry.to_status == "resolved" != entry.from_status:
            resolved = entry
    is_resolved = status == "resolved"
    opened, alerted = steps[0].at, first_at(steps, "alerted")
    answered = first_at(steps, "acknowledged")
    return {
        "status": status,
        "resolved_by": resolved.actor_name if resolved and is_resolved else "",
        "detect": alerted and max(alerted - incident.onset_at, timedelta(0)),
        "identify": answered - alerted if alerted and answered and answered >= alerted else None,
        "resolve": resolved.at - opened if resolved and is_resolved else None,
        "reopened": sum(entry.step == "reopened" for entry in steps),
    }


def shown(incident: Incident) -> dict[str, object]:
    spans = times.times_of(incident)
    return {
        "status": incident.status,
        "resolved_by": incident.resolved_by,
        "detect": spans.detect,
        "identify": spans.identify,
        "resolve": spans.resolve,
        "reopened": incident.reopened_count,
    }


@pytest.mark.parametrize("seed", range(4))
def test_rows_and_timelines_tell_the_same_story_and_nothing_waits_for_ever(seed, monkeypatch):
    story = Story(seed)
    monkeypatch.setattr(registry, "send", story.send)
    for _ in range(STEPS):
        story.step()
        for incident in Incident.objects.all():
            assert shown(incident) == told(incident), list(incident.timeline.order_by("pk"))
    monkeypatch.setattr(registry, "send", lambda channel, parcel: Receipt(parcel.key))
    for hours in (1, 8, 20, 30, 40):
        outbox.deliver_due(story.now + timedelta(hours=hours))
    assert not Notification.objects.waiting().exists()
    sent = Notification.objects.filter(status="sent")
    assert not sent.filter(sent_at__lt=F("created_at")).exists()
