"""Taking over from cursor-usage-tracker."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from collector.base.csv_files import FileError
from collector.models import (
    AiCodeCommit,
    BillingCycle,
    DailyActivity,
    Member,
    MemberAnalyticsDay,
    MemberModelDay,
    SpendSnapshot,
    TeamAnalyticsDay,
    UsageEvent,
)
from detection.engine import DetectionReport
from detection.models import Anomaly, DetectionSettings
from groups.models import Assignment, Group
from incidents.lifecycle import take_in
from incidents.models import Incident, Notification, TimelineEntry
from tests.tracker.imports.old_tracker import ROWS, TABLES, make_file
from tracker.imports.incidents import rule_of
from tracker.imports.tracker_db import import_tracker_db

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 20, 9, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    return make_file(tmp_path / "tracker.db", ROWS)


def everything():
    """Every row of every table of ours but what says when something was looked at."""
    return {
        model._meta.label: list(model.objects.order_by("pk").values())
        for app in ("collector", "groups", "detection", "incidents")
        for model in apps.get_app_config(app).get_models()
    }


def test_each_event_is_taken_once_with_its_settled_cost(file):
    import_tracker_db(file, AT)
    events = UsageEvent.objects.order_by("occurred_at")
    assert [
        (e.member.email, e.occurred_at, e.model, e.charged_cents, e.is_chargeable, e.origin, e.cost_basis)
        for e in events
    ] == [
        (
            "ann@x.io",
            datetime(2026, 3, 2, 10, 0, 0, 500_000, tzinfo=UTC),
            "gpt-5",
            Decimal(13),
            True,
            "tracker",
            "model_cost",
        ),
        (
            "ann@x.io",
            datetime(2026, 3, 2, 10, 0, 0, 501_000, tzinfo=UTC),
            "gpt-5",
            Decimal("12.5"),
            False,
            "tracker",
            "model_cost",
        ),
    ]
    assert (events[0].request_units, events[0].is_max_mode, events[0].cache_write_tokens) == (2, True, 4)
    total = MemberModelDay.objects.get(member__email="ann@x.io")
    assert (total.total_cents, total.billed_cents, total.requests) == (Decimal("25.5"), Decimal(13), 2)


def test_everything_else_is_where_it_belongs(file):
    import_tracker_db(file, AT)
    ann, bob = Member.objects.get(email="ann@x.io"), Member.objects.get(email="bob@x.io")
    assert (ann.name, ann.cursor_id, bob.is_removed) == ("Ann", "user_a", True)
    assert bob.first_seen_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    activity = DailyActivity.objects.get()
    assert (activity.day, activity.is_active, activity.lines_added) == (date(2026, 3, 2), True, 7)
    assert activity.client_version == "1.2"
    snapshot = SpendSnapshot.objects.get()
    assert (snapshot.meaning, snapshot.total_cents, snapshot.included_cents) == ("legacy", None, 200)
    assert (snapshot.limit_dollars, snapshot.raw["spend_cents"]) == (50, 500)
    assert snapshot.cycle.start_at == datetime(2026, 2, 13, tzinfo=UTC)
    assert MemberModelDay.objects.get(member=bob).total_cents == 700
    assert (
        TeamAnalyticsDay.objects.get(metric="dau").values,
        TeamAnalyticsDay.objects.get(metric="mcp").count,
    ) == (
        {"dau": 9, "cli_dau": 1, "cloud_agent_dau": 0, "bugbot_dau": 0},
        4,
    )
    assert MemberAnalyticsDay.objects.get().name == "explain"
    commit = AiCodeCommit.objects.get()
    assert (commit.day, commit.lines_added, commit.composer_lines_added) == (date(2026, 3, 2), 10, 6)


def test_groups_made_there_win_over_cursors_and_cursors_stay_cursors(file):
    import_tracker_db(file, AT)
    assert list(Assignment.objects.values_list("member__email", "group__name", "from_day", "source")) == [
        ("ann@x.io", "Eng", date(2026, 1, 10), "cursor"),
        ("bob@x.io", "Sales > West", date(2026, 2, 1), "backup"),
    ]
    assert set(Group.objects.values_list("name", flat=True)) == {"Eng", "Sales > West"}


def test_thresholds_come_along_unless_they_were_changed_here(file):
    DetectionSettings.objects.create(daily_requests_limit=77)
    import_tracker_db(file, AT)
    row = DetectionSettings.get_solo()
    assert (row.cycle_limit_dollars, row.team_multiplier, row.daily_requests_limit) == (
        400,
        Decimal("3.5"),
        77,
    )
    assert row.history.first().history_change_reason == "import of cursor-usage-tracker"


def test_anomalies_and_incidents_are_history_and_nobody_is_told(file):
    import_tracker_db(file, AT)
    assert list(
        Anomaly.objects.order_by("detected_at").values_list("rule", "cause", "severity", "member__email")
    ) == [
        ("spike", "spend", "critical", "ann@x.io"),
        ("team_budget", "budget", "info", None),
        ("team_requests", "requests", "warning", "ann@x.io"),
    ]
    assert not Anomaly.objects.open().exists()
    incidents = Incident.objects.order_by("detected_at")
    assert [(i.cause, i.status, i.acknowledged_by) for i in incidents] == [
        ("spend", "resolved", "cursor-usage-tracker"),
        ("budget", "resolved", ""),
        ("requests", "alerted", ""),
    ]
    steps = TimelineEntry.objects.filter(incident=incidents[0]).values_list("step", "at")
    assert list(steps) == [
        ("opened", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("alerted", datetime(2026, 3, 1, 10, 1, tzinfo=UTC)),
        ("acknowledged", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("resolved", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ]
    report = take_in(DetectionReport(as_of=AT), AT)
    assert (report.opened, report.reopened) == (0, 0)
    assert not Notification.objects.exists()


def test_a_second_import_changes_nothing(file):
    import_tracker_db(file, AT)
    before = everything()
    again = import_tracker_db(file, AT)
    assert everything() == before
    assert sum(part.taken for part in again) == 0


def test_a_dry_run_changes_nothing_and_says_the_same(file):
    before = everything()
    dry = import_tracker_db(file, AT, is_dry_run=True)
    assert everything() == before
    assert import_tracker_db(file, AT) == dry


def test_what_was_collected_here_stays(file):
    ann = Member.objects.create(email="ann@x.io", name="Ann of the API", first_seen_at=AT, last_seen_at=AT)
    UsageEvent.objects.create(
        member=ann,
        occurred_at=datetime(2026, 3, 2, 10, 0, 0, 500_000, tzinfo=UTC),
        model="gpt-5",
        charged_cents=77,
        first_seen_at=AT,
        changed_at=AT,
    )
    DailyActivity.objects.create(member=ann, day=date(2026, 3, 2), lines_added=1, updated_at=AT)
    TeamAnalyticsDay.objects.create(metric="dau", day=date(2026, 3, 2), count=5, updated_at=AT)
    BillingCycle.objects.create(
        start_at=datetime(2026, 2, 13, 15, 30, tzinfo=UTC), end_at=datetime(2026, 3, 13, 15, 30, tzinfo=UTC)
    )
    import_tracker_db(file, AT)
    assert UsageEvent.objects.get(origin="api").charged_cents == 77
    assert UsageEvent.objects.count() == 2
    assert DailyActivity.objects.get().lines_added == 1
    assert TeamAnalyticsDay.objects.get(metric="dau").count == 5
    assert Member.objects.get(email="ann@x.io").name == "Ann of the API"
    assert SpendSnapshot.objects.get().cycle.start_at.hour == 15


@pytest.mark.parametrize("table", [name for name in TABLES if name != "members"])
def test_a_table_that_an_older_file_lacks_is_no_error(tmp_path, table):
    import_tracker_db(make_file(tmp_path / "old.db", ROWS, without=(table,)), AT)
    assert Member.objects.filter(email="ann@x.io").exists()


def test_columns_that_an_older_file_lacks_are_no_error(tmp_path):
    without = (
        "usage_events.is_chargeable",
        "usage_events.is_headless",
        "usage_events.cache_read_tokens",
        "daily_usage.client_version",
        "members.user_id",
        "anomalies.diagnosis_model",
        "spending.hard_limit_override_dollars",
    )
    import_tracker_db(make_file(tmp_path / "old.db", ROWS, without=without), AT)
    assert list(UsageEvent.objects.order_by("occurred_at").values_list("is_chargeable", flat=True)) == [
        True,
        False,
    ]


@pytest.mark.parametrize("column", [f"{table}.{column}" for table in ROWS for column in ROWS[table][0]])
def test_no_column_that_is_missing_ends_the_import(tmp_path, column):
    path = make_file(tmp_path / "old.db", ROWS, without=(column,))
    assert any(part.taken for part in import_tracker_db(path, AT, is_dry_run=True))


@pytest.mark.parametrize(
    ("kind", "metric", "message", "rule"),
    [
        ("threshold", "spend", "", "cycle_limit"),
        ("threshold", "tokens", "", "daily_tokens"),
        ("zscore", "spend", "", "team_spend"),
        ("trend", "spend", "Spend 6x the team median this cycle", "cycle_outlier"),
        ("trend", "spend", "Expensive model: 4x per request", "expensive_model"),
        ("trend", "spend", "Spike", "spike"),
        ("threshold", "plan_exhausted", "", "plan_exhausted"),
    ],
)
def test_each_kind_of_anomaly_finds_its_rule(kind, metric, message, rule):
    assert rule_of(kind, metric, message) == rule


def test_a_file_that_is_no_such_database_is_refused(tmp_path):
    path = tmp_path / "x.db"
    path.write_text("Date,User\n")
    with pytest.raises(FileError, match="not an SQLite database"):
        import_tracker_db(path, AT)
    with pytest.raises(FileError, match="not that of cursor-usage-tracker"):
        import_tracker_db(make_file(path, {}, without=tuple(TABLES)[:2] + ("usage_events",)), AT)


def test_a_damaged_file_is_refused_whole(file):
    data = bytearray(file.read_bytes())
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    file.write_bytes(data)
    before = everything()
    with pytest.raises(FileError, match="cannot be read"):
        import_tracker_db(file, AT)
    assert everything() == before


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{broken", "not JSON"),
        ('{"zscore": {"multiplier": -1}, "thresholds": {"maxRequestsPerDay": 5}}', "multiplier"),
        (
            '{"trends": {"spendSpikeLookbackDays": 60}, "thresholds": {"maxRequestsPerDay": 5}}',
            "spike_lookback_days: At most 42",
        ),
    ],
)
def test_thresholds_that_make_no_sense_are_reported_and_left_alone(tmp_path, config, reason):
    rows = {"config": [{"key": "detection", "value": config}], "members": ROWS["members"]}
    result = import_tracker_db(make_file(tmp_path / "t.db", rows), AT)
    part = next(part for part in result if part.name == "detection settings")
    assert part.unusable == 1 and reason in part.line
    assert DetectionSettings.get_solo().team_multiplier == Decimal("2.5")
    assert DetectionSettings.get_solo().daily_requests_limit == (5 if "maxRequests" in config else 0)
    assert Member.objects.count() == 2


def test_the_command_reports_and_refuses(file, tmp_path, time_machine):
    time_machine.move_to(AT, tick=False)
    out = io.StringIO()
    call_command("import_tracker_db", str(file), "--dry-run", stdout=out)
    printed = out.getvalue().splitlines()
    assert (
        "usage events: 5 read, 2 imported, 2 already known, 1 unusable "
        "(1 without a plausible time)" in printed
    )
    assert printed[-1] == "Nothing was changed: this was a dry run."
    assert not UsageEvent.objects.exists()
    call_command("import_tracker_db", str(file), stdout=out)
    assert UsageEvent.objects.count() == 2
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_tracker_db", str(tmp_path / "none.db"))
