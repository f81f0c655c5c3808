"""A tree of groups as a value: all its lines where they are few, else the largest and their parents, or what
a search finds.

A tree named `teams` reads `teams.rows=all` and `teams.search=infra` from the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from django.core.exceptions import BadRequest
from django.http import QueryDict

from groups.names import ancestors
from groups.names import key as without_case
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

    key: str
    lines: list[Line]
    total: int
    other_url: str = ""  # empty where they are few
    search: str = ""
    kept_fields: Sequence[tuple[str, str]] = ()  # hidden fields of the search's form

    @property
    def is_long(self) -> bool:
        return self.total > FEW

    @property
    def is_cut(self) -> bool:
        return len(self.lines) < self.total

    @property
    def other_label(self) -> str:
        return "Show all" if self.is_cut and not self.search else "Show the largest"

    @property
    def summary(self) -> str:
        total = formats.count(self.total)
        if self.search:
            return f"Groups named “{self.search}” and their parents: {len(self.lines)} of {total}"
        if self.is_cut:
            return f"The {LARGEST} with most spend and their parents, of {total}"
        return f"{total} in all"


def tree(key: str, lines: Sequence[Line], query: QueryDict) -> Tree[Line]:
    """Raises BadRequest where the address asks for other rows than all."""
    rows, search = f"{key}.rows", f"{key}.search"
    if (asked := query.get(rows, "all")) != "all":
        raise BadRequest(f"The tree “{key}” has all of its rows or the largest, not “{asked}”.")
    if len(lines) <= FEW:
        return Tree(key, list(lines), len(lines))
    text = query.get(search, "").strip()
    if text:
        wanted = [line for line in lines if without_case(text) in without_case(line.path)]
    elif rows in query:
        wanted = list(lines)
    else:
        wanted = sorted(lines, key=lambda line: -line.cents)[:LARGEST]
    paths = {path for line in wanted for path in (line.path, *ancestors(line.path))}
    return Tree(
        key,
        [line for line in lines if line.path in paths],
        len(lines),
        query_string_with(query, {search: None, rows: None if rows in query or text else "all"}),
        text,
        [(name, str(value)) for name, value in query.items() if name not in (rows, search, "csv")],
    )
