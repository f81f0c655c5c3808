"""Activity, analytics and commits of cursor-usage-tracker, on days of which nothing was collected here."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from operator import attrgetter

from collector.base.days import day_end, day_start
from collector.cursor.values import LARGEST_INTEGER
from collector.models import AiCodeCommit, DailyActivity, MemberAnalyticsDay, TeamAnalyticsDay
from collector.sources.commits import imported_hash

from .database import Cell, ImportPart, OddValue, TrackerDb, TrackerRow, label, number
from .people import member_day, rows_of_days
from .taking import Taking

# Column here: column there.
ACTIVITY = {
    "lines_added": "lines_added",
    "lines_deleted": "lines_deleted",
    "accepted_lines_added": "accepted_lines_added",
    "accepted_lines_deleted": "accepted_lines_deleted",
    "applies": "total_applies",
    "accepts": "total_accepts",
    "rejects": "total_rejects",
    "tabs_shown": "total_tabs_shown",
    "tabs_accepted": "tabs_accepted",
    "composer_requests": "composer_requests",
    "chat_requests": "chat_requests",
    "agent_requests": "agent_requests",
    "usage_based_requests": "usage_based_reqs",
}
ACTIVITY_TEXTS = {
    "most_used_model": "most_used_model",
    "tab_extension": "tab_most_used_extension",
    "client_version": "client_version",
}
COMMIT_LINES = {
    "lines_added": "total_lines_added",
    "lines_deleted": "total_lines_deleted",
    "tab_lines_added": "tab_lines_added",
    "tab_lines_deleted": "tab_lines_deleted",
    "composer_lines_added": "composer_lines_added",
    "composer_lines_deleted": "composer_lines_deleted",
    "unattributed_lines_added": "non_ai_lines_added",
    "unattributed_lines_deleted": "non_ai_lines_deleted",
}


@dataclass(frozen=True)
class MetricColumns:
    """A table of analytics there, and the metric that it is here."""

    table: str
    metric: str
    count: str
    name: str = ""
    detail: str = ""
    values: dict[str, str] = field(default_factory=dict)  # the vendor's name of a number: the column there


EDITS = ("suggested_diffs", "accepted_diffs", "rejected_diffs", "lines_suggested", "lines_accepted")
TABS = ("suggestions", "accepts", "rejects", "lines_suggested", "lines_accepted")
TEAM_METRICS = (
    MetricColumns(
        "analytics_dau",
        "dau",
        "dau",
        values={name: name for name in ("dau", "cli_dau", "cloud_agent_dau", "bugbot_dau")},
    ),
    MetricColumns(
        "analytics_model_usage",
        "models",
        "messages",
        "model",
        values={"messages": "messages", "users": "users"},
    ),
    MetricColumns(
        "analytics_agent_edits",
        "agent-edits",
        "accepted_diffs",
        values={f"total_{name}": name for name in EDITS},
    ),
    MetricColumns("analytics_tabs", "tabs", "accepts", values={f"total_{name}": name for name in TABS}),
    MetricColumns("analytics_mcp", "mcp", "usage", "tool_name", "server_name", {"usage": "usage"}),
    MetricColumns(
        "analytics_file_extensions",
        "top-file-extensions",
        "total_files",
        "extension",
        values={"total_files": "total_files", "total_lines_accepted": "lines_accepted"},
    ),
    MetricColumns(
        "analytics_client_versions",
        "client-versions",
        "user_count",
        "version",
        values={"user_count": "user_count"},
    ),
    MetricColumns("analytics_commands", "commands", "usage", "command_name", values={"usage": "usage"}),
    MetricColumns("analytics_plans", "plans", "usage", "model", values={"usage": "usage"}),
)
MEMBER_METRICS = (
    MetricColumns("analytics_user_mcp", "mcp", "usage", "tool_name", "server_name"),
    MetricColumns("analytics_user_commands", "commands", "usage", "command_name"),
)


def take_activity(db: TrackerDb, taking: Taking) -> ImportPart:
    """Daily activity of the members and days that have none yet."""
    part = ImportPart("daily activity")
    columns = ("is_active", *ACTIVITY.values(), *ACTIVITY_TEXTS.values())
    rows = rows_of_days(db, taking, part, "daily_usage", *columns)
    days = part.readable(rows, partial(_activity, taking.at))
    stored = set(DailyActivity.objects.values_list("member_id", "day"))
    taking.store_new(part, DailyActivity, days, stored, member_day)
    return part


def _activity(at: datetime, member_id: int, on: date, row: TrackerRow) -> DailyActivity:
    return DailyActivity(
        member_id=member_id,
        day=on,
        is_active=bool(row["is_active"]),
        updated_at=at,
        most_used_model=label(row[ACTIVITY_TEXTS["most_used_model"]], 120),
        tab_extension=label(row[ACTIVITY_TEXTS["tab_extension"]], 40),
        client_version=label(row[ACTIVITY_TEXTS["client_version"]], 40),
        **{ours: daily_count(row[theirs]) for ours, theirs in ACTIVITY.items()},
    )


def take_commits(db: TrackerDb, taking: Taking) -> ImportPart:
    """Days of commits, as one each: the file has their lines added up by member and day."""
    part = ImportPart("days of commits")
    rows = rows_of_days(db, taking, part, "ai_code_commits", *COMMIT_LINES.values())
    days = part.readable(rows, partial(_commit, taking.at))
    stored = set(AiCodeCommit.objects.values_list("member_id", "day"))
    taking.store_new(part, AiCodeCommit, days, stored, member_day)
    return part


def _commit(at: datetime, member_id: int, on: date, row: TrackerRow) -> AiCodeCommit:
    return AiCodeCommit(
        commit_hash=imported_hash(on),
        member_id=member_id,
        day=on,
        committed_at=day_start(on),
        ingested_at=day_end(on),
        updated_at=at,
        **{ours: daily_count(row[theirs]) for ours, theirs in COMMIT_LINES.items()},
    )


def take_team_analytics(db: TrackerDb, taking: Taking) -> ImportPart:
    """Analytics of days that were not collected; a day goes in whole."""
    part = ImportPart("team analytics")
    for metric in TEAM_METRICS:
        rows = part.counted(db.rows(metric.table, "date", *_columns(metric), only="ORDER BY date"))
        days = part.readable(zip(rows), partial(_team_day, metric, taking))
        stored = set(TeamAnalyticsDay.objects.filter(metric=metric.metric).values_list("day", flat=True))
        taking.store_new(
            part, TeamAnalyticsDay, days, stored, attrgetter("day"), attrgetter("day", "name", "detail")
        )
    return part


def _team_day(metric: MetricColumns, taking: Taking, row: TrackerRow) -> TeamAnalyticsDay:
    return TeamAnalyticsDay(
        metric=metric.metric,
        day=taking.day(row["date"]),
        name=_short_label(row, metric.name),
        detail=_short_label(row, metric.detail),
        count=daily_count(row[metric.count]),
        values={theirs: daily_count(row[column]) for theirs, column in metric.values.items()},
        updated_at=taking.at,
    )


def take_member_analytics(db: TrackerDb, taking: Taking) -> ImportPart:
    """The same by member; a member's day goes in whole."""
    part = ImportPart("analytics by member")
    for metric in MEMBER_METRICS:
        rows = rows_of_days(db, taking, part, metric.table, *_columns(metric))
        days = part.readable(rows, partial(_member_day, metric, taking.at))
        stored = set(MemberAnalyticsDay.objects.filter(metric=metric.metric).values_list("member_id", "day"))
        key = attrgetter("member_id", "day", "name", "detail")
        taking.store_new(part, MemberAnalyticsDay, days, stored, member_day, key)
    return part


def _member_day(
    metric: MetricColumns, at: datetime, member_id: int, on: date, row: TrackerRow
) -> MemberAnalyticsDay:
    return MemberAnalyticsDay(
        member_id=member_id,
        metric=metric.metric,
        day=on,
        name=_short_label(row, metric.name),
        detail=_short_label(row, metric.detail),
        count=daily_count(row[metric.count]),
        updated_at=at,
    )


def daily_count(value: Cell) -> int:
    """A count of one day; OddValue where none can be so."""
    count = number(value)
    if count > LARGEST_INTEGER:
        raise OddValue("with an implausible count")
    return count


def _columns(metric: MetricColumns) -> list[str]:
    named = [column for column in (metric.name, metric.detail) if column]
    return list(dict.fromkeys([*named, metric.count, *metric.values.values()]))


def _short_label(row: TrackerRow, column: str) -> str:
    return label(row[column], 200) if column else ""
