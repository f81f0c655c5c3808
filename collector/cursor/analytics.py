"""Answers of the Analytics and AI Code Tracking APIs as typed records, and what each metric's rows mean.

Documentation: cursor.com/docs/account/teams/analytics-api and ai-code-tracking-api, read in Aug 2026.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import AliasChoices, ConfigDict, Field, model_validator

from collector.base.cells import tidy
from collector.base.days import utc_day
from collector.base.notes import Notes
from collector.base.plausibility import ImplausibleValue, plausible_count, plausible_number

from .envelopes import ListAnswer, PagedAnswer
from .rows import read_rows, reject_raw
from .values import (
    NO_IDS,
    Day,
    Email,
    Id,
    OptionalFlag,
    Place,
    Record,
    SomeCount,
    SomeInstant,
    text_validator,
    with_null_as,
)

Hash = Annotated[str, text_validator(64)]


class Measured(NamedTuple):
    """One count of one metric: what it counts (`name`, `detail`), and every number of the row."""

    day: object
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


class MetricRow(Record):
    """A row of any metric: its day, and fields by the vendor's snake-case names."""

    model_config = ConfigDict(extra="allow", protected_namespaces=(), alias_generator=None)

    day: Day = Field(validation_alias=AliasChoices("event_date", "date"))

    @property
    def fields(self) -> dict[str, object]:
        return self.model_extra or {}


class TeamAnswer(Record):
    """GET /analytics/team/:metric; days without data are absent."""

    data: list[object]


class MetricsByMember(PagedAnswer):
    """GET /analytics/by-user/:metric; by e-mail."""

    data: dict[str, object]
    params: object = None

    @model_validator(mode="before")
    @classmethod
    def read_nothing(cls, value: object) -> object:
        """Take null or an empty list for nobody: some languages write an empty object so."""
        value = with_null_as(value, ("data",), {})
        return value | {"data": {}} if isinstance(value, dict) and value.get("data") == [] else value


class CommitRecord(Record):
    """One commit; an amended one comes again under the same hash with a later `createdAt`.

    A count that cannot be read is None; one that is missing is 0, unless it is one of the optional ones.
    """

    commit_hash: Hash
    user_email: Email = ""
    user_id: Id = ""
    repository: Place = Field("", validation_alias="repoName")
    branch: Place = Field("", validation_alias="branchName")
    is_primary_branch: OptionalFlag = None
    source: Annotated[str, text_validator(20)] = Field("", validation_alias="commitSource")
    lines_added: SomeCount = Field(0, validation_alias="totalLinesAdded")
    lines_deleted: SomeCount = Field(0, validation_alias="totalLinesDeleted")
    tab_lines_added: SomeCount = 0
    tab_lines_deleted: SomeCount = 0
    composer_lines_added: SomeCount = 0
    composer_lines_deleted: SomeCount = 0
    unattributed_lines_added: SomeCount = Field(None, validation_alias="nonAiLinesAdded")
    unattributed_lines_deleted: SomeCount = Field(None, validation_alias="nonAiLinesDeleted")
    committed_at: SomeInstant = Field(None, validation_alias="commitTs")
    created_at: SomeInstant = None

    @model_validator(mode="after")
    def check_commit(self) -> CommitRecord:
        """Require a hash and one of the two times; one replaces the other."""
        self.created_at = self.created_at or self.committed_at
        if not self.commit_hash or self.created_at is None:
            raise ValueError("a commit without a hash or a time")
        return self

    @property
    def ingested_at(self) -> datetime:
        assert self.created_at is not None  # noqa: S101  (the validator above)
        return self.created_at

    @property
    def day(self) -> date:
        return utc_day(self.committed_at or self.ingested_at)


class CommitsAnswer(ListAnswer):
    """GET /analytics/ai-code/commits."""

    rows: list[object] = Field(validation_alias="items")
    page_size: SomeCount = None

    def is_followed(self, page: int, asked: int) -> bool:
        """Whether another page follows `page`. The page size that the answer states counts, else `asked`."""
        size = self.page_size or asked
        by_count = len(self.rows) >= size if self.total is None else page * size < self.total
        return bool(by_count if (stated := self.has_more(page)) is None else stated)


def measure(metric: str, raws: object, notes: Notes) -> Iterator[Measured]:
    """What the rows of `metric` count; a row that cannot be read is rejected alone."""
    meaning = TEAM_METRICS[metric]
    if not isinstance(raws, list):
        reject_raw(raws, "not a list of rows", notes, where=metric)
        return
    for row, raw in read_rows(MetricRow, raws, notes, where=metric):
        try:
            parts = list(_parts(metric, row))
        except ImplausibleValue as problem:
            reject_raw(raw, str(problem), notes, where=metric)
            continue
        for fields in parts:
            try:
                yield _measured(row.day, fields, meaning)
            except ImplausibleValue as problem:
                whole = raw | fields if isinstance(raw, dict) else raw
                reject_raw(whole, str(problem), notes, where=metric)


def _measured(day: date, fields: dict[str, Any], meaning: AnalyticsMetric) -> Measured:
    return Measured(
        day,
        _label(fields, meaning.name),
        _label(fields, meaning.detail),
        _count(fields, meaning.count),
        dict(_numbers(fields, (meaning.name, meaning.detail))),
    )


def _parts(metric: str, row: MetricRow) -> Iterator[dict[str, object]]:
    if metric != "models":
        yield row.fields
        return
    breakdown = row.fields.get("model_breakdown")
    if not isinstance(breakdown, dict):
        raise ImplausibleValue("model_breakdown is missing or not an object")
    for model, fields in breakdown.items():
        yield {"model": model, **fields} if isinstance(fields, dict) else {"model": model}


def _label(fields: dict[str, object], name: str) -> str:
    if not name:
        return ""
    if name not in fields:
        raise ImplausibleValue(f"{name} is missing")
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | None):
        raise ImplausibleValue(f"{name} is not text")
    return "" if value in (None, "null") else tidy(str(value))[:200]


def _count(fields: dict[str, object], name: str) -> int:
    try:
        return plausible_count(fields.get(name))
    except ImplausibleValue as problem:
        raise ImplausibleValue(f"{name} is not a count: it {problem}") from None


def _numbers(fields: dict[str, Any], labels: Container[str]) -> Iterator[tuple[str, int | float]]:
    """The plausible numbers beside the labels. JSON has no decimals; shares and ratios are not money."""
    for name, value in fields.items():
        try:
            number = plausible_number(value)
        except ImplausibleValue:
            continue
        if number >= 0 and name not in labels:
            yield name, int(number) if number == int(number) else float(number)


def user_mappings(params: object) -> dict[str, str]:
    """Cursor's ids by e-mail, from an answer by user."""
    mappings = params.get("userMappings") if isinstance(params, dict) else None
    pairs = [pair for pair in mappings if isinstance(pair, dict)] if isinstance(mappings, list) else []
    return {
        str(pair["email"]).strip().lower(): str(pair["id"])[:80]
        for pair in pairs
        if isinstance(pair.get("email"), str) and isinstance(pair.get("id"), str) and pair["id"] not in NO_IDS
    }
