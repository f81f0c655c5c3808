"""Whether the sums that the database keeps are those of the rows of days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Model

from collector.models import (
    DailyActivity,
    MemberActivityWeek,
    MemberModelDay,
    MemberModelWeek,
    MemberRequestWeek,
    TeamModelDay,
)

Row = dict[str, Any]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Kept(NamedTuple):
    """A table of sums: its key, its figures, the table of the rows, and what one row adds."""

    sums: type[Model]
    key: tuple[str, ...]
    figures: tuple[str, ...]
    rows: type[Model]
    added: Callable[[Row], Row]


def _micro(row: Row) -> Row:
    return {f"{name}_micro": int(row[f"{name}_cents"] * 10**6) for name in ("total", "billed")}


def _used(row: Row) -> Row:
    is_agent = row["surface"] in ("cloud_agent", "automation")
    agent = {"agent_requests": row["requests"], "agent_micro": _micro(row)["total_micro"]}
    served = dict.fromkeys(WEEKDAYS, 0) | {WEEKDAYS[row["day"].weekday()]: int(row["requests"] > 0)}
    return row | _micro(row) | {name: is_agent * count for name, count in agent.items()} | served


COUNTED = (
    "requests", "failed_requests", "max_mode_requests", "runs",
    "input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens",
)  # fmt: skip
MICRO = ("total_micro", "billed_micro")
USED = (
    "requests", "failed_requests", "cache_read_tokens", "runs", "agent_requests", *MICRO, "agent_micro",
)  # fmt: skip
ACTIVITY = ("active_days", "lines_added", "accepts", "applies", "tabs_accepted")
KEPT = (
    Kept(
        MemberModelWeek, ("week", "member_id", "model", "surface"), (*COUNTED, *MICRO), MemberModelDay,
        lambda row: row | _micro(row),
    ),
    Kept(
        TeamModelDay, ("day", "model", "surface", "is_after_turn"),
        (*COUNTED, "total_cents", "billed_cents"), MemberModelDay, lambda row: row,
    ),
    Kept(
        MemberActivityWeek, ("week", "member_id"), ACTIVITY, DailyActivity,
        lambda row: row | {"active_days": int(row["is_active"])},
    ),
    Kept(MemberRequestWeek, ("week", "member_id"), (*USED, *WEEKDAYS), MemberModelDay, _used),
)  # fmt: skip


def assert_sums_agree(using: str = "default") -> None:
    for kept in KEPT:
        names = (*kept.figures, "day_rows")
        rows = kept.sums.objects.using(using).values()  # type: ignore[attr-defined]
        stored = {tuple(row[key] for key in kept.key): tuple(row[name] for name in names) for row in rows}
        stored = {key: figures for key, figures in stored.items() if any(figures)}
        assert stored == _added_up(kept, names, using), kept.sums


def _added_up(kept: Kept, names: tuple[str, ...], using: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    sums: dict[tuple[Any, ...], Counter[str]] = {}
    for row in kept.rows.objects.using(using).values():  # type: ignore[attr-defined]
        row["week"] = row["day"] - timedelta(days=row["day"].weekday())
        own = sums.setdefault(tuple(row[key] for key in kept.key), Counter())
        added = kept.added(row) | {"day_rows": 1}
        own.update({name: added[name] for name in names})
    return {key: tuple(own[name] for name in names) for key, own in sums.items()}
