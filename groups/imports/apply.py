"""A file's way from upload to undo. Nothing is applied that was not shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import BinaryIO

from django.db import transaction

from collector.base.csv_files import FileError, Problems
from collector.base.days import utc_day
from collector.models import Member, MemberAddress
from groups.assignments.changes import ChangeRefused, open_or_make
from groups.assignments.membership import current
from groups.assignments.placing import Placement, record_from_then_on
from groups.budgets.csv_columns import apply_budgets, planned_budgets
from groups.imports import mapping, people
from groups.models import Assignment, Group, GroupImport
from groups.names import key

from .before import BEFORE, Before, Closed
from .people import Target
from .plan import Facts, KnownMember, Plan, make

FileKind = GroupImport.FileKind
NOBODY_MATCHES = (
    "Nobody in the file is a member. The file must have the e-mail addresses that people use in Cursor."
)
SOURCES = {FileKind.HIBOB: Assignment.SetBy.HIBOB, FileKind.BACKUP: Assignment.SetBy.BACKUP}


@dataclass(frozen=True)
class Applied:
    """The outcome: nothing was done, since the facts had changed, or how many moved."""

    facts_changed: bool
    moved: int = 0
    groups_made: int = 0


def upload(kind: str, file: BinaryIO, *, name: str, from_day: date, by: str, now: datetime) -> GroupImport:
    """Read a file and keep what it would change from `from_day` on; FileError where it cannot be used."""
    if from_day > utc_day(now):
        raise ChangeRefused("The first day is in the future: choose today or an earlier day.")
    targets, plan = read_plan(kind, file, utc_day(now))
    return GroupImport.objects.create(
        kind=kind,
        file_name=name[:200],
        from_day=from_day,
        targets=[asdict(target) for target in targets],
        plan=asdict(plan),
        uploaded_by=by,
        uploaded_at=now,
    )


def read_plan(kind: str, file: BinaryIO, day: date) -> tuple[list[Target], Plan]:
    """The people of a file, and what it would change; FileError where none of them is a member here."""
    problems = Problems()
    targets = read_targets(kind, file, problems)
    plan = plan_of(kind, targets, day, problems.report)
    if NOBODY_MATCHES in plan.problems and not plan.budgets:
        raise FileError(*plan.problems)
    return targets, plan


def read_targets(kind: str, file: BinaryIO, problems: Problems) -> list[Target]:
    """The people of a file, in `problems` the lines not taken; FileError where it places nobody."""
    read = people.read_people if kind == FileKind.HIBOB else mapping.read_mapping
    targets = read(file, problems)
    if not targets:
        empty = [] if problems.count else ["Line 2: the file has column names, but no people below them."]
        raise FileError(*problems.report, *empty)
    if kind == FileKind.HIBOB and not any(target.path for target in targets):
        raise FileError(
            *problems.report,
            "The file assigns nobody to a group, because no line has a Group, Team or Department. Export "
            "these columns too.",
        )
    return targets


def plan_of(kind: str, targets: list[Target], day: date, problems: Sequence[str] = ()) -> Plan:
    """What the file would change, going by the facts of `day`. Seven queries whatever the size."""
    targets = with_present_addresses(targets)
    placed = [target for target in targets if target.email or not target.group_budget]
    plan = make(placed, _facts(kind, day), merge_small=kind == FileKind.HIBOB)
    unmatched = [NOBODY_MATCHES] if placed and len(plan.not_members) == len(placed) else []
    noted = list(dict.fromkeys([*problems, *unmatched]))
    return replace(plan, problems=noted, budgets=planned_budgets(targets))


def with_present_addresses(targets: list[Target]) -> list[Target]:
    """The targets by the members' present addresses: a directory may name a former one. One query.

    A line with the present address itself wins.
    """
    present = dict(MemberAddress.objects.values_list("email", "member__email"))
    named = {target.email for target in targets}
    return [
        replace(target, email=present[target.email])
        if target.email in present and present[target.email] not in named
        else target
        for target in targets
    ]


def refresh(group_import: GroupImport, day: date) -> bool:
    """Plan again; say whether the facts have changed since the plan was made, and keep the new plan if so."""
    targets = [Target(**row) for row in group_import.targets]
    problems = group_import.plan.setdefault("problems", [])
    plan = asdict(plan_of(group_import.kind, targets, day, problems))
    if plan == group_import.plan:
        return False
    group_import.plan = plan
    group_import.save(update_fields=["plan"])
    return True


def apply(group_import: GroupImport, emails: Collection[str] | None, *, by: str, now: datetime) -> Applied:
    """Make the plan's moves, or those of `emails`, in one transaction; nothing if the facts have changed."""
    with transaction.atomic():
        group_import = GroupImport.objects.select_for_update().get(pk=group_import.pk)
        if group_import.status != GroupImport.ImportState.PREVIEWED:
            raise ChangeRefused("This import has already been applied.")
        groups = _GroupsToMake(now)
        if refresh(group_import, utc_day(now)):
            return Applied(facts_changed=True)
        ids = dict(Member.objects.values_list("email", "pk"))
        chosen = None if emails is None else {email.lower() for email in emails}
        source, day = SOURCES[FileKind(group_import.kind)], group_import.from_day
        placed = [
            Placement(ids[move["email"]], groups.id_of(move["new"]), day, source, by, now)
            for move in group_import.plan["moves"]
            if chosen is None or move["email"] in chosen
        ]
        rows = record_from_then_on(placed)
        placed = [placement for placement in placed if placement.member_id in rows]
        apply_budgets(group_import.plan.get("budgets", ()), chosen)
        before = Before(placed, rows, groups.made, groups.opened)
        group_import.before = BEFORE.dump_python(before, mode="json")
        group_import.status = GroupImport.ImportState.APPLIED
        group_import.applied_by, group_import.applied_at = by, now
        group_import.save(update_fields=["before", "status", "applied_by", "applied_at"])
    return Applied(facts_changed=False, moved=len(placed), groups_made=len(groups.made) + len(groups.opened))


