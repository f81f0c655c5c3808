"""Teams too small to be a billing group merge into their neighbours; nobody is lost."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from groups.names import SEPARATOR

from .people import GENERAL

# Fewer people than this say more about a person than about a team.
MIN_PEOPLE = 3


@dataclass(frozen=True)
class Merge:
    """One group of the file that goes into another, and why."""

    path: str
    people: int
    into: str
    why: str


def consolidate(sizes: Mapping[str, int]) -> list[Merge]:
    """Return where each too small group goes, by path. `sizes` is people by path; every path has a parent.

    Into the parent's General; if that stays too small, all of it into the parent's largest team; and where
    there is none that is large enough, into `General` at the top, whatever its size.
    """
    teams: dict[str, dict[str, int]] = defaultdict(dict)
    for path, people in sizes.items():
        teams[path.rpartition(SEPARATOR)[0]][path] = people
    return [merge for parent in sorted(teams) for merge in _within(parent, teams[parent])]


def _within(parent: str, teams: Mapping[str, int]) -> list[Merge]:
    general = f"{parent}{SEPARATOR}{GENERAL}"
    large = {path: people for path, people in teams.items() if people >= MIN_PEOPLE and path != general}
    small = {path: people for path, people in teams.items() if path not in large}
    together = sum(small.values())
    why = f"has fewer than {MIN_PEOPLE} people"
    if together >= MIN_PEOPLE:
        into = general
    elif large:
        into = min(large, key=lambda path: (-large[path], path))
        why += f", and so would {general}; this is the largest team of {parent}"
    else:
        into, why = GENERAL, f"{why}, and so has all of {parent}"
    return [Merge(path, people, into, why) for path, people in sorted(small.items()) if path != into]
