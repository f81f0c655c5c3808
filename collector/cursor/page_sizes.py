"""How long pages may be: as is asked for, or else as every endpoint allows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .errors import CursorApiError, Trouble

A = TypeVar("A")
Question = Mapping[str, object]

# Rows of a page that no endpoint is known to refuse; where a maximum is documented it is larger.
ALWAYS_ALLOWED = 100


def full_size(came: int, asked: int) -> int:
    """How long a full page is: as was asked for, unless as many rows `came` as where that is refused."""
    return ALWAYS_ALLOWED if came == ALWAYS_ALLOWED else asked


@dataclass
class PageSizes:
    """Asks for pages that are as long as is allowed, and remembers where that was less than asked for."""

    allowed: dict[str, int] = field(default_factory=dict)

    def ask(self, path: str, question: Question, send: Callable[[Question], A]) -> A:
        """The answer to `question`, in shorter pages where the first of the long ones is refused."""
        asked = question.get("pageSize")
        if not isinstance(asked, int):
            return send(question)
        size = min(asked, self.allowed.get(path, asked))
        try:
            return send({**question, "pageSize": size})
        except CursorApiError as error:
            is_about_size = error.trouble is Trouble.REJECTED and error.permanent and size > ALWAYS_ALLOWED
            if not is_about_size or question.get("page") != 1:
                raise
        answer = send({**question, "pageSize": ALWAYS_ALLOWED})
        self.allowed[path] = ALWAYS_ALLOWED
        return answer
