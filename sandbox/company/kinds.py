"""How a request ended, and under what name the API lists it."""

from enum import IntEnum


class Fate(IntEnum):
    COMPLETED = 0
    BY_REQUEST = 1  # billed by the request: no token usage
    FREE = 2
    ERRORED = 3
    ABORTED = 4


class EventKind(IntEnum):
    INCLUDED = 0
    USAGE_BASED = 1
    FREE = 2
    ERRORED = 3
    ABORTED = 4


# Spellings of the Admin API, in the order of EventKind; the vocabulary is open.
KIND_NAMES = (
    "Included in Business",
    "Usage-based",
    "Free",
    "Errored, Not Charged",
    "Aborted, Not Charged",
)
