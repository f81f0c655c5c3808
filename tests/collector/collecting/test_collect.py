"""Whole collections over real HTTP, against the sandbox and what it knows to be true."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from collector.base.leases import AlreadyRunning, hold_lease
from collector.collecting import freshness, runs
from collector.collecting.due import window_of
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.limits import Limiter
from collector.models import (
    BillingCycle,
    Member,
    MemberModelDay,
    Reconciliation,
    SourceRun,
    SpendSnapshot,
    UsageEvent,
    Watermark,
)
from sandbox import Company, Sandbox, build_company
from sandbox.company.prices import MICRO
from sandbox.faults import OtherJson

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def company(request) -> Company:
    return build_company(members=5, days=32, seed=3, now=NOW, has_stories=getattr(request, "param", False))


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(company, enforces_limits=False) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> CursorClient:
    return CursorClient(
        sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True), sleep=lambda seconds: None
    )


def true_cents(company: Company, start: datetime, end: datetime) -> Decimal:
    occurred = company.events.occurred_ms
    inside = (occurred >= start.timestamp() * 1000) & (occurred < end.timestamp() * 1000)
    return Decimal(int(company.events.charged_micro[inside].sum())) / MICRO


@pytest.mark.parametrize("company", [True], indirect=True, ids=["with stories"])  # a thousand a page
def test_the_first_collection_reads_thirty_days_to_the_last_cent_and_repeating_changes_nothing(
    client, company
):
    end = NOW.replace(second=0)
    for _ in range(3):
        report = runs.collect(NOW, client=client)
        assert report.failed == []
        truth = true_cents(company, end - timedelta(days=30), end)
        assert UsageEvent.objects.aggregate(cents=Sum("charged_cents"))["cents"].quantize(
            Decimal("0.0001")
        ) == truth.quantize(Decimal("0.0001"))
        assert MemberModelDay.objects.spend()["total_cents"].quantize(Decimal("0.0001")) == truth.quantize(
            Decimal("0.0001")
        )
    assert [run.rows_new for run in report.runs] == [0] * len(report.runs)


def test_each_source_leaves_a_record(client):
    report = runs.collect(NOW, client=client)
    record = report.as_json()["sources"][0]
    assert record["source"] == "members"
    assert (record["status"], record["requests"], record["error"]) == ("ok", 1, "")
    assert [run.source for run in report.runs] == list(runs.SYNCS)
    assert not SourceRun.objects.filter(finished_at__isnull=True).exists()


def test_a_wrong_key_ends_in_one_line_and_leaves_the_facts_alone(client):
    client.key = "key_wrong"
    with pytest.raises(CursorApiError, match="CURSOR_ADMIN_API_KEY"):
        runs.collect(NOW, client=client)
    assert (Member.objects.count(), UsageEvent.objects.count(), Watermark.objects.count()) == (0, 0, 0)
    assert SourceRun.objects.values_list("source", "status").get() == ("members", "failed")


def test_a_host_that_answers_something_else_ends_in_one_line_and_stores_nothing(client, sandbox):
    sandbox.faults.sometimes(OtherJson(), 1.0)
    with pytest.raises(CursorApiError, match="^/teams/members: .*check CURSOR_API_URL"):
        runs.collect(NOW, client=client)
    assert (Member.objects.count(), UsageEvent.objects.count(), Watermark.objects.count()) == (0, 0, 0)


def test_a_key_that_lapsed_is_noticed_while_the_members_are_still_fresh(client):
    runs.collect(NOW, client=client)
    client.key = "key_wrong"
    with pytest.raises(CursorApiError, match="GET /teams/members answered 401"):
        runs.collect(NOW + timedelta(minutes=5), client=client)


def test_a_key_that_may_not_read_the_members_reads_the_rest(client, monkeypatch):
    monkeypatch.setattr("collector.sources.members.PATH", "/teams/moved")
    report = runs.collect(NOW, client=client)
    assert [run.source for run in report.failed] == ["members"]
    assert UsageEvent.objects.exists()


def test_a_key_that_may_read_nothing_ends_in_one_line(client, monkeypatch):
    client.base_url += "/elsewhere"
    with pytest.raises(CursorApiError, match="GET /teams/members answered 404"):
        runs.collect(NOW, client=client)
    assert SourceRun.objects.filter(source="members").count() == 1


def test_a_plan_without_spend_fails_that_source_only(client, monkeypatch):
    runs.collect(NOW, client=client)
    monkeypatch.setattr("collector.sources.spend.PATH", "/teams/no-such-thing")
    report = runs.collect(NOW + timedelta(minutes=5), client=client)
    assert [run.source for run in report.failed] == ["spend"]


def test_a_source_that_fails_does_not_keep_the_others(client, monkeypatch):
    def fail(*args):
        raise CursorApiError("spend: broken", permanent=False)

    monkeypatch.setitem(runs.SYNCS, "spend", fail)
    report = runs.collect(NOW, client=client)
    assert [(run.source, run.error) for run in report.failed] == [("spend", "spend: broken")]
    assert UsageEvent.objects.exists()
    assert not report.is_ok


def test_a_mistake_of_ours_fails_one_source_only(client, monkeypatch):
    monkeypatch.setitem(runs.SYNCS, "spend", lambda *args: 1 / 0)
    report = runs.collect(NOW, client=client)
    assert [run.error for run in report.failed] == ["unexpected ZeroDivisionError: see the log"]


def test_groups_refused_while_members_answer_are_not_part_of_the_plan(client, monkeypatch):
    monkeypatch.setattr("collector.sources.groups.PATH", "/teams/no-such-thing")
    report = runs.collect(NOW, client=client)
    run = next(run for run in report.runs if run.source == "groups")
    assert run.status == "unavailable"
    assert run.error == (
        "not available on this plan: GET /teams/no-such-thing answered 404 "
        "No such endpoint: GET /teams/no-such-thing"
    )
    assert report.is_ok


def test_a_lapsed_key_of_the_analytics_is_a_failure_not_a_smaller_plan(client):
    client.analytics_key = "key_lapsed"
    report = runs.collect(NOW, client=client)
    assert [run.source for run in report.failed] == ["team_analytics", "member_analytics", "commits"]
    assert {run.error.split(" (")[0] for run in report.failed} == {"Cursor refused the key"}


def test_only_one_collection_runs_at_a_time(client):
    with hold_lease(runs.LEASE), pytest.raises(AlreadyRunning, match="already running"):
        runs.collect(NOW, client=client)


def test_a_killed_run_is_closed_by_the_next(client):
    SourceRun.objects.create(source="events", started_at=NOW - timedelta(hours=1))
    runs.collect(NOW, client=client)
    first = SourceRun.objects.order_by("started_at").first()
    assert (first.status, first.error) == ("failed", "interrupted: the next run continues from here")


def test_the_second_run_of_the_day_rereads_a_day_and_the_first_a_week(client):
    def window() -> timedelta:
        run = SourceRun.objects.filter(source="events").order_by("-started_at").first()
        return run.window_end_at - run.window_start_at

    lengths = []
    for later in (0, 1, 10, 11):  # 15:04, 16:04, 01:04, 02:04
        runs.collect(NOW + timedelta(hours=later), client=client)
        lengths.append(window())
    assert lengths == [
        timedelta(days=30),
        timedelta(hours=25),
        timedelta(days=7, hours=9),
        timedelta(hours=25),
    ]


@pytest.mark.parametrize("trigger", ["csv", "backfill"])
def test_history_brought_today_does_not_stand_for_what_is_read_again_today(trigger):
    Watermark.objects.create(source="events", complete_until_at=NOW - timedelta(hours=1))
    for source in ("events", "commits"):
        SourceRun.objects.create(
            source=source,
            status="ok",
            trigger=trigger,
            started_at=NOW,
            window_start_at=NOW - timedelta(days=90),
            window_end_at=NOW - timedelta(days=60),
        )
    later = NOW.replace(second=0) + timedelta(hours=1)
    assert window_of("events", later).length == timedelta(days=7, hours=2, seconds=-30)
    assert window_of("commits", later) is not None


def test_lists_are_read_once_an_hour_and_analytics_every_six(client):
    def asked(later: timedelta) -> set[str]:
        report = runs.collect(NOW + later, client=client)
        return {run.source for run in report.runs if run.status != "fresh"}

    hourly = {"members", "spend", "groups", "events", "activity"}
    analytics = {"team_analytics", "member_analytics", "commits"}
    assert asked(timedelta(0)) == hourly | analytics
    assert asked(timedelta(minutes=20)) == {"spend", "events", "activity"}
    assert asked(timedelta(hours=1)) == hourly
    assert asked(timedelta(hours=5, minutes=59)) == hourly
    assert asked(timedelta(hours=6, minutes=1)) == {"spend", "events", "activity"} | analytics


def test_a_run_stamped_by_a_clock_far_ahead_does_not_count(client):
    runs.collect(NOW + timedelta(days=1), client=client)
    report = runs.collect(NOW, client=client)
    assert [run.source for run in report.runs if run.status == "fresh"] == []
    events = next(run for run in report.runs if run.source == "events")
    assert events.window_end_at - events.window_start_at == timedelta(days=7)  # as every night


def test_a_source_asked_for_by_name_is_read_however_fresh_it_is(client):
    runs.collect(NOW, client=client)
    report = runs.collect(NOW + timedelta(minutes=1), client=client, sources=["members"])
    assert [(run.source, run.status) for run in report.runs] == [("members", "ok")]


def test_activity_is_read_for_three_days_and_once_a_day_for_the_cycle(client):
    runs.collect(NOW, client=client)
    assert BillingCycle.objects.at(NOW).start_at.date() == date(2026, 9, 14)
    later = [runs.collect(NOW + timedelta(hours=hours), client=client).runs[4] for hours in (10, 11)]
    assert [run.window_start_at for run in later] == [
        datetime(2026, 9, 14, tzinfo=UTC),  # 01:04 of the 17th: the cycle
        datetime(2026, 9, 15, tzinfo=UTC),  # 02:04: the 15th, 16th and 17th
    ]


def test_freshness_knows_each_sources_age_and_newest_event(client):
    assert all(each.is_stale and each.age is None for each in freshness.sources(NOW))
    runs.collect(NOW, client=client)
    events = {each.source: each for each in freshness.sources(NOW + timedelta(hours=2))}["events"]
    assert (events.status, events.is_stale) == ("ok", False)
    assert events.age == timedelta(hours=2, seconds=30)  # 15:04:30 read up to 15:04
    assert NOW - timedelta(hours=20) < events.newest_at < NOW
    assert {each.source: each for each in freshness.sources(NOW + timedelta(hours=4))}["events"].is_stale
    assert freshness.ages(NOW)["events"] == timedelta(seconds=30)


def test_the_command_prints_a_line_per_source(client, monkeypatch, capsys, time_machine):
    time_machine.move_to(NOW)
    monkeypatch.setattr(CursorClient, "from_settings", lambda: client)
    call_command("collect")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(runs.SYNCS)
    call_command("collect", "--json")
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_the_command_fails_with_what_to_do(client, monkeypatch, time_machine):
    time_machine.move_to(NOW)
    monkeypatch.setattr(CursorClient, "from_settings", lambda: client)
    client.base_url = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="Cannot reach 127.0.0.1:1"):
        call_command("collect")


def test_the_command_says_that_another_run_is_at_it(client, monkeypatch, capsys):
    monkeypatch.setattr(CursorClient, "from_settings", lambda: client)
    with hold_lease(runs.LEASE):
        call_command("collect")
    assert "already running" in capsys.readouterr().out


def test_answers_of_an_old_api_are_collected_and_marked(client, sandbox):
    sandbox.behaviour.update(has_legacy_shapes=True)
    report = runs.collect(NOW, client=client)
    assert report.failed == []
    assert set(UsageEvent.objects.values_list("cost_basis", flat=True)) <= {"model_cost", "unknown"}
    assert UsageEvent.objects.filter(cost_basis="model_cost").exists()
    assert set(SpendSnapshot.objects.values_list("meaning", flat=True)) == {"legacy"}
    assert set(Reconciliation.objects.values_list("snapshot_total_cents", flat=True)) == {None}


def test_a_day_that_is_not_over_is_known_up_to_its_last_reading(client):
    runs.collect(NOW, client=client)
    later = NOW + timedelta(hours=1)
    activity = {each.source: each for each in freshness.sources(later)}["activity"]
    assert NOW <= activity.newest_at < NOW + timedelta(minutes=1)
