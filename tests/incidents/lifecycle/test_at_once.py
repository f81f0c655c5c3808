"""Two processes at once, for real."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Thread
from typing import TypeVar

import pytest
from django.db import connection

from detection.models import Exemption
from incidents import lifecycle
from incidents.lifecycle import Actor, take_in
from incidents.models import Incident, Notification, Verdict
from incidents.notifying import outbox
from tests.incidents.factories import NOON, make_anomaly, make_channel, make_incident, run_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work(0)` … `work(count - 1)` return when they begin together, each on its own connection."""
    gate = Barrier(count)

    def run(number: int) -> T:
        try:
            gate.wait(timeout=60)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_eight_who_acknowledge_at_once_one_wins_and_all_others_are_told_who():
    pk = make_incident().pk

    def acknowledge(number: int) -> lifecycle.Outcome:
        return lifecycle.acknowledge(
            Incident.objects.get(pk=pk), Actor(None, f"Person {number}"), "page", NOON
        )

    outcomes = at_once(8, acknowledge)
    (winner,) = [number for number, outcome in enumerate(outcomes) if outcome.won]
    assert Incident.objects.get().acknowledged_by == f"Person {winner}"
    others = [outcome.message for outcome in outcomes if not outcome.won]
    assert len(others) == 7
    assert all(message.startswith(f"Already acknowledged by Person {winner}") for message in others)
    assert Incident.objects.get().timeline.count() == 1


def test_of_four_deliveries_at_once_one_sends(slack):
    make_channel()
    make_anomaly()
    take_in(run_at(NOON), NOON)
    reports = at_once(4, lambda number: outbox.deliver_due(NOON))
    assert sum(report.sent for report in reports) == 1
    assert len(slack.roots) == 1


def test_of_four_runs_at_once_one_opens_the_incident():
    make_channel()
    make_anomaly()

    reports = at_once(4, lambda number: take_in(run_at(NOON), NOON))
    assert sum(report.opened for report in reports) == 1
    assert (Incident.objects.count(), Notification.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "act",
    [
        lambda *who: lifecycle.note(*who, "Asked Ada"),
        lambda *who: lifecycle.snooze(*who, NOON + timedelta(days=1), "holiday"),
        lambda *who: lifecycle.verdict(*who, Verdict.EXPECTED, None, "load test"),
        lambda *who: lifecycle.correct_onset(*who, NOON - timedelta(hours=4)),
    ],
)
def test_what_a_person_sends_four_times_at_once_is_done_once(act):
    make_channel()
    make_anomaly()
    take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    told, steps = Notification.objects.count(), incident.timeline.count()

    def send(number: int) -> lifecycle.Outcome:
        now = NOON + timedelta(seconds=1, milliseconds=number)
        return act(Incident.objects.get(), Actor(None, "Bo"), "page", now)

    outcomes = at_once(4, send)
    assert incident.timeline.count() == steps + 1
    assert Notification.objects.count() - told <= 1
    assert any(outcome.won for outcome in outcomes)
    assert Exemption.objects.filter(revoked_at=None).count() == Exemption.objects.count()
    lifecycle.resolve(Incident.objects.get(), Actor(None, "Bo"), "page", NOON + timedelta(hours=1))
    lifecycle.reopen(Incident.objects.get(), Actor(None, "Bo"), "page", NOON + timedelta(hours=2))
    assert not Exemption.objects.filter(revoked_at=None).exists()


def test_alerts_that_get_through_on_two_channels_at_once_are_both_on_the_timeline():
    incident, channels = make_incident(), [make_channel(name=f"channel {number}") for number in range(4)]
    at_once(4, lambda number: lifecycle.alerted(Incident.objects.get(), channels[number], NOON))
    steps = incident.timeline.filter(step="alerted").values_list("text", flat=True)
    assert sorted(steps) == [channel.name for channel in channels]
    assert Incident.objects.get().status == "alerted"


def test_an_acknowledgement_counts_while_an_alert_gets_through(monkeypatch):
    incident, channel, refresh = make_incident(), make_channel(), Incident.refresh_from_db

    def deliver() -> None:
        lifecycle.alerted(Incident.objects.get(), channel, NOON)
        connection.close()

    worker = Thread(target=deliver)

    def refresh_first(self, **options) -> None:
        refresh(self, **options)
        if connection.in_atomic_block and not worker.ident:
            worker.start()
            worker.join(timeout=2)

    monkeypatch.setattr(Incident, "refresh_from_db", refresh_first)
    outcome = lifecycle.acknowledge(incident, Actor(None, "Bo"), "page", NOON)
    worker.join(timeout=60)
    assert outcome.won
    assert Incident.objects.get().status == "acknowledged"
    assert set(incident.timeline.values_list("step", flat=True)) == {"acknowledged", "alerted"}
