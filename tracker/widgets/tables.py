"""A table as a value: columns over rows, sorted and paged on the server, the same columns in its CSV.

A table named `members` reads `members.sort` (a column's key, `-` before it for descending) and `members.page`
from the address; its links keep everything else there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import QueryDict

from collector.base.plausibility import is_number
from tracker.widgets import cells
from tracker.widgets.palette import PaletteModel

Row = TypeVar("Row")

PAGE_ROWS = 50
LONG_ROWS = (25, 50, 100)  # to choose from in a long table, the first unless another is chosen
SIDE_ROWS = 10  # of a table that shares its row of the page with something else
MONEY = ("money", "rate", "change")  # kinds of columns whose values are cents
# Columns that come and go with filters: a table sorted by one that has gone is sorted as it would be without.
PASSING = ("change", "members")


class Export(Protocol):
    """What can be had as CSV: a table, or a chart's values."""

    @property
    def csv_rows(self) -> Sequence[Sequence[object]]: ...


@dataclass(frozen=True)
class Column(Generic[Row]):
    key: str
    label: str
    value: Callable[[Row], Any]  # raw: what is sorted by and exported
    kind: str = "text"  # see tracker.widgets.cells
    shown: Callable[[Row], Any] | None = None  # what the cell shows, where it is not `value`
    link: Callable[[Row], str] | None = None
    help: str = ""
    sortable: bool = True
    under: Callable[[Row], cells.Shown] | None = None  # a second, quieter line in the cell
    only_csv: bool = False
    only_page: bool = False
    is_place: bool = False  # of figures, places alone are sorted from the least up


class Head(NamedTuple):
    key: str
    label: str
    css: str
    url: str
    aria_sort: str


# Its class and its cells: whether one is the row's head, its class, text, link, and a second, quieter line.
Line = tuple[str, list[tuple[bool, str, cells.Shown, str, cells.Shown | None]]]


