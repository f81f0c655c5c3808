"""Members of cursor-usage-tracker, and its rows about them."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from operator import attrgetter

from collector.base.short_transactions import batches
from collector.cursor.values import NO_IDS
from collector.facts.roster import Identity, identify
from collector.models import Member

from .database import Cell, ImportPart, OddValue, TrackerDb, TrackerRow, email, instant_of, label
from .taking import Taking

# Tables that name members by `email`, beside the members' own and the events.
TABLES_WITH_MEMBERS = (
    "daily_usage",
    "spending",
    "daily_spend",
    "analytics_user_mcp",
    "analytics_user_commands",
    "ai_code_commits",
)


def take_members(db: TrackerDb, taking: Taking) -> ImportPart:
    """People whom nobody knows yet, and names of those who had none.

    Of several addresses with one of Cursor's ids the one seen last is the member's, the others are former.
    """
    part = ImportPart("members")
    members = Member.objects.in_bulk()
    new: list[Member] = []
    named: list[Member] = []
    taken: set[str] = set()  # addresses and ids of those who are new
    for row in part.counted(db.rows("members", *MEMBER_COLUMNS, only="ORDER BY last_seen DESC")):
        try:
            identity = taking.identity(row["email"], _cursor_id(row)) if email(row["email"]) else identify("")
        except OddValue:
            identity = identify("")
        names = {identity.key, identity.cursor_id} - {""}
        if not identity.has_address:
            part.reject("without an e-mail address")
        elif present := members.get(taking.roster.known_id(identity) or 0):
            if not present.name and label(row["name"], 200):
                present.name = label(row["name"], 200)
                named.append(present)
        elif taken.isdisjoint(names):
            new.append(_member(identity, row, taking))
        taken |= names
    _save(taking, new, named)
    part.taken = len(new)
    taking.roster.reload()
    taking.admit(list(taking.identities))  # those of the members, former ones included
    _admit_others(db, taking)
    return part


def _cursor_id(row: TrackerRow) -> str:
    number = label(row["user_id"], 80)
    return "" if number in NO_IDS else number


MEMBER_COLUMNS = ("email", "user_id", "name", "role", "is_removed", "first_seen", "last_seen")


def _member(identity: Identity, row: TrackerRow, taking: Taking) -> Member:
    return Member(
        email=identity.key,
        name=label(row["name"], 200),
        role=label(row["role"], 40),
        cursor_id=identity.cursor_id,
        is_removed=bool(row["is_removed"]),
        first_seen_at=instant_of(row["first_seen"]) or taking.at,
        last_seen_at=instant_of(row["last_seen"]) or taking.at,
    )


def _save(taking: Taking, new: list[Member], named: list[Member]) -> None:
    taking.transactions.create(Member, batches(new, id))
    if not taking.is_dry_run:
        taking.transactions.run(
            partial(Member.objects.bulk_update, batch, ["name"]) for batch in batches(named, id)
        )


def _admit_others(db: TrackerDb, taking: Taking) -> None:
    """Make members of those whom only other tables name; their rows would be lost."""
    addresses = {
        row["email"]
        for table in ("members", *TABLES_WITH_MEMBERS)
        for row in db.rows(table, "email", only="GROUP BY email")
        if row["email"] and _is_usable(taking, row["email"])
    }
    taking.admit(sorted(addresses))


def _is_usable(taking: Taking, address: Cell) -> bool:
    try:
        return bool(email(address)) and taking.identity(address) != identify("")
    except OddValue:
        return False


# What a row of a member's day is about.
member_day = attrgetter("member_id", "day")


def rows_of_days(
    db: TrackerDb, taking: Taking, part: ImportPart, table: str, *columns: str
) -> Iterator[tuple[int, date, TrackerRow]]:
    """Rows with an e-mail and a day, day by day: each with its member."""
    rows = db.rows(table, "email", "date", *columns, only="ORDER BY date, email")
    watched = part.counted(taking.watched(part.name, db.count(table), rows))
    return part.readable(
        zip(watched), lambda row: (taking.member_id(row["email"]), taking.day(row["date"]), row)
    )
