"""What an answer says beside its rows: how many there are, and whether more pages follow.

An envelope without its list is not an answer at all and is refused; a row that cannot be read is rejected
alone, and its neighbours are kept.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, PlainValidator, ValidationInfo, model_validator

from .pages import Page, Row
from .values import IN_ORDER, OptionalFlag, Record, SomeCount, record_doubt, with_null_as


class Pagination(Record):
    """Where an answer stands among its pages; every part may be missing."""

    current_page: SomeCount = Field(None, validation_alias=AliasChoices("currentPage", "page"))
    num_pages: SomeCount = Field(None, validation_alias=AliasChoices("numPages", "totalPages"))
    has_next_page: OptionalFlag = Field(None, validation_alias=AliasChoices("hasNextPage", "hasMore"))
    has_previous_page: OptionalFlag = None
    next_cursor: object = Field(None, validation_alias=AliasChoices("nextCursor", "nextPageToken"))
    total_people: SomeCount = Field(None, validation_alias=AliasChoices("totalUsers", "totalMembers"))
    total_rows: SomeCount = Field(None, validation_alias=AliasChoices("totalCount", "totalItems", "total"))

    def has_more(self, page: int) -> bool | None:
        """Whether a page follows `page`; without a flag the cursor or the number of pages decides. None:
        unknown."""
        if self.has_next_page is not None:
            return self.has_next_page
        if self.next_cursor:
            return True
        return None if self.num_pages is None else page < self.num_pages


def _no_object(value: object, info: ValidationInfo) -> None:
    """What stands where a nested part should, which the row can do without."""
    return None if value is None else record_doubt(info, "is not an object", None)


NoObject = Annotated[None, PlainValidator(_no_object)]
SomePagination = Annotated[Pagination | NoObject, IN_ORDER]


class PagedAnswer(Record):
    """An answer in pages, documented or not. What says so stands in `pagination`, in `meta`, or beside the
    rows.
    """

    pagination: SomePagination = None

    @model_validator(mode="before")
    @classmethod
    def find_pagination(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("pagination") is None:
            meta = value.get("meta")
            return value | {"pagination": value | meta if isinstance(meta, dict) else value}
        return value

    def has_more(self, page: int) -> bool | None:
        return self.pagination.has_more(page) if self.pagination else None

    @property
    def number(self) -> int | None:
        return self.pagination.current_page if self.pagination else None

    @property
    def has_previous(self) -> bool:
        return bool(self.pagination and self.pagination.has_previous_page)

    @property
    def total(self) -> int | None:
        page = self.pagination
        if page is None or page.total_people is None:
            return page.total_rows if page else None
        return page.total_people


class ListAnswer(PagedAnswer):
    """One whose rows are a list, under a name of each endpoint's own; null where it counts none.

    Where it has two such names, the list that is not empty counts.
    """

    rows: list[object]

    @model_validator(mode="before")
    @classmethod
    def read_null(cls, value: object) -> object:
        alias = cls.model_fields["rows"].validation_alias
        names = [
            str(name) for name in (alias.choices if isinstance(alias, AliasChoices) else [alias or "rows"])
        ]
        if isinstance(value, dict) and (
            full := next((value[name] for name in names if value.get(name)), None)
        ):
            return value | {names[0]: full}
        return with_null_as(value, names, [])

    def page(self, rows: list[Row], has_more: bool | None) -> Page[Row]:
        """The page of a reading that this answer is, with what was made of its `rows`."""
        came = len(self.rows)
        return Page(rows, self.total, has_more, self.number, came=came, has_previous=self.has_previous)
