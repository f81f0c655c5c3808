"""Databases of cursor-usage-tracker as they are in the wild, and imports that end half-way."""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from math import inf

import pytest

from collector.base import short_transactions
from collector.base.csv_files import FileError
from collector.imports import events as event_writer
from collector.models import (
    DailyActivity,
    Member,
    MemberModelDay,
    SpendSnapshot,
    TeamAnalyticsDay,
    UsageEvent,
)
from detection.models import Anomaly, DetectionSettings
from groups.models import Assignment, Group
from incidents.models import Incident
from tests.tracker.imports.old_tracker import EVENT, MS, ROWS, make_file
from tests.tracker.imports.test_tracker_db import AT, everything
from tracker.imports.database import OddValue, amount
from tracker.imports.tracker_db import import_tracker_db

pytestmark = pytest.mark.django_db

PEOPLE = [{"email": f"{name}@x.io", "name": name} for name in ("ann", "bob", "cyd")]
WILD = {
    **ROWS,
    "members": PEOPLE,
    # The tracker's collector stores Cursor's `unassignedGroup` as a group like any other.
    "billing_groups": [
        {"id": "unassigned", "name": "Unassigned"},
        {"id": "group_1", "name": "Eng"},
        {"id": "hibob-2", "name": "Sales > West"},
        {"id": "group_3", "name": "n/a"},
    ],
    "group_members": [
        {"group_id": "unassigned", "email": "cyd@x.io", "joined_at": "2026-02-01"},
        {"group_id": "group_3", "email": "cyd@x.io", "joined_at": None},
        {"group_id": "unassigned", "email": "ann@x.io", "joined_at": "2026-03-01"},
        {"group_id": "group_1", "email": "ann@x.io", "joined_at": "2026-01-10"},
        {"group_id": "group_1", "email": "bob@x.io", "joined_at": "2026-01-10"},
        {"group_id": "hibob-2", "email": "bob@x.io", "joined_at": "2026-01-10"},
    ],
    "usage_events": [
        EVENT,
        {**EVENT, "user_email": "", "total_cents": 30},
        {**EVENT, "user_email": None, "total_cents": 30, "timestamp": "1772445600501"},
        {**EVENT, "user_email": "Ann Lee", "total_cents": 40, "timestamp": "1772445600502"},
    ],
    "incidents": [
        *ROWS["incidents"],
        {"anomaly_id": 99, "user_email": "bob@x.io", "status": "open", "detected_at": "2026-03-04 10:00:00"},
    ],
}


@pytest.fixture
def file(tmp_path):
    return make_file(tmp_path / "tracker.db", WILD)


def test_a_real_database_comes_in_completely_and_twice_with_the_same_result(file):
    result = import_tracker_db(file, AT)
    assert {group.name for group in Group.objects.all()} == {"Eng", "Sales > West"}
    assert set(Assignment.objects.values_list("member__email", "group__name")) == {
        ("ann@x.io", "Eng"),
        ("bob@x.io", "Sales > West"),
    }
    spent = dict(MemberModelDay.objects.filter(day="2026-03-02").values_list("member__email", "total_cents"))
    assert spent == {"ann@x.io": Decimal("12.5"), "unattributed": Decimal(100)}
    assert Incident.objects.get(member__email="bob@x.io").status == "open"
    assert "not in the database" in Anomaly.objects.get(member__email="bob@x.io").message
    assert all(part.already_here >= 0 for part in result)
    before = everything()
    import_tracker_db(file, AT)
    assert everything() == before


def test_a_dry_run_of_a_real_database_says_what_the_import_does(file):
    before = everything()
    dry = import_tracker_db(file, AT, is_dry_run=True)
    assert everything() == before
    assert import_tracker_db(file, AT) == dry


