"""Whether the sums that the database keeps are those of the rows of days."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from collector.models import MemberModelDay, MemberModelWeek, TeamModelDay
from collector.models.sums import SUMMED

Sums = dict[tuple[Any, ...], tuple[Any, ...]]
KEYS = {
    MemberModelWeek: ("week", "member_id", "model", "surface"),
    TeamModelDay: ("day", "model", "surface", "is_after_turn"),
}


def assert_sums_agree(using: str = "default") -> None:
    for model, keys in KEYS.items():
        stored = {
            tuple(row[key] for key in keys): _figures(row) for row in model.objects.using(using).values()
        }
        expected = _added_up(keys, using)
        nothing = (0,) * (len(SUMMED) + 1)
        assert {key: figures for key, figures in stored.items() if figures != nothing} == expected


def _added_up(keys: tuple[str, ...], using: str) -> Sums:
    sums: dict[tuple[Any, ...], Counter[str]] = {}
    for row in MemberModelDay.objects.using(using).values():
        row["week"] = row["day"] - timedelta(days=row["day"].weekday())
        own = sums.setdefault(tuple(row[key] for key in keys), Counter())
        own.update({name: row[name] for name in SUMMED} | {"day_rows": 1})
    return {key: _figures(own) for key, own in sums.items()}


def _figures(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in (*SUMMED, "day_rows"))
