"""Members of cursor-usage-tracker, and its rows about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from collector.facts.roster import Roster, identify
from collector.models import Member

from .database import ImportPart, TrackerDb, TrackerRow, day, email, instant

BATCH = 500


def members(db: TrackerDb, at: datetime) -> ImportPart:
    """People whom nobody knows yet, and names of those who had none."""
    part = ImportPart("members")
    there = {member.email: member for member in Member.objects.all()}
    new: dict[str, Member] = {}
    for row in db.rows(
        "members", "email", "user_id", "name", "role", "is_removed", "first_seen", "last_seen"
    ):
        part.read += 1
        address = email(row["email"])
        if not address:
            part.unusable += 1
        elif known := there.get(address):
            part.known += 1
            if not known.name and row["name"]:
                Member.objects.filter(pk=known.pk).update(name=str(row["name"])[:200])
        else:
            new[address] = Member(
                email=address,
                name=str(row["name"] or "")[:200],
                role=str(row["role"] or "")[:40],
                cursor_id=str(row["user_id"] or "")[:80],
                is_removed=bool(row["is_removed"]),
                first_seen_at=instant(row["first_seen"]) or at,
                last_seen_at=instant(row["last_seen"]) or at,
            )
    Member.objects.bulk_create(new.values(), batch_size=BATCH)
    part.taken = len(new)
    return part


@dataclass
class DayReader:
    """Rows with an e-mail and a day: each with its member, who is made if unknown."""

    db: TrackerDb
    at: datetime

    def read(self, part: ImportPart, table: str, *columns: str) -> Iterator[tuple[int, date, TrackerRow]]:
        roster = Roster.load()
        for row in self.db.rows(table, "email", "date", *columns):
            part.read += 1
            address, on = email(row["email"]), day(row["date"])
            if not address or on is None:
                part.unusable += 1
                continue
            identity = identify(address)
            roster.admit([identity], self.at)
            yield roster.member_id(identity), on, row
