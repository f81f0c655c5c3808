"""The regular reports: what they say, when they are due, and that each goes out once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from collector.models import BillingCycle, MemberModelDay, Source, Watermark
from groups.models import Assignment, Group
from incidents import digests
from incidents.models import IncidentSettings, Notification
from incidents.notifying.routing import audience
from tests.incidents import conftest as incident_fixtures
from tests.incidents.factories import make_channel, make_incident, make_member
from tracker.reports.group_weeks import GroupWeek

pytestmark = pytest.mark.django_db

mailbox = incident_fixtures.mailbox

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
MONDAY = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cycle():
    return BillingCycle.objects.create(start_at=START, end_at=END)


def spend(email: str, day: date, cents: int, *, billed: int = 0, requests: int = 10) -> None:
    MemberModelDay.objects.create(
        member=make_member(email),
        model="claude-4.6-opus-high",
        day=day,
        requests=requests,
        billed_requests=requests if billed else 0,
        total_cents=Decimal(cents),
        billed_cents=Decimal(billed),
        is_after_turn=day == START.date(),
        updated_at=START,
    )


def put(email: str, group: str, day: date = date(2026, 1, 1)) -> Group:
    held = Group.objects.get_or_create(name=group, defaults={"created_at": START})[0]
    Assignment.objects.create(
        member=make_member(email),
        group=held,
        from_day=day,
        source="manual",
        changed_by="x",
        changed_at=START,
    )
    return held


def recorded() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("pk").values_list("channel__name", "dedupe_key"))


def test_plan_names_who_used_it_up_yesterday_and_counts_all():
    spend("ada@example.com", date(2026, 3, 10), 5_000, billed=1_000)
    spend("ada@example.com", date(2026, 3, 15), 5_000, billed=5_000)
    spend("bob@example.com", date(2026, 3, 15), 5_000, billed=100)
    spend("cyd@example.com", date(2026, 3, 15), 5_000)
    digest = digests.build_digest("plan", MONDAY, None)
    assert digest.title == "Plan exhausted: 1 member on 15 Mar 2026"
    assert digest.lines[0].startswith("2 members since the cycle began on 1 Mar 2026")
    assert digest.tables[0].rows == (("Bob", "bob@example.com"),)
    assert digest.tables[1].rows == (("10 Mar 2026", "1 member"), ("15 Mar 2026", "1 member"))


def test_plan_is_silent_on_a_day_on_which_nobody_used_it_up():
    spend("ada@example.com", date(2026, 3, 10), 5_000, billed=1_000)
    assert digests.build_digest("plan", MONDAY, None) is None


def test_the_cycle_summary_compares_with_the_last_cycle_and_counts_seats_and_tiers():
    BillingCycle.objects.create(start_at=datetime(2026, 2, 1, tzinfo=UTC), end_at=START)
    spend("ada@example.com", date(2026, 1, 31), 0)  # so that all of February is known
    spend("ada@example.com", date(2026, 2, 2), 40_000)
    spend("ada@example.com", date(2026, 2, 20), 10_000)
    spend("ada@example.com", date(2026, 3, 2), 60_000, billed=20_000)
    make_member("idle@example.com")
    now = datetime(2026, 3, 29, 8, tzinfo=UTC)
    Watermark.objects.create(source=Source.EVENTS, complete_until_at=now)
    digest = digests.build_digest("cycle", now, None)
    assert digest.title == "Billing cycle ends 1 Apr 2026"
    assert digest.lines[0] == "Spent $600.00 by day 29 of 31, including $200.00 billed on demand."
    assert digest.lines[1] == "That is 20 % above the last cycle at the same point."
    assert digest.lines[2] == "The whole last cycle cost $500.00."
    seats, spenders, adoption = digest.tables
    assert seats.heading == "Seats: 1 of 2 used, 1 unused"
    assert seats.rows == (("Idle", "idle@example.com"),)
    assert spenders.rows == (("Ada", "$600.00", "10 requests"),)
    assert sum(int(seats.split()[0]) for _, seats in adoption.rows) == 2


def test_the_weekly_one_sets_each_group_against_its_week_before():
    put("ada@example.com", "Engineering > Platform")
    put("bob@example.com", "Design")
    spend("ada@example.com", date(2026, 3, 9), 30_000)
    spend("ada@example.com", date(2026, 3, 8), 20_000)  # the week before
    spend("bob@example.com", date(2026, 3, 15), 5_000)
    make_incident(make_member("ada@example.com"), detected_at=datetime(2026, 3, 12, tzinfo=UTC))
    digest = digests.build_digest("weekly", MONDAY, None)
    assert digest.title == "Week of 9 Mar 2026: $350.00"
    assert digest.lines[1] == "In all $350.00: 75 % more."
    assert digest.tables[0].rows == (
        ("Engineering > Platform", "$300.00", "50 % more", "1 of 1 seat active", "1 incident"),
        ("Design", "$50.00", "nothing before", "1 of 1 seat active", "0 incidents"),
    )


def test_whoever_moves_in_the_week_counts_in_each_group_what_was_spent_in_it():
    core = put("ada@example.com", "Core")
    put("ada@example.com", "Data", date(2026, 3, 12))
    spend("ada@example.com", date(2026, 3, 8), 10_000)  # the week before
    spend("ada@example.com", date(2026, 3, 11), 30_000)
    spend("ada@example.com", date(2026, 3, 12), 5_000)
    core_row = ("Core", "$300.00", "200 % more", "0 of 0 seats active", "0 incidents")
    data_row = ("Data", "$50.00", "nothing before", "1 of 1 seat active", "0 incidents")
    assert digests.build_digest("weekly", MONDAY, None).tables[0].rows == (core_row, data_row)
    told = digests.build_digest("weekly", MONDAY, frozenset({core.pk}))
    assert (told.title, told.tables[0].rows) == ("Week of 9 Mar 2026: $300.00", (core_row,))


def test_the_weekly_one_leads_to_its_own_week_and_group_whenever_it_is_opened():
    core, data = put("ada@example.com", "Eng > Core"), put("bob@example.com", "Data")
    spend("ada@example.com", date(2026, 3, 12), 5_000)
    week = "/?from=2026-03-09&to=2026-03-15"

    def link(*ids: int) -> str:
        digest = digests.build_digest("weekly", MONDAY, frozenset(ids) or None)
        return digest.url[digest.url.index("/?") :]

    assert link() == week
    assert link(core.pk) == f"{week}&group=Eng"  # the highest with nothing else below it
    assert link(data.pk) == f"{week}&group=Data"
    assert link(core.pk, data.pk) == week


def test_the_weekly_one_says_from_when_on_nothing_is_known():
    spend("ada@example.com", date(2026, 3, 9), 30_000)
    stopped = datetime(2026, 3, 12, 13, 5, tzinfo=UTC)
    Watermark.objects.create(source=Source.EVENTS, complete_until_at=stopped)
    said = "Nothing has been collected since 12 Mar 2026, 13:05 UTC: later usage is missing here."
    assert digests.build_digest("weekly", MONDAY, None).lines[-1] == said
    Watermark.objects.update(complete_until_at=MONDAY)
    assert said not in digests.build_digest("weekly", MONDAY, None).lines


def test_a_channel_with_groups_hears_of_these_only_and_of_those_below():
    put("ada@example.com", "Engineering > Platform")
    put("bob@example.com", "Design")
    spend("ada@example.com", date(2026, 3, 9), 30_000)
    spend("bob@example.com", date(2026, 3, 15), 5_000)
    channel = make_channel(audience="groups")
    channel.groups.add(Group.objects.create(name="Engineering", created_at=START))
    digest = digests.build_digest("weekly", MONDAY, audience(channel, MONDAY.date()))
    assert [row[0] for row in digest.tables[0].rows] == ["Engineering > Platform"]


@pytest.mark.parametrize(
    ("now", "keys"),
    [
        (MONDAY, ["digest:plan:2026-03-16", "digest:weekly:2026-W12"]),
        (MONDAY - timedelta(seconds=1), []),  # before the hour
        (MONDAY + timedelta(days=2), []),  # Wednesday; nobody used the plan up
        (END - timedelta(days=3) - timedelta(hours=1), []),
        (END - timedelta(days=3) + timedelta(hours=8), ["digest:cycle:2026-03-01"]),
    ],
)
def test_each_is_due_in_its_time(now, keys):
    make_channel()
    spend("bob@example.com", date(2026, 3, 15), 5_000, billed=100)
    digests.send_due(now)
    assert [key for _, key in recorded()] == keys


def test_each_is_recorded_once_a_period_and_channel_and_off_means_off():
    make_channel()
    make_channel("email")
    make_channel("webhook", sends_digests=False)
    digests.send_due(MONDAY)
    digests.send_due(MONDAY + timedelta(hours=5))
    digests.send_due(MONDAY + timedelta(days=1))
    assert recorded() == [
        ("email channel", "digest:weekly:2026-W12"),
        ("slack channel", "digest:weekly:2026-W12"),
    ]
    IncidentSettings.objects.update(weekly_digest=False)
    assert digests.send_due(MONDAY + timedelta(days=7)).recorded == []


def test_a_digest_that_cannot_be_made_keeps_no_other_from_being_sent(monkeypatch, caplog):
    make_channel(sends_digests=True)
    spend("ada@example.com", date(2026, 3, 15), 5_000, billed=5_000)
    monkeypatch.setitem(digests.BUILDERS, "plan", "tracker.reports.digests.missing")
    report = digests.send_due(MONDAY)
    assert (report.is_ok, report.summary) == (False, "1 digest recorded; not made, see the log: plan")
    assert [key for _, key in recorded()] == ["digest:weekly:2026-W12"]


def test_the_command_prints_without_sending_and_sends_once(mailbox):
    make_channel("email")
    spend("ada@example.com", date(2026, 3, 9), 30_000)
    out = StringIO()
    call_command("send_digest", "weekly", "--dry-run", "--now", "2026-03-16T08:00Z", stdout=out)
    assert out.getvalue().startswith("Week of 9 Mar 2026: $300.00")
    assert recorded() == []
    for said in ("weekly: email channel\n1 sent", "weekly: nothing to report, or already sent"):
        out = StringIO()
        call_command("send_digest", "weekly", "--now", "2026-03-16T08:00Z", stdout=out)
        assert out.getvalue().startswith(said)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Week of 9 Mar 2026: $300.00"


def test_the_command_says_when_it_is_not_due():
    out = StringIO()
    call_command("send_digest", "cycle", "--if-due", "--now", "2026-03-10", stdout=out)
    assert out.getvalue() == "cycle: not due\n"


@pytest.mark.parametrize(
    ("cents", "before", "said"),
    [
        (30_000, 20_000, "50 % more"),
        (26_000, 2_000, "13 times"),
        (9_020, 2_000, "4.5 times"),
        (450, 31, "$0.31 before"),
        (1_000, 4_000, "75 % less"),
        (500, 0, "nothing before"),
    ],
)
def test_a_change_is_a_percentage_only_where_that_says_something(cents, before, said):
    week = GroupWeek("Core", Decimal(cents), Decimal(before), 1, 1, 0)
    assert week.change == said
