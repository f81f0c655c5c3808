"""Groups as a tree of paths, for filters and lists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from collector.base.names import current
from collector.base.statements import prepared

from .assignments.membership import UNASSIGNED
from .models import Group
from .names import SEPARATOR, UNASSIGNED_NAME, ancestors, key
from .small import shown_paths

MOST_ALIKE = 3  # groups that are suggested in place of one that does not exist


@dataclass(frozen=True)
class GroupOption:
    """One choice of a filter: a group, a parent of groups, or Unassigned."""

    path: str  # as in the address bar
    label: str  # the last part of the path
    depth: int  # 0 at the top
    group_ids: frozenset[int]  # itself and everything below
    is_closed: bool = False  # with everything below


class KnownGroup(NamedTuple):
    """A group as lists need it."""

    pk: int
    name: str
    closed_day: date | None
    cursor_limit_dollars: Decimal | None  # a month, which Cursor enforces


def load_groups() -> list[KnownGroup]:
    """All groups. One query."""
    return list(map(KnownGroup._make, _groups()))


LIMIT = "cursor_group__directory_group__monthly_limit_dollars"
_groups = prepared(lambda: Group.objects.values_list("pk", "name", "closed_day", LIMIT))


def options(groups: Sequence[KnownGroup] | None = None, *, with_closed: bool = False) -> list[GroupOption]:
    """Open groups and their parents, as the reader may see them, parents before children, Unassigned last;
    of who sees the own group alone those that its members were in.

    Closed ones count in the parents above them, which have their past. One query unless `groups` are
    given, and two where small groups are hidden.
    """
    groups = load_groups() if groups is None else groups
    closed = {group.pk for group in groups if group.closed_day}
    choices = group_options(shown_paths({group.pk: group.name for group in groups}))
    if (theirs := current().groups) is not None:
        choices = [option for option in choices if option.group_ids & theirs()]
    choices = [replace(option, is_closed=option.group_ids <= closed) for option in choices]
    return [option for option in choices if with_closed or not option.is_closed]


def group_options(names: dict[int, str]) -> list[GroupOption]:
    """Options for groups given as names by id; a parent need not be a group itself.

    Unassigned gets an option of its own, unless `names` has it as part of another group.
    """
    paths: dict[tuple[str, ...], str] = {}
    covered: dict[tuple[str, ...], set[int]] = {}
    for pk, name in names.items():
        for path in (*ancestors(name), name):
            # A parent comes before its children, and these before the parent's next sibling.
            place = tuple(key(part) for part in path.split(SEPARATOR))
            paths.setdefault(place, path)
            covered.setdefault(place, set()).add(pk)
    choices = [_option(paths[place], frozenset(covered[place])) for place in sorted(paths)]
    return choices if UNASSIGNED in names else [*choices, _option(UNASSIGNED_NAME, frozenset({UNASSIGNED}))]


def option_for(path: str, choices: list[GroupOption]) -> GroupOption:
    """The choice at `path`, whatever the case; an empty one if there is no such group."""
    for choice in choices:
        if key(choice.path) == key(path):
            return choice
    return _option(path, frozenset())


def unknown_group(path: str, choices: Sequence[GroupOption]) -> str:
    """A sentence: there is no group at `path`, with a few similar names to choose from."""
    alike = [f"“{choice.path}”" for choice in choices if key(path) in key(choice.path)][:MOST_ALIKE]
    problem = f"There is no group “{path}”"
    return f"{problem}: choose {' or '.join(alike)}" if alike else problem


def _option(path: str, group_ids: frozenset[int]) -> GroupOption:
    parts = path.split(SEPARATOR)
    return GroupOption(path, parts[-1], len(parts) - 1, group_ids)
