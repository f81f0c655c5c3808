"""A limit on the whole of a call that has none of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
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
    outcome: Future[Result] = Future()

    def keep() -> None:
        try:
            with deadline(seconds):
                result = work()
            outcome.set_result(result)
        except BaseException as problem:  # raised again below, in the caller's thread
            outcome.set_exception(problem)

    threading.Thread(target=keep, name=f"within_seconds {service}", daemon=True).start()
    try:
        return outcome.result(seconds + GRACE_SECONDS)
    except TimeoutError as problem:
        if outcome.done() and not isinstance(problem, DeadlineExceeded):
            raise  # of the work's own
        raise DeliveryError(
            f"{service} did not answer within {seconds:.0f} s; the message may have arrived.",
            is_uncertain=True,
        ) from None
