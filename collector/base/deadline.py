"""One deadline for a whole call over the network: connecting, handshake, head and body together.

The libraries' own time-outs count from byte to byte, so that a peer that sends one now and then holds a call
for ever. Here the sockets that a thread opens or names while a deadline runs are shut down when it is over,
whichever library reads them.
"""

from __future__ import annotations

import _socket
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any


class DeadlineExceeded(TimeoutError):
    """The call was not over in time."""


class BodyTooLarge(OSError):
    """The other side sends more than such an answer can be."""


class _Watch:
    """The sockets of one running deadline, by descriptors of their own: TLS takes the first ones over."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sockets: list[_socket.socket] = []
        self.is_over = False

    def add(self, descriptor: int) -> None:
        with suppress(OSError), self.lock:
            held = _socket.socket(fileno=os.dup(descriptor))
            self.sockets.append(held)
            if self.is_over:
                held.shutdown(socket.SHUT_RDWR)

    def end_calls(self) -> None:
        with self.lock:
            self.is_over = True
            for held in self.sockets:
                with suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self.lock:
            for held in self.sockets:
                held.close()
            self.sockets.clear()


_running = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let the block's calls take at most `seconds` altogether; DeadlineExceeded otherwise."""
    _listen_for_connections()
    outer, watch = getattr(_running, "watch", None), _Watch()
    timer = threading.Timer(seconds, watch.end_calls)
    timer.daemon = True
    timer.start()
    _running.watch = watch
    try:
        yield
    except Exception as problem:
        if watch.is_over:
            raise DeadlineExceeded(f"no complete answer within {seconds:g} s") from problem
        raise
    finally:
        _running.watch = outer
        timer.cancel()
        watch.close()
    if watch.is_over:  # what was read may be cut short
        raise DeadlineExceeded(f"no complete answer within {seconds:g} s")


def watch_socket(connection: Any) -> None:
    """Let the running deadline end this socket too: one that was opened before it and is used again."""
    watch = getattr(_running, "watch", None)
    if watch and connection is not None:
        watch.add(connection.fileno())


@cache
def _listen_for_connections() -> None:
    sys.addaudithook(_on_event)


def _on_event(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        watch_socket(arguments[0])


def read_at_most(body: Any, limit: int) -> bytes:
    """All of `body` (anything with `read(size)`); BodyTooLarge as soon as it is longer than `limit` bytes."""
    data: bytes = body.read(limit + 1)
    if len(data) > limit:
        raise BodyTooLarge(f"more than {limit} bytes")
    return data
