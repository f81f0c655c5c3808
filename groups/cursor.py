"""The vendor's groups become assignments, unless something set here wins."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from django.db import transaction

from collector.base.history import annotate_history
from collector.base.reports import StepReport
from collector.models import CursorGroup, CursorGroupMembership

from .assignments import stays
from .assignments.placing import Placement, leave_closed_groups, record_unless_moved
from .models import Assignment, Group
from .names import free_name, key, nearest

CURSOR = "Cursor"


@dataclass(frozen=True)
class AdoptReport(StepReport):
    """What one adoption changed, and how many members stay where they were put here."""

    groups_new: int
    groups_renamed: int
    assignments_changed: int
    members_kept: int

    @property
    def summary(self) -> str:
        return (
            f"{self.groups_new} groups new, {self.groups_renamed} renamed, "
            f"{self.assignments_changed} assignments changed, {self.members_kept} members kept where set here"
        )


def adopt(now: datetime) -> AdoptReport:
    """Take over the vendor's groups and memberships; repeating it changes nothing."""
    with transaction.atomic():
        groups = _CursorGroups(now)
        for theirs in CursorGroup.objects.order_by("first_seen_at", "pk"):
            groups.take_over(theirs)
        placements, kept_count, known_local = _placements(groups)
        changed = record_unless_moved(placements, known_local)
        changed += leave_closed_groups(by=CURSOR, now=now)
    return AdoptReport(groups.new, groups.renamed, changed, kept_count)


class _CursorGroups:
    """The groups stored here, while Cursor's are adopted."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.by_id = Group.objects.locked().in_bulk()
        self.by_key = {key(group.name): group for group in self.by_id.values()}
        self.by_cursor_id = {
            group.cursor_group_id: group for group in self.by_id.values() if group.cursor_group_id
        }
        self.new = self.renamed = 0

    def take_over(self, theirs: CursorGroup) -> None:
        """Give `theirs` a group here, called alike unless it was named here."""
        name = nearest(theirs.name)
        ours = self.by_cursor_id.get(theirs.pk)
        if ours is None:
            self._add(theirs, name)
        elif not ours.is_name_local:
            self._rename(ours, name)

    def _add(self, theirs: CursorGroup, name: str) -> None:
        group = self.by_key.get(key(name))
        if group is None or group.cursor_group_id:
            group = Group(name=free_name(name, self.by_key), created_at=self.now)
            self.new += 1
        else:  # one made here under the same name becomes the vendor's too, and opens again if it was closed
            group.name, group.closed_day, group.merged_into = name, None, None
        group.cursor_group = theirs
        self._save(group)

    def _rename(self, group: Group, name: str) -> None:
        others = {cursor_id for cursor_id, other in self.by_key.items() if other is not group}
        free = free_name(name, others)
        if free == group.name:
            return
        del self.by_key[key(group.name)]
        group.name = free
        self.renamed += 1
        self._save(group)

    def _save(self, group: Group) -> None:
        annotate_history(group, at=self.now)
        group.save()
        self.by_id[group.pk] = self.by_key[key(group.name)] = group
        self.by_cursor_id[group.cursor_group_id or 0] = group

    def heirs(
        self, cursor_group_id: int | None, first: date, until: date | None
    ) -> Iterator[tuple[date, int | None]]:
        """Yield the group here that holds a stay in one of the vendor's, by its first day within the stay."""
        group = self.by_cursor_id[cursor_group_id] if cursor_group_id else None
        day, passed = first, set[int]()
        while group and group.closed_day and (until is None or group.closed_day < until):
            if group.closed_day > day:
                yield day, group.pk
                day = group.closed_day
            passed.add(group.pk)
            heir_id = group.merged_into_id
            group = self.by_id[heir_id] if heir_id and heir_id not in passed else None
        yield day, group.pk if group else None


def _placements(groups: _CursorGroups) -> tuple[list[Placement], int, set[tuple[int, date]]]:
    """What to put on record, how many members the vendor would have elsewhere, and the local rows as read."""
    on_record = _on_record()
    placements: list[Placement] = []
    kept_count = 0
    every_stay = CursorGroupMembership.objects.select_related("group").order_by("member_id", "pk")
    for member_id, member_stays in groupby(every_stay, attrgetter("member_id")):
        wanted = {
            day: group_id
            for stay in stays.by_day(member_stays)
            for day, group_id in groups.heirs(stay.cursor_group_id, stay.first, stay.until)
        }
        record = on_record[member_id]
        for day, group_id in stays.to_take_over(wanted, record).items():
            source = Assignment.SetBy.CURSOR
            placements.append(Placement(member_id, group_id, day, source, CURSOR, groups.now))
        kept_count += _is_kept(wanted, record)
    local = {(pk, day) for pk, days in on_record.items() for day, record in days.items() if record.is_local}
    return placements, kept_count, local


def _is_kept(wanted: dict[date, int | None], record: dict[date, stays.HeldGroup]) -> bool:
    """Whether something set here holds the member elsewhere than where the vendor has them now."""
    last = stays.held_on(record, date.max)
    return last.is_local and last.group_id != wanted[max(wanted)]


def _on_record() -> dict[int, dict[date, stays.HeldGroup]]:
    on_record: dict[int, dict[date, stays.HeldGroup]] = defaultdict(dict)
    for row in Assignment.objects.all():
        on_record[row.member_id][row.from_day] = stays.HeldGroup(row.group_id, row.is_local)
    return on_record
