"""A tree of groups as a value: all its lines where they are few, else the largest and their parents.

A tree named `teams` reads `teams.rows=all` from the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from django.core.exceptions import BadRequest
from django.http import QueryDict

from groups.names import ancestors
from tracker.widgets import formats
from tracker.widgets.tables import query_string_with

LARGEST = 50  # lines that are shown of a tree with more than FEW
FEW = 60


class TreeLine(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def cents(self) -> Decimal: ...


Line = TypeVar("Line", bound=TreeLine)


@dataclass(frozen=True)
class Tree(Generic[Line]):
    """The lines to show, in the order of the tree, of `total`; `other_url` shows all, or fewer again."""

    lines: list[Line]
    total: int
    other_url: str  # empty where they are few

    @property
    def is_cut(self) -> bool:
        return len(self.lines) < self.total

    @property
    def summary(self) -> str:
        if self.is_cut:
            return f"The {LARGEST} with most spend and their parents, of {formats.count(self.total)}"
        return f"{formats.count(self.total)} in all"


def tree(key: str, lines: Sequence[Line], query: QueryDict) -> Tree[Line]:
    """Raises BadRequest where the address asks for other rows than all."""
    name = f"{key}.rows"
    if (asked := query.get(name, "all")) != "all":
        raise BadRequest(f"The tree “{key}” has all of its rows or the largest, not “{asked}”.")
    if len(lines) <= FEW:
        return Tree(list(lines), len(lines), "")
    if name in query:
        return Tree(list(lines), len(lines), query_string_with(query, {name: None}))
    largest = sorted(lines, key=lambda line: -line.cents)[:LARGEST]
    shown = {path for line in largest for path in (line.path, *ancestors(line.path))}
    return Tree(
        [line for line in lines if line.path in shown],
        len(lines),
        query_string_with(query, {name: "all"}),
    )