class Table(Generic[Row]):
    """`sort` and `page_rows` hold where the address asks for nothing else: `PageParts` reads it.

    `ordered` names the order that `rows` come in already, as `sort` would; `make` makes one of what is listed
    in its place, where it takes long: of ten thousand members a page shows fifty.
    """

    component = "table"
    query: QueryDict
    now: datetime
    page: int
    pages: int

    def __init__(
        self,
        key: str,
        caption: str,
        columns: Sequence[Column[Row]],
        rows: Sequence[Any],
        *,
        sort: str,
        css: Callable[[Row], str] = lambda row: "",
        empty: str = "",
        ordered: str = "",
        page_rows: int = PAGE_ROWS,
        row_choices: Sequence[int] = (),
        make: Callable[[Any], Row] = lambda row: row,
    ) -> None:
        self.key, self.caption, self.columns, self.rows, self.make = key, caption, columns, rows, make
        self.shown = [column for column in columns if not column.only_csv]
        self.sort, self.css, self.empty, self.ordered = sort, css, empty, ordered
        self.total, self.row_choices = len(rows), row_choices
        self.page_rows = row_choices[0] if row_choices else page_rows

    def read_address(self, query: QueryDict, now: datetime) -> None:
        """Sort and page as the address asks; BadRequest for a column, a page or a length that cannot be."""
        self.query, self.now = query, now
        sort, rows, page = (query.get(f"{self.key}.{name}") for name in ("sort", "rows", "page"))
        if sort is not None:
            column = sort.removeprefix("-")
            if any(other.key == column and other.sortable for other in self.shown):
                self.sort = sort
            elif column not in PASSING:
                raise BadRequest(f"The table “{self.key}” has no column “{sort}” to sort by.")
        if rows and self.row_choices:
            choices = {str(choice): choice for choice in self.row_choices}
            if rows not in choices:
                known = ", ".join(choices)
                raise BadRequest(f"The table “{self.key}” has {known} rows per page, not “{rows}”.")
            self.page_rows = choices[rows]
        if page is not None and not (is_number(page, most_digits=1_000) and int(page[:9]) > 0):
            raise BadRequest(f"“{page}” is not a page of the table “{self.key}”: the first page is 1.")
        self.pages = max(-(-self.total // self.page_rows), 1)
        self.page = min(int((page or "1")[:9]), self.pages)
        self.first = (self.page - 1) * self.page_rows

    def sorted_rows(self, first: int = 0, end: int | None = None) -> list[Row]:
        """Rows in order, from `first` to before `end`; those without a value come last, whichever the
        direction."""
        if self.sort == self.ordered:
            return list(map(self.make, self.rows[first:end]))
        value = next(column.value for column in self.columns if column.key == self.sort.lstrip("-"))
        valued = [(value(row), row) for row in map(self.make, self.rows)]
        with_value = [(sort_key(figure), row) for figure, row in valued if figure is not None]
        with_value.sort(key=itemgetter(0), reverse=self.sort.startswith("-"))
        in_order = [row for _, row in with_value] + [row for figure, row in valued if figure is None]
        return in_order[first:end]

    @property
    def heads(self) -> list[Head]:
        heads, first_page = [], self.url(sort=None, page=None)
        for column in self.shown:
            is_descending, is_current = self.sort == f"-{column.key}", self.sort.lstrip("-") == column.key
            falls = (column.kind in cells.NUMBERS or column.kind in ("share", "ago")) and not column.is_place
            turned = column.key if is_descending else f"-{column.key}"
            sort = urlencode({f"{self.key}.sort": turned if is_current or falls else column.key})
            url = f"{first_page}{'&' * (first_page != '?')}{sort}" if column.sortable else ""
            aria = ("descending" if is_descending else "ascending") if is_current else ""
            heads.append(Head(column.key, column.label, cells.CSS[column.kind], url, aria))
        return heads

    @property
    def lines(self) -> list[Line]:
        """The rows of this page."""
        head = next(column for column in self.shown if column.kind != "tick")
        shown = [
            (
                column is head,
                cells.CSS[column.kind],
                cells.writer(column.kind, self.now),
                column.shown or column.value,
                column.link,
                column.under,
            )
            for column in self.shown
        ]
        return [
            (
                self.css(row),
                [
                    (
                        is_head,
                        css,
                        write(value(row)),
                        link(row) if link else "",
                        under(row) if under else None,
                    )
                    for is_head, css, write, value, link, under in shown
                ],
            )
            for row in self.sorted_rows(self.first, self.first + self.page_rows)
        ]

    @property
    def said(self) -> str:
        """`51 to 100 of 230`, or just how many there are."""
        if self.pages == 1:
            return f"{self.total:,} in all"
        last = min(self.first + self.page_rows, self.total)
        return f"{self.first + 1:,} to {last:,} of {self.total:,}"

    @property
    def csv_rows(self) -> list[list[object]]:
        return csv_rows(self.columns, self.sorted_rows())

    def url(self, **changes: object) -> str:
        """This page with the table's `sort`, `rows` or `page` changed."""
        return query_string_with(self.query, {f"{self.key}.{name}": value for name, value in changes.items()})


class PageParts(SimpleNamespace):
    """What a page's template asks for by name: its report, charts, tables and whatever else.

    Tables and trees read the address here.
    """

    def __init__(self, query: QueryDict, now: datetime, **parts: Any) -> None:
        super().__init__(**parts)
        for part in parts.values():
            if hasattr(type(part), "read_address"):
                part.read_address(query, now)

    @property
    def exports(self) -> dict[str, Export]:
        """The charts and tables, by their keys."""
        return {item.key: item for item in vars(self).values() if hasattr(type(item), "csv_rows")}


def query_string_with(query: QueryDict, changes: dict[str, object]) -> str:
    """`query` with `changes`, as `?…`. None removes a parameter; `csv` is always removed."""
    kept = [(n, value) for n, values in query.lists() if n != "csv" and n not in changes for value in values]
    return "?" + urlencode([*kept, *((name, value) for name, value in changes.items() if value is not None)])


def csv_rows(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> list[list[object]]:
    """Head and rows with raw values; money in dollars."""
    columns = [column for column in columns if not column.only_page]
    head: list[object] = [f"{c.label} (USD)" if c.kind in MONEY else c.label for c in columns]
    return [head, *([raw(column, row) for column in columns] for row in rows)]


def raw(column: Column[Row], row: Row) -> object:
    """A value as a CSV takes it: cents become dollars, models their names, flags and badges their labels."""
    if column.kind == "flag" and column.shown:
        return column.shown(row).label
    value = column.value(row)
    if column.kind in MONEY and value is not None:
        return round(float(value) / 100, 6)
    if isinstance(value, PaletteModel):
        return str(value)
    return ", ".join(item.label for item in value) if isinstance(value, list | tuple) else value


def sort_key(value: Any) -> Any:
    if isinstance(value, str | PaletteModel):
        return str(value).casefold()
    return len(value) if isinstance(value, list | tuple) else value