def test_an_import_that_was_killed_is_completed_by_the_next(file, monkeypatch):
    import_tracker_db(file, AT)
    complete = _without_ids(everything())
    _empty()
    monkeypatch.setattr(short_transactions, "BUDGET_SECONDS", 0.0)
    monkeypatch.setattr(event_writer, "CHUNK", 1)
    for transactions_left in range(1, 40, 3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(short_transactions, "writing", _dying_after(transactions_left))
            try:
                import_tracker_db(file, AT)
            except KeyboardInterrupt:
                continue
            break
    import_tracker_db(file, AT)
    assert _without_ids(everything()) == complete


def _dying_after(transactions):
    left = iter(range(transactions))

    def writing():
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real()

    real = short_transactions.writing
    return writing


def _empty():
    for model in (TeamAnalyticsDay, DailyActivity, MemberModelDay, UsageEvent):
        model.objects.all().delete()


def _without_ids(tables):
    kept = (
        "collector.UsageEvent",
        "collector.MemberModelDay",
        "collector.DailyActivity",
        "groups.Assignment",
    )
    return {
        label: sorted(
            str({name: value for name, value in row.items() if name not in ("id", "ordinal")}) for row in rows
        )
        for label, rows in tables.items()
        if label in kept
    }


@pytest.mark.parametrize(
    ("change", "charged", "basis"),
    [
        ({"kind": "Errored, Not Charged"}, 0, "model_cost"),
        ({"kind": "USAGE_EVENT_KIND_ABORTED_NOT_CHARGED"}, 0, "model_cost"),
        ({"total_cents": "much"}, 0, "unknown"),
        ({"total_cents": None}, 0, "unknown"),
        ({"total_cents": "12.5"}, Decimal("12.5"), "model_cost"),
        ({"total_cents": 0}, 0, "model_cost"),
    ],
)
def test_what_was_not_charged_or_cannot_be_read_is_no_charge_and_says_so(tmp_path, change, charged, basis):
    import_tracker_db(make_file(tmp_path / "t.db", {**ROWS, "usage_events": [{**EVENT, **change}]}), AT)
    event = UsageEvent.objects.get()
    assert (event.charged_cents, event.cost_basis) == (charged, basis)


@pytest.mark.parametrize("spent", ["much", None, "", "NaN"])
def test_spend_of_a_day_that_cannot_be_read_is_listed_and_not_taken_for_none(tmp_path, spent):
    rows = {
        "members": ROWS["members"],
        "daily_spend": [{"date": "2026-03-01", "email": "ann@x.io", "spend_cents": spent}],
    }
    part = next(
        part
        for part in import_tracker_db(make_file(tmp_path / "t.db", rows), AT)
        if part.name == "daily spend without events"
    )
    assert (part.taken, part.unusable) == (0, 1)


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"total_cents": 1e400}, 0),
        ({"total_cents": 10**12}, 0),
        ({"timestamp": "253402300799999"}, 0),
        ({"timestamp": "1772445600"}, 0),
        ({"timestamp": "9999-12-31T23:59:59.999-12:00"}, 0),
        ({"timestamp": str(int(MS) + 40 * 86_400_000)}, 0),
        ({"input_tokens": 2**63 - 1}, 1),
        ({"input_tokens": -5}, 1),
        ({"requests_cost_cents": 5e9}, 1),
        ({"model": "m" * 500, "kind": "k" * 500}, 1),
        ({"user_email": "ann\nlee@x.io"}, 1),
        ({"total_cents": "much"}, 1),
    ],
)
def test_odd_values_of_an_event_are_set_aside_and_the_rest_goes_on(tmp_path, change, taken):
    good = {**EVENT, "timestamp": "1772445600999"}
    path = make_file(tmp_path / "t.db", {**ROWS, "usage_events": [{**EVENT, **change}, good]})
    part = next(part for part in import_tracker_db(path, AT) if part.name == "usage events")
    assert (part.taken, part.unusable) == (1 + taken, 1 - taken)
    assert not Member.objects.filter(email__contains="\n").exists()
    assert UsageEvent.objects.filter(occurred_at=datetime(2026, 3, 2, 10, 0, 0, 999_000, tzinfo=UTC)).exists()


