"""What an event's kind says of its cost. The words are an open vocabulary, and spelled in several ways."""

import re
from functools import lru_cache

# Kinds that are charged; endings of those that cost nothing.
BILLED = ("usage based", "on demand", "usage based pricing")
FREE = ("not charged", "no charge")
# How the kinds begin that the vendor is known to use.
KNOWN = (
    "usage based",
    "included",
    "errored",
    "aborted",
    "user api key",
    "free",
    "on demand",
    "custom subscription",
)


@lru_cache(1024)
def plain_kind(kind: str) -> str:
    """Its words in lower case with single blanks, whichever dashes or underscores join them."""
    return re.sub(r"[\s_\-‐-―−]+", " ", kind.strip().lower()).removeprefix("usage event kind ")


def is_free_kind(kind: str) -> bool:
    return plain_kind(kind).endswith(FREE)


def is_billed_kind(kind: str) -> bool:
    return plain_kind(kind) in BILLED


def begins_like_billed_kind(kind: str) -> bool:
    """Whether it may be billed, with more words after it."""
    return plain_kind(kind).startswith(BILLED)


def is_known_kind(kind: str) -> bool:
    """Whether the vendor is known to use it."""
    return plain_kind(kind).startswith(KNOWN)
