"""One deadline for a whole call over the network, connecting, handshake, head and body together, and a limit
on the size of its answer.

The libraries' own time-outs count from byte to byte, so that a peer that sends one now and then holds a call
for ever, and they read an answer whole, however long it is. Here the sockets that a thread opens or names
while a deadline runs are shut down when it is over, a name that is still looked up then is left to itself,
and HTTP answers that begin meanwhile are cut off where they grow too large, whichever library reads them.
"""

import _socket
import http.client
import io
import ipaddress
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cache, partial
from typing import Any, TypeVar

# Of answers that are read for a status or a few fields. Compressed, they may unpack to a thousand times this.
LARGEST_ANSWER = 256 * 1024
# Not link-local: of AWS and of Google over IPv6, of Alibaba Cloud, Azure's, and Oracle's older one.
METADATA_SERVICES = {"fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"}
# Within it, a network chooses how long the part before the address of IPv4 is.
OWN_TRANSLATION = ipaddress.ip_network("64:ff9b:1::/48")
# IPv6 addresses that end in one of IPv4: mapped, translated, and what a network without IPv4 translates.
AROUND_IPV4 = [
    *(ipaddress.ip_network(part) for part in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")),
    OWN_TRANSLATION,
]

T = TypeVar("T")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class DeadlineExceeded(TimeoutError):
    """The call was not over in time."""


class BodyTooLarge(OSError):
    """The other side sends more than such an answer can be."""


class _Watch:
    """The sockets of one running deadline, by descriptors of their own: TLS takes the first ones over."""

    def __init__(self, largest: int, ends_at: float) -> None:
        self.largest = largest
        self.ends_at = ends_at  # of the clock that never goes back
        self.lock = threading.Lock()
        self.sockets: list[_socket.socket] = []
        self.is_over = False

    def add(self, descriptor: int) -> None:
        with suppress(OSError), self.lock:
            duplicate = _socket.socket(fileno=os.dup(descriptor))
            self.sockets.append(duplicate)
            if self.is_over:
                duplicate.shutdown(socket.SHUT_RDWR)

    def end_calls(self) -> None:
        with self.lock:
            self.is_over = True
            for watched in self.sockets:
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self.lock:
            for open_socket in self.sockets:
                open_socket.close()
            self.sockets.clear()


_running = threading.local()


@contextmanager
def deadline(seconds: float, *, largest: int = LARGEST_ANSWER) -> Iterator[None]:
    """Let the block's calls take at most `seconds` altogether; DeadlineExceeded otherwise.

    An answer of more than `largest` bytes is a BodyTooLarge, which the library that reads may wrap.
    """
    _listen_for_connections()
    outer, watch = getattr(_running, "watch", None), _Watch(largest, time.monotonic() + seconds)
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


def watch_socket(connection: socket.socket | None) -> None:
    """Let the running deadline end this socket too: one that was opened before it and is used again."""
    watch = getattr(_running, "watch", None)
    if watch and connection is not None:
        watch.add(connection.fileno())


@cache
def _listen_for_connections() -> None:
    sys.addaudithook(_on_event)
    socket.getaddrinfo = _look_up
    http.client.HTTPConnection.response_class = _BoundedAnswer


_resolve = socket.getaddrinfo


def _look_up(*args: Any, **options: Any) -> Any:
    """A host's addresses. The system asks servers of names as long as it likes, through no socket of ours."""
    watch: _Watch | None = getattr(_running, "watch", None)
    if watch is None:
        return _resolve(*args, **options)
    try:
        return result_within(watch.ends_at - time.monotonic(), partial(_resolve, *args, **options), "look_up")
    except TimeoutError:
        watch.end_calls()
        raise


def result_within(seconds: float, work: Callable[[], T], name: str) -> T:
    """What `work` returns or raises; TimeoutError after `seconds`, when its thread is left to itself."""
    outcome: Future[T] = Future()

    def keep() -> None:
        try:
            outcome.set_result(work())
        except BaseException as problem:  # raised again in the caller's thread
            outcome.set_exception(problem)

    threading.Thread(target=keep, name=name, daemon=True).start()
    return outcome.result(max(seconds, 0))


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and getattr(_running, "watch", None):
        host = str(arguments[1][0]) if isinstance(arguments[1], tuple) else ""
        if is_metadata_address(host):  # whatever name led there
            raise ConnectionRefusedError("nobody is called at a link-local or metadata address")
        watch_socket(arguments[0])


def is_metadata_address(host: str) -> bool:
    """Whether `host` is an address of the machine's own link, where a cloud's metadata service is, or one of
    the others that such a service has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])  # the rest names one of the machine's links
    except ValueError:  # a name
        return False
    return any(
        leads_to.is_link_local or str(leads_to) in METADATA_SERVICES for leads_to in _ends_of_way(address)
    )


def _ends_of_way(address: IpAddress) -> Iterator[IpAddress]:
    """The address, and those of IPv4 in it to which a gateway or a tunnel hands what is sent there."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in AROUND_IPV4):
            yield ipaddress.IPv4Address(int(address) % 2**32)
        if address in OWN_TRANSLATION:  # after 48, 56 or 64 bits; the ninth byte is no part of any
            parts = address.packed[:8] + address.packed[9:]
            yield from (ipaddress.IPv4Address(parts[start : start + 4]) for start in (6, 7, 8))
        yield from filter(None, (address.sixtofour, *(address.teredo or ())))


class _BoundedAnswer(http.client.HTTPResponse):
    """An answer as it comes over the network: head, and body before it is unpacked."""

    def __init__(self, sock: object, *args: object, **options: object) -> None:
        watch = getattr(_running, "watch", None)
        super().__init__(_BoundedSocket(sock, watch.largest) if watch else sock, *args, **options)  # type: ignore[arg-type]


class _BoundedSocket:
    """As much of a socket as http.client uses to read an answer."""

    def __init__(self, sock: Any, largest: int) -> None:
        self.sock, self.largest = sock, largest

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_BoundedBytes(self.sock.makefile(mode, buffering=0), self.largest))


class _BoundedBytes(io.RawIOBase):
    def __init__(self, raw: Any, largest: int) -> None:
        self.raw, self.largest, self.bytes_left = raw, largest, largest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int | None:
        count: int | None = self.raw.readinto(buffer)
        self.bytes_left -= count or 0
        if self.bytes_left < 0:
            raise BodyTooLarge(f"more than {self.largest} bytes")
        return count

    def close(self) -> None:
        self.raw.close()
        super().close()


def read_at_most(body: Any, limit: int) -> bytes:
    """All of `body` (anything with `read(size)`); BodyTooLarge as soon as it is longer than `limit` bytes."""
    data: bytes = body.read(limit + 1)
    if len(data) > limit:
        raise BodyTooLarge(f"more than {limit} bytes")
    return data
