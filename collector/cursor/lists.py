"""Lists that are documented as one answer, and are read to the end should they come in pages."""

from typing import TypeVar

from collector.base.notes import Notes

from .client import CursorClient
from .envelopes import ListAnswer
from .pages import Page, read_all
from .rows import parse

A = TypeVar("A", bound=ListAnswer)


def read_list(
    client: CursorClient, path: str, record: type[A], notes: Notes, *, page_size: int | None = None
) -> tuple[A, list[object]]:
    """The first answer, and the rows of all pages as they came. Pages that fail to come are a doubt.

    Without `page_size`, the first page is asked for as the documented whole.
    """
    answers: list[A] = []

    def ask(number: int) -> Page[object]:
        question = {"page": number} | ({"pageSize": page_size} if page_size else {})
        payload = client.get(path, question if page_size or number > 1 else None).payload
        answer = parse(record, payload, path, notes)
        answers.append(answer)
        return answer.page(answer.rows, bool(answer.has_more(number)))

    rows = list(read_all(ask, notes).rows())
    return answers[0], rows
