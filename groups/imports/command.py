"""What `import_hibob` and `import_groups` share: preview by default, apply with `--apply`."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from django.utils import timezone

from collector.base.arguments import day
from collector.base.commands import ProductCommand
from collector.base.csv_files import FileError
from collector.base.days import utc_day
from collector.base.readable import plural
from groups.assignments.changes import ChangeRefused
from groups.models import GroupImport
from groups.names import UNASSIGNED_NAME

from .apply import apply_unseen, read_plan, upload
from .plan import NewGroup, Plan


class ImportCommand(ProductCommand):
    """Previews a file, and applies it with --apply. Subclasses name the `kind` of file."""

    expected_errors = (OSError, FileError, ChangeRefused)
    kind: GroupImport.FileKind

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--apply", action="store_true", help="make the changes; without this option they are only shown"
        )
        parser.add_argument("--only", nargs="+", metavar="EMAIL", help="make only these members' changes")
        parser.add_argument(
            "--from",
            dest="from_day",
            type=day,
            metavar="DAY",
            help="first day of the changes (default: today)",
        )

    def handle(
        self, *, file: Path, apply: bool, only: list[str] | None, from_day: date | None, **options: object
    ) -> None:
        now = timezone.now()
        with file.open("rb") as opened:
            if apply:
                self._apply(opened, only, from_day or utc_day(now), now)
            else:
                self._preview(opened, only, now)

    def _preview(self, file: BinaryIO, only: list[str] | None, now: datetime) -> None:
        targets, plan = read_plan(self.kind, file, utc_day(now))
        if only:
            in_file = {target.email for target in targets}
            self._name_strangers(only, in_file)
            plan = part_of(plan, lowered(only), in_file)
        for line in lines(plan):
            self.stdout.write(line)
        self.stdout.write("Nothing was changed. Use --apply to make these changes.")

    def _apply(self, file: BinaryIO, only: list[str] | None, from_day: date, now: datetime) -> None:
        by, name = f"manage.py {self.kind.value} import", Path(file.name).name
        group_import = upload(self.kind, file, name=name, from_day=from_day, by=by, now=now)
        self._name_strangers(only or (), {row["email"] for row in group_import.targets})
        for line in group_import.plan["problems"]:
            self.stdout.write(line)
        applied = apply_unseen(group_import, only, by=by, now=now)
        made = plural(applied.groups_made, "group")
        self.stdout.write(
            f"{plural(applied.moved, 'member')} moved from {from_day} on, {made} made; "
            f"import {group_import.pk} can be undone in the admin."
        )

    def _name_strangers(self, only: Iterable[str], in_file: Set[str]) -> None:
        for email in sorted(lowered(only) - in_file):
            self.stdout.write(f"named by --only, not in the file: {email}")


def lowered(emails: Iterable[str]) -> set[str]:
    return {email.lower() for email in emails}


def part_of(plan: Plan, only: Set[str], in_file: Set[str]) -> Plan:
    """What `plan` says of the members in `only`; where they would go follows from the whole file."""
    moves = [move for move in plan.moves if move.email in only]
    people = Counter(move.new for move in moves)
    undecided = [email for email in plan.undecided if email in only]
    not_members = [email for email in plan.not_members if email in only]
    return replace(
        plan,
        moves=moves,
        stays=len(only & in_file) - len(moves) - len(undecided) - len(not_members),
        undecided=undecided,
        not_members=not_members,
        not_in_file=[],
        new_groups=[
            NewGroup(group.name, people[group.name]) for group in plan.new_groups if people[group.name]
        ],
        merges=[],
        budgets=[budget for budget in plan.budgets if budget.email in only],
    )


def lines(plan: Plan) -> Iterator[str]:
    yield from plan.problems
    for move in plan.moves:
        why = f" ({move.why})" if move.why else ""
        yield f"{move.email}: {move.current or UNASSIGNED_NAME} → {move.new or UNASSIGNED_NAME}{why}"
    for group in plan.new_groups:
        yield f"new group: {group.name}, {group.people} people"
    for merge in plan.merges:
        yield f"merged: {merge.path} ({merge.people}) → {merge.into}: it {merge.why}"
    for budget in plan.budgets:
        amounts = f"{budget.current or 'none'} → {budget.new or 'none'}"
        yield f"budget of {budget.email or budget.path}: {amounts}"
    yield from (f"no group in the file, keeps its group: {email}" for email in plan.undecided)
    yield from (f"in the file, not a member: {email}" for email in plan.not_members)
    yield from (f"member, not in the file, keeps their group: {email}" for email in plan.not_in_file)
    not_members = len(plan.not_members)
    stays = f"{plan.stays} are already in the right group"
    yield f"{len(plan.moves)} would move, {stays}, {not_members} have no seat"
