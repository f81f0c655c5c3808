"""What an import replaced, kept so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from groups.assignments.placing import Placement


@dataclass(frozen=True)
class Closed:
    """A deleted group that the import opened again: since when it was closed, and for which other."""

    day: date
    merged_into_id: int | None


@dataclass(frozen=True)
class Before:
    """What was written, what stood there from that day on (by member), and the groups made for it."""

    written: Sequence[Placement]
    rows: Mapping[int, Sequence[Placement]]
    made: Sequence[int]
    opened: Mapping[int, Closed]

    def as_json(self) -> dict[str, object]:
        return {
            "written": [_to_json(row) for row in self.written],
            "rows": {str(pk): [_to_json(row) for row in rows] for pk, rows in self.rows.items()},
            "made": list(self.made),
            "opened": {str(pk): [str(was.day), was.merged_into_id] for pk, was in self.opened.items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Before:
        return cls(
            written=[_from_json(row) for row in stored["written"]],
            rows={int(pk): [_from_json(row) for row in rows] for pk, rows in stored["rows"].items()},
            made=stored["made"],
            opened={
                int(pk): Closed(date.fromisoformat(day), heir) for pk, (day, heir) in stored["opened"].items()
            },
        )


def _to_json(row: Placement) -> list[object]:
    by, at = row.changed_by, row.changed_at.isoformat()
    return [row.member_id, row.group_id, row.from_day.isoformat(), row.source, by, at]


def _from_json(stored: list[Any]) -> Placement:
    member_id, group_id, day, source, by, at = stored
    return Placement(member_id, group_id, date.fromisoformat(day), source, by, datetime.fromisoformat(at))
