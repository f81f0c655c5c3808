"""Answers of the Analytics and AI Code Tracking APIs as typed records, and what each metric's rows mean.

Documentation: cursor.com/docs/account/teams/analytics-api and ai-code-tracking-api, read in Aug 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from .errors import wrong_shape
from .records import Pagination
from .values import Count, Day, Email, Instant, Name, Record, Short, cut, storable

Hash = Annotated[Name, cut(64)]


class Measured(NamedTuple):
    """One count of one metric: what it counts (`name`, `detail`), and every number of the row."""

    day: Any
    name: str
    detail: str
    counted: int
    values: dict[str, int | float]


@dataclass(frozen=True)
class AnalyticsMetric:
    """Which field of a row is its count, and which say what is counted."""

    count: str
    name: str = ""
    detail: str = ""


# The vendor's path: what its rows hold. `models` nests its rows by model.
TEAM_METRICS = {
    "dau": AnalyticsMetric("dau"),
    "models": AnalyticsMetric("messages", "model"),
    "agent-edits": AnalyticsMetric("total_accepted_diffs"),
    "tabs": AnalyticsMetric("total_accepts"),
    "mcp": AnalyticsMetric("usage", "tool_name", "mcp_server_name"),
    "commands": AnalyticsMetric("usage", "command_name"),
    "plans": AnalyticsMetric("usage", "model"),
    "ask-mode": AnalyticsMetric("usage", "model"),
    "skills": AnalyticsMetric("usage", "skill_name"),
    "top-file-extensions": AnalyticsMetric("total_accepts", "file_extension"),
    "client-versions": AnalyticsMetric("user_count", "client_version"),
}
MEMBER_METRICS = ("mcp", "commands")


class MetricRow(BaseModel):
    """A row of any metric: its day, and fields by the vendor's snake-case names."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    day: Day = Field(validation_alias=AliasChoices("event_date", "date"))

    @property
    def fields(self) -> dict[str, Any]:
        return self.model_extra or {}


class TeamAnswer(Record):
    """GET /analytics/team/:metric; days without data are absent."""

    data: list[MetricRow]


class MemberAnswer(Record):
    """GET /analytics/by-user/:metric; by e-mail."""

    data: dict[Email, list[MetricRow]]
    pagination: Pagination


class CommitRecord(Record):
    """One commit; an amended one comes again under the same hash with a later `createdAt`."""

    commit_hash: Hash
    user_email: Email
    user_id: Short = ""
    repo_name: Annotated[Name, cut(300)] = ""
    branch_name: Annotated[Name, cut(300)] = ""
    is_primary_branch: bool | None = None
    commit_source: Short = ""
    total_lines_added: Count = 0
    total_lines_deleted: Count = 0
    tab_lines_added: Count = 0
    tab_lines_deleted: Count = 0
    composer_lines_added: Count = 0
    composer_lines_deleted: Count = 0
    non_ai_lines_added: Count | None = None
    non_ai_lines_deleted: Count | None = None
    commit_ts: Instant | None = None
    created_at: Instant


class CommitsAnswer(Record):
    """GET /analytics/ai-code/commits."""

    items: list[CommitRecord]
    total_count: Count
    page_size: Count | None = None

    def has_more(self, page: int, asked: int) -> bool:
        """Whether a page follows `page`, of as many rows as the answer says where fewer than `asked` came."""
        return page * (self.page_size or asked) < self.total_count


def measure(metric: str, rows: list[MetricRow], where: str) -> Iterator[Measured]:
    """What the rows of `metric` count; CursorApiError naming a field that is missing or mistyped."""
    meaning = TEAM_METRICS[metric]
    for row in rows:
        for fields in _parts(metric, row, where):
            yield Measured(
                row.day,
                _label(fields, meaning.name, where),
                _label(fields, meaning.detail, where),
                _count(fields, meaning.count, where),
                {name: _plain(value) for name, value in fields.items() if _is_number(value)},
            )


def _parts(metric: str, row: MetricRow, where: str) -> list[dict[str, Any]]:
    if metric != "models":
        return [row.fields]
    breakdown = row.fields.get("model_breakdown")
    if not isinstance(breakdown, dict) or not all(isinstance(each, dict) for each in breakdown.values()):
        raise wrong_shape(where, "unexpected answer: model_breakdown is missing or no object")
    return [{"model": model, **fields} for model, fields in breakdown.items()]


def _label(fields: dict[str, Any], name: str, where: str) -> str:
    if not name:
        return ""
    if name not in fields:
        raise wrong_shape(where, f"unexpected answer: {name} is missing")
    value = fields[name]
    return "" if value in (None, "null") else storable(str(value))[:200]


def _count(fields: dict[str, Any], name: str, where: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise wrong_shape(where, f"unexpected answer: {name} is no count")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _plain(value: int | Decimal) -> int | float:
    """JSON knows no decimals; shares and ratios are no money."""
    return value if isinstance(value, int) else float(value)