@pytest.mark.parametrize("count", [None, "many", -1])
def test_a_count_that_nobody_knows_is_unknown_and_not_zero(tmp_path, count):
    spending = {**ROWS["spending"][0], "fast_premium_requests": count}
    rows = {**ROWS, "usage_events": [{**EVENT, "input_tokens": count}], "spending": [spending]}
    import_tracker_db(make_file(tmp_path / "t.db", rows), AT)
    assert UsageEvent.objects.get().input_tokens is None
    assert SpendSnapshot.objects.get().premium_requests is None


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("daily_usage", {"lines_added": 2**63 - 1}),
        ("daily_usage", {"lines_added": -1}),
        ("daily_usage", {"lines_added": "many"}),
        ("daily_usage", {"email": "nobody at all"}),
        ("daily_usage", {"date": "0001-01-01"}),
        ("daily_spend", {"spend_cents": 1e30}),
        ("spending", {"included_spend_cents": 10**15}),
        ("spending", {"cycle_start": "1970-01-01"}),
        ("analytics_dau", {"dau": 2**40}),
        ("ai_code_commits", {"total_lines_added": 2**40}),
        ("anomalies", {"detected_at": "never"}),
        ("anomalies", {"user_email": "stranger@x.io"}),
        ("members", {"email": "x" * 300 + "@x.io"}),
        ("group_members", {"email": "stranger@x.io"}),
    ],
)
def test_odd_values_of_any_table_are_counted_and_the_rest_goes_on(tmp_path, table, change):
    rows = {**ROWS, table: [*ROWS[table], {**ROWS[table][0], "id": 77, **change}]}
    usual = import_tracker_db(make_file(tmp_path / "a.db", ROWS), AT, is_dry_run=True)
    result = import_tracker_db(make_file(tmp_path / "b.db", rows), AT)
    more = [odd.unusable - good.unusable for odd, good in zip(result, usual, strict=True)]
    assert sum(more) == 1
    assert [odd.taken for odd in result] == [good.taken for good in usual]


def test_columns_and_cells_of_other_types_mean_the_same(tmp_path):
    path = make_file(tmp_path / "tracker.db", ROWS)
    import_tracker_db(path, AT)
    expected = set(UsageEvent.objects.values_list("occurred_at", "model", "charged_cents", "input_tokens"))
    UsageEvent.objects.all().delete()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE usage_events RENAME TO former_events")
        connection.execute(
            "CREATE TABLE usage_events AS SELECT user_email AS User_Email, kind, max_mode,"
            " CAST(timestamp AS REAL) AS Timestamp, CAST(model AS BLOB) AS model,"
            " CAST(total_cents AS TEXT) AS TOTAL_CENTS,"
            " CAST(input_tokens AS TEXT) AS input_tokens, is_chargeable FROM former_events"
        )
    import_tracker_db(path, AT)
    events = UsageEvent.objects.values_list("occurred_at", "model", "charged_cents", "input_tokens")
    assert set(events) == expected


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1e30", "1" + "0" * 400, "-5", "0.5"])
def test_a_threshold_that_cannot_be_is_reported(tmp_path, number):
    config = f'{{"thresholds": {{"maxSpendCentsPerCycle": {number}, "maxRequestsPerDay": {number}}}}}'
    rows = {**ROWS, "config": [{"key": "detection", "value": config}]}
    before = DetectionSettings.get_solo().daily_requests_limit
    result = import_tracker_db(make_file(tmp_path / "tracker.db", rows), AT)
    [part] = [part for part in result if part.name == "detection settings"]
    assert part.read == 2
    assert DetectionSettings.get_solo().daily_requests_limit == before


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999"])
def test_an_amount_with_which_nobody_can_reckon_is_about_its_row(text):
    with pytest.raises(OddValue):
        amount(text)


def test_settings_that_nest_without_end_are_reported_and_the_rest_comes_in(tmp_path):
    rows = {**ROWS, "config": [{"key": "detection", "value": '{"a":' * 100_000}]}
    result = import_tracker_db(make_file(tmp_path / "tracker.db", rows), AT)
    [part] = [part for part in result if part.name == "detection settings"]
    assert (part.unusable, UsageEvent.objects.count()) == (1, 2)


def test_a_row_of_spend_with_odd_cells_is_kept_as_it_came(tmp_path):
    odd = {"spend_cents": b"\x00\xff", "monthly_limit_dollars": "unlimited", "fast_premium_requests": inf}
    spending = {**ROWS["spending"][0], **odd}
    import_tracker_db(make_file(tmp_path / "tracker.db", {**ROWS, "spending": [spending]}), AT)
    snapshot = SpendSnapshot.objects.get()
    assert (snapshot.included_cents, snapshot.limit_dollars, snapshot.premium_requests) == (200, None, None)
    assert snapshot.raw["fast_premium_requests"] == "Infinity"  # which PostgreSQL takes as text only


def test_a_view_in_place_of_a_table_and_an_empty_file_are_read_or_refused_in_a_line(tmp_path):
    path = make_file(tmp_path / "tracker.db", ROWS)
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE usage_events RENAME TO former_events")
        connection.execute("CREATE VIEW usage_events AS SELECT * FROM former_events")
    import_tracker_db(path, AT)
    assert UsageEvent.objects.count() == 2
    (tmp_path / "empty.db").touch()
    with pytest.raises(FileError, match="not an SQLite database"):
        import_tracker_db(tmp_path / "empty.db", AT)
