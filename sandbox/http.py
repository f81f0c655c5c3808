"""Requests and answers, without the socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .state.view import View

LATEST_MS = 4_102_444_800_000  # the year 2100

Row = dict[str, Any]  # a JSON object


class HttpError(Exception):
    """An answer other than 200, in the vendor's general shape."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": error, "message": message}


def bad_request(message: str) -> HttpError:
    return HttpError(400, "Bad Request", message)


@dataclass(frozen=True)
class Request:
    """One call. `query` holds the address's parameters, `body` the JSON object of a POST."""

    method: str
    path: str
    view: View
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()  # what the route's pattern caught
    if_none_match: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {**self.query, **self.body}

    def integer(self, name: str, default: int, *, maximum: int | None = None) -> int:
        """Return a positive integer parameter; 400 if it is not one, or greater than `maximum`."""
        value = self.parameters.get(name, default)
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            raise bad_request(f"{name} must be a number") from None
        if number < 1 or (maximum and number > maximum):
            raise bad_request(f"{name} must be between 1 and {maximum or 'more'}")
        return number

    def page(self, total: int, *, size: int = 100, maximum: int | None = None) -> PageRequest:
        """Return the requested page of `total` rows: `size` rows by default, at most `maximum`."""
        return PageRequest(self.integer("page", 1), self.integer("pageSize", size, maximum=maximum), total)

    def milliseconds(self, name: str) -> int | None:
        """Return an instant of the Admin API: a number, never text."""
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad_request(f"{name} must be a number of milliseconds")
        if not 0 <= value <= LATEST_MS:
            raise bad_request(f"{name} is out of range")
        return int(value)


class Wire(Enum):
    """How an answer travels."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    RESET = "reset"


@dataclass(frozen=True)
class SandboxResponse:
    """`body` is JSON, or text that is sent unchanged."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class PageRequest:
    """A slice of a longer list."""

    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def rows(self) -> slice:
        return slice((self.number - 1) * self.size, self.number * self.size)

    @property
    def has_next(self) -> bool:
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    def envelope(self, total_name: str) -> dict[str, object]:
        """Return the `pagination` object of the endpoints that page by `hasNextPage`."""
        return {
            "page": self.number,
            "pageSize": self.size,
            total_name: self.total,
            "totalPages": self.pages,
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
        }
