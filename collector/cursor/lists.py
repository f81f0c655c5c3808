"""Lists that are documented as one answer, and are read to the end should they come in pages."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from collector.base.notes import Notes

from .client import CursorClient
from .pages import Page, read_all
from .records import PagedAnswer
from .rows import parse

A = TypeVar("A", bound=PagedAnswer)


def read_list(
    client: CursorClient,
    path: str,
    record: type[A],
    rows_of: Callable[[A], list[object]],
    notes: Notes,
    now: datetime,
) -> tuple[A, list[object]]:
    """The first answer, and the rows of all pages as they came. Pages that cannot be had are a doubt."""
    answers: list[A] = []

    def ask(number: int) -> Page[object]:
        payload = client.get(path, {"page": number} if number > 1 else None).payload
        answers.append(parse(record, payload, path, notes, now))
        rows = rows_of(answers[-1])
        return Page(rows, answers[-1].total, bool(answers[-1].has_more(number)), answers[-1].number)

    rows = list(read_all(path, ask, notes).rows())
    return answers[0], rows
