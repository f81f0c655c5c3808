"""Groups of cursor-usage-tracker, for members who were never in one here."""

from collections.abc import Callable
from datetime import date, datetime

from collector.base.cells import is_empty_value
from collector.base.days import utc_day
from collector.base.short_transactions import batches
from groups.assignments.changes import group_named, open_or_make
from groups.assignments.placing import Placement, record
from groups.models import Assignment
from groups.names import UNASSIGNED_NAME, free_name, key, nearest
from tracker.imports.database import Cell, ImportPart, OddValue, TrackerDb, TrackerRow, day_of, label, text_of
from tracker.imports.taking import Taking

BY = "cursor-usage-tracker"
# How the vendor's own group ids begin; others were made in the tracker, by hand or from HiBob.
CURSOR_PREFIX = "group_"
# The id under which the tracker stores the vendor's `unassignedGroup`.
CURSORS_REST = "unassigned"


def take_groups(db: TrackerDb, taking: Taking) -> ImportPart:
    """Assign members as the tracker had them. One whom it has in two groups is in the one joined last."""
    part = ImportPart("group members")
    names = {row["id"]: label(row["name"], 400) for row in db.rows("billing_groups", "id", "name")}
    assigned = set(Assignment.objects.values_list("member_id", flat=True))
    latest: dict[int, TrackerRow] = {}
    for row in part.counted(db.rows("group_members", "group_id", "email", "joined_at")):
        try:
            member_id = taking.member_id(row["email"])
        except (OddValue, KeyError):
            part.reject("for an address that is not a member's")
            continue
        if row["group_id"] not in names:
            part.reject("of a group that is not in the file")
        # Cursor's `unassignedGroup`, or a name such as “none”, is not a group.
        elif member_id not in assigned and not (
            row["group_id"] == CURSORS_REST or is_empty_value(names[row["group_id"]])
        ):
            latest[member_id] = max(row, latest.get(member_id, row), key=_joined)
    part.taken = len(latest)
    if not taking.is_dry_run:
        taking.transactions.run(_placing(batch, names, taking.at) for batch in batches(latest.items(), id))
    return part


def _placing(batch: list[tuple[int, TrackerRow]], names: dict[Cell, str], at: datetime) -> Callable[[], int]:
    def place() -> int:
        groups = {row["group_id"]: _group_id(names[row["group_id"]], at) for _, row in batch}
        return record(_placement(member_id, groups[row["group_id"]], row, at) for member_id, row in batch)

    return place


def _joined(row: TrackerRow) -> str:
    """When somebody joined, for sorting; the group's id tells equal ones apart, whatever their order."""
    return f"{text_of(row['joined_at'])} {text_of(row['group_id'])}"


def _placement(member_id: int, group_id: int, row: TrackerRow, at: datetime) -> Placement:
    is_cursors = str(row["group_id"]).startswith(CURSOR_PREFIX)
    source = Assignment.SetBy.CURSOR if is_cursors else Assignment.SetBy.BACKUP
    return Placement(member_id, group_id, _first_day(row, at), source, BY, at)


def _first_day(row: TrackerRow, at: datetime) -> date:
    """The day of joining; today where the tracker does not know, or names one ahead."""
    joined = day_of(row["joined_at"])
    return joined if joined and joined <= utc_day(at) else utc_day(at)


def _group_id(name: str, at: datetime) -> int:
    path = nearest(name)
    if key(path) == key(UNASSIGNED_NAME):
        path = free_name(path, ())
    group = group_named(path)
    return group.pk if group and not group.closed_day else open_or_make(path, group, at).pk
