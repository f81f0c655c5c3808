"""A limit on the whole of a call that has none of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from .base import DeliveryError

Result = TypeVar("Result")


def within_seconds(seconds: float, service: str, work: Callable[[], Result]) -> Result:
    """What `work` returns or raises; DeliveryError once `seconds` are over, and the work is left to itself.

    A time-out of the HTTP library counts from byte to byte: a server that trickles would never reach it.
    `work` must not use the database: it runs in a thread.
    """
    results: list[Result] = []
    problems: list[BaseException] = []

    def keep() -> None:
        try:
            results.append(work())
        except BaseException as problem:  # raised again below, in the caller's thread
            problems.append(problem)

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    thread.join(seconds)
    if problems:
        raise problems[0]
    if not results:
        raise DeliveryError(
            f"{service} did not answer within {seconds:.0f} s; the message may have arrived.",
            is_uncertain=True,
        )
    return results[0]