def apply_unseen(
    group_import: GroupImport, emails: Collection[str] | None, *, by: str, now: datetime
) -> Applied:
    """The same for whoever cannot look at the preview again: ChangeRefused where the facts have changed."""
    applied = apply(group_import, emails, by=by, now=now)
    if applied.facts_changed:
        raise ChangeRefused("Nothing was applied: members or groups were changed meanwhile. Import it again.")
    return applied


class _GroupsToMake:
    """Groups by name; one that is missing is made, one that was deleted is opened again."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.by_key = {key(group.name): group for group in Group.objects.locked()}
        self.made: list[int] = []
        self.opened: dict[int, Closed] = {}

    def id_of(self, path: str) -> int | None:
        """The id of the group called `path`; None for Unassigned."""
        if not path:
            return None
        group = self.by_key.get(key(path))
        if group is None:
            group = self.by_key[key(path)] = open_or_make(path, None, self.now)
            self.made.append(group.pk)
        elif group.closed_day:
            self.opened[group.pk] = Closed(group.closed_day, group.merged_into_id)
            open_or_make(path, group, self.now)
        return group.pk


def _facts(kind: str, day: date) -> Facts:
    """Who is where. HiBob's directory is about people with a seat, a mapping about everybody."""
    group_by_member = current(day)
    on_team = set(Member.objects.on_team().values_list("pk", flat=True))
    members = {
        member.email: KnownMember(
            member.pk, member.name, str(group_by_member[member.pk] or ""), member.pk in on_team
        )
        for member in (Member.objects.on_team() if kind == FileKind.HIBOB else Member.objects.all())
    }
    return Facts(members, list(Group.objects.open().values_list("name", flat=True)))
