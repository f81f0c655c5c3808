"""A table of groups as a value, which fold under their parents: all its lines where they are few, else the
largest and their parents, or what a search finds.

A tree named `teams` reads `teams.rows=all` and `teams.search=infra` from the address.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.functional import cached_property

from groups.names import ancestors
from groups.names import key as without_case
from groups.tree import GroupOption
from tracker.widgets import cells, formats
from tracker.widgets.tables import Column, csv_rows, query_string_with

LARGEST = 50  # lines that are shown of a tree with more than FEW
FEW = 60


class TreeLine(Protocol):
    @property
    def option(self) -> GroupOption: ...
    @property
    def is_parent(self) -> bool: ...
    @property
    def cents(self) -> Decimal: ...


Line = TypeVar("Line", bound=TreeLine)


class Tree(Generic[Line]):
    """Of `total` lines those to show, in the order of the tree; which ones, `read_address` finds."""

    component = "tree"

    def __init__(
        self,
        key: str,
        caption: str,
        columns: Sequence[Column[Line]],
        lines: Sequence[Line],
        *,
        link: Callable[[Line], str],
        foot: Line | None = None,  # the sums of all
        note: str = "",  # on the groups
    ) -> None:
        self.key, self.caption, self.columns, self.lines = key, caption, columns, lines
        self.all_lines, self.shown = lines, [column for column in columns if not column.only_csv]
        self.link, self.foot, self.note, self.total = link, foot, note, len(lines)

    def read_address(self, query: QueryDict, now: datetime) -> None:
        """Keep the lines that the address asks for; BadRequest where it asks for other rows than all."""
        self.now = now
        rows, search = f"{self.key}.rows", f"{self.key}.search"
        if (asked := query.get(rows, "all")) != "all":
            raise BadRequest(f"The tree “{self.key}” shows all rows or the largest ones, not “{asked}”.")
        self.search = query.get(search, "").strip() if self.is_long else ""
        self.lines = shown_lines(self.lines, self.search, has_all=not self.is_long or rows in query)
        # Shows all, or fewer again; empty where they are few.
        changes: dict[str, object] = {search: None, rows: None if rows in query or self.search else "all"}
        self.other_url = query_string_with(query, changes) if self.is_long else ""
        # Hidden fields of the search's form.
        self.kept_fields = [(n, str(value)) for n, value in query.items() if n not in (rows, search, "csv")]

    @property
    def heads(self) -> list[tuple[str, str]]:
        return [(column.label, cells.CSS[column.kind]) for column in self.shown]

    @cached_property
    def writers(self) -> list[tuple[str, Callable[[Any], cells.Shown], Callable[[Line], Any]]]:
        return [
            (cells.CSS[column.kind], cells.writer(column.kind, self.now), column.shown or column.value)
            for column in self.shown
        ]

    @property
    def csv_rows(self) -> list[list[object]]:
        """Head and a row per line, parents among them, whatever is shown of them."""
        return csv_rows(self.columns, self.all_lines)

    def cells(self, line: Line) -> list[tuple[str, cells.Shown]]:
        return [(css, write(value(line))) for css, write, value in self.writers]

    @property
    def notes(self) -> list[Column[Line]]:
        return [column for column in self.columns if column.help]

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


def shown_lines(lines: Sequence[Line], search: str, has_all: bool) -> list[Line]:
    """The largest, or those that a search finds, with the lines above them."""
    if search:
        wanted = [line for line in lines if without_case(search) in without_case(line.option.path)]
    elif has_all:
        return list(lines)
    else:
        wanted = sorted(lines, key=lambda line: -line.cents)[:LARGEST]
    paths = {path for line in wanted for path in (line.option.path, *ancestors(line.option.path))}
    return [line for line in lines if line.option.path in paths]
