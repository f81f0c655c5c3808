"""The one exception that leaves this package."""

from enum import Enum

from collector.base.notes import Notes


class Trouble(Enum):
    """What kind of thing went wrong: it decides what else is worth asking."""

    REFUSED = "refused"  # 401, 403, 404 and the like: the key or the plan
    SECOND_KEY = "second key"  # 401 to the analytics' own key, which no other answer shows to be good
    UNREACHABLE = "unreachable"  # no answer at all
    BUSY = "busy"  # 429, 5xx, cut off: tried again, still wrong
    FOREIGN = "foreign"  # whatever answers there, it is not the Cursor API
    REJECTED = "rejected"  # any other 4xx: the request itself
    WRONG_SHAPE = "wrong shape"  # JSON, but not what the documentation says


class CursorApiError(Exception):
    """The API could not answer. The message is one line that says what to do, and never holds a key.

    `permanent` means that asking again in an hour cannot help by itself; `answered` is what came back, bare.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        trouble: Trouble = Trouble.WRONG_SHAPE,
        answered: str = "",
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.trouble = trouble
        self.answered = answered or message
        # The key is good, and may not ask this: a right that it lacks, or an address that has moved.
        self.is_about_question = False
        # The pages shifted in every reading, or lack rows: fewer of them may stand still.
        self.smaller_may_do = False
        self.notes: Notes | None = None  # what was noted until then, to be kept with the failure


def wrong_shape(where: str, problem: str, *, smaller_may_do: bool = False) -> CursorApiError:
    """An answer that cannot be used."""
    error = CursorApiError(
        f"{where}: {problem}. Nothing from this answer was stored; the next run tries again. "
        "If this continues, check CURSOR_API_URL, or Cursor has changed its format",
        permanent=False,
    )
    error.smaller_may_do = smaller_may_do
    return error
