"""A limit on the whole of a call that has none of its own."""

import threading
from collections.abc import Callable
from typing import TypeVar

from collector.base.deadline import DeadlineExceeded, deadline

from .base import DeliveryError

Result = TypeVar("Result")
GRACE_SECONDS = 1  # for calls to notice that they have been ended


def within_seconds(seconds: float, service: str, work: Callable[[], Result]) -> Result:
    """What `work` returns or raises; DeliveryError once `seconds` are over.

    The sockets that `work` opened are shut down then, so that its thread ends; what needs no socket of ours
    (a host's name looked up) is left to itself. `work` must not use the database: it runs in a thread.
    """
    results: list[Result] = []
    problems: list[BaseException] = []

    def keep() -> None:
        try:
            with deadline(seconds):
                results.append(work())
        except BaseException as problem:  # raised again below, in the caller's thread
            problems.append(problem)

    thread = threading.Thread(target=keep, name=f"within_seconds {service}", daemon=True)
    thread.start()
    thread.join(seconds + GRACE_SECONDS)
    is_late = not (results or problems) or any(isinstance(problem, DeadlineExceeded) for problem in problems)
    if problems and not is_late:
        raise problems[0]
    if is_late:
        raise DeliveryError(
            f"{service} did not answer within {seconds:.0f} s; the message may have arrived.",
            is_uncertain=True,
        )
    return results[0]
