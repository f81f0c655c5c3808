"""Activity, analytics and commits of cursor-usage-tracker, on days of which nothing was collected here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from collector.base.days import day_end, day_start
from collector.models import AiCodeCommit, DailyActivity, MemberAnalyticsDay, TeamAnalyticsDay
from collector.sources.commits import imported_hash

from .database import ImportPart, TrackerDb, TrackerRow, day, number
from .people import BATCH, DayReader

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


def activity(db: TrackerDb, at: datetime) -> ImportPart:
    part = ImportPart("daily activity")
    known = set(DailyActivity.objects.values_list("member_id", "day"))
    columns = ("is_active", *ACTIVITY.values(), *ACTIVITY_TEXTS.values())
    new: dict[tuple[int, date], DailyActivity] = {}
    for member_id, on, row in DayReader(db, at).read(part, "daily_usage", *columns):
        if (member_id, on) in known:
            part.known += 1
            continue
        texts = {ours: str(row[theirs] or "") for ours, theirs in ACTIVITY_TEXTS.items()}
        new[member_id, on] = DailyActivity(
            member_id=member_id,
            day=on,
            is_active=bool(row["is_active"]),
            updated_at=at,
            most_used_model=texts["most_used_model"][:120],
            tab_extension=texts["tab_extension"][:40],
            client_version=texts["client_version"][:40],
            **{ours: number(row[theirs]) for ours, theirs in ACTIVITY.items()},
        )
    DailyActivity.objects.bulk_create(new.values(), batch_size=BATCH)
    part.taken = len(new)
    return part


def team_analytics(db: TrackerDb, at: datetime) -> ImportPart:
    part = ImportPart("team analytics")
    for metric in TEAM_METRICS:
        known = set(TeamAnalyticsDay.objects.filter(metric=metric.metric).values_list("day", flat=True))
        new: dict[tuple[date, str, str], TeamAnalyticsDay] = {}
        for row in db.rows(metric.table, "date", *_columns(metric)):
            part.read += 1
            on = day(row["date"])
            if on is None:
                part.unusable += 1
            elif on in known:
                part.known += 1
            else:
                name, detail = _label(row, metric.name), _label(row, metric.detail)
                new[on, name, detail] = TeamAnalyticsDay(
                    metric=metric.metric,
                    day=on,
                    name=name,
                    detail=detail,
                    count=number(row[metric.count]),
                    values={theirs: number(row[column]) for theirs, column in metric.values.items()},
                    updated_at=at,
                )
        TeamAnalyticsDay.objects.bulk_create(new.values(), batch_size=BATCH)
        part.taken += len(new)
    return part


def member_analytics(db: TrackerDb, at: datetime) -> ImportPart:
    part = ImportPart("analytics by member")
    for metric in MEMBER_METRICS:
        rows = MemberAnalyticsDay.objects.filter(metric=metric.metric)
        known = set(rows.values_list("member_id", "day"))
        new: dict[tuple[int, date, str, str], MemberAnalyticsDay] = {}
        for member_id, on, row in DayReader(db, at).read(part, metric.table, *_columns(metric)):
            if (member_id, on) in known:
                part.known += 1
                continue
            name, detail = _label(row, metric.name), _label(row, metric.detail)
            new[member_id, on, name, detail] = MemberAnalyticsDay(
                member_id=member_id,
                metric=metric.metric,
                day=on,
                name=name,
                detail=detail,
                count=number(row[metric.count]),
                updated_at=at,
            )
        MemberAnalyticsDay.objects.bulk_create(new.values(), batch_size=BATCH)
        part.taken += len(new)
    return part


def commits(db: TrackerDb, at: datetime) -> ImportPart:
    """Days of commits, as one each: the file has their lines added up by member and day."""
    part = ImportPart("days of commits")
    known = set(AiCodeCommit.objects.values_list("member_id", "day"))
    new: dict[tuple[int, date], AiCodeCommit] = {}
    for member_id, on, row in DayReader(db, at).read(part, "ai_code_commits", *COMMIT_LINES.values()):
        if (member_id, on) in known:
            part.known += 1
            continue
        new[member_id, on] = AiCodeCommit(
            commit_hash=imported_hash(on),
            member_id=member_id,
            day=on,
            committed_at=day_start(on),
            ingested_at=day_end(on),
            updated_at=at,
            **{ours: number(row[theirs]) for ours, theirs in COMMIT_LINES.items()},
        )
    AiCodeCommit.objects.bulk_create(new.values(), batch_size=BATCH)
    part.taken = len(new)
    return part


def _columns(metric: MetricColumns) -> list[str]:
    named = [column for column in (metric.name, metric.detail) if column]
    return list(dict.fromkeys([*named, metric.count, *metric.values.values()]))


def _label(row: TrackerRow, column: str) -> str:
    return str(row[column] or "")[:200] if column else ""
