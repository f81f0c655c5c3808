"""What a file would change, as plain values: the same file and facts always give the same plan."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from groups.budgets.csv_columns import PlannedBudget
from groups.imports.consolidate import Merge, consolidate
from groups.imports.people import Target, spelled_alike
from groups.names import key


@dataclass(frozen=True)
class KnownMember:
    """A member as known here; `current` is empty for Unassigned."""

    member_id: int
    name: str
    current: str
    on_team: bool


@dataclass(frozen=True)
class Facts:
    """What a plan rests on: members by e-mail, and the names of all open groups."""

    members: Mapping[str, KnownMember]
    open_names: Sequence[str]


@dataclass(frozen=True)
class PlannedMove:
    """One member who would change groups; empty names stand for Unassigned."""

    email: str
    name: str
    title: str
    department: str
    current: str
    new: str
    why: str  # the group that the file names, where it was merged away


@dataclass(frozen=True)
class NewGroup:
    """A group that the file needs and that does not exist yet."""

    name: str
    people: int


@dataclass(frozen=True)
class Plan:
    """What a file would change, everything that it would not change, and why."""

    moves: list[PlannedMove]
    stays: int  # members who are where the file puts them
    undecided: list[str]  # members of whom the file names no group: they stay
    not_members: list[str]  # people of the file who have no seat here
    not_in_file: list[str]  # people on the team whom the file lacks: they stay
    new_groups: list[NewGroup]
    merges: list[Merge]
    sizes: dict[str, int] = field(default_factory=dict)  # members by group, as the file would have it
    problems: list[str] = field(default_factory=list)  # lines that are not taken, and why
    budgets: list[PlannedBudget] = field(default_factory=list)


def make(targets: Iterable[Target], facts: Facts, *, merge_small: bool) -> Plan:
    """Compare a file with the facts; `merge_small` merges teams too small to be a group."""
    rows = list(targets)
    matched = [row for row in rows if row.email in facts.members]
    placed, merges = _placed(matched, facts, merge_small)
    moves = [move for row in placed if (move := _move(row, facts.members[row.email], merges))]
    in_file = {row.email for row in rows}
    return Plan(
        moves=moves,
        stays=len(placed) - len(moves),
        undecided=[row.email for row in matched if row.path is None],
        not_members=[
            row.email or f"line {row.line}, which has no e-mail"
            for row in rows
            if row.email not in facts.members
        ],
        not_in_file=[
            email for email, member in facts.members.items() if member.on_team and email not in in_file
        ],
        new_groups=_new_groups(moves, facts),
        merges=list(merges.values()),
        sizes=dict(sorted(Counter(_into(row.path, merges) for row in placed).items())),
    )


def _placed(matched: list[Target], facts: Facts, merge_small: bool) -> tuple[list[Target], dict[str, Merge]]:
    """Members whom the file puts somewhere, all groups spelled one way, and where small groups go."""
    decided = [row for row in matched if row.path is not None]
    spelled = spelled_alike((row.path for row in decided if row.path), facts.open_names)
    placed = [replace(row, path=spelled.get(row.path or "", "")) for row in decided]
    sizes = Counter(row.path for row in placed if row.path)
    merges = consolidate(sizes) if merge_small else []
    return placed, {merge.path: merge for merge in merges}


def _into(path: str | None, merges: Mapping[str, Merge]) -> str:
    merge = merges.get(path or "")
    return merge.into if merge else path or ""


def _move(row: Target, member: KnownMember, merges: Mapping[str, Merge]) -> PlannedMove | None:
    new = _into(row.path, merges)
    if key(new) == key(member.current):
        return None
    why = f"{row.path} merged" if row.path != new else ""
    name = member.name or row.name
    return PlannedMove(row.email, name, row.title, row.department, member.current, new, why)


def _new_groups(moves: Iterable[PlannedMove], facts: Facts) -> list[NewGroup]:
    open_keys = {key(name) for name in facts.open_names}
    needed = Counter(move.new for move in moves if move.new and key(move.new) not in open_keys)
    return [NewGroup(name, people) for name, people in sorted(needed.items())]
