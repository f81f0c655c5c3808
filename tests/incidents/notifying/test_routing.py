"""Who hears of what, and when: severities, groups, quiet hours, escalation."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from collector.models import Member
from detection.models import Anomaly
from detection.vocabulary import Severity
from groups.assignments import changes
from groups.models import Assignment, Group
from incidents import lifecycle
from incidents.models import Channel, Incident, IncidentSettings, Notification, Origin
from incidents.notifying import outbox
from incidents.notifying.routing import QuietHours, audience, channels_for, next_hour_of_day
from tests.incidents.factories import (
    ADA,
    HOUR,
    NOON,
    make_anomaly,
    make_channel,
    make_incident,
    make_member,
    run_at,
)
from tests.incidents.slack_stand_in import Fault
from tests.incidents.steps import texts

NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")  # one hour ahead of UTC in March, two from the 29th


@pytest.mark.parametrize(
    ("now", "goes_out"),
    [
        (datetime(2026, 3, 2, 20, 59, 59, tzinfo=UTC), datetime(2026, 3, 2, 20, 59, 59, tzinfo=UTC)),
        (datetime(2026, 3, 2, 21, 0, tzinfo=UTC), datetime(2026, 3, 3, 6, 0, tzinfo=UTC)),
        (datetime(2026, 3, 3, 5, 59, tzinfo=UTC), datetime(2026, 3, 3, 6, 0, tzinfo=UTC)),
        (datetime(2026, 3, 3, 6, 0, tzinfo=UTC), datetime(2026, 3, 3, 6, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),  # summer time
    ],
)
def test_quiet_hours_end_on_the_clocks_of_their_zone(now, goes_out):
    assert NIGHT.over_at(now) == goes_out


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_last_until_it_has_come_twice():
    night = QuietHours(time(22), time(2, 30), "Europe/Berlin")
    half_past_two_again = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for hours in (4, 1.25, 0.25):
        assert night.over_at(half_past_two_again - hours * HOUR) == half_past_two_again


def test_quiet_hours_within_a_day():
    lunch = QuietHours(time(12), time(13), "UTC")
    assert lunch.over_at(NOON) == NOON + HOUR
    assert lunch.over_at(NOON + HOUR) == NOON + HOUR


def test_the_next_hour_of_the_day_is_today_until_it_has_passed():
    assert next_hour_of_day(12, NOON) == NOON
    assert next_hour_of_day(11, NOON) == NOON + 23 * HOUR


@pytest.mark.django_db
class TestWhoHears:
    def names(self, incident: Incident) -> list[str]:
        return [channel.name for channel in channels_for(incident, NOON)]

    def test_a_channel_hears_from_its_least_severity_up(self):
        make_channel(name="all", least_severity=Severity.INFO)
        make_channel(name="bad", least_severity=Severity.CRITICAL)
        make_channel(name="off", is_enabled=False)
        make_channel(name="digests", sends_alerts=False)
        assert self.names(make_incident()) == ["all"]
        critical = make_incident(make_member("dora@example.com"), severity=Severity.CRITICAL)
        assert self.names(critical) == ["all", "bad"]

    @pytest.mark.parametrize(
        ("followed", "hears"),
        [
            ("Engineering", True),
            ("Engineering > Platform", True),
            ("Engineering > Web", False),
            ("Eng", False),
        ],
    )
    def test_a_channel_with_groups_hears_of_them_and_of_those_below(self, followed, hears):
        team = Group.objects.create(name="Engineering > Platform", created_at=NOON)
        Assignment.objects.create(
            member=make_member(),
            group=team,
            from_day=date(2026, 1, 1),
            source="manual",
            changed_by="x",
            changed_at=NOON,
        )
        channel = make_channel(audience="groups")
        group = team if followed == team.name else Group.objects.create(name=followed, created_at=NOON)
        channel.groups.add(group)
        assert bool(self.names(make_incident())) is hears

    def test_a_channel_goes_with_its_group_through_a_merge(self):
        carl = make_member()
        old, new = (Group.objects.create(name=name, created_at=NOON) for name in ("Old", "New"))
        channel = make_channel(audience="groups")
        channel.groups.add(old)
        changes.move([carl.pk], old, NOON.date(), by="x", now=NOON)
        assert self.names(make_incident(carl)) == ["slack channel"]
        changes.merge(old, new, by="x", now=NOON)
        assert self.names(Incident.objects.get()) == ["slack channel"]
        assert audience(channel, NOON.date()) == {new.pk}

    def test_a_channel_of_a_deleted_group_still_hears_of_the_groups_below_it(self):
        above, below = (Group.objects.create(name=name, created_at=NOON) for name in ("Eng", "Eng > Web"))
        channel = make_channel(audience="groups")
        channel.groups.add(above)
        changes.delete(above, by="x", now=NOON)
        assert audience(channel, NOON.date()) == {below.pk}
        changes.delete(below, by="x", now=NOON)
        assert audience(channel, NOON.date()) == set()

    def test_the_teams_incidents_and_people_without_a_group_go_to_channels_for_everybody(self):
        make_channel(name="everybody")
        few = make_channel(name="few", audience="groups")
        few.groups.add(Group.objects.create(name="Design", created_at=NOON))
        incident = make_incident()
        assert self.names(incident) == ["everybody"]
        Incident.objects.filter(pk=incident.pk).update(member=None)
        incident.refresh_from_db()
        assert self.names(incident) == ["everybody"]


def open_incident(**fields) -> Incident:
    make_anomaly(**fields)
    lifecycle.take_in(run_at(NOON), NOON)
    return Incident.objects.get()


@pytest.mark.django_db
class TestWhen:
    @pytest.mark.parametrize(
        ("severity", "is_loud", "waits"),
        [("warning", True, True), ("critical", True, False), ("critical", False, True)],
    )
    def test_quiet_hours_hold_messages_back_but_for_critical_ones(self, slack, severity, is_loud, waits):
        make_channel(quiet_from=time(11), quiet_until=time(14), is_loud_when_critical=is_loud)
        open_incident(severity=severity)
        assert outbox.deliver_due(NOON).sent == (0 if waits else 1)
        assert outbox.deliver_due(NOON + 2 * HOUR).sent == (1 if waits else 0)

    def test_an_incident_that_turns_critical_in_quiet_hours_takes_along_what_they_held_back(self, slack):
        make_channel(quiet_from=time(11), quiet_until=time(20))
        incident = open_incident()
        assert outbox.deliver_due(NOON).sent == 0
        Anomaly.objects.update(severity=Severity.CRITICAL)
        lifecycle.take_in(run_at(NOON + HOUR), NOON + HOUR)
        outbox.deliver_due(NOON + HOUR)
        lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
        outbox.deliver_due(NOON + 2 * HOUR)
        (message,) = slack.roots
        assert "Acknowledged by Ada Byron, 2 Mar 2026, 14:00 UTC" in texts(message)
        assert outbox.deliver_due(NOON + 9 * HOUR).sent == 0


@pytest.mark.django_db
class TestEscalation:
    @pytest.fixture(autouse=True)
    def channels(self, slack):
        chief = make_channel(name="chief", target="C0CHIEF", least_severity=Severity.CRITICAL)
        make_channel(name="crew", escalate_to=chief, escalate_after_minutes=30)

    def told(self, slack) -> list[str]:
        return [message["channel"] for message in slack.roots]

    def test_an_alert_that_nobody_answers_goes_to_the_next_channel_once(self, slack):
        incident = open_incident()
        outbox.deliver_due(NOON)
        outbox.deliver_due(NOON + timedelta(minutes=29))
        assert self.told(slack) == ["C0123456789"]
        report = outbox.deliver_due(NOON + timedelta(minutes=31))
        assert (report.escalated, report.sent) == (1, 1)
        for hours in (1, 2, 30):
            assert outbox.deliver_due(NOON + hours * HOUR).sent == 0
        assert self.told(slack) == ["C0123456789", "C0CHIEF"]
        assert (
            incident.timeline.get(step="unanswered").text == "no answer within 30 min on crew; chief notified"
        )

    def test_an_alert_that_does_not_get_through_is_escalated_after_the_same_minutes(self, slack):
        incident = open_incident()
        slack.faults += [Fault(error="is_archived")] * 5  # after 0, 1, 3, 7, 15 minutes
        for minutes in (0, 1, 3, 7, 15, 29):
            assert outbox.deliver_due(NOON + timedelta(minutes=minutes)).escalated == 0
        assert outbox.deliver_due(NOON + timedelta(minutes=30)).escalated == 1
        assert self.told(slack) == ["C0CHIEF"]
        assert incident.timeline.get(step="unanswered").text == "nothing gets through on crew; chief notified"

    def test_an_alert_that_was_given_up_is_escalated_at_once(self, slack):
        IncidentSettings.objects.create(give_up_after=1)
        open_incident()
        slack.faults.append(Fault(error="is_archived"))
        outbox.deliver_due(NOON)
        assert outbox.deliver_due(NOON + timedelta(minutes=1)).escalated == 1
        assert self.told(slack) == ["C0CHIEF"]

    def test_after_a_stop_of_the_deliveries_the_channel_is_tried_before_the_next_is_told(self, slack):
        open_incident()
        assert outbox.deliver_due(NOON + HOUR).escalated == 0
        assert self.told(slack) == ["C0123456789"]

    def test_quiet_hours_of_the_channel_do_not_count_as_silence(self, slack):
        Channel.objects.filter(name="crew").update(quiet_from=time(11), quiet_until=time(14))
        open_incident()
        slack.faults.append(Fault(error="is_archived"))
        escalated = [outbox.deliver_due(NOON + hours * HOUR).escalated for hours in (1, 2, 2.4)]
        assert escalated == [0, 0, 0]

    def test_the_wait_for_the_members_answer_does_not_count_as_silence(self, slack, mailbox):
        make_channel("email", audience="member", target="")
        IncidentSettings.objects.create(
            asks_member_first=True, channels_wait_warning_minutes=40, channels_wait_critical_minutes=40
        )
        open_incident()
        slack.faults += [Fault(error="is_archived")] * 6  # 40, 41, 43, 47, 55, 71 minutes later
        for minutes in (0, 40, 41, 43, 47, 55, 69):
            assert outbox.deliver_due(NOON + timedelta(minutes=minutes)).escalated == 0
        assert outbox.deliver_due(NOON + timedelta(minutes=70)).escalated == 1

    @pytest.mark.parametrize("step", ["acknowledge", "resolve", "snooze"])
    def test_what_somebody_answered_is_not_escalated(self, slack, step):
        incident = open_incident()
        outbox.deliver_due(NOON)
        options = {"until": NOON + 9 * HOUR} if step == "snooze" else {}
        getattr(lifecycle, step)(incident, ADA, "page", NOON + timedelta(minutes=20), **options)
        assert outbox.deliver_due(NOON + HOUR).escalated == 0
        assert "C0CHIEF" not in self.told(slack)

    def test_whose_member_has_left_since_is_not_escalated(self, slack):
        open_incident()
        outbox.deliver_due(NOON)
        Member.objects.update(gone_at=NOON)
        assert outbox.deliver_due(NOON + HOUR).escalated == 0

    def test_what_came_back_and_is_not_answered_is_escalated_again(self, slack):
        incident = open_incident()
        outbox.deliver_due(NOON)
        outbox.deliver_due(NOON + HOUR)
        lifecycle.resolve(incident, ADA, "page", NOON + HOUR)
        lifecycle.take_in(run_at(NOON + 26 * HOUR), NOON + 26 * HOUR)  # still holds after the cool-down
        outbox.deliver_due(NOON + 26 * HOUR)
        assert outbox.deliver_due(NOON + 27 * HOUR).escalated == 1

    def test_the_next_channel_hears_what_happens_then(self, slack):
        incident = open_incident()
        outbox.deliver_due(NOON)
        outbox.deliver_due(NOON + HOUR)
        lifecycle.acknowledge(incident, ADA, "page", NOON + 2 * HOUR)
        assert outbox.deliver_due(NOON + 2 * HOUR).sent == 2
        assert Notification.objects.filter(kind="update", status="sent").count() == 2

    def test_after_an_expired_acknowledgement_it_is_escalated_again_and_a_circle_ends(self, slack):
        IncidentSettings.objects.create(acknowledgement_hours=8)
        chief, crew = Channel.objects.get(name="chief"), Channel.objects.get(name="crew")
        chief.escalate_to, chief.escalate_after_minutes = crew, 30
        chief.save()
        incident = open_incident()
        outbox.deliver_due(NOON)
        rounds = [outbox.deliver_due(NOON + hours * HOUR).escalated for hours in (1, 2, 3, 4)]
        assert rounds == [1, 1, 0, 0]  # to the chief, back to the crew, and no further
        lifecycle.acknowledge(incident, ADA, "page", NOON + 5 * HOUR)
        assert [outbox.deliver_due(NOON + hours * HOUR).escalated for hours in (13, 14)] == [0, 1]
