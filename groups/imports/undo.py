"""Undoing an import."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from collector.base.days import utc_day
from groups.assignments.changes import ChangeRefused, saved
from groups.assignments.membership import members_of
from groups.assignments.placing import leave_closed_groups, lock_members, on_record, put_back
from groups.budgets.csv_columns import current_budgets
from groups.models import Group, GroupImport
from groups.names import key

from .before import BEFORE, Before


@dataclass(frozen=True)
class Undone:
    """How many members are back where they were, and how many were changed since and left alone."""

    restored: int
    left_alone: int


def undo(group_import: GroupImport, *, by: str, now: datetime) -> Undone:
    """Put back what the import replaced, in one transaction. Whoever was moved since stays where they are."""
    with transaction.atomic():
        group_import = GroupImport.objects.select_for_update().get(pk=group_import.pk)
        if group_import.status != GroupImport.ImportState.APPLIED:
            raise ChangeRefused("Only an import that has been applied can be undone.")
        before = BEFORE.validate_python(group_import.before)
        days = {row.member_id: row.from_day for row in before.written}
        Group.objects.locked().in_bulk()  # others who move members wait until all is put back
        lock_members(days)
        now_there = on_record(days)
        untouched = {
            row.member_id: row.from_day
            for row in before.written
            if [there.meaning for there in now_there[row.member_id]] == [row.meaning]
        }
        put_back({pk: before.rows[pk] for pk in untouched}, untouched)
        leave_closed_groups(by=by, now=now)
        _close_groups(before, _budgets_set(group_import), now)
        group_import.status = GroupImport.ImportState.UNDONE
        group_import.undone_by, group_import.undone_at = by, now
        group_import.save(update_fields=["status", "undone_by", "undone_at"])
    return Undone(restored=len(untouched), left_alone=len(days) - len(untouched))


def _budgets_set(group_import: GroupImport) -> dict[str, str]:
    """The groups' budgets that the import asked for, in dollars, by the keys of their names."""
    return {key(row["path"]): row["new"] for row in group_import.plan.get("budgets", ()) if row["path"]}


def _close_groups(before: Before, budgets_set: dict[str, str], now: datetime) -> None:
    """Remove the groups made for the import and close those it opened, where nobody has used them since.

    A budget that the import itself set goes with its group; one that was set since keeps it.
    """
    _, budgets = current_budgets()
    unused = Group.objects.annotate(uses=Count("assignments") + Count("merged")).filter(uses=0)
    for unwanted in unused.filter(pk__in=before.made, cursor_group__isnull=True):
        name = key(unwanted.name)
        if name not in budgets or budgets[name] == budgets_set.get(name):
            unwanted.delete()
    today = utc_day(now)
    for group in Group.objects.filter(pk__in=before.opened):
        was = before.opened[group.pk]
        if not members_of({group.pk}, today):
            group.closed_day, group.merged_into_id = was.day, was.merged_into_id
            if group.merged_into and group.merged_into.leads_to(group.pk):
                group.merged_into = None  # that one was merged into this one since
            saved(group, now)
