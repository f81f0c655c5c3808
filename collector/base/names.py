"""How whoever reads an answer sees people: by name, or under pseudonyms. Whatever shows a person asks here.

Jobs, messages and commands read by name. A request sets what its reader sees for as long as it is answered.
"""

import base64
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from django.utils.crypto import salted_hmac

# .invalid never is a real domain.
PSEUDONYM = re.compile(r"member[ -]([a-z2-7]{8})(@hidden\.invalid)?", re.IGNORECASE)
SOMEBODY = "a colleague"

T = TypeVar("T")


@dataclass(frozen=True)
class Names:
    """What one reader sees of members, who are named by id; `own_id` is the reader's own, where names are
    hidden from them. Groups of fewer than `smallest_group` people on `day` are then hidden too. Who does not
    see everybody (`sees_all`) reads no errors, which name anybody, and knows of those who act only the
    `colleagues`, names and addresses of those whom they see, and of groups only those people's `groups`.
    `memo` keeps what is asked more than once while one answer is made; None where that may change meanwhile.
    """

    are_hidden: bool = False
    own_id: int | None = None
    smallest_group: int = 0
    day: date = date.min
    shows_ranks: bool = True
    sees_all: bool = True
    colleagues: Callable[[], frozenset[str]] | None = field(default=None, compare=False, repr=False)
    groups: Callable[[], frozenset[int]] | None = field(default=None, compare=False, repr=False)
    memo: dict[Hashable, Any] | None = field(default=None, compare=False, repr=False)

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` returns; not done again while the answer is made."""
        if self.memo is None:
            return work()
        if key not in self.memo:
            self.memo[key] = work()
        found: T = self.memo[key]
        return found

    def hides(self, pk: int) -> bool:
        return self.are_hidden and pk != self.own_id

    def name(self, pk: int, name: str) -> str:
        return f"Member {code(pk)}" if self.hides(pk) else name

    def address(self, pk: int, email: str) -> str:
        return f"member-{code(pk).lower()}@hidden.invalid" if self.hides(pk) else email

    def place(self, pk: int) -> str:
        """What equals are listed by: where names are hidden it tells nothing of who was there before whom."""
        return code(pk) if self.hides(pk) else f"{pk:019}"

    def is_found(self, pk: int, name: str, email: str, text: str) -> bool:
        """Whether `text` is in the member's name or address as the reader sees them, whatever the case."""
        wanted = text.casefold()
        return wanted in self.name(pk, name).casefold() or wanted in self.address(pk, email).casefold()

    def actor(self, name: str) -> str:
        """Who did something, by the name kept with it; empty (the system) stays so."""
        return name if self.knows(name) else SOMEBODY

    def knows(self, name: str) -> bool:
        """Whether who did something may be named; empty (the system) may."""
        if self.colleagues is None or not name:
            return not (name and self.are_hidden)
        return name in self.once("colleagues", self.colleagues)

    def sees(self, email: str) -> bool:
        """Whether the member of that address appears at all, by name or pseudonym."""
        return self.colleagues is None or self.knows(email)

    def free_text(self, text: str, by: str = "") -> str:
        """Text that `by` wrote, which may name anybody whom that person knows; empty is the system."""
        return "" if self.are_hidden or not self.knows(by) else text

    def error_text(self, text: str) -> str:
        """What went wrong with a source or a channel: another system's words, or addresses it refused."""
        return "" if self.are_hidden or not self.sees_all else text


BY_NAME = Names()
_names: ContextVar[Names] = ContextVar("names", default=BY_NAME)


def current() -> Names:
    return _names.get()


@contextmanager
def shown_as(names: Names) -> Iterator[None]:
    token = _names.set(names)
    try:
        yield
    finally:
        _names.reset(token)


def login_name(user: Any) -> str:
    """What is kept as the name of whoever is signed in and does something: the address where there is one."""
    return str(user.email or user.get_username())


def code(pk: int) -> str:
    """Eight characters that stand for a member: always the same, not in any order, and not guessable."""
    return _code(settings.SECRET_KEY, pk)


@lru_cache(maxsize=20_000)
def _code(key: str, pk: int) -> str:
    digest = salted_hmac("members' pseudonyms", str(pk), key, algorithm="sha256").digest()
    return base64.b32encode(digest[:5]).decode()
